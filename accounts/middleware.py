"""Per request: the reader's language, and when each device was last seen."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

SEEN_EVERY = 5 * 60
"""Seconds between two notes that a device is in use: the list of devices needs no better, and a page costs no write."""


class PreferencesMiddleware:
    """Activate the language the user chose; a visitor's comes from a cookie or the browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        language = user.language if user.is_authenticated else translation.get_language_from_request(request)
        if language not in dict(settings.LANGUAGES):
            language = settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Cookie", "Accept-Language"])
        return response


class DevicesMiddleware:
    """Note now and then when and from where a signed-in device was seen."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.session.session_key:
            now = int(time.time())
            if now - request.session.get("seen", 0) >= SEEN_EVERY:
                request.session["seen"] = now
                UserSession.objects.create_from_request(request)
        return self.get_response(request)
