"""Who enters a rehearsal, and when: the planner's passes, each guest's at a moment of the guest's own.

The planner's own function lets them in, so that its rules decide.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.db import connection

from accounts.tenancy import require_business_id
from automations.definition import Definition, Rule
from automations.models import Automation, Journey
from automations.planning.entering import Gate, known_enter
from automations.planning.gone import filters_of
from automations.planning.pieces import anything, joined
from automations.planning.selectors import Occurrence
from automations.rehearsal.moves import Move
from automations.rehearsal.ways import OUT, Way
from customers.card.models import Customer
from customers.conditions.selectors import Wanted
from customers.filters import Sql
from customers.search.fetch_sql import ids

_MATCHING: Final = (
    "SELECT f.customer_id FROM customers_customerfacts f WHERE f.business_id = %s AND f.customer_id = ANY (%s)"
)
_LEAVE: Final = """
    UPDATE automations_journey j
    SET state = 'left', reason = g.reason, due_at = NULL, due_local = '', ended_at = g.at
    FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[])
         AS g (customer_id, anchor, stay_id, invoice_id, reason, at)
    WHERE j.business_id = %s AND j.automation_id = %s AND j.state = 'planned' AND j.customer_id = g.customer_id
      AND j.anchor = g.anchor AND j.stay_id IS NOT DISTINCT FROM g.stay_id
      AND j.invoice_id IS NOT DISTINCT FROM g.invoice_id
"""
_GIVEN: Final = ("customer_id", "key", "stay_id", "invoice_id", "anchor", "zone", "at", "local")


class FilterGone(Exception):
    """The filter of the definition cannot be asked any more."""


@dataclass
class Arrivals:
    """The passes to come, by guest, the next one first. ``kept_out`` are those whom the rules did not let in,
    by guest and occurrence."""

    hidden: Automation
    definition: Definition
    moves: dict[int, list[Move]]
    zone: dt.tzinfo
    only: Wanted | None = None
    kept_out: dict[tuple[int, str], Way] = field(default_factory=dict)
    let_in: set[tuple[int, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for found in self.moves.values():
            found.reverse()

    def next(self) -> dict[int, dt.datetime]:
        """When the next pass of each guest is."""
        return {guest: found[-1].at for guest, found in self.moves.items()}

    def enter(self, moments: Mapping[int, dt.datetime], now: dt.datetime) -> None:
        """The passes of these guests up to their moments, of which ``now`` is the first."""
        moves = list(self._due(moments))
        self._leave([move for move in moves if move.reason])
        coming = [move.occurrence for move in moves if not move.reason]
        if not coming:
            return
        only = None if self.definition.trigger.is_date else self._only(now)
        gate = Gate(self.hidden, self.definition, now, only)
        before = self._there(coming)
        # What happens begins; a day is planned, and the runner asks the filter when it has come.
        known_enter(gate, _given(coming), state="planned" if self.definition.trigger.is_date else "running")
        self._tell(coming, before, only)

    def _due(self, moments: Mapping[int, dt.datetime]) -> Iterator[Move]:
        for guest, moment in moments.items():
            found = self.moves.get(guest, [])
            while found and found[-1].at <= moment:
                yield found.pop()
            if not found:
                self.moves.pop(guest, None)

    def _leave(self, moves: Sequence[Move]) -> None:
        if not moves:
            return
        columns = zip(
            *(
                (o.customer_id, o.anchor, o.stay_id, o.invoice_id, move.reason, move.at)
                for move in moves
                for o in (move.occurrence,)
            ),
            strict=True,
        )
        with connection.cursor() as cursor:
            cursor.execute(_LEAVE, [*map(list, columns), require_business_id(), self.hidden.pk])

    def _only(self, now: dt.datetime) -> Wanted | None:
        """The filter as it is on the day of a moment."""
        if self.only is None:
            return None
        today = now.astimezone(self.zone).date()
        return replace(self.only, context=replace(self.only.context, today=today))

    def _there(self, occurrences: Sequence[Occurrence]) -> set[tuple[int, str]]:
        """Journeys of these guests that there are, those aside who may be planned anew."""
        guests = {each.customer_id for each in occurrences}
        found = Journey.objects.filter(automation=self.hidden, customer_id__in=guests)
        found = found.exclude(state=Journey.State.LEFT, began_at=None)
        return set(found.values_list("customer_id", "occurrence"))

    def _tell(self, occurrences: Sequence[Occurrence], before: set[tuple[int, str]], only: Wanted | None) -> None:
        """Whom of these the rules kept out, and why."""
        entered = self._there(occurrences) - before
        left = list(_left(occurrences, entered, self.definition.entry.rule))
        self.let_in |= {(each.customer_id, each.key) for each in occurrences} - {
            (each.customer_id, each.key) for each in left
        }
        for begun in self.let_in & self.kept_out.keys():
            del self.kept_out[begun]
        # Of what has begun already a later change is no news.
        left = [each for each in left if (each.customer_id, each.key) not in self.let_in]
        if not left:
            return
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
            way = Way(each.customer_id, each.key, OUT, reason, each.at, each.stay_id, each.invoice_id)
            self.kept_out[each.customer_id, each.key] = way


def arrivals_of(*, hidden: Automation, definition: Definition, moves: Sequence[Move], zone: dt.tzinfo) -> Arrivals:
    """The passes that do these moves, given in the order of moments. Raises :class:`FilterGone`."""
    filters = filters_of({hidden.pk: definition})
    if hidden.pk not in filters:
        raise FilterGone
    by_guest: dict[int, list[Move]] = defaultdict(list)
    for move in moves:
        by_guest[move.occurrence.customer_id].append(move)
    return Arrivals(hidden, definition, dict(by_guest), zone, filters[hidden.pk])


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


def _given(occurrences: Sequence[Occurrence]) -> Sql:
    columns: list[list[Any]] = [[getattr(each, name) for each in occurrences] for name in _GIVEN]
    return anything(
        "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::date[], %s::text[],"
        " %s::timestamptz[], %s::text[])"
        " AS given (customer_id, key, stay_id, invoice_id, anchor, zone, due_at, due_local)",
        *columns,
    )
