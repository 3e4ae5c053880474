"""What e-mail services call with, read by django-anymail: its webhooks check what each service signs and speak one
language. Beside it stands the secret in the address."""

import email.utils
import json
import re
import time
import uuid
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import EventType, RejectReason
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

from messaging.callbacks.inbound import BrevoReplies, ResendReplies
from messaging.callbacks.report import Forged, Report, Told, Unreadable
from messaging.callbacks.signatures import webhook_signed
from messaging.callbacks.sns import sns_signed

_WEBHOOKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "brevo": ("brevo", "BrevoTrackingWebhookView", "BrevoInboundWebhookView"),
    "mailgun": ("mailgun", "MailgunTrackingWebhookView", "MailgunInboundWebhookView"),
    "mailjet": ("mailjet", "MailjetTrackingWebhookView", "MailjetInboundWebhookView"),
    "postmark": ("postmark", "PostmarkTrackingWebhookView", "PostmarkInboundWebhookView"),
    "resend": ("resend", "ResendTrackingWebhookView", "ResendInboundWebhookView"),
    "sendgrid": ("sendgrid", "SendGridTrackingWebhookView", "SendGridInboundWebhookView"),
    "ses": ("amazon_ses", "AmazonSESTrackingWebhookView", "AmazonSESInboundWebhookView"),
    "sparkpost": ("sparkpost", "SparkPostTrackingWebhookView", "SparkPostInboundWebhookView"),
}
KINDS: Final = frozenset(_WEBHOOKS)
_FETCHING: Final[Mapping[str, type]] = {"brevo": BrevoReplies, "resend": ResendReplies}
"""Instead of django-anymail's own, which would fetch what hangs on an answer."""
_UNKEYED: Final = "not-signed"
_MESSAGE_ID: Final = re.compile(r"<([0-9a-f]{32})@[^>]+>")
"""As :func:`messaging.transports.mail.message_id` writes it."""
_ANY_ID: Final = re.compile(r"<[^<>\s]{1,250}>")


