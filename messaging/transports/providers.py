"""E-mail services, through django-anymail's backends with the transport's own settings.

What a service answers becomes an outcome by one rule: what it says of the message is final, what it says of us (the
key, the sender, too much at once) waits, and what it may have done without saying so is unknown.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import requests
from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailError,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from django.core.mail import EmailMultiAlternatives
from django.utils.module_loading import import_string

from messaging.transports.kinds import KINDS, Kind
from messaging.transports.mail import mail_of
from messaging.transports.models import Transport
from messaging.transports.outgoing import (
    STOPPING,
    OnAttempt,
    Outcome,
    Outgoing,
    Reason,
    Result,
    not_built,
    not_taken,
    taken,
)
from messaging.transports.secrets import secrets_open

ADDRESSES: Final[dict[tuple[str, str], str]] = {
    ("mailgun", "eu"): "https://api.eu.mailgun.net/v3/",
    ("mailgun", "us"): "https://api.mailgun.net/v3/",
    ("sendgrid", "eu"): "https://api.eu.sendgrid.com/v3/",
    ("sendgrid", "global"): "https://api.sendgrid.com/v3/",
    ("sparkpost", "eu"): "https://api.eu.sparkpost.com/api/v1/",
    ("sparkpost", "us"): "https://api.sparkpost.com/api/v1/",
}
"""Where a service is asked, by region; others have one place, which django-anymail knows."""

CONNECT_SECONDS: Final = 10
REPLY_SECONDS: Final = 30

_TAKEN: Final = frozenset({"sent", "queued"})
_SES: Final[Mapping[str, tuple[Outcome, Reason]]] = {
    "MessageRejected": (Outcome.REFUSED, Reason.CONTENT),
    "BadRequestException": (Outcome.REFUSED, Reason.CONTENT),
    "MailFromDomainNotVerifiedException": (Outcome.LATER, Reason.SENDER),
    "NotFoundException": (Outcome.LATER, Reason.SETTINGS),
    "AccountSuspendedException": (Outcome.LATER, Reason.CREDENTIALS),
    "SendingPausedException": (Outcome.LATER, Reason.CREDENTIALS),
    "TooManyRequestsException": (Outcome.LATER, Reason.LIMIT),
    "LimitExceededException": (Outcome.LATER, Reason.LIMIT),
    "Throttling": (Outcome.LATER, Reason.LIMIT),
    "ThrottlingException": (Outcome.LATER, Reason.LIMIT),
}


def send_provider(transport: Transport, batch: Sequence[Outgoing], on_attempt: OnAttempt) -> Iterator[Result]:
    """Offer every message to the service, over one session."""
    kind = KINDS[transport.kind]
    try:
        backend = _backend(transport, kind)
        backend.open()
    except Exception as error:
        if not (
            isinstance(error, AnymailConfigurationError | ValueError | KeyError) or "BotoCoreError" in _called(error)
        ):
            raise
        for outgoing in batch:
            yield not_taken(outgoing, Outcome.LATER, Reason.SETTINGS, error)
        return
    session = getattr(backend, "session", None)
    if session is not None:
        # Proxies and passwords of the machine's environment are not for the businesses on it.
        session.trust_env = False
    stopped: Result | None = None
    try:
        for outgoing in batch:
            if stopped is not None and stopped.reason is not None:
                yield not_taken(outgoing, Outcome.LATER, stopped.reason, stopped.error)
                continue
            result = _offered(transport, kind, backend, outgoing, on_attempt)
            stopped = result if result.reason in STOPPING else None
            yield result
    finally:
        backend.close()


def _offered(
    transport: Transport, kind: Kind, backend: AnymailBaseBackend, outgoing: Outgoing, on_attempt: OnAttempt
) -> Result:
    try:
        message = _message(transport, kind, outgoing)
    except ValueError as error:
        return not_taken(outgoing, Outcome.REFUSED, Reason.CONTENT, error)
    except Exception as fault:
        return not_built(outgoing, fault)
    session = getattr(backend, "session", None)
    if kind.code == "resend" and session is not None:
        session.headers["Idempotency-Key"] = str(outgoing.ref)
    on_attempt(outgoing)
    try:
        backend.send_messages([message])
    except AnymailRecipientsRefused as error:
        return not_taken(outgoing, Outcome.REFUSED, _refused(message), _said(error))
    except AnymailRequestsAPIError as error:
        return _judged(outgoing, error)
    except AnymailError as error:
        if _called(error.__cause__) & {"BotoCoreError", "ClientError"}:
            return _judged_ses(outgoing, error)
        return not_taken(outgoing, Outcome.REFUSED, Reason.CONTENT, error)
    status = message.anymail_status  # type: ignore[attr-defined]
    states = {each.status for each in status.recipients.values()}
    if states & _TAKEN:
        return taken(outgoing, _one(status.message_id))
    if states <= {"unknown"}:
        return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, "")
    return not_taken(outgoing, Outcome.REFUSED, Reason.OTHER, ", ".join(sorted(map(str, states))))


def _refused(message: EmailMultiAlternatives) -> Reason:
    """Why a service does not take an address: it says that there is none, or that it will not write to it."""
    recipients = message.anymail_status.recipients  # type: ignore[attr-defined]
    states = {each.status for each in recipients.values()} if recipients else set()
    return Reason.DEAD if states == {"invalid"} else Reason.ADDRESS


def _message(transport: Transport, kind: Kind, outgoing: Outgoing) -> EmailMultiAlternatives:
    message: Any = mail_of(transport, outgoing)
    # A service that does not let us name the message names it itself; reports come with what we tell it beside.
    if kind.code == "postmark":
        message.extra_headers["X-PM-KeepID"] = "true"
        if stream := transport.options.get("stream"):
            message.esp_extra = {"MessageStream": stream}
    elif kind.code != "mailgun":
        del message.extra_headers["Message-ID"]
    if kind.code == "brevo":
        message.extra_headers["idempotencyKey"] = str(outgoing.ref)
    message.metadata = {"ref": str(outgoing.ref)}
    if kind.can_untrack:
        # Links and opens are followed by ourselves, with the guest's consent, or not at all.
        message.track_opens = message.track_clicks = False
    return message


def _backend(transport: Transport, kind: Kind) -> AnymailBaseBackend:
    secrets, options = secrets_open(transport), transport.options
    made: dict[str, Any]
    match kind.code:
        case "ses":
            made = {
                "client_params": {
                    "aws_access_key_id": options["access_key"],
                    "aws_secret_access_key": secrets["secret_key"],
                    "region_name": options["region"],
                    **_SES_PARAMS,
                    "config": {
                        "connect_timeout": CONNECT_SECONDS,
                        "read_timeout": REPLY_SECONDS,
                        # Asked again by itself it could send twice.
                        "retries": {"total_max_attempts": 1},
                    },
                }
            }
            if options.get("configuration_set"):
                made["configuration_set_name"] = options["configuration_set"]
        case "mailjet":
            made = {"api_key": options["api_key"], "secret_key": secrets["secret_key"]}
        case "postmark":
            made = {"server_token": secrets["server_token"]}
        case _:
            made = {"api_key": secrets["api_key"]}
            if options.get("sender_domain"):
                made["sender_domain"] = options["sender_domain"]
    address = ADDRESSES.get((kind.code, str(options.get("region", ""))))
    if address:
        made["api_url"] = address
    if kind.code != "ses":
        made["timeout"] = (CONNECT_SECONDS, REPLY_SECONDS)
    backend = import_string(f"anymail.backends.{kind.backend}.EmailBackend")(**made)
    return backend


_SES_PARAMS: Final[dict[str, Any]] = {}
"""Further parameters of the client."""


def _judged(outgoing: Outgoing, error: AnymailRequestsAPIError) -> Result:
    """What an HTTP answer that is none of success, or no answer, means."""
    status, words = error.status_code, _said(error)
    if status is None:
        return _unanswered(outgoing, error, words)
    if 200 <= status < 300:
        # Taken, in words that cannot be read.
        return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, words)
    match status:
        case 401 | 403:
            return not_taken(outgoing, Outcome.LATER, Reason.CREDENTIALS, words)
        case 402:
            return not_taken(outgoing, Outcome.LATER, Reason.BALANCE, words)
        case 404 | 405 | 410:
            return not_taken(outgoing, Outcome.LATER, Reason.SETTINGS, words)
        case 409 if "invalid_idempotent_request" in words:
            # The same message was taken before; its words differ a little this time.
            return taken(outgoing)
        case 409 | 425 | 429:
            return not_taken(outgoing, Outcome.LATER, Reason.LIMIT, words)
        case _ if status < 500 and status != 408:
            return not_taken(outgoing, Outcome.REFUSED, Reason.CONTENT, words)
        case _:
            # 408, 503 and 504 too: a machine before the service says so of a request that may be on its way behind it.
            return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, words)


def _unanswered(outgoing: Outgoing, error: AnymailRequestsAPIError, words: str) -> Result:
    """No answer: whether the request can have left."""
    cause = error.__cause__
    before = isinstance(cause, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError) or (
        isinstance(cause, requests.exceptions.ConnectionError) and _not_connected(cause)
    )
    if before:
        return not_taken(outgoing, Outcome.LATER, Reason.UNREACHABLE, words)
    return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, words)


def _not_connected(error: BaseException) -> bool:
    """Whether there was no connection at all: refused, or the name is unknown."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return False
        if type(seen).__name__ in ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError"):
            return True
        reason = getattr(seen, "reason", None)
        first = seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
        seen = reason if isinstance(reason, BaseException) else first
    return False


