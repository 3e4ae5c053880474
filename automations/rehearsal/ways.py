"""What a rehearsal came to, as it is kept once everything else has been taken back. Pure."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

OUT: Final = "out"
"""Whom the rules keep out: no state of a journey, as there is none."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one step came to. Of a message ``sends_at`` is when it leaves, ``text_id`` the version of the text."""

    step: str
    outcome: str
    reason: str
    at: dt.datetime
    sends_at: dt.datetime | None = None
    text_id: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """The journey of one guest, from its beginning ``at`` to its end; ``state`` is a state of journeys."""

    customer_id: int
    occurrence: str
    state: str
    reason: str
    at: dt.datetime
    stay_id: int | None = None
    invoice_id: int | None = None
    lines: tuple[Line, ...] = field(default=())
