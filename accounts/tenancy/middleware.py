"""Opens the scope of the business named in the address, for the whole response."""

from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone

from accounts.api.authentication import caller_find, no_key_response
from accounts.api.problems import not_found_response
from accounts.models import Business, Member
from accounts.selectors import membership_find
from accounts.tenancy.scope import business_scope

SLUG = "slug"


class BusinessMiddleware:
    """For every route with a ``slug``: the caller's membership, then one transaction scoped to that business.

    Innermost of all, so that lazy template rendering happens inside the scope while sessions, sign-in and messages
    stay outside. A stranger gets the same 404 for a business that exists and one that does not. Any exception in the
    view or its template, whatever page it becomes, and any response of status 500 or above rolls everything back: a
    plain ``atomic()`` would see a response and commit half a write.

    Views of the API (``access`` is ``key``) are opened by a key instead of a membership, and by nothing else.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        slug, by_key = _place(request)
        if slug is None:
            return self.get_response(request)
        if by_key:
            return self._with_key(request, slug)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        business = Business.objects.filter(slug=slug).first()
        member_id = membership_find(user_id=request.user.pk, business_id=business.pk) if business else None
        if business is None or member_id is None:
            request.outside_business = True  # type: ignore[attr-defined]
            return self.get_response(request)
        with business_scope(business.pk, member_id), timezone.override(business.zone):
            request.business = business  # type: ignore[attr-defined]
            request.member = Member.objects.select_related("user").get(pk=member_id)  # type: ignore[attr-defined]
            response = self.get_response(request)
            if response.streaming and not isinstance(response, FileResponse):
                raise RuntimeError(
                    "A streamed response is produced after the scope has closed and would see no row. "
                    "Write a file first and answer with FileResponse."
                )
            if response.status_code >= 500 or getattr(request, "failed", False):
                transaction.set_rollback(True)
            return response

    def _with_key(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Answer a call of the API: 401 without a key that opens, 404 beside its business, no trace of a refusal."""
        caller = caller_find(request)
        if caller is None:
            return no_key_response()
        if caller.business.slug != slug:
            return not_found_response()
        with business_scope(caller.business.pk, None, caller.key.name), timezone.override(caller.business.zone):
            request.business = caller.business  # type: ignore[attr-defined]
            request.caller = caller  # type: ignore[attr-defined]
            response = self.get_response(request)
            if response.status_code >= 400 or getattr(request, "failed", False):
                transaction.set_rollback(True)
            return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """Answer a stranger from inside the view layer, so that the 404 page is the one of any unknown address."""
        if getattr(request, "outside_business", False):
            raise Http404

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember that the view failed: by the time ``__call__`` goes on, Django has made a page of the exception.

        Rolled back there and not here, because the page of a 403 or 404 asks the database who is signed in.
        """
        request.failed = True  # type: ignore[attr-defined]


def _place(request: HttpRequest) -> tuple[str | None, bool]:
    """The business in the address, and whether a key opens it."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None, False
    access = getattr(match.func, "access", None)
    return match.kwargs.get(SLUG), access is not None and access.level == "key"
