"""What the holder of an invitation's link sees. The scope is opened from the public id in the link's token."""

from allauth.account.utils import perform_login
from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.access import public
from accounts.forms import JoinForm
from accounts.models import User
from accounts.selectors import OpenInvitation, invitation_find
from accounts.services import AccountExists, InvitationGone, Refused, invitation_accept, invitation_accept_new
from accounts.views.errors import too_many


@public
@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_accept_page(request: HttpRequest, token: str) -> HttpResponse:
    """Join a business: with the account one is signed in with, or with a new one.

    Opening the link changes nothing: programs that look at links in messages open it too. The page is the same
    whether or not the invited address has an account.
    """
    invitation = invitation_find(token=token)
    if invitation is None:
        return _gone(request)
    if request.method == "POST" and not ratelimit.consume(request, action="join"):
        return too_many(request)
    if isinstance(request.user, User):
        return _with_account(request, request.user, invitation, token)
    return _with_new_account(request, invitation, token)


def _with_account(request: HttpRequest, user: User, invitation: OpenInvitation, token: str) -> HttpResponse:
    own = invitation.email == user.email.lower()
    if request.method == "POST":
        try:
            invitation_accept(token=token, user=user)
        except InvitationGone:
            return _gone(request)
        except Refused:
            own = False
        else:
            return _welcome(request, invitation)
    context = {"invitation": invitation, "own": own, "here": request.path}
    return render(request, "accounts/join_signed_in.html", context, status=200 if own else 403)


def _with_new_account(request: HttpRequest, invitation: OpenInvitation, token: str) -> HttpResponse:
    form = JoinForm(request.POST or None, email=invitation.email)
    sign_in = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
    if form.is_valid():
        try:
            user = invitation_accept_new(
                token=token,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=str(get_language()),
            )
        except InvitationGone:
            return _gone(request)
        except AccountExists:
            # Only who holds the link learns this, and the link went to the address itself.
            messages.info(request, _("Sign in with %(email)s to join.") % {"email": invitation.email})
            return redirect(sign_in)
        response = perform_login(
            request,
            user,
            email_verification="none",
            redirect_url=reverse("business_home", kwargs={"slug": invitation.business.slug}),
            signal_kwargs={"method": "invitation"},
            email=user.email,
        )
        _say_welcome(request, invitation)
        return response
    context = {"invitation": invitation, "form": form, "sign_in": sign_in}
    return render(request, "accounts/join.html", context, status=422 if form.is_bound else 200)


def _welcome(request: HttpRequest, invitation: OpenInvitation) -> HttpResponse:
    _say_welcome(request, invitation)
    return redirect("business_home", slug=invitation.business.slug)


def _say_welcome(request: HttpRequest, invitation: OpenInvitation) -> None:
    messages.success(request, _("Welcome to %(business)s.") % {"business": invitation.business.name})


def _gone(request: HttpRequest) -> HttpResponse:
    """One page for every invitation that cannot be used, whatever the reason."""
    return render(request, "accounts/join_gone.html", status=404)
