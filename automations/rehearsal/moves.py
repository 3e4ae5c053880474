"""What the planner does in the days that are rehearsed: whom it plans or lets in, and when; of whom it lets go again.

Days to come are on the register as it is. Of days behind, stays and invoices are looked at as they were then, so that a
stay that was moved, cancelled or booked late is met when and where it was.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.definition import Definition, Rule, Start, Trigger
from automations.definition.model import STAYS
from automations.definition.timing import trigger_day
from automations.planning.dates_sql import Days
from automations.planning.passing import LOOKAHEAD
from automations.planning.selectors import Occurrence, local_of, occurrences_between
from automations.rehearsal.hindsight import Hindsight, participants_of
from automations.rehearsal.lives import StayState, Turn
from automations.rehearsal.marks import Mark, Window, invoice_days, last_stay_days, marks, stay_days
from customers.history.models import Invoice
from customers.search.fetch_sql import rows
from messaging.gate.schedule import at_local

_DAY: Final = dt.timedelta(days=1)
_KEYS: Final = {
    Trigger.STAY_BOOKED: "booked",
    Trigger.STAY_CHANGED: "changed",
    Trigger.STAY_CANCELLED: "cancelled",
    Trigger.CHECKED_IN: "in",
    Trigger.CHECKED_OUT: "out",
    Trigger.NO_SHOW: "noshow",
    Trigger.BEFORE_ARRIVAL: "arrival",
    Trigger.AFTER_DEPARTURE: "departure",
}
_BECAME: Final = {
    Trigger.STAY_CANCELLED: "cancelled",
    Trigger.CHECKED_IN: "checked_in",
    Trigger.CHECKED_OUT: "checked_out",
    Trigger.NO_SHOW: "no_show",
}
_EXPECTED: Final = ("booked", "checked_in")
_TAGS: Final = """
    SELECT guest.id, c.row_id, a.created_at FROM customers_changeset a
    JOIN customers_change c
      ON c.business_id = a.business_id AND c.change_set_id = a.id AND c.record = 'customertag' AND c.act = 'I'
    LEFT JOIN customers_customertag t ON t.business_id = c.business_id AND t.id = c.row_id
    LEFT JOIN LATERAL (
        SELECT d.data FROM customers_change d
        WHERE d.business_id = c.business_id AND d.guest_id = c.guest_id AND d.record = 'customertag' AND d.act = 'D'
          AND d.row_id = c.row_id LIMIT 1
    ) gone ON t.id IS NULL
    JOIN customers_customer guest
      ON guest.business_id = c.business_id AND guest.id = coalesce(t.customer_id, c.guest_id)
    WHERE a.business_id = %s AND a.created_at >= %s AND a.created_at < %s AND a.is_event
      AND coalesce(t.tag_id, (gone.data ->> 'tag_id')::bigint) = %s
"""
"""Also of tags that were taken off since."""


class Move(NamedTuple):
    """At ``at`` the planner lets ``occurrence`` in, whose own moment is when it begins; with a ``reason``, it lets go
    of what was planned for it."""

    at: dt.datetime
    occurrence: Occurrence
    reason: str = ""


@dataclass(frozen=True)
class Rehearsed:
    """What is rehearsed, over which days; ``now`` is when it was asked for."""

    definition: Definition
    window: Window
    now: dt.datetime
    business: Business

    @property
    def start(self) -> Start:
        """What begins it."""
        return self.definition.trigger

    @property
    def is_past(self) -> bool:
        """Whether some of it is behind."""
        return self.window.first < self.now


def window_of(
    definition: Definition, *, first: dt.datetime, last: dt.datetime, now: dt.datetime, home: dt.tzinfo
) -> Window:
    """The window of a span of days. Where guests enter whenever the trigger says so, and no day of theirs moves, what
    is planned for later is in nobody's way."""
    is_apart = definition.entry.rule == Rule.EACH and first >= now
    ahead = LOOKAHEAD * _DAY
    return Window(first, last, home, last if is_apart else last + ahead, ahead)


def moves_of(rehearsed: Rehearsed, hindsight: Hindsight) -> list[Move]:
    """All of it, in the order of guests and moments."""
    kind, window = rehearsed.start.kind, rehearsed.window
    if not rehearsed.is_past or kind in (Trigger.BIRTHDAY, Trigger.DATE):
        found = _foreseen(rehearsed)
    elif kind in (Trigger.BEFORE_ARRIVAL, Trigger.AFTER_DEPARTURE):
        found = _around_stays(rehearsed, hindsight)
    elif kind == Trigger.AFTER_LAST_STAY:
        found = _after_last_stays(rehearsed, hindsight)
    elif kind == Trigger.INVOICE_DUE:
        found = _around_invoices(rehearsed, hindsight)
    elif kind in STAYS:
        found = _of_stays(rehearsed, hindsight)
    elif kind == Trigger.TAG_ADDED:
        zone = rehearsed.business.time_zone
        asked = rows(_TAGS, [require_business_id(), window.first, window.last, rehearsed.start.tag])
        found = (Move(at, _event(guest, f"tag:{row}", at, zone)) for guest, row, at in asked)
    else:
        found = _foreseen(rehearsed)
    # Who is let go of is let go of before anybody enters.
    return sorted(found, key=lambda move: (move.occurrence.customer_id, move.at, not move.reason, move.occurrence.at))