def mail_reports(kind: str, request: HttpRequest, secrets: Mapping[str, str], *, replies: bool = False) -> list[Report]:
    """What a service's call tells of messages; with ``replies``, of guests' answers. Raises Forged, Unreadable and
    Unreached. Never within a business's scope: what is signed, or only named, is proved or fetched at the service."""
    key = secrets.get("signing_key", "")
    if kind == "resend" and key:
        headers = {name.lower(): value for name, value in request.headers.items()}
        webhook_signed(request.body, headers, key=key, now=time.time())
    view = _view(kind, secrets, replies=replies)
    try:
        # Mailgun's view asks for a key and would refuse everything without one: then the address alone is the proof.
        if kind != "mailgun" or key:
            view.run_validators(request)
        if kind == "ses":
            sns_signed(json.loads(request.body))
        events = view.parse_events(request)
    except (AnymailWebhookValidationFailure, SuspiciousOperation) as error:
        raise Forged(kind) from error
    except (AnymailError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise Unreadable(kind) from error
    told = [_reply(event) if replies else _tracked(kind, event) for event in events]
    return [report for report in told if report is not None]


def _view(kind: str, secrets: Mapping[str, str], *, replies: bool) -> Any:
    module, tracking, inbound = _WEBHOOKS[kind]
    view = _FETCHING[kind] if replies and kind in _FETCHING else None
    view = view or getattr(import_module(f"anymail.webhooks.{module}"), inbound if replies else tracking)
    key = secrets.get("signing_key", "")
    settings: dict[str, Any] = {"webhook_secret": []}
    if kind == "mailgun":
        settings["webhook_signing_key"] = key or _UNKEYED
    elif kind == "sendgrid":
        settings["inbound_webhook_verification_key" if replies else "tracking_webhook_verification_key"] = key or None
    elif kind == "ses":
        # Asking Amazon back is a member's act, not an answer to whoever calls.
        settings["auto_confirm_sns_subscriptions"] = False
    elif kind in ("brevo", "resend") and replies:
        settings["api_key"] = secrets.get("api_key", "")
    with warnings.catch_warnings():
        # That there is no basic auth: the secret stands in the address.
        warnings.simplefilter("ignore")
        return view(**settings)


def _tracked(kind: str, event: Any) -> Report | None:
    told = _outcome(event.event_type, event.reject_reason)
    if told is None:
        return None
    words = " ".join(part for part in (event.reject_reason, event.mta_response or event.description) if part)
    return Report(
        told,
        ref=_ref(str((event.metadata or {}).get("ref", ""))),
        provider_id=str(event.message_id or ""),
        event_id=_event_id(kind, event),
        at=event.timestamp,
        detail=(event.click_url or "") if told is Told.CLICKED else words[:500],
        is_hard=told is Told.BOUNCED and _HARD[kind](event.esp_event, event.reject_reason),
    )


def _outcome(event_type: str, reason: str | None) -> Told | None:
    """What is told. Deferred is no outcome: the service tries again."""
    match event_type, reason:
        case EventType.REJECTED, RejectReason.SPAM:
            return Told.COMPLAINED
        case EventType.REJECTED, RejectReason.UNSUBSCRIBED:
            return Told.UNSUBSCRIBED
        case EventType.REJECTED, RejectReason.BOUNCED | RejectReason.INVALID:
            return Told.BOUNCED
    return _OUTCOMES.get(event_type)


_OUTCOMES: Final = {
    EventType.DELIVERED: Told.DELIVERED,
    EventType.BOUNCED: Told.BOUNCED,
    EventType.REJECTED: Told.FAILED,
    EventType.FAILED: Told.FAILED,
    EventType.COMPLAINED: Told.COMPLAINED,
    EventType.UNSUBSCRIBED: Told.UNSUBSCRIBED,
    EventType.OPENED: Told.OPENED,
    EventType.CLICKED: Told.CLICKED,
}


def _field(told: Any, *names: str) -> Any:
    """A field within fields; ``None`` where there is none."""
    for name in names:
        told = told.get(name) if hasattr(told, "get") else None
    return told


_HARD: Final[Mapping[str, Callable[[Any, str | None], bool]]] = {
    "brevo": lambda told, reason: _field(told, "event") in ("hard_bounce", "invalid_email"),
    "mailgun": lambda told, reason: _field(told, "event-data", "reason") in ("bounce", "suppress-bounce"),
    "mailjet": lambda told, reason: bool(_field(told, "hard_bounce")),
    "postmark": lambda told, reason: _field(told, "Type") in ("HardBounce", "BadEmailAddress"),
    "resend": lambda told, reason: _field(told, "data", "bounce", "type") == "Permanent",
    "sendgrid": lambda told, reason: (
        _field(told, "type") == "bounce" or reason in (RejectReason.BOUNCED, RejectReason.INVALID)
    ),
    "ses": lambda told, reason: _field(told, "bounce", "bounceType") == "Permanent",
    "sparkpost": lambda told, reason: any(
        str(_field(event, "bounce_class")) in ("10", "30") for event in dict(_field(told, "msys") or {}).values()
    ),
}
"""Whether a bounce means that the address is dead, as each service says it; a full mailbox is not."""


def _event_id(kind: str, event: Any) -> str:
    """The service's own id of the event; empty where it gives none that stays the same when it tells it again."""
    if kind == "mailgun":
        # django-anymail's is of the call, and another one when Mailgun calls again.
        return str(_field(event.esp_event, "event-data", "id") or "")
    return str(event.event_id or "")


def _reply(event: Any) -> Report | None:
    """A guest's answer to a message of ours; ``None`` for mail that answers none, and for what nobody wrote."""
    message = event.message
    named = f"{message.get('In-Reply-To', '')} {message.get('References', '')}"
    found, other = _MESSAGE_ID.search(named), _ANY_ID.search(named)
    if other is None or _is_automatic(message):
        return None
    text = message.stripped_text or message.text or ""
    _name, sender = email.utils.parseaddr(str(message.get("From", "")))
    return Report(
        Told.REPLIED,
        ref=uuid.UUID(hex=found[1]) if found else None,
        # Some services give a message an id of their own making: the one they call it by, at a host of theirs.
        provider_id="" if found else other[0],
        event_id=str(event.event_id or message.get("Message-ID", ""))[:80],
        at=event.timestamp,
        sender=sender.lower(),
        subject=str(message.get("Subject", ""))[:200],
        text=text.strip()[:4000],
    )


def _is_automatic(message: Any) -> bool:
    """Whether nobody wrote it: an absence note, as RFC 3834 and the mail programs before it mark them."""
    said = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    precedence = str(message.get("Precedence", "")).strip().lower()
    return (
        said != "no"
        or precedence in ("auto_reply", "bulk", "junk")
        or any(name in message for name in ("X-Autoreply", "X-Autorespond"))
    )


def _ref(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
