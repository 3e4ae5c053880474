"""SMTP (RFC 5321) over connections that stay open: one a worker and transport, made anew when the transport changes.

The server is a name that a member typed: it is asked through :mod:`accounts.outgoing`, which refuses what is not on the
open internet unless the operator has opened it.

A message is offered in four steps. Until its text has begun to leave, a broken connection means that it was not taken;
from then on nobody knows, and SMTP has no way to ask.
"""

import os
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from django.conf import settings
from django.core.mail import BadHeaderError

from accounts.outgoing import OutgoingError, connection_open, trusting
from messaging.transports.mail import ascii_address, mail_of
from messaging.transports.models import Transport
from messaging.transports.outgoing import OnAttempt, Outcome, Outgoing, Reason, Result, not_built, not_taken, taken
from messaging.transports.secrets import secrets_open

CONNECT_SECONDS: Final = 10.0
REPLY_SECONDS: Final = 30.0
TEXT_SECONDS: Final = 60.0
"""How long the answer to a whole message may take: servers look through it meanwhile."""
IDLE_SECONDS: Final = 20.0
"""After so long a connection is asked whether it is still there before a message is offered to it."""
KEPT_SECONDS: Final = 120.0
MOST_A_CONNECTION: Final = 500
"""Messages after which a connection is made anew; many servers end it themselves before long."""
KEPT_CONNECTIONS: Final = 8

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_NOBODY_THERE: Final = frozenset({(1, 1), (1, 2), (1, 3), (1, 6), (1, 10)})
"""Enhanced codes (RFC 3463, RFC 7505) by which a permanent refusal says that the mailbox or its domain is not there.
What only does not take mail now (5.2.x), or not from us (5.7.x), is not among them."""
_SAYS_NOBODY: Final = re.compile(
    r"(?i)no such (user|mailbox|recipient|person|account)|(unknown|invalid) (user|mailbox|recipient)"
    r"|\b(user|mailbox|recipient|account)\b[^.]{0,40}\b(unknown|not found|does ?n[o']t exist|not exist)"
)
"""The same in words, of servers without enhanced codes."""


class Stage(NamedTuple):
    """A step of the conversation, and what a refusal in it concerns."""

    reason: Reason
    is_ours: bool
    """Whether it says something of us and not of the message: then the rest of the batch waits too."""


_SENDER: Final = Stage(Reason.SENDER, True)
_RECIPIENT: Final = Stage(Reason.ADDRESS, False)
_TEXT: Final = Stage(Reason.CONTENT, False)


class _Written(NamedTuple):
    """Envelope and text of a message; ``extra`` is what else MAIL FROM has to say."""

    sender: str
    recipient: str
    data: bytes
    extra: tuple[str, ...]


class _Refused(Exception):
    """The server said no: its code, its words, and at which step."""

    def __init__(self, code: int, words: bytes | str, stage: Stage) -> None:
        super().__init__(code)
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        self.code, self.words, self.stage = code, f"{code} {text}", stage


class _Unreachable(Exception):
    """No message can be offered now: why, and in whose words."""

    def __init__(self, reason: Reason, words: object) -> None:
        super().__init__(reason)
        self.reason, self.words = reason, words


