"""The register as it was: stays and invoices with their changes since a moment, read once for a whole rehearsal.

Whoever takes part in a stay, whose an invoice is, and everything else that is known of guests is as it is today; what
was removed since is not there.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from accounts.models import Business, Property
from accounts.tenancy import require_business_id
from automations.definition import Definition, Leave, Start, Trigger
from automations.definition.model import STAYS, Aim
from automations.planning.dates_sql import Days
from automations.planning.happened import STAY_TERMS
from automations.planning.occurrences_sql import who_of
from automations.planning.pieces import anything, joined
from automations.rehearsal.lives import InvoiceState, Life, StayState, Turn, by_row, life_of
from customers.filters import Sql
from customers.search.fetch_sql import ids, rows
from messaging.gate.schedule import zone_of

_Columns = Mapping[str, Callable[[str], Any]]
_STAY: Final[_Columns] = {
    "status": str,
    "arrival": dt.date.fromisoformat,
    "departure": dt.date.fromisoformat,
    "property_id": int,
}
_INVOICE: Final[_Columns] = {"due_on": dt.date.fromisoformat, "paid_on": dt.date.fromisoformat}
_TURNS: Final = """
    SELECT c.row_id, a.created_at, a.id, a.is_event, c.act = 'I', c.data ?| %s, {was}
    FROM customers_changeset a
    JOIN customers_change c ON c.business_id = a.business_id AND c.change_set_id = a.id AND c.record = %s
    WHERE a.business_id = %s AND a.created_at >= %s
      AND (c.act = 'U' AND c.data ?| %s OR c.act = 'I' AND a.is_event)
    ORDER BY a.created_at, c.id
"""
_STAYS: Final = """
    SELECT s.id, s.created_at, s.status, s.arrival, s.departure, s.property_id FROM customers_stay s
    WHERE s.business_id = %s AND s.id = ANY (%s)
"""
_ANCHORED: Final = "SELECT s.id FROM customers_stay s WHERE s.business_id = %s AND {column} BETWEEN %s AND %s"
_STAYED: Final = """
    SELECT DISTINCT p.customer_id FROM customers_stayparticipant p
    WHERE p.business_id = %s AND p.is_guest AND p.stay_id = ANY (%s)
    UNION SELECT f.customer_id FROM customers_customerfacts f
    WHERE f.business_id = %s AND f.last_stay BETWEEN %s AND %s
"""
_OF_GUESTS: Final = """
    SELECT p.customer_id, p.stay_id FROM customers_stayparticipant p
    WHERE p.business_id = %s AND p.customer_id = ANY (%s) AND p.is_guest
"""
_INVOICES: Final = """
    SELECT i.id, i.created_at, i.due_on, i.paid_on FROM customers_invoice i
    WHERE i.business_id = %s AND {condition}
