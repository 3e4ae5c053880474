"""What rows of the register have been, from their changes: how a stay or an invoice stood at a moment. Pure."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, NamedTuple, TypeVar

ALWAYS: Final = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
"""Since before anybody asks."""
NEVER: Final = dt.datetime(9999, 12, 30, tzinfo=dt.UTC)


class Turn(NamedTuple):
    """A change of a row: ``before`` are the values that it replaced, by column; empty where it made the row. ``terms``:
    a guest would call the booking a changed one."""

    row_id: int
    at: dt.datetime
    set_id: int
    is_event: bool
    is_new: bool
    before: dict[str, Any]
    terms: bool = False


@dataclass(frozen=True)
class StayState:
    """A stay as it stood."""

    status: str
    arrival: dt.date
    departure: dt.date
    property_id: int


@dataclass(frozen=True)
class InvoiceState:
    """An invoice as it stood."""

    due_on: dt.date | None
    paid_on: dt.date | None


State = TypeVar("State", StayState, InvoiceState)


@dataclass(frozen=True)
class Span(Generic[State]):
    """A row stood so from ``first`` to before ``until``; ``is_news``: what made it so is something to react to."""

    first: dt.datetime
    until: dt.datetime
    state: State
    is_news: bool


@dataclass(frozen=True)
class Life(Generic[State]):
    """A row's states one after the other. ``made_at`` is when it was written down."""

    row_id: int
    made_at: dt.datetime
    spans: tuple[Span[State], ...]

    def at(self, moment: dt.datetime) -> State | None:
        """How it stood; ``None`` before it was there."""
        place = bisect_right(self.spans, moment, key=lambda span: span.first) - 1
        return self.spans[place].state if place >= 0 else None

    @property
    def now(self) -> State:
        """How it stands."""
        return self.spans[-1].state


def life_of(*, row_id: int, now: State, made_at: dt.datetime, turns: Sequence[Turn]) -> Life[State]:
    """The life of a row, from how it stands and its changes in their order."""
    spans: list[Span[State]] = []
    state, until = now, NEVER
    for turn in reversed(turns):
        if turn.is_new:
            made_at = turn.at
            continue
        if not turn.before:
            continue
        if turn.at < until:
            spans.append(Span(turn.at, until, state, turn.is_event))
            until = turn.at
        state = replace(state, **turn.before)
    is_news = any(turn.is_new and turn.is_event for turn in turns)
    if made_at < until:
        spans.append(Span(made_at, until, state, is_news))
    return Life(row_id, made_at, tuple(reversed(spans)))


def by_row(turns: Iterable[Turn]) -> dict[int, list[Turn]]:
    """Changes by their row."""
    found: dict[int, list[Turn]] = {}
    for turn in turns:
        found.setdefault(turn.row_id, []).append(turn)
    return found