def _foreseen(rehearsed: Rehearsed) -> Iterator[Move]:
    """Of the register as it is: days when they come near, what happened when it did."""
    window = rehearsed.window
    last = window.planned if rehearsed.start.is_date else window.last
    for each in occurrences_between(definition=rehearsed.definition, first=window.first, last=last, now=rehearsed.now):
        if not rehearsed.start.is_date:
            yield Move(each.at, each)
        elif each.at > window.first:
            looked = at_local(dt.date.fromisoformat(each.local[:10]) - window.ahead, dt.time(0), window.home)
            if looked < window.last:
                yield Move(max(window.first, looked), each)


def _around_stays(rehearsed: Rehearsed, hindsight: Hindsight) -> Iterator[Move]:
    start, home = rehearsed.start, rehearsed.business.zone
    met: dict[int, list[Mark]] = {}
    for stay, life in hindsight.stays_anchored(start, _days(rehearsed.window)).items():
        if found := list(marks(start, stay_days(start, life, hindsight.zones, home), rehearsed.window)):
            met[stay] = found
    for stay, guest in participants_of(start, met) if met else ():
        yield from _moves(start, met[stay], guest, f"{_KEYS[start.kind]}:{stay}", stay_id=stay)


def _after_last_stays(rehearsed: Rehearsed, hindsight: Hindsight) -> Iterator[Move]:
    start, home = rehearsed.start, rehearsed.business.zone
    for guest, lives in hindsight.stays_of_last(start, _days(rehearsed.window)).items():
        for mark in marks(start, last_stay_days(start, lives, home), rehearsed.window):
            yield from _moves(start, [mark], guest, f"last:{mark.anchor}")


def _around_invoices(rehearsed: Rehearsed, hindsight: Hindsight) -> Iterator[Move]:
    start, home = rehearsed.start, rehearsed.business.zone
    lives = hindsight.invoices_anchored(start, _days(rehearsed.window))
    about = Invoice.objects.filter(pk__in=lives).values_list("id", "customer_id", "stay_id", "stay__property_id")
    for pk, guest, stay, place in about:
        if start.properties and place not in start.properties:
            continue
        days = invoice_days(start, lives[pk], hindsight.zones.get(place, home))
        found = list(marks(start, days, rehearsed.window))
        yield from _moves(start, found, guest, f"invoice:{pk}", stay_id=stay, invoice_id=pk)


def _of_stays(rehearsed: Rehearsed, hindsight: Hindsight) -> Iterator[Move]:
    """Events of stays, each on the stay as the act left it."""
    start, window = rehearsed.start, rehearsed.window
    lives = hindsight.stays(hindsight.stay_turns)
    met: dict[int, list[tuple[dt.datetime, str, str]]] = {}
    for stay, life in lives.items():
        acts: dict[int, list[Turn]] = {}
        for turn in hindsight.stay_turns[stay]:
            if turn.is_event and window.first <= turn.at < window.last:
                acts.setdefault(turn.set_id, []).append(turn)
        for set_id, turns in acts.items():
            state = life.at(turns[-1].at)
            if state is not None and _tells(start, turns, state, window.home):
                key = f"{_KEYS[start.kind]}:{stay}"
                key += f":{set_id}" if start.kind == Trigger.STAY_CHANGED else ""
                there = hindsight.zones.get(state.property_id, rehearsed.business.zone)
                met.setdefault(stay, []).append((turns[-1].at, key, str(there)))
    for stay, guest in participants_of(start, met) if met else ():
        for at, key, zone in met[stay]:
            yield Move(at, _event(guest, key, at, zone, stay))


def _tells(start: Start, turns: list[Turn], state: StayState, home: dt.tzinfo) -> bool:
    """Whether an act on a stay is what a trigger waits for; it left the stay so."""
    if start.properties and state.property_id not in start.properties:
        return False
    today, is_new = turns[-1].at.astimezone(home).date(), any(turn.is_new for turn in turns)
    match start.kind:
        case Trigger.STAY_BOOKED:
            return is_new and state.departure >= today and state.status in _EXPECTED
        case Trigger.STAY_CHANGED:
            return state.status in _EXPECTED and any(turn.terms and not turn.is_new for turn in turns)
    status = _BECAME[start.kind]
    if state.status != status:
        return False
    if any("status" in turn.before for turn in turns):
        return True
    over = state.departure + (_DAY if start.kind == Trigger.CHECKED_OUT else 0 * _DAY)
    return is_new and start.kind in (Trigger.CHECKED_IN, Trigger.CHECKED_OUT) and over >= today


def _moves(
    start: Start, found: Iterable[Mark], guest: int, key: str, stay_id: int | None = None, invoice_id: int | None = None
) -> Iterator[Move]:
    for mark in found:
        zone = str(mark.zone)
        local = f"{trigger_day(start, mark.anchor)}T{start.at:%H:%M}"
        if mark.is_late:
            local = local_of(mark.due, zone)
        occurrence = Occurrence(guest, key, mark.due, local, zone, stay_id, invoice_id, mark.anchor)
        yield Move(mark.at, occurrence, mark.reason)


def _event(guest: int, key: str, at: dt.datetime, zone: str, stay_id: int | None = None) -> Occurrence:
    return Occurrence(guest, key, at, local_of(at, zone), zone, stay_id)


def _days(window: Window) -> Days:
    return Days(window.first.astimezone(dt.UTC).date() - _DAY, window.planned.astimezone(dt.UTC).date() + _DAY)
