"""django-allauth's forms in our words, and the one form that signs a business up."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import PASSWORD_HINT, CountryField, KindField, NameField, OnePassword, Plain
from accounts.services import business_create

EMAIL = _("E-mail")
CODE = _("Code")


class SignUpForm(Plain, account.SignupForm):
    """A person and their business in one form: both come into being, or neither."""

    field_order = ["name", "email", "password1", "business_name", "country", "property_kind"]
    labels = {"email": EMAIL, "password1": _("Password")}
    hints = {"password1": PASSWORD_HINT}

    name = NameField(label=_("Your name"))
    business_name = NameField(label=_("Name of the business"))
    country = CountryField()
    property_kind = KindField(label=_("What kind of place is it?"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["business_name"].widget.attrs["autocomplete"] = "organization"

    def try_save(self, request: HttpRequest) -> tuple[AbstractBaseUser | None, HttpResponse | None]:
        """Save; an address that has an account gets a message instead, after the same work."""
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    def save(self, request: HttpRequest) -> AbstractBaseUser:
        """User, address and business in one transaction."""
        with transaction.atomic():
            return super().save(request)

    def custom_signup(self, request: HttpRequest, user: Any) -> None:
        """What the user needs beyond e-mail and password: a name, the language on screen and a business."""
        user.name = self.cleaned_data["name"]
        user.language = getattr(request, "LANGUAGE_CODE", user.language)
        user.save(update_fields=["name", "language"])
        business_create(
            name=self.cleaned_data["business_name"],
            country=self.cleaned_data["country"],
            property_kind=self.cleaned_data["property_kind"],
            owner=user,
        )


class SignInForm(Plain, account.LoginForm):
    """E-mail and password."""

    labels = {"login": EMAIL, "password": _("Password"), "remember": _("Stay signed in on this device")}
    hints = {"remember": _("For two weeks. Leave it off on a computer that others use.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class AskForPasswordForm(Plain, account.ResetPasswordForm):
    """The address that gets a link to a new password."""

    labels = {"email": EMAIL}


class NewPasswordForm(OnePassword, account.ResetPasswordKeyForm):
    """A new password, by the link."""


class ChangePasswordForm(OnePassword, account.ChangePasswordForm):
    """The current password and the new one."""


class SetPasswordForm(OnePassword, account.SetPasswordForm):
    """A first password."""


class ChangeEmailForm(Plain, account.AddEmailForm):
    """The new address; it counts once it is confirmed."""

    labels = {"email": _("New e-mail address")}


class EmailCodeForm(Plain, account.ConfirmEmailVerificationCodeForm):
    """The code from the message."""

    labels = {"code": CODE}


class ConfirmPasswordForm(Plain, account.ReauthenticateForm):
    """The password once more, before something that matters."""

    labels = {"password": _("Your password")}


class SecondStepForm(Plain, mfa.AuthenticateForm):
    """The second step of sign-in: a code of the authenticator app, or a recovery code."""

    labels = {"code": CODE}
    hints = {"code": _("Six digits from your authenticator app, or one of your recovery codes.")}


class ConfirmSecondStepForm(Plain, mfa.ReauthenticateForm):
    """A code once more, before something that matters."""

    labels = {"code": CODE}
    hints = {"code": _("Six digits from your authenticator app, or one of your recovery codes.")}


class ConnectAppForm(Plain, totp.ActivateTOTPForm):
    """The first code of a newly connected authenticator app."""

    labels = {"code": _("Code from the app")}
    hints = {"code": _("Six digits. The app shows new ones every 30 seconds.")}


class AddPasskeyForm(Plain, webauthn.AddWebAuthnForm):
    """A passkey and its name."""

    labels = {"name": _("Name"), "passwordless": _("Sign in with this passkey alone, without a password")}
    hints = {
        "name": _("To tell your passkeys apart, for example “Phone” or “Front desk”."),
        "passwordless": _("Your device asks for your finger, face or PIN instead."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["passwordless"].initial = True


class RenamePasskeyForm(Plain, webauthn.EditWebAuthnForm):
    """Another name for a passkey."""

    labels = {"name": _("Name")}
