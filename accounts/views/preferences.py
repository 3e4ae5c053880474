"""A user's own preferences, devices and businesses."""

from typing import Any

from allauth.account.internal.flows.logout import logout
from allauth.usersessions.adapter import get_adapter as sessions_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import UserRequest, public, signed_in
from accounts.browsers import browser_name
from accounts.forms import PreferenceForm, PreferencesForm
from accounts.models import User
from accounts.selectors import membership_roles
from accounts.services import user_event_record, user_preferences_change
from accounts.views.returning import next_page


@public
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Name, language and look on a page; or single ones from a menu, which keep one where one is.

    A visitor who is not signed in can choose a language: it stays in a cookie.
    """
    if request.method == "POST" and request.POST.get("form") != "page":
        return _choose(request)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    user = request.user
    form = PreferencesForm(request.POST or None, user=user)
    if form.is_valid():
        user_preferences_change(user=user, **form.cleaned_data)
        translation.activate(user.language)
        messages.success(request, _("Your preferences are saved."))
        return redirect("preferences")
    context = {"form": form, "memberships_with_roles": membership_roles(user_id=user.pk)}
    return render(request, "accounts/preferences.html", context, status=422 if form.is_bound else 200)


def _choose(request: HttpRequest) -> HttpResponse:
    """Store the single preferences that were sent and go back; what is unknown is left out."""
    form = PreferenceForm(request.POST)
    values: dict[str, Any] = form.chosen() if form.is_valid() else {}
    user = request.user
    response = redirect(next_page(request, "/"))
    if isinstance(user, User) and values:
        user_preferences_change(user=user, **values)
    if "language" in values:
        # Kept for the sign-in page of this browser too.
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            values["language"],
            max_age=60 * 60 * 24 * 365,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
        )
    return response


@signed_in
@require_http_methods(["GET", "HEAD"])
def device_list(request: UserRequest) -> HttpResponse:
    """Every browser the user is signed in with, this one first."""
    sessions = sorted(
        UserSession.objects.purge_and_list(request.user),
        key=lambda session: (not session.is_current(), -session.last_seen_at.timestamp()),
    )
    devices = [{"session": session, "browser": browser_name(session.user_agent)} for session in sessions]
    return render(request, "accounts/devices.html", {"devices": devices})


@signed_in
@require_POST
def device_sign_out(request: UserRequest) -> HttpResponse:
    """Sign out one device (``session``) or, without one, all but this."""
    sessions = list(UserSession.objects.filter(user_id=request.user.pk))
    wanted = request.POST.get("session")
    ending = [each for each in sessions if (str(each.pk) == wanted if wanted else not each.is_current())]
    if wanted and not ending:
        raise Http404
    if any(each.is_current() for each in ending):
        logout(request)
        return redirect("account_login")
    sessions_adapter().end_sessions(ending)
    if ending:
        user_event_record(user=request.user, action="session.ended")
    messages.success(request, _("Signed out there."))
    return redirect("usersessions_list")
