"""Pages that belong to no room: the start, health and errors."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import public, signed_in
from accounts.selectors import membership_roles


@signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Straight to the user's business; a choice where there are several, a word where there is none."""
    choices = membership_roles(user_id=int(request.user.pk or 0))
    if len(choices) == 1:
        return redirect("business_home", slug=choices[0][0].slug)
    return render(request, "accounts/choose_business.html", {"choices": choices})


@public
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 while the database answers; an outage becomes 503 in the middleware."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: the same page for what is not there and what is not yours."""
    return render(request, "errors/404.html", status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 outside a business (a member's own 403 names who can: accounts.access)."""
    return render(request, "errors/403.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without database or session."""
    return render(None, "errors/500.html", status=500)
