"""When a planner that looks all the time lets in whom a day of the calendar concerns, and lets go again whose day is
another one by then. Pure: of the days that a row's life gives, one after the other."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from automations.definition import Start, Trigger
from automations.definition.timing import anchored_at, trigger_day
from automations.rehearsal.lives import ALWAYS, NEVER, InvoiceState, Life, StayState
from messaging.gate.schedule import at_local

CANCELLED: Final = "cancelled"
PAID: Final = "paid"
CHANGED: Final = "changed"
_GONE: Final = ("cancelled", "no_show")
_CAME: Final = ("checked_in", "checked_out")
_STANDS: Final = ("booked", *_CAME)


@dataclass(frozen=True)
class Day:
    """From ``first`` to before ``until`` a trigger was counted from ``anchor``, or from nothing for ``reason``.
    ``is_news``: something happened, so that it begins at once where its moment has passed."""

    first: dt.datetime
    until: dt.datetime
    anchor: dt.date | None
    zone: dt.tzinfo
    is_news: bool = False
    reason: str = CHANGED


class Mark(NamedTuple):
    """At ``at`` the planner plans a journey for ``due``, or lets go of it for ``reason``."""

    at: dt.datetime
    anchor: dt.date
    zone: dt.tzinfo
    due: dt.datetime
    is_late: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Window:
    """The days that are rehearsed: what is due from ``first`` to before ``last``. ``home`` is the clock by which the
    planner looks at days. ``planned`` until when it plans meanwhile: what is planned for later may be in the way."""

    first: dt.datetime
    last: dt.datetime
    home: dt.tzinfo
    planned: dt.datetime
    ahead: dt.timedelta
    """So long before its day a journey is planned."""


def marks(start: Start, days: Iterable[Day], window: Window) -> Iterator[Mark]:
    """What the planner does about one row. Whether the rules let the guest in is not asked here."""
    planned: Mark | None = None
    for day in days:
        if day.until <= window.first:
            continue
        now = max(day.first, window.first)
        if now >= window.last:
            return
        due = anchored_at(start, day.anchor, day.zone) if day.anchor is not None else None
        if planned is not None and planned.due > now:
            if day.anchor == planned.anchor:
                # Nothing moves; but who was not let in is asked again, as of every row that is touched.
                if planned.at < now:
                    yield planned._replace(at=now)
                continue
            yield planned._replace(at=now, reason=day.reason)
        planned = None
        if day.anchor is None or due is None or due >= window.planned:
            continue
        if due > now:
            looked = at_local(trigger_day(start, day.anchor) - window.ahead, dt.time(0), window.home)
            if (at := max(now, looked)) < min(day.until, window.last):
                planned = Mark(at, day.anchor, day.zone, due)
                yield planned
        elif day.is_news and day.anchor >= now.astimezone(day.zone).date():
            yield Mark(now, day.anchor, day.zone, now, is_late=True)


def stay_days(start: Start, life: Life[StayState], zones: "dict[int, dt.tzinfo]", home: dt.tzinfo) -> list[Day]:
    """The days from which a trigger before an arrival or after a departure was counted."""
    is_arrival = start.kind == Trigger.BEFORE_ARRIVAL
    counts = ("booked",) if is_arrival else _STANDS
    found = []
    for span in life.spans:
        state = span.state
        zone = zones.get(state.property_id, home)
        anchor = state.arrival if is_arrival else state.departure
        is_meant = not start.properties or state.property_id in start.properties
        first, stands = span.first, state.status in counts
        is_news = span.is_news and is_arrival and stands
        if span is life.spans[0]:
            # What was written down afterwards is taken as if it had been known; whoever came had booked before.
            is_history = _is_history(start, anchor, state.departure, first, zone)
            first = ALWAYS if is_history else first
            stands = stands or ((is_history or not span.is_news) and state.status in _STANDS)
        reason = CANCELLED if state.status in _GONE else CHANGED
        found.append(Day(first, span.until, anchor if stands and is_meant else None, zone, is_news, reason))
    return found


def invoice_days(start: Start, life: Life[InvoiceState], zone: dt.tzinfo) -> list[Day]:
    """The days from which a trigger around the day an invoice is due was counted."""
    found: list[Day] = []
    for span in life.spans:
        due, paid = span.state.due_on, span.state.paid_on
        if span is life.spans[0] and due is not None and _is_history(start, due, due, span.first, zone):
            # Only its own days tell until when it was not paid.
            is_unpaid = paid is None or paid >= trigger_day(start, due)
            found.append(Day(ALWAYS, span.until, due if is_unpaid else None, zone))
            continue
        is_news = span.is_news and start.days < 0
        anchor = due if paid is None else None
        found.append(Day(span.first, span.until, anchor, zone, is_news, PAID if paid is not None else CHANGED))
    return found


def last_stay_days(start: Start, lives: Sequence[Life[StayState]], home: dt.tzinfo) -> list[Day]:
    """The days a guest's last stay has been counted from: of all stays that took place by then, the latest day."""
    turns: dict[dt.datetime, list[tuple[int, StayState | None]]] = {}
    for number, life in enumerate(lives):
        for moment, state in _taking_place(life, home):
            turns.setdefault(moment, []).append((number, state))
    known: dict[int, StayState | None] = {}
    found: list[Day] = []
    moments = sorted(turns)
    for moment, until in zip(moments, [*moments[1:], NEVER], strict=True):
        known.update(turns[moment])
        took_place = [state for state in known.values() if state is not None and state.status in _CAME]
        last = max((_last_day(state) for state in took_place), default=None)
        if last is not None and start.properties:
            is_meant = any(
                state.property_id in start.properties and last in (state.arrival, state.departure)
                for state in took_place
            )
            found.append(Day(moment, until, last if is_meant else None, home))
        else:
            found.append(Day(moment, until, last, home))
    return found


def _last_day(state: StayState) -> dt.date:
    return state.departure if state.status == "checked_out" else state.arrival


def _taking_place(life: Life[StayState], home: dt.tzinfo) -> Iterator[tuple[dt.datetime, StayState | None]]:
    first = life.spans[0]
    state = first.state
    if state.status == "checked_out" and state.departure < first.first.astimezone(home).date():
        arrived = StayState("checked_in", state.arrival, state.departure, state.property_id)
        yield at_local(state.arrival, dt.time(0), home), arrived
        yield at_local(state.departure, dt.time(0), home), state
    else:
        yield first.first, state
    for span in life.spans[1:]:
        yield span.first, span.state


def _is_history(start: Start, anchor: dt.date, last: dt.date, made: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether a row was written down when its moment and its ``last`` day were over."""
    return last < made.astimezone(zone).date() and anchored_at(start, anchor, zone) <= made
