"""How django-allauth speaks, sends and stores here."""

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import user_email
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.mail import mail_build, mail_send, recipient_language
from accounts.sealing import seal, unseal

log = structlog.get_logger(__name__)

MFA_PURPOSE = "mfa"


class AccountAdapter(DefaultAccountAdapter):
    """Messages in the recipient's language, and a failed send is said on the page instead of breaking it."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is closed."),
        "email_password_mismatch": _("E-mail and password do not match. Check both, or choose a new password."),
        "email_taken": _("This e-mail address already has an account. Sign in instead."),
        "duplicate_email": _("This is already your e-mail address."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_code": _("The code does not match. Check it, or use the next one."),
        "incorrect_password": _("This is not your password."),
        "invalid_password_reset": _("This link has been used or is too old."),
        "rate_limited": _("That was too often. Wait a few minutes, then try again."),
        "too_many_login_attempts": _("Too many tries that failed. Wait five minutes, then try again."),
        "same_as_current": _("This is the address you already have."),
        "unverified_primary_email": _("Confirm your e-mail address first."),
    }

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """The message in the active language, as text and HTML."""
        to = email if isinstance(email, str) else email[0]
        return mail_build(template=template_prefix, to=to, context=context, headers=headers)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send in the recipient's language. The page says when the server does not take it, whoever it is for."""
        request: HttpRequest = allauth_context.request
        with translation.override(recipient_language(email=email)):
            message = mail_build(
                template=template_prefix, to=email, context={"email": email, "host": request.get_host(), **context}
            )
        if not mail_send(message, template=template_prefix):
            messages.error(
                request,
                gettext("The message could not be sent just now. Nothing else is lost: try again in a few minutes."),
            )

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether anybody may create a business here, or only those who are invited get in."""
        return bool(settings.INNKEEPER_SIGN_UP)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A line in the server's log for whoever watches for attacks; without the address that was tried."""
        log.warning("sign_in_failed", address=self.get_client_ip(request))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to where the password stands among the preferences."""
        return reverse("preferences")

    def populate_username(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """There are no user names: the e-mail address is the name."""

    def clean_email(self, email: str) -> str:
        """Addresses are kept in small letters, so that one mailbox is one account."""
        return email.strip().lower()


class MFAAdapter(DefaultMFAAdapter):
    """Second steps of sign-in: their secrets are sealed before they are stored."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("The code does not match. Check it, or use the next one."),
        "unverified_email": _("Confirm your e-mail address first; then you can add a second step to your sign-in."),
        "cannot_generate_recovery_codes": _(
            "Recovery codes come with an authenticator app or a passkey. Add one first."
        ),
        "add_email_blocked": _("Remove the second step of your sign-in before you change your e-mail address."),
    }

    def encrypt(self, text: str) -> str:
        """Seal a secret."""
        return seal(text, purpose=MFA_PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """Open a sealed secret."""
        return unseal(encrypted_text, purpose=MFA_PURPOSE)

    def _get_site_name(self) -> str:
        return "Innkeeper"

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Any) -> str:
        """A first name for a passkey, which its owner may change."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Passkey") if number == 1 else gettext("Passkey %(number)s") % {"number": number}

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """The account's name inside the authenticator app."""
        return user_email(user) or str(user)
