"""Sign-ins and changes to them, written to the log of every business of the user."""

from typing import Any

from allauth.account import signals as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from accounts.services import user_event_record


def _record(request: HttpRequest, user: User, action: str, data: dict[str, Any] | None = None) -> None:
    user_event_record(user=user, action=action, data=data, address=get_adapter().get_client_ip(request))


@receiver(account.user_logged_in, dispatch_uid="innkeeper-signed-in")
def signed_in(sender: Any, request: HttpRequest, user: User, method: str = "", **kwargs: Any) -> None:
    """With what: each step once, in order."""
    methods = [method] if method else []
    for record in get_authentication_records(request, user):
        step = "passkey" if record.get("passwordless") else record.get("type") or record.get("method")
        if step and step not in methods:
            methods.append(step)
    _record(request, user, "session.signed_in", {"methods": methods or ["password"]})


@receiver(account.password_changed, dispatch_uid="innkeeper-password-changed")
@receiver(account.password_set, dispatch_uid="innkeeper-password-set")
def password_changed(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """By somebody who knew the old one."""
    _record(request, user, "password.changed")


@receiver(account.password_reset, dispatch_uid="innkeeper-password-reset")
def password_reset(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """By a link that went to the mailbox."""
    _record(request, user, "password.reset")


@receiver(account.email_changed, dispatch_uid="innkeeper-email-changed")
def email_changed(sender: Any, request: HttpRequest, user: User, to_email_address: Any, **kwargs: Any) -> None:
    """To another address, once that is confirmed."""
    _record(request, user, "email.changed", {"email": to_email_address.email})


@receiver(mfa.authenticator_added, dispatch_uid="innkeeper-mfa-added")
@receiver(mfa.authenticator_reset, dispatch_uid="innkeeper-mfa-reset")
def authenticator_added(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """An app, a passkey or recovery codes."""
    _record(request, user, "mfa.added", {"kind": authenticator.type})


@receiver(mfa.authenticator_removed, dispatch_uid="innkeeper-mfa-removed")
def authenticator_removed(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """An app, a passkey or recovery codes."""
    _record(request, user, "mfa.removed", {"kind": authenticator.type})