"""


def needs_stays(definition: Definition) -> bool:
    """Whether it matters how stays were."""
    kinds = {each.kind for each in definition.exits}
    is_asked = bool(kinds & {Leave.CANCELLED, Leave.BOOKED})
    is_aim = definition.goal is not None and definition.goal.kind == Aim.BOOKS
    return is_asked or is_aim or definition.trigger.kind in (*STAYS, Trigger.AFTER_LAST_STAY)


def needs_invoices(definition: Definition) -> bool:
    """Whether it matters how invoices were."""
    is_asked = any(each.kind == Leave.PAID for each in definition.exits)
    is_aim = definition.goal is not None and definition.goal.kind == Aim.PAYS
    return is_asked or is_aim or definition.trigger.kind == Trigger.INVOICE_DUE


class Hindsight:
    """What has become of stays and invoices since ``since``. Without a past to look back at nothing is read."""

    def __init__(self, *, definition: Definition, since: dt.datetime, business: Business, is_past: bool) -> None:
        self.business = business
        self.zones: dict[int, dt.tzinfo] = {
            pk: zone_of(name) for pk, name in Property.objects.exclude(time_zone="").values_list("id", "time_zone")
        }
        stays = _turns("stay", _STAY, since) if is_past and needs_stays(definition) else ()
        invoices = _turns("invoice", _INVOICE, since) if is_past and needs_invoices(definition) else ()
        self.stay_turns, self.invoice_turns = by_row(stays), by_row(invoices)

    def stays(self, pks: Collection[int]) -> dict[int, Life[StayState]]:
        """The lives of these stays."""
        found = rows(_STAYS, [require_business_id(), sorted(pks)])
        return {
            pk: life_of(row_id=pk, now=StayState(*now), made_at=made_at, turns=self.stay_turns.get(pk, ()))
            for pk, made_at, *now in found
        }

    def stays_anchored(self, start: Start, days: Days) -> dict[int, Life[StayState]]:
        """Of the stays that a trigger may have been counted from on these days."""
        column = "s.arrival" if start.kind == Trigger.BEFORE_ARRIVAL else "s.departure"
        there = ids(_ANCHORED.replace("{column}", column), [require_business_id(), *days.anchors(start)])
        return self.stays({*there, *self.stay_turns})

    def stays_of_last(self, start: Start, days: Days) -> dict[int, list[Life[StayState]]]:
        """By guest, the stays of those whose last stay may have been on these days."""
        house = require_business_id()
        asked = [house, sorted(self.stay_turns), house, *days.anchors(start)]
        guests = ids(_STAYED, asked)
        pairs = list(rows(_OF_GUESTS, [house, guests]))
        lives = self.stays({stay for _guest, stay in pairs})
        found: dict[int, list[Life[StayState]]] = {}
        for guest, stay in pairs:
            if stay in lives:
                found.setdefault(guest, []).append(lives[stay])
        return found

    def invoices(self, pks: Collection[int]) -> dict[int, Life[InvoiceState]]:
        """The lives of these invoices."""
        return self._invoices(anything("i.id = ANY (%s)", sorted(pks)))

    def invoices_anchored(self, start: Start, days: Days) -> dict[int, Life[InvoiceState]]:
        """Of the invoices that a trigger may have been counted from on these days."""
        condition = anything(
            "(i.due_on BETWEEN %s AND %s OR i.id = ANY (%s))", *days.anchors(start), [*self.invoice_turns]
        )
        return self._invoices(condition)

    def _invoices(self, condition: Sql) -> dict[int, Life[InvoiceState]]:
        statement = _INVOICES.replace("{condition}", condition.text)
        return {
            pk: life_of(row_id=pk, now=InvoiceState(*now), made_at=made_at, turns=self.invoice_turns.get(pk, ()))
            for pk, made_at, *now in rows(statement, [require_business_id(), *condition.values])
        }


def participants_of(start: Start, stays: Collection[int]) -> list[tuple[int, int]]:
    """Whom of these stays a trigger is for: stay and guest."""
    found = joined(
        "SELECT s.id, who.customer_id FROM customers_stay s",
        who_of(start),
        anything("WHERE s.business_id = %s AND s.id = ANY (%s)", require_business_id(), sorted(stays)),
    )
    return [(stay, guest) for stay, guest in rows(found.text, found.values)]


def _turns(record: str, columns: _Columns, since: dt.datetime) -> list[Turn]:
    was = ", ".join(f"c.data ? '{column}', c.data #>> '{{{column},0}}'" for column in columns)
    terms = list(STAY_TERMS)
    asked = sorted({*columns, *terms})
    values = [terms, record, require_business_id(), since, asked]
    found = []
    for row_id, at, set_id, is_event, is_new, is_changed, *told in rows(_TURNS.replace("{was}", was), values):
        before = {}
        if not is_new:
            for number, (column, read) in enumerate(columns.items()):
                there, value = told[2 * number : 2 * number + 2]
                if there:
                    before[column] = None if value is None else read(value)
        found.append(Turn(row_id, at, set_id, is_event, is_new, before, is_changed))
    return found