def _judged_ses(outgoing: Outgoing, error: AnymailError) -> Result:
    cause: Any = error.__cause__
    called = _called(cause)
    if "ClientError" in called:
        code = str(cause.response.get("Error", {}).get("Code", ""))
        status = int(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code in _SES:
            return not_taken(outgoing, *_SES[code], cause)
        if status in (401, 403):
            return not_taken(outgoing, Outcome.LATER, Reason.CREDENTIALS, cause)
        if status >= 500 or status == 408:
            return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, cause)
        return not_taken(outgoing, Outcome.REFUSED, Reason.CONTENT, cause)
    if called & {"ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError", "SSLError"}:
        return not_taken(outgoing, Outcome.LATER, Reason.UNREACHABLE, cause)
    if "HTTPClientError" in called:
        return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, cause)
    # Everything else goes wrong before anything leaves: parameters, credentials.
    return not_taken(outgoing, Outcome.LATER, Reason.SETTINGS, cause)


def _called(error: BaseException | None) -> set[str]:
    """The names of an error's classes: what boto raises is told apart without loading boto where nobody uses it."""
    return {each.__name__ for each in type(error).__mro__}


def _said(error: AnymailError) -> str:
    """The service's own words: of JSON what it calls a message, else the text."""
    response = error.response
    if not isinstance(response, requests.Response):
        return str(error.__cause__ or error)
    try:
        body = response.json()
    except ValueError:
        return f"{response.status_code} {response.text[:300]}"
    return f"{response.status_code} {_message_in(body) or response.text[:300]}"


def _message_in(body: Any) -> str:
    """The first text called like a message, however deep it stands; with the name of the error beside it."""
    if isinstance(body, list):
        return next((found for each in body if (found := _message_in(each))), "")
    if not isinstance(body, dict):
        return ""
    for name in ("ErrorMessage", "Message", "message", "description", "error", "detail"):
        if isinstance(body.get(name), str):
            called = next((body[key] for key in ("name", "code", "ErrorCode") if isinstance(body.get(key), str)), "")
            return f"{called} {body[name]}".strip()
    return next((found for each in body.values() if (found := _message_in(each))), "")


def _one(message_id: Any) -> str:
    """The id of a message to one recipient."""
    if isinstance(message_id, set | frozenset | list | tuple):
        return str(next(iter(message_id), ""))
    return str(message_id or "")
