"""Confirming an e-mail address by the link in a message."""

from allauth.account import app_settings
from allauth.account.views import confirm_email
from django.http import Http404, HttpRequest, HttpResponseBase

from accounts.access import public


@public
def email_confirm(request: HttpRequest, key: str) -> HttpResponseBase:
    """django-allauth's page; not there where addresses are confirmed by a code."""
    if app_settings.EMAIL_VERIFICATION_BY_CODE_ENABLED:
        raise Http404
    return confirm_email(request, key=key)
