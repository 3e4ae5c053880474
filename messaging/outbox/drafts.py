"""What the outbox is given and what it answers."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody wants sent to a guest.

    Its words are those of a template, or its own: ``subject`` and ``blocks`` of an e-mail, ``body`` of an SMS.
    ``key`` says what it is, unique in the business: planned twice it is one message. ``language`` overrides the
    guest's. ``text_ids`` are the versions of the template's texts to choose among, none for those in force.
    ``address`` is given only of a test: it goes to a member, filled in as for the guest. ``is_held`` plans it paused
    (:func:`~messaging.outbox.deciding.hold`).
    """

    customer_id: int
    channel: str
    purpose: str
    key: str
    due_at: dt.datetime
    origin: str
    origin_id: int | None = None
    template_id: int | None = None
    text_ids: tuple[int, ...] = ()
    subject: str = ""
    blocks: Sequence[Mapping[str, Any]] = ()
    body: str = ""
    expires_at: dt.datetime | None = None
    property_id: int | None = None
    stay_id: int | None = None
    language: str | None = None
    address: str = ""
    is_held: bool = False


@dataclass(slots=True)
class Planned:
    """What became of drafts. ``ids`` has every draft by its key, but those of ``unwritten``, whose guest there is not.

    ``refused`` tells the reason of those written as skipped; ``already`` are keys that were there before.
    """

    ids: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    already: set[str] = field(default_factory=set)
    unwritten: dict[str, str] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many were written to be sent."""
        return len(self.ids) - len(self.refused) - len(self.already)

    def add(self, other: "Planned") -> None:
        """Count in what became of more drafts."""
        self.ids.update(other.ids)
        self.refused.update(other.refused)
        self.already.update(other.already)
        self.unwritten.update(other.unwritten)


@dataclass(slots=True)
class Sent:
    """What one batch did, in messages. ``more``: whether another batch is worth asking for at once."""

    taken: int = 0
    refused: int = 0
    later: int = 0
    unknown: int = 0
    skipped: int = 0
    deferred: int = 0
    more: bool = False


class Kind(StrEnum):
    """What a provider tells of a message afterwards."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a provider, a link or a guest told of a message.

    The message is known by its ``ref``, or by the transport and the provider's id of it. ``detail`` are the
    provider's words; ``kind`` a :class:`Kind`.
    """

    kind: str
    at: dt.datetime
    ref: uuid.UUID | None = None
    transport_id: int | None = None
    provider_id: str = ""
    detail: str = ""
