"""Deliver one webhook: asked once, over the web, outside any transaction; what came of it in a word."""

import datetime as dt
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from accounts.outgoing import Answer, OutgoingError, https_open
from accounts.outgoing_problems import (
    BrokenOff,
    CertificateWrong,
    NameUnknown,
    NotPublic,
    NotReached,
    Packed,
    Redirected,
    TooMuch,
    TooSlow,
)
from messaging.transports.masking import masked
from messaging.webhooks.labels import Trouble
from messaging.webhooks.pauses import asked_for
from messaging.webhooks.signing import headers

SECONDS: Final = 15.0
"""Standard Webhooks has senders wait 15 to 30 seconds: a receiver notes what came and works later."""
_ANSWER_MAX: Final = 64_000
_SHOWN: Final = 300
_GONE: Final = 410
_BUSY: Final = (429, 503)

_TROUBLES: Final[tuple[tuple[type[OutgoingError], Trouble], ...]] = (
    (Redirected, Trouble.REDIRECTED),
    (NotPublic, Trouble.NOT_PUBLIC),
    (NameUnknown, Trouble.NO_NAME),
    (NotReached, Trouble.UNREACHABLE),
    (CertificateWrong, Trouble.CERTIFICATE),
    (TooSlow, Trouble.SLOW),
    (BrokenOff, Trouble.BROKEN),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. ``trouble`` is empty of one that was taken.

    ``is_about_all``: nothing else would get through there now. ``is_unclear``: it may have been taken all the same.
    """

    trouble: str = ""
    status: int | None = None
    detail: str = ""
    is_about_all: bool = False
    is_unclear: bool = False
    again_after: dt.timedelta | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return not self.trouble


def body_bytes(body: dict[str, Any]) -> bytes:
    """A body as it travels, the same whenever it is delivered."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def ask(*, url: str, secrets: Sequence[str], webhook_id: str, body: bytes, at: dt.datetime) -> Outcome:
    """Deliver a body. Never raises what the other side does; never called within a business's scope."""
    signed = headers(secrets=secrets, webhook_id=webhook_id, timestamp=int(at.timestamp()), body=body)
    try:
        with https_open(
            url, method="POST", body=body, headers=signed, limit=_ANSWER_MAX, seconds=SECONDS, refusals=True
        ) as answer:
            return _read(answer)
    except (Packed, TooMuch):
        # Only what was taken is looked at so closely, and what is said beside that is nobody's business.
        return Outcome(status=200)
    except OutgoingError as error:
        return _failed(error)


def _read(answer: Answer) -> Outcome:
    status = answer.status
    if status < 300:
        return Outcome(status=status)
    detail = ""
    with suppress(OutgoingError):
        data = next(answer.chunks(), b"")[: 4 * _SHOWN]
        detail = masked(" ".join(data.decode("utf-8", "replace").replace("\x00", "").split()))[:_SHOWN]
    if status == _GONE:
        return Outcome(Trouble.GONE, status, detail, is_about_all=True)
    if status in _BUSY:
        again = asked_for(answer.headers.get("Retry-After"))
        return Outcome(Trouble.BUSY, status, detail, is_about_all=True, again_after=again)
    return Outcome(Trouble.FAULT if status >= 500 else Trouble.REFUSED, status, detail, is_unclear=status >= 500)


def _failed(error: OutgoingError) -> Outcome:
    status = error.params.get("status")
    number = status if isinstance(status, int) else None
    for kind, trouble in _TROUBLES:
        if isinstance(error, kind):
            unclear = error.was_asked and kind in (TooSlow, BrokenOff)
            return Outcome(trouble, number, is_about_all=True, is_unclear=unclear)
    # Another answer that is none, such as a 304; or an address that may not be asked.
    return Outcome(Trouble.REFUSED if number else Trouble.ADDRESS, number, is_about_all=number is None)
