"""The base of every view of the API."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.access import Access
from accounts.api.authentication import KeyAuthentication, MayScope
from accounts.api.idempotency import once
from accounts.api.problems import Problem, invalid
from accounts.api.throttling import KeyThrottle
from accounts.models import ApiKey, Business
from accounts.services.keys import Caller

SAFE = ("GET", "HEAD", "OPTIONS")
READ, WRITE = ApiKey.Scope.READ, ApiKey.Scope.WRITE


class JsonOnly(BaseContentNegotiation):
    """JSON, whatever the caller would rather have."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return parsers[0] if kind in ("application/json", "") or kind.endswith("+json") else None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class StrictJson(JSONParser):
    """JSON that is not nested deeper than Python reads."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("nested too deeply") from error


class ApiView(APIView):
    """One address of the API: a key with the right scope, JSON in and out, problems, POST once per Idempotency-Key.

    ``scopes`` names the scope of a method where it is not ``read`` for reading and ``write`` for the rest;
    ``may_be_too_early`` says that even reading may be refused with 409, since there is nothing to tell yet.
    """

    authentication_classes = (KeyAuthentication,)
    permission_classes = (MayScope,)
    throttle_classes = (KeyThrottle,)
    parser_classes = (StrictJson,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = JsonOnly
    scopes: ClassVar[Mapping[str, str]] = {}
    may_be_too_early: ClassVar[bool] = False

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.access = Access("key")  # type: ignore[attr-defined]
        return view

    @classmethod
    def scope_for(cls, method: str) -> str | None:
        """The scope a key needs for ``method``; none to ask what a method that is not there would need."""
        # A view has ``head`` only once it is set up for a request; it is ``get`` without the body.
        method = "GET" if method == "HEAD" else method
        if not hasattr(cls, method.lower()) or method == "OPTIONS":
            return None
        return cls.scopes.get(method, READ if method in SAFE else WRITE)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE:
            # Read as a whole, within Django's limit of size, before anything parses it.
            _whole = request._request.body
            if request.method == "POST":
                handler = getattr(self, "post", None)
                if handler is not None:
                    self.post = self._once(request, handler)

    def _once(self, request: Request, handler: Callable[..., Response]) -> Callable[..., Response]:
        def post(request: Request, *args: Any, **kwargs: Any) -> Response:
            return once(request, self.caller.key, lambda: handler(request, *args, **kwargs))

        return post

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        return answer

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """The methods of an address stand in the ``Allow`` header."""
        return Response(status=204)

    @property
    def caller(self) -> Caller:
        """Who calls."""
        caller: Caller = self.request.user  # type: ignore[assignment]
        return caller

    @property
    def business(self) -> Business:
        """The caller's business, whose scope is open."""
        return self.caller.business

    def query(self, serializer: type[Serializer]) -> dict[str, Any]:
        """The checked parameters of the address; one that is repeated counts once, as its last."""
        return self._checked(
            serializer(data=dict(self.request._request.GET.items()), context={"business": self.business})
        )

    def body(self, serializer: type[Serializer], **context: Any) -> dict[str, Any]:
        """The checked body. ``partial`` in ``context`` lets fields be left out."""
        partial = context.pop("partial", False)
        return self._checked(
            serializer(data=self.request.data, partial=partial, context={"business": self.business, **context})
        )

    def _checked(self, serializer: Serializer) -> dict[str, Any]:
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def told(self, shown: Mapping[str, Any], sent: Any = None) -> dict[str, Any]:
        """``shown``, a row that a change is about, as the key may have it: whole for one that may read.

        Another gets its id, its version and, of the row that stood in its way, what it had ``sent`` itself.
        """
        if self.caller.may(READ):
            return dict(shown)
        found = {name: shown[name] for name in ("id", "version", *(sent or ())) if name in shown}
        if isinstance(found.get("fields"), Mapping) and sent is not None:
            found["fields"] = {name: value for name, value in found["fields"].items() if name in sent["fields"]}
        return found

    def expected_version(self, body: dict[str, Any]) -> int | None:
        """The version the caller has before them: ``If-Match`` or, taken out of the body, ``version``."""
        version: int | None = body.pop("version", None)
        header = self.request.headers.get("If-Match", "").strip()
        if not header or header == "*":
            return version
        text = header.removeprefix("W/").strip('"')
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise invalid({"If-Match": _('Send the version as a number, for example If-Match: "3".')})
        return int(text)


def stale(current: Any) -> Problem:
    """409: the row has changed since the caller read it; ``current`` is how it stands now."""
    detail = _("Somebody changed this meanwhile. Nothing was saved; see how it stands now under “current”.")
    return Problem(409, "changed_meanwhile", detail, current=current)


T = TypeVar("T")


def found(row: T | None) -> T:
    """``row``, or the one 404 there is."""
    if row is None:
        raise Http404
    return row
