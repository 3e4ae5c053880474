"""Refusals that Django and django-allauth hand over to us."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.access import public


@public
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose page is too old or came from elsewhere: what to do, without Django's own page."""
    return render(request, "accounts/csrf.html", status=403)


@public
def too_many(request: HttpRequest) -> HttpResponse:
    """429: too many tries in a short time."""
    response = render(request, "accounts/too_many.html", status=429)
    response["Retry-After"] = "60"
    return response
