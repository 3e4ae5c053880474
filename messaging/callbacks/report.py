"""What a service tells of a message, whichever service it is. Pure."""

import datetime as dt
import hashlib
import uuid
from dataclasses import dataclass
from enum import StrEnum


class Forged(Exception):
    """The call does not prove that it comes from the service."""


class Unreadable(Exception):
    """The call is not what the service sends."""


class Unreached(Exception):
    """What the call refers to could not be fetched from the service right now: it is to call again."""


class Told(StrEnum):
    """What is told."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    UNSUBSCRIBED = "unsubscribed"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"


@dataclass(frozen=True)
class Report:
    """One event of one message, or a guest's answer.

    ``ref`` or ``provider_id`` say which message; an answer by SMS has neither, and ``sender`` in their place, an E.164
    number. ``event_id`` is the service's own id of the event, empty where it gives none. ``is_hard``: the address is
    dead. ``text`` and ``subject`` are an answer's.
    """

    told: Told
    ref: uuid.UUID | None = None
    provider_id: str = ""
    event_id: str = ""
    at: dt.datetime | None = None
    detail: str = ""
    is_hard: bool = False
    sender: str = ""
    subject: str = ""
    text: str = ""

    @property
    def key(self) -> str:
        """What makes two calls the same event: the service's id, else everything that is told."""
        if self.event_id:
            return f"{self.told}:{self.event_id}"[:100]
        said = (
            self.told, str(self.ref or ""), self.provider_id, self.at.isoformat() if self.at else "", self.detail,
            self.sender, self.subject, self.text,
        )  # fmt: skip
        return f"{self.told}:{hashlib.sha256(chr(0).join(said).encode()).hexdigest()}"
