"""Who calls the API: the key in the ``Authorization`` header, looked up before the scope of its business is opened."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.api.problems import Problem, problem_response
from accounts.services.keys import Caller, key_authenticate

CHALLENGE = 'Bearer realm="Innkeeper"'


def caller_find(request: HttpRequest) -> Caller | None:
    """Whoever's key stands in the header; ``None`` for a key that is missing, wrong, expired or revoked."""
    kind, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return key_authenticate(secret=secret.strip()) if kind.lower() == "bearer" else None


def no_key_response() -> Any:
    """401: the same for every key that does not open."""
    detail = _(
        "Send a key with the header Authorization: Bearer ik_… This one is missing, mistyped, expired or revoked."
    )
    return problem_response(401, "no_valid_key", detail, {"WWW-Authenticate": CHALLENGE})


class KeyAuthentication(BaseAuthentication):
    """Takes the caller that BusinessMiddleware has found; a signed-in member's session opens nothing here."""

    def authenticate(self, request: Request) -> tuple[Caller, Any] | None:
        caller: Caller | None = getattr(request._request, "caller", None)
        return (caller, caller.key) if caller else None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class MayScope(BasePermission):
    """The key must have the scope that the view names for the method."""

    def has_permission(self, request: Request, view: Any) -> bool:
        wanted = view.scope_for(str(request.method))
        caller: Caller = request._request.caller  # type: ignore[attr-defined]
        if wanted is None or caller.may(wanted):
            return True
        detail = _("This key lacks the scope “%(scope)s”. Make one that has it under Settings, Connections.")
        raise Problem(403, "scope_missing", detail % {"scope": wanted}, scope=wanted)
