"""Guests' pages behind the links in messages: to unsubscribe, to choose. Nobody signs in; no cookie is set."""

from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.access import public, unlisted
from accounts.limits import within_limit
from portal.forms import PreferencesForm
from portal.links import Opened, address_masked, opened
from portal.selectors import preferences_of
from portal.services import Choices, preferences_set
from portal.services import unsubscribe as unsubscribe_guest

ONE_CLICK = "List-Unsubscribe"
"""What a mail program posts (RFC 8058): ``List-Unsubscribe=One-Click``."""


@public
@csrf_exempt  # Without a cookie there is nothing that a foreign site could use: the token is all it takes.
@unlisted
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button; a GET changes nothing, whoever looks at links opens it too. POST unsubscribes: a mail
    program's (RFC 8058) is answered with 200 and a word, the page's own with a page."""
    with opened(token) as found:
        if found is None:
            return _gone(request)
        if request.method != "POST":
            return _page(request, found, "portal/unsubscribe.html")
        unsubscribe_guest(opened=found, address=get_adapter().get_client_ip(request) or None)
        if ONE_CLICK in request.POST:
            return HttpResponse("Unsubscribed.", content_type="text/plain; charset=utf-8")
        return _page(request, found, "portal/unsubscribed.html")


@public
@csrf_exempt  # Without a cookie there is nothing that a foreign site could use: the token is all it takes.
@unlisted
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """What the business may send, in which language, and a pause. POST keeps it."""
    if request.method == "POST" and not within_limit(request, action="portal", key=token[:64]):
        return _too_many(request)
    with opened(token) as found:
        if found is None:
            return _gone(request)
        known = preferences_of(customer=found.customer, channel=found.message.channel, is_at_home=found.is_at_home)
        form = PreferencesForm(request.POST or None, preferences=known, language=found.language)
        if request.method != "POST" or not form.is_valid():
            return _preferences_page(request, found, form)
        choices = Choices(
            form.consents(), form.cleaned_data["offers"], form.paused_until(), form.cleaned_data["language"]
        )
        is_kept = preferences_set(
            opened=found,
            choices=choices,
            shown={(one.purpose, one.channel): one for one in known.choices},
            address=get_adapter().get_client_ip(request) or None,
        )
        found.customer.refresh_from_db()
        language = choices.language if is_kept else found.language
        with translation.override(language):
            now = preferences_of(customer=found.customer, channel=found.message.channel, is_at_home=known.is_at_home)
            saved = PreferencesForm(None, preferences=now, language=language)
            return _preferences_page(request, found, saved, saved=True, is_language_kept=is_kept)


def _preferences_page(request: HttpRequest, found: Opened, form: PreferencesForm, **more: Any) -> HttpResponse:
    """The page; a form that was posted keeps what was typed."""
    known = form.preferences
    posted = form.data if form.is_bound else None
    ticked = {key: (key in posted if posted is not None else one.granted) for key, one in form.choices.items()}
    pause = "kept" if known.paused_until else ""
    context = {
        "form": form,
        "choices": [(one, ticked[one.key], form.errors.get(one.key, [""])[0]) for one in known.choices],
        "is_at_home": known.is_at_home,
        "offers_closed": not (known.is_at_home or known.wants_offers),
        "offers": "offers" in posted if posted is not None else known.wants_offers,
        "language": posted.get("language", "") if posted is not None else form.spoken,
        "pause": posted.get("pause", "") if posted is not None else pause,
        "is_wide": True,
        **more,
    }
    return _page(request, found, "portal/preferences.html", context, status=422 if form.errors else 200)


def _page(
    request: HttpRequest, found: Opened, template: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    known = {
        "business": found.business,
        # In one piece: of a masked address the two halves on two lines are hard to know again.
        "address": format_html('<bdi class="nowrap">{}</bdi>', address_masked(found.message.address)),
        "is_sms": found.is_sms,
        "is_test": found.is_test,
        "token": request.resolver_match.kwargs["token"] if request.resolver_match else "",
    }
    response = render(request, template, known | (context or {}), status=status)
    response["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    """404 for a link that opens nothing; whoever tries many is told to stop."""
    if not within_limit(request, action="portal_forged"):
        return _too_many(request)
    return render(request, "portal/gone.html", status=404)


def _too_many(request: HttpRequest) -> HttpResponse:
    response = render(request, "portal/too_many.html", status=429)
    response["Retry-After"] = "60"
    return response
