"""Answers by e-mail of services that send a guest's words apart from what hangs on them, or not at all.

django-anymail would fetch all of it, without a limit of time or size. Of an answer its words alone are kept, so a
photograph is never fetched; the words of Resend are, at its own address. Never within a business's scope.
"""

import json
from email.parser import BytesHeaderParser
from typing import Any, Final
from urllib.parse import quote, urlsplit

from anymail.inbound import AnymailInboundMessage
from anymail.webhooks.brevo import BrevoInboundWebhookView
from anymail.webhooks.resend import ResendInboundWebhookView

from accounts.outgoing import OutgoingError, https_open
from messaging.callbacks.report import Unreached

FETCHED_MAX: Final = 30_000_000
"""Bytes of an answer with all that hangs on it."""
SECONDS: Final = 20.0
_RESEND: Final = "https://api.resend.com/emails/receiving/"
_RESEND_HOST: Final = ".resend.com"
_OF_THE_BODY: Final = ("content-", "mime-version")
"""Headers that say how the mail was put together; it is put together anew."""


class BrevoReplies(BrevoInboundWebhookView):
    """Brevo's answers; what hangs on them stays there."""

    def esp_to_anymail_event(self, esp_event: Any) -> Any:
        """An answer without its attachments."""
        return super().esp_to_anymail_event({**esp_event, "Attachments": []})


class ResendReplies(ResendInboundWebhookView):
    """Resend's answers: its call names them, the words are asked for."""

    def _fetch_inbound_email(self, email_id: str) -> AnymailInboundMessage:
        told = json.loads(fetch(_RESEND + quote(str(email_id), safe=""), key=self.api_key))
        headers = _headers(told.get("headers") or {})
        raw = str((told.get("raw") or {}).get("download_url") or "")
        if not _names_what_it_answers(headers) and (urlsplit(raw).hostname or "").endswith(_RESEND_HOST):
            # Of what it does not list, what was answered among it, the mail itself tells. Its address is signed.
            headers = _headers(BytesHeaderParser().parsebytes(fetch(raw)).items())
        return AnymailInboundMessage.construct(
            from_email=told.get("from"),
            subject=told.get("subject"),
            headers=headers,
            text=told.get("text"),
            html=told.get("html"),
        )


def fetch(address: str, *, key: str = "") -> bytes:
    """What stands at a service's address. Raises Unreached."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with https_open(address, headers=headers, limit=FETCHED_MAX, seconds=SECONDS) as answer:
            return answer.read()
    except OutgoingError as error:
        raise Unreached(urlsplit(address).hostname or "") from error


def _headers(told: Any) -> list[tuple[str, str]]:
    """Headers by name, or as a list of names and values."""
    if isinstance(told, dict):
        pairs = ((name, " ".join(each) if isinstance(each, list) else each) for name, each in told.items())
    else:
        pairs = ((each["name"], each["value"]) if isinstance(each, dict) else each for each in told)
    return [(str(name), str(value)) for name, value in pairs if not str(name).casefold().startswith(_OF_THE_BODY)]


def _names_what_it_answers(headers: list[tuple[str, str]]) -> bool:
    return any(name.casefold() in ("in-reply-to", "references") for name, _value in headers)
