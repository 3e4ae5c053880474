"""Opens the scope of the business named in the address, for the whole response."""

from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone

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
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        slug = _slug(request)
        if slug is None:
            return self.get_response(request)
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

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """Answer a stranger from inside the view layer, so that the 404 page is the one of any unknown address."""
        if getattr(request, "outside_business", False):
            raise Http404

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember that the view failed: by the time ``__call__`` goes on, Django has made a page of the exception.

        Rolled back there and not here, because the page of a 403 or 404 asks the database who is signed in.
        """
        request.failed = True  # type: ignore[attr-defined]


def _slug(request: HttpRequest) -> str | None:
    try:
        return resolve(request.path_info).kwargs.get(SLUG)
    except Resolver404:
        return None
