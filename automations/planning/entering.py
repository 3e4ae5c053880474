"""Let guests in: journeys written in sets, each once, by the automation's rule of entry."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from accounts.tenancy import require_business_id
from automations.definition import Definition, Rule, Trigger, Who
from automations.definition.model import Start
from automations.definition.timing import moment_at
from automations.models import Automation
from automations.planning.dates_sql import Days
from automations.planning.pieces import anything, every, joined
from customers.conditions.selectors import Wanted
from customers.filters import Sql
from customers.search.fetch_sql import rows
from messaging.gate.schedule import zone_of

ONCE: Final = "once"
"""The occurrence of those who may enter once, whatever begins it."""
_DAY: Final = dt.timedelta(days=1)
_AGAIN: Final = ("changed", "cancelled", "paid")
"""Why a journey that never began ended, so that the same occurrence may plan it anew."""
_AGAIN_ONCE: Final = (*_AGAIN, "only", "restricted", "deceased")
"""Likewise where the next occurrence is another one."""
_ROUNDS: Final = 20
CIRCLE: Final = "circle"
"""Why a journey that never began ended, and the trouble of its automation: guests go round in a circle."""
CIRCLES: Final = frozenset({Trigger.TAG_ADDED, Trigger.SEGMENT_ENTERED})
"""What automations themselves bring about; two of them may do so for one another without end."""
ROUNDS_A_DAY: Final = 10
"""So many times within a day a guest may enter an automation by what automations bring about."""
_LOCAL: Final = "to_char({at} AT TIME ZONE o.zone, 'YYYY-MM-DD\"T\"HH24:MI')"
_INSERT: Final = """
    INSERT INTO automations_journey AS kept (
        business_id, automation_id, version_id, customer_id, occurrence, stay_id, invoice_id, anchor, state, reason,
        step, due_at, due_local, zone, number_done, created_at, ended_at
    )
"""
_REVIVE: Final = """
    ON CONFLICT (business_id, automation_id, customer_id, occurrence) DO UPDATE SET
        version_id = excluded.version_id, stay_id = excluded.stay_id, invoice_id = excluded.invoice_id,
        anchor = excluded.anchor, state = excluded.state, reason = excluded.reason, step = '',
        due_at = excluded.due_at, due_local = excluded.due_local, zone = excluded.zone, ended_at = excluded.ended_at
    WHERE kept.state = 'left' AND kept.began_at IS NULL AND kept.reason = ANY (%s)
    RETURNING (xmax::text::bigint = 0), kept.state = 'left'
"""
_VALUES: Final = """
    o.customer_id, o.occurrence, o.stay_id, o.invoice_id, o.anchor, %s, '', '', o.due_at, o.due_local, o.zone, 0, %s,
    NULL::timestamptz
"""
_VALUES_UNLESS: Final = """
    o.customer_id, o.occurrence, o.stay_id, o.invoice_id, o.anchor, CASE WHEN o.circles THEN 'left' ELSE %s END,
    CASE WHEN o.circles THEN %s ELSE '' END, '', CASE WHEN NOT o.circles THEN o.due_at END,
    CASE WHEN o.circles THEN '' ELSE o.due_local END, o.zone, 0, %s, CASE WHEN o.circles THEN %s::timestamptz END
"""
_CIRCLES: Final = """
    (SELECT count(*) >= %s FROM automations_journey j WHERE j.business_id = %s AND j.automation_id = %s
     AND j.customer_id = n.customer_id AND j.created_at > %s) AS circles
"""
_USABLE: Final = """
    (SELECT NOT c.is_restricted AND NOT c.is_deceased FROM customers_customer c
     WHERE c.business_id = %s AND c.id = o.customer_id)