class _Client(smtplib.SMTP):
    """smtplib's conversation over a connection to the address that was checked."""

    def __init__(self, host: str, port: int, *, secured: bool) -> None:
        self._secured, self._name = secured, host
        super().__init__(host, port, local_hostname=_own_name(), timeout=CONNECT_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = connection_open(host=host, port=port, seconds=timeout)
        plain.settimeout(REPLY_SECONDS)
        if not self._secured:
            return plain
        try:
            return trusting().wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    def timed(self, seconds: float) -> None:
        """How long the next answers may take."""
        cast(socket.socket, self.sock).settimeout(seconds)


@dataclass(slots=True)
class _Kept:
    """An open connection: of which version of its transport, since when, last used, for how many messages."""

    client: _Client
    version: int
    opened: float
    used: float
    count: int = 0


class _Pool(threading.local):
    """The connections of this thread, by transport; those of a parent process are left to it."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.kept: dict[int, _Kept] = {}


_pool = _Pool()


def send_smtp(transport: Transport, batch: Sequence[Outgoing], on_attempt: OnAttempt) -> Iterator[Result]:
    """Offer every message over one connection; a connection that turns out dead before a message is made anew once."""
    stopped: _Unreachable | None = None
    for outgoing in batch:
        if stopped is not None:
            yield not_taken(outgoing, Outcome.LATER, stopped.reason, stopped.words)
            continue
        try:
            written = _written(transport, outgoing)
        except (BadHeaderError, ValueError) as error:
            yield not_taken(outgoing, Outcome.REFUSED, Reason.CONTENT, error)
            continue
        except Exception as fault:
            yield not_built(outgoing, fault)
            continue
        try:
            kept = _ready(transport)
        except _Unreachable as error:
            stopped = error
            yield not_taken(outgoing, Outcome.LATER, error.reason, error.words)
            continue
        if written.extra and not kept.client.has_extn("smtputf8"):
            yield not_taken(
                outgoing, Outcome.REFUSED, Reason.ADDRESS, "The mail server takes addresses of ASCII letters only."
            )
            continue
        on_attempt(outgoing)
        result, stopped = _offered(transport, kept, outgoing, written)
        yield result


def connections_close() -> None:
    """Close every connection of this thread."""
    for pk in list(_pool.kept):
        _drop(pk)


def _written(transport: Transport, outgoing: Outgoing) -> _Written:
    """A message as it goes over the wire. Raises ValueError for one that cannot."""
    sender = ascii_address(outgoing.sender_address or transport.sender_address)
    recipient = ascii_address(outgoing.address)
    for address in (sender, recipient):
        if not address or re.search(r"[\s<>\x00-\x1f]", address):
            raise ValueError(f"{address!r} is not an address.")
    message: Any = mail_of(transport, outgoing).message()
    if message.is_multipart():
        # One that stands in no part, as all of them are encoded; left alone, the text is searched for one that is free.
        message.set_boundary(f"=_{outgoing.ref.hex}")
    extra = () if sender.isascii() and recipient.isascii() else ("SMTPUTF8", "BODY=8BITMIME")
    return _Written(sender, recipient, message.as_bytes(linesep="\r\n"), extra)


def _offered(
    transport: Transport, kept: _Kept, outgoing: Outgoing, written: _Written
) -> tuple[Result, _Unreachable | None]:
    """Offer one message: its result, and why the rest of the batch has to wait, if it has."""
    extra = "".join(f" {each}" for each in written.extra)
    for attempt in (1, 2):
        leaving = False
        try:
            client = kept.client
            client.timed(REPLY_SECONDS)
            _step(client, f"MAIL FROM:<{written.sender}>{extra}", _SENDER, bool(extra))
            _step(client, f"RCPT TO:<{written.recipient}>", _RECIPIENT, bool(extra))
            _step(client, "DATA", _TEXT, expected=354)
            client.timed(TEXT_SECONDS)
            leaving = True
            client.send(_stuffed(written.data))
            code, words = client.getreply()
            if not 200 <= code < 600:
                # No answer that means anything: whoever speaks there may have taken it.
                raise smtplib.SMTPServerDisconnected(f"The answer was {words!r}.")
            if code >= 300:
                raise _Refused(code, words, _TEXT)
        except _Refused as refused:
            if refused.code == 421:
                _drop(transport.pk)
            else:
                with suppress(OSError, smtplib.SMTPException):
                    client.docmd("RSET")
            return _judged(outgoing, refused)
        except (OSError, smtplib.SMTPException) as error:
            _drop(transport.pk)
            if leaving:
                gone = _Unreachable(Reason.UNREACHABLE, _words(error))
                return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, gone.words), gone
            gone = _Unreachable(Reason.UNREACHABLE, _words(error))
            if attempt == 1 and not isinstance(error, TimeoutError):
                # A server ends connections as it likes; the message was not begun.
                try:
                    kept = _ready(transport)
                    continue
                except _Unreachable as again:
                    gone = again
            return not_taken(outgoing, Outcome.LATER, gone.reason, gone.words), gone
        kept.used, kept.count = time.monotonic(), kept.count + 1
        return taken(outgoing, _queued_as(words)), None
    raise AssertionError("unreachable")


def _step(client: _Client, command: str, stage: Stage, utf8: bool = False, expected: int = 250) -> None:
    if utf8:
        client.command_encoding = "utf-8"
    try:
        code, words = client.docmd(command)
    finally:
        client.command_encoding = "ascii"
    if code != expected and not (expected == 250 and code == 251):
        raise _Refused(code, words, stage)


def _judged(outgoing: Outgoing, refused: _Refused) -> tuple[Result, _Unreachable | None]:
    """What a refusal means for the message and for those behind it."""
    reason, stage = _reason(refused), refused.stage
    if refused.code in (421, 454) or (stage.is_ours and refused.code != 552):
        # Of us, not of this guest: somebody can put it right, and then it goes.
        return not_taken(outgoing, Outcome.LATER, reason, refused.words), _Unreachable(reason, refused.words)
    outcome = Outcome.REFUSED if 500 <= refused.code < 600 else Outcome.LATER
    return not_taken(outgoing, outcome, reason, refused.words), None


def _reason(refused: _Refused) -> Reason:
    """Why, by enhanced status code (RFC 3463) where there is one."""
    if refused.code in (530, 534, 535, 538, 454):
        return Reason.CREDENTIALS
    found = _ENHANCED.search(refused.words)
    subject = int(found.group(2)) if found else 0
    detail = int(found.group(3)) if found else 0
    if refused.code in (421, 450, 451, 452):
        return Reason.LIMIT
    if refused.stage is _RECIPIENT and subject == 7 and detail == 1:
        return Reason.SENDER
    if _is_nobody(refused, found, (subject, detail)):
        return Reason.DEAD
    return refused.stage.reason


def _is_nobody(refused: _Refused, found: re.Match[str] | None, enhanced: tuple[int, int]) -> bool:
    """Whether it is surely said that nobody is there, and not merely that nothing is taken."""
    if not 550 <= refused.code < 560 or refused.stage is _SENDER:
        return False
    if found is not None:
        return found.group(1) == "5" and enhanced in _NOBODY_THERE
    return (
        refused.stage is _RECIPIENT
        and "sender" not in refused.words.casefold()
        and _SAYS_NOBODY.search(refused.words) is not None
    )


def _ready(transport: Transport) -> _Kept:
    """An open connection, signed in. Raises _Unreachable."""
    if _pool.process != os.getpid():
        _pool.process = os.getpid()
        _pool.kept.clear()
    now = time.monotonic()
    for pk, each in list(_pool.kept.items()):
        if pk != transport.pk and now - each.used > KEPT_SECONDS:
            _drop(pk)
    kept = _pool.kept.get(transport.pk)
    if kept is not None:
        stale = kept.version != transport.version or now - kept.opened > 10 * KEPT_SECONDS
        if not stale and kept.count < MOST_A_CONNECTION and _alive(kept, now):
            return kept
        _drop(transport.pk)
    if len(_pool.kept) >= KEPT_CONNECTIONS:
        _drop(min(_pool.kept, key=lambda pk: _pool.kept[pk].used))
    client = _connected(transport)
    kept = _Kept(client, transport.version, time.monotonic(), time.monotonic())
    _pool.kept[transport.pk] = kept
    return kept


def _alive(kept: _Kept, now: float) -> bool:
    if now - kept.used < IDLE_SECONDS:
        return True
    try:
        kept.client.timed(CONNECT_SECONDS)
        return bool(kept.client.noop()[0] == 250)
    except (OSError, smtplib.SMTPException):
        return False


def _connected(transport: Transport) -> _Client:
    options = transport.options
    host, port = str(options.get("host", "")), int(options.get("port") or 0)
    security, user = options.get("security", "starttls"), str(options.get("user", ""))
    password = secrets_open(transport).get("password", "")
    client: _Client | None = None
    try:
        client = _Client(host, port, secured=security == "tls")
        client.ehlo_or_helo_if_needed()
        if security == "starttls":
            if not client.has_extn("starttls"):
                raise _Unreachable(Reason.SETTINGS, "The mail server does not offer STARTTLS.")
            client.starttls(context=trusting())
            client.ehlo()
        if user:
            client.login(user, password)
        return client
    except _Unreachable:
        _close(client)
        raise
    except smtplib.SMTPAuthenticationError as error:
        _close(client)
        raise _Unreachable(Reason.CREDENTIALS, _words(error)) from error
    except smtplib.SMTPNotSupportedError as error:
        _close(client)
        raise _Unreachable(Reason.SETTINGS, error) from error
    except (OutgoingError, smtplib.SMTPException, OSError) as error:
        _close(client)
        raise _Unreachable(Reason.UNREACHABLE, _words(error)) from error


def _drop(pk: int) -> None:
    kept = _pool.kept.pop(pk, None)
    if kept is not None:
        _close(kept.client)


def _close(client: _Client | None) -> None:
    """End a connection without waiting for a server that may be gone."""
    if client is None:
        return
    with suppress(OSError, smtplib.SMTPException, AttributeError):
        client.timed(1)
        client.docmd("QUIT")
    client.close()


def _stuffed(data: bytes) -> bytes:
    """The text with its dots doubled at line starts and its end marked (RFC 5321, 4.5.2)."""
    body = re.sub(rb"(?m)^\.", b"..", data)
    return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _own_name() -> str:
    """What we call ourselves in EHLO: the first name we answer to, without asking DNS."""
    names = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if "*" not in name and ":" not in name]
    return next((name for name in names if "." in name and not name[-1].isdigit()), "localhost.localdomain")


def _queued_as(words: bytes) -> str:
    """The server's own words for a message it took, which name it in its log."""
    return " ".join(words.decode("utf-8", "replace").split())[:200]


def _words(error: Any) -> str:
    """An error in words: what the server said, or what became of the connection."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    return str(error) or type(error).__name__
