"""One pass of the planner over a business: what has happened is read once, and each automation lets in whom it
concerns."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from accounts.models import Business, Property
from accounts.tenancy import require_business_id
from automations.definition import DATES, Definition, Trigger
from automations.models import Automation
from automations.planning import dates_sql, occurrences_sql
from automations.planning.dates_sql import Days, Touched, dates_of
from automations.planning.entering import Gate, Let, dates_enter, events_enter, late_enter
from automations.planning.happened import (
    Change,
    Entered,
    Told,
    Window,
    changes_given,
    changes_new,
    entered_given,
    entered_new,
    told_given,
    told_new,
)  # fmt: skip
from automations.planning.moving import planned_leave, still_left
from automations.planning.occurrences_sql import Place, events_of
from automations.running.anchors import waits_follow, waits_for_stays
from customers.conditions.selectors import Wanted
from customers.filters import Sql
from customers.search.fetch_sql import ids

LOOKAHEAD: Final = 14
"""So many days ahead dates are planned, so that a card can show what comes."""
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Planned:
    """An automation with what a pass needs of it; ``since`` is the transaction from which on what happens counts."""

    automation: Automation
    definition: Definition
    since: int
    only: Wanted | None = None

    @property
    def kind(self) -> Trigger:
        """What begins it."""
        return self.definition.trigger.kind


@dataclass
class Pass:
    """A pass over the automations that are on. ``let`` and ``left`` count what came of it."""

    planned: Sequence[Planned]
    now: dt.datetime
    let: Let = field(default_factory=Let)
    gone: list[int] = field(default_factory=list)
    circling: dict[int, int] = field(default_factory=dict)
    """How many guests go round in a circle, by automation."""

    @cached_property
    def business(self) -> Business:
        """The business in scope."""
        return Business.objects.get(pk=require_business_id())

    @cached_property
    def place(self) -> Place:
        """Where it is."""
        return place_of(self.business, self.now)

    @cached_property
    def zones(self) -> set[str]:
        """The clocks of its places, and its own."""
        return zones_of(self.business)

    @property
    def left(self) -> int:
        """How many planned journeys have left for good."""
        return still_left(self.gone)

    def work(self, window: Window) -> None:
        """Everything there is to do."""
        self._told(window)
        self._entered(window)
        self._changes(window)
        self._days()

    def gate(self, each: Planned) -> Gate:
        """The way into an automation; of dates the runner asks the filter, when the time has come."""
        return Gate(each.automation, each.definition, self.now, None if each.kind in DATES else each.only)

    def _told(self, window: Window) -> None:
        asking = [each for each in self.planned if each.kind in occurrences_sql.TOLD]
        by_kind: dict[str, list[Told]] = defaultdict(list)
        for told in told_new(window) if asking else ():
            by_kind[told.kind].append(told)
        for each in asking:
            if found := [told for told in by_kind[occurrences_sql.TOLD[each.kind]] if told.xid >= each.since]:
                source = events_of(each.definition.trigger, told_given(found), place=self.place)
                self._happens(each, source)

    def _entered(self, window: Window) -> None:
        asking = [each for each in self.planned if each.kind == Trigger.SEGMENT_ENTERED]
        segments = sorted({each.definition.trigger.segment or 0 for each in asking})
        by_segment: dict[int, list[Entered]] = defaultdict(list)
        for entered in entered_new(window, segments=segments) if segments else ():
            by_segment[entered.segment_id].append(entered)
        for each in asking:
            found = by_segment[each.definition.trigger.segment or 0]
            if found := [entered for entered in found if entered.xid >= each.since]:
                source = events_of(each.definition.trigger, entered_given(found), place=self.place)
                self._happens(each, source)

    def _changes(self, window: Window) -> None:
        events = _records(occurrences_sql.RECORDS, self.planned)
        dates = _records(dates_sql.RECORDS, self.planned)
        is_waiting = any(waits_for_stays(each.definition) for each in self.planned)
        if is_waiting:
            dates = dates | {"stay"}
        for part in changes_new(window, events=events, dates=dates):
            by_record: dict[str, list[Change]] = defaultdict(list)
            for change in part:
                by_record[change.record].append(change)
            touched = self._touched(part)
            if is_waiting and touched.stays:
                waits_follow(stay_ids=touched.stays, now=self.now)
            for each in self.planned:
                if each.kind in occurrences_sql.RECORDS:
                    self._happened(each, by_record)
                elif each.kind in dates_sql.RECORDS:
                    self._moved(each, touched, part)

    def _happened(self, each: Planned, by_record: Mapping[str, Sequence[Change]]) -> None:
        found = [
            change
            for record in occurrences_sql.RECORDS[each.kind]
            for change in by_record.get(record, ())
            if change.is_event and change.xid >= each.since and _tells(each.kind, change)
        ]
        # Who takes part is looked up with the stay; told apart are those who were written down after it.
        new = {change.stay_id for change in found if change.record == "stay"}
        found = [change for change in found if change.record != "stayparticipant" or change.stay_id not in new]
        if found:
            source = events_of(each.definition.trigger, changes_given(found), place=self.place)
            self._happens(each, source)

    def _happens(self, each: Planned, source: Sql) -> None:
        let = events_enter(self.gate(each), source)
        self.let += let
        if let.circling:
            self.circling[each.automation.pk] = self.circling.get(each.automation.pk, 0) + let.circling

    def _touched(self, part: Sequence[Change]) -> Touched:
        """The rows of a part whose days may have moved."""
        stays = {
            change.stay_id
            for change in part
            if change.stay_id and (change.record != "stay" or change.act != "U" or change.moved)
        }
        guests = {change.guest_id for change in part if change.guest_id and _moves_guest(change)}
        if stays and any(each.kind == Trigger.AFTER_LAST_STAY for each in self.planned):
            asked = "SELECT customer_id FROM customers_stayparticipant WHERE business_id = %s AND stay_id = ANY (%s)"
            guests |= set(ids(asked, [require_business_id(), sorted(stays)]))
        invoices = {change.row_id for change in part if change.record == "invoice"}
        return Touched(frozenset(stays), frozenset(guests), frozenset(invoices))

    def _moved(self, each: Planned, touched: Touched, part: Sequence[Change]) -> None:
        start = each.definition.trigger
        if not any(change.record in dates_sql.RECORDS[each.kind] for change in part):
            return
        self.gone += planned_leave(each.automation, start, touched, now=self.now)
        # Days that have not been looked at yet are looked at as a whole.
        if (through := each.automation.planned_through) is not None:
            days = Days(self.place.today - _DAY, through, touched)
            source = dates_of(start, days, place=self.place)
            self.let += dates_enter(self.gate(each), source, days, self.zones)
        self._late(each, part)

    def _late(self, each: Planned, part: Sequence[Change]) -> None:
        """What was booked when the moment had passed already begins at once."""
        start = each.definition.trigger
        news = [change for change in part if change.is_event and change.xid >= each.since]
        if each.kind == Trigger.BEFORE_ARRIVAL:
            stays = {change.stay_id for change in news if change.stay_id and (change.act == "I" or change.moved)}
            late, back = Touched(stays=frozenset(stays)), start.days
        elif each.kind == Trigger.INVOICE_DUE and start.days < 0:
            late, back = Touched(invoices=frozenset(c.row_id for c in news if c.record == "invoice")), -start.days
        else:
            return
        if late.stays or late.invoices:
            days = Days(self.place.today - (back + 1) * _DAY, self.place.today + _DAY, late)
            self.let += late_enter(self.gate(each), dates_of(start, days, place=self.place), days, self.zones)

    def _days(self) -> None:
        """Days that have come near; of an automation that was turned on, paused or changed, all that are."""
        behind = []
        for each in self.planned:
            through = each.automation.planned_through
            last = self.place.today + LOOKAHEAD * _DAY
            if through is not None and through >= last:
                continue
            behind.append(each.automation.pk)
            if each.kind not in DATES:
                continue
            start = each.definition.trigger
            if through is None:
                self.gone += planned_leave(each.automation, start, None, now=self.now)
            first = self.place.today - _DAY
            days = Days(first if through is None else max(through + _DAY, first), last)
            source = dates_of(start, days, place=self.place)
            self.let += dates_enter(self.gate(each), source, days, self.zones)
        if behind:
            last = self.place.today + LOOKAHEAD * _DAY
            Automation.objects.filter(pk__in=behind).update(planned_through=last)


def place_of(business: Business, now: dt.datetime) -> Place:
    """Where a business is, and the day it is there."""
    return Place(business.time_zone, now.astimezone(business.zone).date())


def zones_of(business: Business) -> set[str]:
    """The clocks of a business's places, and its own."""
    return {business.time_zone, *Property.objects.exclude(time_zone="").values_list("time_zone", flat=True)}


def _records(records: Mapping[Trigger, tuple[str, ...]], planned: Iterable[Planned]) -> set[str]:
    return {record for each in planned for record in records.get(each.kind, ())}


def _tells(kind: Trigger, change: Change) -> bool:
    """Whether a change may be what a trigger waits for; most are not, and need not be sent."""
    match kind:
        case Trigger.STAY_BOOKED | Trigger.PURCHASE | Trigger.TAG_ADDED:
            return change.act == "I"
        case Trigger.STAY_CHANGED:
            return change.act == "U" and change.changed
    return change.act == "I" or bool(change.status)


def _moves_guest(change: Change) -> bool:
    """Whether a change may move a day of its guest."""
    return change.record in ("guestfieldvalue", "stayparticipant") or (
        change.record == "customer" and (change.act == "I" or change.born)
    )