"""


class Let(NamedTuple):
    """How many were let in, how many of those who had not begun are planned anew, and how many stay outside because
    they go round in a circle."""

    entered: int = 0
    moved: int = 0
    circling: int = 0

    def __add__(self, other: object) -> "Let":
        if not isinstance(other, Let):
            return NotImplemented
        return Let(self.entered + other.entered, self.moved + other.moved, self.circling + other.circling)


@dataclass(frozen=True)
class Gate:
    """An automation as guests enter it. ``only`` is its filter, where the planner is to ask it; ``by_sets`` asks it of
    the whole register at once, for many."""

    automation: Automation
    definition: Definition
    now: dt.datetime
    only: Wanted | None = None
    by_sets: bool = False

    def met(self) -> list[Sql | str]:
        """The conditions on an occurrence ``o`` that the guest's data may be used, and that the filter is met."""
        house = require_business_id()
        found: list[Sql | str] = [anything(_USABLE, house)]
        if self.only is None:
            return found
        if self.by_sets:
            condition = self.only.on_sets()
            asked = joined(
                "o.customer_id IN (SELECT f.customer_id FROM customers_customerfacts f WHERE", condition, ")"
            )
        else:
            asked = joined(
                anything(
                    "(SELECT true FROM customers_customerfacts f"
                    " WHERE f.business_id = %s AND f.customer_id = o.customer_id AND (",
                    house,
                ),
                self.only.on_rows(),
                ") LIMIT 1)",
            )
        return [*found, asked]

    def allows(self) -> list[Sql | str]:
        """The conditions on an occurrence ``o`` that the rule of entry lets it begin, beside the table's own key.

        Looked up one by one: a join with journeys would compare each with each where a planner expects none yet.
        """
        of = anything("business_id = %s AND j.automation_id = %s", require_business_id(), self.automation.pk)
        found: list[Sql | str] = []
        entry, start = self.definition.entry, self.definition.trigger
        if entry.rule == Rule.AFTER:
            found += [
                joined(
                    "(SELECT j.id FROM automations_journey j WHERE j.", of,
                    "AND j.customer_id = o.customer_id AND j.occurrence = o.occurrence",
                    anything("AND NOT (j.state = 'left' AND j.began_at IS NULL AND j.reason = ANY (%s))", self.again),
                    "LIMIT 1) IS NULL",
                ),
                joined(
                    "(SELECT j.id FROM automations_journey j WHERE j.", of,
                    "AND j.customer_id = o.customer_id AND NOT (j.state = 'left' AND j.began_at IS NULL)",
                    anything(
                        "AND coalesce(j.began_at, j.due_at, j.created_at)"
                        " BETWEEN o.due_at - make_interval(days => %s) AND o.due_at + make_interval(days => %s)",
                        entry.days, entry.days,
                    ),
                    "LIMIT 1) IS NULL",
                ),
            ]  # fmt: skip
        if start.kind == Trigger.STAY_BOOKED and start.who == Who.BOOKER:
            # Who booked may be written down after the stay was; then another guest has entered for it already.
            found.append(
                joined(
                    "(SELECT j.id FROM automations_journey j WHERE j.", of,
                    "AND j.stay_id = o.stay_id AND j.occurrence = o.occurrence LIMIT 1) IS NULL",
                )
            )  # fmt: skip
        return found

    @property
    def again(self) -> list[str]:
        """Why a journey that never began may have ended for the occurrence to plan it anew."""
        return list(_AGAIN_ONCE if self.definition.entry.rule == Rule.ONCE else _AGAIN)


def events_enter(gate: Gate, source: Sql, *, state: str = "running") -> Let:
    """Let in whom events concern; they begin now."""
    # What is of the past says the moment of its own; what begins, begins now.
    found = joined(
        "SELECT o.customer_id, o.key, o.stay_id, o.invoice_id, NULL::date AS anchor, o.zone,",
        anything(f"%s::timestamptz AS due_at, {_LOCAL.format(at='%s::timestamptz')} AS due_local", gate.now, gate.now),
        "FROM (",
        source,
        ") AS o (customer_id, key, stay_id, invoice_id, zone, at)",
    )
    return _enter(gate, found, state)


def dates_enter(gate: Gate, source: Sql, days: Days, zones: Iterable[str]) -> Let:
    """Plan those whose trigger comes on these days, at moments that are still to come."""
    return _enter(gate, dated(gate.definition.trigger, source, days, zones, after=gate.now), "planned")


