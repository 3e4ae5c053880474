"""Who enters a rehearsal, and when: the planner's passes under the clock of the rehearsal.

Days to come are planned as the planner plans them, so many days ahead and a day at a time; what happened enters at its
moment, and so does a day that has passed, for nothing tells of a day any more once it is over. The planner's own
functions let them in, so that its rules decide.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from accounts.tenancy import require_business_id
from automations.definition import Definition, Rule
from automations.models import Automation, Journey
from automations.planning.dates_sql import Days
from automations.planning.entering import Gate, dates_enter, events_enter
from automations.planning.gone import filters_of
from automations.planning.passing import LOOKAHEAD
from automations.planning.pieces import anything, joined
from automations.planning.selectors import Occurrence
from automations.rehearsal.ways import OUT, Way
from customers.card.models import Customer
from customers.conditions.selectors import Wanted
from customers.filters import Sql
from customers.search.fetch_sql import ids
from messaging.gate.schedule import at_local

_DAY: Final = dt.timedelta(days=1)
_MATCHING: Final = (
    "SELECT f.customer_id FROM customers_customerfacts f WHERE f.business_id = %s AND f.customer_id = ANY (%s)"
)


class FilterGone(Exception):
    """The filter of the definition cannot be asked any more."""


class Batch(NamedTuple):
    """Occurrences that the planner looks at in one pass; ``is_ahead``: days that are still to come."""

    moment: dt.datetime
    is_ahead: bool
    occurrences: list[Occurrence]


@dataclass
class Arrivals:
    """The passes to come, the next one first. ``kept_out`` are those whom the rules did not let in."""

    hidden: Automation
    definition: Definition
    batches: list[Batch]
    zones: Collection[str]
    only: Wanted | None = None
    kept_out: list[Way] = field(default_factory=list)

    @property
    def next(self) -> dt.datetime | None:
        """When the next pass is."""
        return self.batches[0].moment if self.batches else None

    def enter(self, now: dt.datetime) -> None:
        """The passes up to ``now``."""
        while self.batches and self.batches[0].moment <= now:
            moment, is_ahead, occurrences = self.batches.pop(0)
            if is_ahead:
                self._dates(moment, occurrences)
                continue
            # What happened within the grain of the clock begins together.
            while self.batches and self.batches[0].moment <= now and not self.batches[0].is_ahead:
                occurrences = occurrences + self.batches.pop(0).occurrences
            self._events(now, occurrences)

    def _dates(self, moment: dt.datetime, occurrences: Sequence[Occurrence]) -> None:
        days = [trigger_day(each) for each in occurrences]
        # The runner asks the filter when the time has come.
        gate = Gate(self.hidden, self.definition, moment)
        before = self._there(occurrences)
        dates_enter(gate, _dated(occurrences), Days(min(days), max(days)), self.zones)
        self._tell(occurrences, before, None)

    def _events(self, now: dt.datetime, occurrences: Sequence[Occurrence]) -> None:
        before = self._there(occurrences)
        events_enter(Gate(self.hidden, self.definition, now, self.only), _happened(occurrences))
        self._tell(occurrences, before, self.only)

    def _there(self, occurrences: Sequence[Occurrence]) -> set[tuple[int, str]]:
        guests = {each.customer_id for each in occurrences}
        found = Journey.objects.filter(automation=self.hidden, customer_id__in=guests)
        return set(found.values_list("customer_id", "occurrence"))

    def _tell(self, occurrences: Sequence[Occurrence], before: set[tuple[int, str]], only: Wanted | None) -> None:
        """Whom of these the rules kept out, and why."""
        entered = self._there(occurrences) - before
        if len(entered) == len(occurrences):
            return
        left = list(_left(occurrences, entered, self.definition.entry.rule))
        guests = {each.customer_id for each in left}
        barred = {
            pk: "deceased" if is_deceased else "restricted"
            for pk, is_deceased, is_restricted in Customer.objects.filter(pk__in=guests).values_list(
                "id", "is_deceased", "is_restricted"
            )
            if is_deceased or is_restricted
        }
        meeting = _meeting(only, guests) if only is not None else guests
        rule = {Rule.ONCE: "once", Rule.AFTER: "after"}.get(self.definition.entry.rule, "already")
        for each in left:
            reason = barred.get(each.customer_id) or (rule if each.customer_id in meeting else "only")
            self.kept_out.append(Way(each.customer_id, each.key, OUT, reason, each.at, each.stay_id, each.invoice_id))


def arrivals_of(
    *,
    hidden: Automation,
    definition: Definition,
    occurrences: Sequence[Occurrence],
    now: dt.datetime,
    zone: dt.tzinfo,
    zones: Collection[str],
) -> Arrivals:
    """The passes over these occurrences; what is before ``now`` has been. Raises :class:`FilterGone`."""
    filters = filters_of({hidden.pk: definition})
    if hidden.pk not in filters:
        raise FilterGone
    by_moment: dict[tuple[dt.datetime, bool], list[Occurrence]] = defaultdict(list)
    for each in occurrences:
        is_ahead = definition.trigger.is_date and each.at >= now
        by_moment[_passes_at(each, now, zone) if is_ahead else each.at, is_ahead].append(each)
    batches = [Batch(*key, by_moment[key]) for key in sorted(by_moment)]
    return Arrivals(hidden, definition, batches, zones, filters[hidden.pk])


def trigger_day(occurrence: Occurrence) -> dt.date:
    """The local day of an occurrence."""
    return dt.date.fromisoformat(occurrence.local[:10])


def _passes_at(occurrence: Occurrence, now: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """When the planner looks at the day of an occurrence: now at all that are near, then as they come near."""
    return max(now, at_local(trigger_day(occurrence) - LOOKAHEAD * _DAY, dt.time(0), zone))


def _left(occurrences: Sequence[Occurrence], entered: set[tuple[int, str]], rule: Rule) -> Iterator[Occurrence]:
    """Those of which nothing began; of a guest who may enter once, the first one began."""
    if rule != Rule.ONCE:
        yield from (each for each in occurrences if (each.customer_id, each.key) not in entered)
        return
    began = {customer_id for customer_id, _occurrence in entered}
    for each in sorted(occurrences, key=lambda each: each.at):
        if each.customer_id in began:
            began.discard(each.customer_id)
        else:
            yield each


def _meeting(only: Wanted, guests: Collection[int]) -> set[int]:
    found = joined(anything(_MATCHING, require_business_id(), sorted(guests)), "AND (", only.on_rows(), ")")
    return set(ids(found.text, found.values))


def _dated(occurrences: Sequence[Occurrence]) -> Sql:
    return anything(
        "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::date[], %s::text[])"
        " AS given (customer_id, key, stay_id, invoice_id, anchor, zone)",
        *([getattr(each, name) for each in occurrences] for name in _DATED),
    )


def _happened(occurrences: Sequence[Occurrence]) -> Sql:
    return anything(
        "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])"
        " AS given (customer_id, key, stay_id, invoice_id, zone, at)",
        *([getattr(each, name) for each in occurrences] for name in _HAPPENED),
    )


_DATED: Final = ("customer_id", "key", "stay_id", "invoice_id", "anchor", "zone")
_HAPPENED: Final = ("customer_id", "key", "stay_id", "invoice_id", "zone", "at")
