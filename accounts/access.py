"""Who may call a view. Every view says so with one of three decorators; the route test fails on one that does not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django_htmx.middleware import HtmxDetails

from accounts.models import Business, Capability, Member, Role, User, roles_with

V = TypeVar("V", bound=Callable[..., Any])


class UserRequest(HttpRequest):
    """A request of a signed-in user, as it reaches a view marked with :func:`signed_in`."""

    user: User
    htmx: HtmxDetails


class BusinessRequest(HttpRequest):
    """A request inside a business, as BusinessMiddleware hands it to a view marked with :func:`requires`."""

    business: Business
    member: Member
    user: User
    htmx: HtmxDetails


@dataclass(frozen=True)
class Access:
    """What a view asks of its caller: ``public``, ``signed_in`` or ``member`` with a capability."""

    level: str
    capability: Capability | None = None


def public(view: V) -> V:
    """Anyone may call the view."""
    view.access = Access("public")  # type: ignore[attr-defined]
    return view


def unlisted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page whose address is a key: no search engine and no cache keeps it, and no browser tells the next site where
    the reader came from."""

    @never_cache
    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return told


def signed_in(view: V) -> V:
    """Any signed-in user may call the view; others are sent to the sign-in page."""
    wrapped = login_required(view)
    wrapped.access = Access("signed_in")  # type: ignore[attr-defined]
    return wrapped


def requires(capability: Capability) -> Callable[[V], V]:
    """Only members whose role has ``capability``.

    :class:`~accounts.tenancy.middleware.BusinessMiddleware` has already answered strangers (404) and sent anonymous
    callers to the sign-in page. A member who lacks the role gets a 403 that names who can.
    """

    def decorate(view: V) -> V:
        @wraps(view)
        def guarded(request: BusinessRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.member.can(capability):
                return forbidden(request, capability)
            return view(request, *args, **kwargs)

        guarded.access = Access("member", capability)  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def forbidden(request: HttpRequest, capability: Capability) -> HttpResponse:
    """The page for a member who lacks a role: what it needs, and which colleagues can."""
    roles = roles_with(capability)
    colleagues = (
        Member.objects.filter(role__in=roles, is_active=True).select_related("user").order_by("user__name", "id")[:5]
    )
    context = {
        "capability": capability.label,
        "roles": [Role(role).label for role in roles],
        "colleagues": list(colleagues),
    }
    return render(request, "errors/403.html", context, status=403)