def late_enter(gate: Gate, source: Sql, days: Days, zones: Iterable[str]) -> Let:
    """Plan those for now whose moment has passed, while the day it is counted from has not."""
    found = joined(
        "SELECT o.customer_id, o.key, o.stay_id, o.invoice_id, o.anchor, o.zone,",
        anything(f"%s::timestamptz AS due_at, {_LOCAL.format(at='%s::timestamptz')} AS due_local", gate.now, gate.now),
        "FROM (",
        dated(gate.definition.trigger, source, days, zones),
        ") o",
        anything(
            "WHERE o.due_at <= %s AND o.anchor >= (%s::timestamptz AT TIME ZONE o.zone)::date", gate.now, gate.now
        ),
    )
    return _enter(gate, found, "planned")


def known_enter(gate: Gate, source: Sql, *, state: str) -> Let:
    """Let in those whose moments are known: ``source`` gives ``(customer_id, key, stay_id, invoice_id, anchor, zone,
    due_at, due_local)``."""
    return _enter(gate, source, state)


def dated(start: Start, source: Sql, days: Days, zones: Iterable[str], *, after: dt.datetime | None = None) -> Sql:
    """Occurrences of dates with their moments, on these days alone, and behind ``after``."""
    clock = start.at
    every_day = [days.first + number * _DAY for number in range((days.last - days.first).days + 1)]
    moments = [(day, zone, moment_at(day, clock, zone_of(zone))) for zone in sorted(set(zones)) for day in every_day]
    return joined(
        "SELECT o.customer_id, o.key, o.stay_id, o.invoice_id, o.anchor, o.zone, t.due_at,",
        anything("t.day || %s::text AS due_local", f"T{clock:%H:%M}"),
        "FROM (",
        source,
        ") AS o (customer_id, key, stay_id, invoice_id, anchor, zone)",
        anything(
            "JOIN unnest(%s::date[], %s::text[], %s::timestamptz[]) AS t (day, zone, due_at)",
            [day for day, _zone, _moment in moments],
            [zone for _day, zone, _moment in moments],
            [moment for _day, _zone, moment in moments],
        ),
        anything(f"ON t.zone = o.zone AND t.day = {trigger_day(start)}"),
        anything("WHERE t.due_at > %s", after) if after is not None else "",
    )


def trigger_day(start: Start) -> str:
    """:func:`automations.definition.timing.trigger_day` as SQL."""
    if start.kind in (Trigger.BEFORE_ARRIVAL, Trigger.BIRTHDAY):
        return f"o.anchor - {int(start.days)}"
    return f"(o.anchor + make_interval(months => {int(start.months)}))::date + ({int(start.days)})"


def _enter(gate: Gate, found: Sql, state: str) -> Let:
    rule = gate.definition.entry.rule
    each = "o.customer_id" if rule == Rule.AFTER else "o.customer_id, o.occurrence"
    automation, now = gate.automation, gate.now
    values, occurrence = anything(_VALUES, state, now), "n.key AS occurrence"
    circles: Sql | str = ""
    if rule == Rule.ONCE:
        occurrence = f"'{ONCE}'::text AS occurrence"
    elif rule == Rule.EACH and gate.definition.trigger.kind in CIRCLES:
        values = anything(_VALUES_UNLESS, state, CIRCLE, now, now)
        circles = joined(",", anything(_CIRCLES, ROUNDS_A_DAY, require_business_id(), automation.pk, now - _DAY))
    statement = joined(
        "WITH found AS MATERIALIZED (",
        found,
        ")",
        _INSERT,
        anything(
            f"SELECT DISTINCT ON ({each}) %s, %s, %s,",
            require_business_id(), automation.pk, automation.current_id,
        ),
        values,
        f"FROM (SELECT n.*, {occurrence}",
        circles,
        "FROM found n) o WHERE",
        every([*gate.allows(), *gate.met()]),
        f"ORDER BY {each}, o.due_at",
        anything(_REVIVE, gate.again),
    )  # fmt: skip
    total = Let()
    for _round in range(_ROUNDS):
        written = rows(statement.text, statement.values)
        circling = sum(1 for _is_new, has_left in written if has_left)
        new = sum(1 for is_new, has_left in written if is_new and not has_left)
        total += Let(new, len(written) - new - circling, circling)
        # By the rule of days one at a time enters of each guest: the next one may be allowed, too.
        if rule != Rule.AFTER or not written or state != "planned":
            break
    return total
