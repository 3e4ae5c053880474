"""The days of a trigger of dates: statements that give ``(customer_id, key, stay_id, invoice_id, anchor, zone)``.

Each is asked for the anchors whose trigger comes on certain days, or for those of the rows that were touched, along an
index either way.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from accounts.tenancy import require_business_id
from automations.definition import Start, Trigger
from automations.definition.timing import birthday_in, months_later
from automations.planning.occurrences_sql import Place, at_properties, who_of, zone_here
from automations.planning.pieces import STAY_ZONE, anything, every, joined
from customers.filters import Sql

RECORDS: Final = {
    Trigger.BEFORE_ARRIVAL: ("stay", "stayparticipant"),
    Trigger.AFTER_DEPARTURE: ("stay", "stayparticipant"),
    Trigger.AFTER_LAST_STAY: ("stay", "stayparticipant"),
    Trigger.BIRTHDAY: ("customer",),
    Trigger.DATE: ("guestfieldvalue",),
    Trigger.INVOICE_DUE: ("invoice",),
}
"""The changed rows that may move a day."""
_DAY: Final = dt.timedelta(days=1)
_PAD: Final = 4 * _DAY
"""Ends of months are of one length no more a few months on."""
_LEAP: Final = (2, 29)


@dataclass(frozen=True)
class Touched:
    """Rows whose days may have moved: of stays, guests and invoices."""

    stays: Collection[int] = field(default_factory=frozenset)
    guests: Collection[int] = field(default_factory=frozenset)
    invoices: Collection[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Days:
    """The days, with both ends, on which a trigger comes; ``touched``: of these rows alone."""

    first: dt.date
    last: dt.date
    touched: Touched | None = None

    def anchors(self, start: Start) -> tuple[dt.date, dt.date]:
        """Days between which every anchor lies whose trigger comes on them; a few more on either side."""
        if start.kind in (Trigger.BEFORE_ARRIVAL, Trigger.BIRTHDAY):
            return self.first + start.days * _DAY, self.last + start.days * _DAY
        back = start.days * _DAY
        return (
            months_later(self.first - back, -start.months) - _PAD,
            months_later(self.last - back, -start.months) + _PAD,
        )


def dates_of(start: Start, days: Days, *, place: Place, is_live: bool = True) -> Sql:
    """Whose day it is. Not ``is_live``: also whose it was on a day that has passed, though the stay has begun since or
    the invoice was paid after it."""
    match start.kind:
        case Trigger.BEFORE_ARRIVAL | Trigger.AFTER_DEPARTURE:
            return _stays(start, days, place, is_live=is_live)
        case Trigger.AFTER_LAST_STAY:
            return _last_stays(start, days, place)
        case Trigger.BIRTHDAY:
            return _birthdays(start, days, place)
        case Trigger.DATE:
            return _fields(start, days, place)
        case Trigger.INVOICE_DUE:
            return _invoices(start, days, place, is_live=is_live)
    raise ValueError(start.kind)


def _within(column: str, start: Start, days: Days) -> Sql:
    first, last = days.anchors(start)
    return anything(f"{column} BETWEEN %s AND %s", first, last)


def _those(column: str, ids: Collection[int] | None) -> Sql:
    return Sql("true", []) if ids is None else anything(f"{column} = ANY (%s)", sorted(ids))


def _stays(start: Start, days: Days, place: Place, *, is_live: bool) -> Sql:
    is_arrival = start.kind == Trigger.BEFORE_ARRIVAL
    booked: Sql | str = "s.status = 'booked'"
    if not is_live:
        booked = anything(
            "(s.status = 'booked' OR s.arrival <= %s AND s.status IN ('checked_in', 'checked_out'))", place.today
        )
    column, name = ("s.arrival", "arrival") if is_arrival else ("s.departure", "departure")
    conditions: list[Sql | str] = [
        anything("s.business_id = %s", require_business_id()),
        booked if is_arrival else "s.status IN ('booked', 'checked_in', 'checked_out')",
        _within(column, start, days),
        _those("s.id", days.touched.stays if days.touched else None),
        at_properties(start, "s.property_id"),
    ]
    return joined(
        f"SELECT who.customer_id, '{name}:' || s.id, s.id, NULL::bigint, {column},",
        zone_here(place),
        "FROM customers_stay s",
        STAY_ZONE,
        who_of(start),
        "WHERE",
        every(conditions),
    )


def _last_stays(start: Start, days: Days, place: Place) -> Sql:
    house = require_business_id()
    conditions: list[Sql | str] = [
        anything("f.business_id = %s", house),
        _within("f.last_stay", start, days),
        _those("f.customer_id", days.touched.guests if days.touched else None),
    ]
    if start.properties:
        conditions.append(
            joined(
                "EXISTS (SELECT FROM customers_stayparticipant p"
                " JOIN customers_stay s ON s.business_id = p.business_id AND s.id = p.stay_id"
                " WHERE p.business_id = f.business_id AND p.customer_id = f.customer_id AND p.is_guest"
                " AND s.status IN ('checked_in', 'checked_out')"
                " AND f.last_stay IN (s.arrival, s.departure) AND",
                at_properties(start, "s.property_id"),
                ")",
            )
        )
    return joined(
        "SELECT f.customer_id, 'last:' || f.last_stay, NULL::bigint, NULL::bigint, f.last_stay,",
        anything("%s::text FROM customers_customerfacts f WHERE", place.zone),
        every(conditions),
    )


def _birthdays(start: Start, days: Days, place: Place) -> Sql:
    first, last = days.anchors(start)
    found = list(_calendar(first, last))
    return joined(
        "SELECT c.id, 'birthday:' || extract(year FROM d.anchor)::integer, NULL::bigint, NULL::bigint, d.anchor,",
        anything("%s::text FROM", place.zone),
        anything(
            "unnest(%s::smallint[], %s::date[]) AS d (birthday, anchor)",
            [number for number, _anchor in found], [anchor for _number, anchor in found],
        ),
        "JOIN customers_customer c ON c.birthday = d.birthday AND c.birth_date < d.anchor",
        "WHERE c.birth_date IS NOT NULL AND",
        every([anything("c.business_id = %s", require_business_id()),
               _those("c.id", days.touched.guests if days.touched else None)]),
    )  # fmt: skip


def _calendar(first: dt.date, last: dt.date) -> Iterator[tuple[int, dt.date]]:
    """Every birthday, as month and day, with the day on which it is kept; those of a leap day, too, every year."""
    day = first
    while day <= last:
        yield day.month * 100 + day.day, day
        leap = birthday_in(dt.date(2000, *_LEAP), day.year)
        if leap == day and (day.month, day.day) != _LEAP:
            yield _LEAP[0] * 100 + _LEAP[1], day
        day += _DAY


def _fields(start: Start, days: Days, place: Place) -> Sql:
    house = require_business_id()
    conditions: list[Sql | str] = [
        anything("v.business_id = %s", house),
        anything(
            "v.field_id = (SELECT q.id FROM customers_customfield q"
            " WHERE q.business_id = %s AND q.target = 'guest' AND q.kind = 'date' AND q.key = %s)",
            house, start.field,
        ),
        _those("v.customer_id", days.touched.guests if days.touched else None),
    ]  # fmt: skip
    source: Sql | str = "customers_guestfieldvalue v"
    anchor = "v.date"
    if start.yearly:
        first, last = days.anchors(start)
        found = list(_calendar(first, last))
        anchor = "d.anchor"
        source = joined(
            source,
            anything(
                "JOIN unnest(%s::integer[], %s::date[]) AS d (day, anchor)"
                " ON d.day = extract(month FROM v.date) * 100 + extract(day FROM v.date) AND v.date < d.anchor",
                [number for number, _day in found],
                [day for _number, day in found],
            ),
        )
    else:
        conditions.append(_within("v.date", start, days))
    return joined(
        anything(
            f"SELECT v.customer_id, 'date:' || %s::text || ':' || {anchor}, NULL::bigint, NULL::bigint,", start.field
        ),
        anything(f"{anchor}, %s::text FROM", place.zone),
        source,
        "WHERE",
        every(conditions),
    )


def _invoices(start: Start, days: Days, place: Place, *, is_live: bool) -> Sql:
    conditions: list[Sql | str] = [
        anything("i.business_id = %s", require_business_id()),
        "i.paid_on IS NULL" if is_live else f"(i.paid_on IS NULL OR i.paid_on >= i.due_on + ({int(start.days)}))",
        _within("i.due_on", start, days),
        _those("i.id", days.touched.invoices if days.touched else None),
        at_properties(start, "s.property_id"),
    ]
    return joined(
        "SELECT i.customer_id, 'invoice:' || i.id, i.stay_id, i.id, i.due_on,",
        zone_here(place),
        "FROM customers_invoice i LEFT JOIN customers_stay s ON s.business_id = i.business_id AND s.id = i.stay_id",
        STAY_ZONE,
        "WHERE",
        every(conditions),
    )


def holds_of(start: Start, journeys: Sequence[int]) -> Sql | None:
    """Which of these journeys' days are still what they were counted from; ``None``: what happened, happened."""
    house = require_business_id()
    match start.kind:
        case Trigger.BEFORE_ARRIVAL | Trigger.AFTER_DEPARTURE:
            is_arrival = start.kind == Trigger.BEFORE_ARRIVAL
            says = "s.status = 'booked'" if is_arrival else "s.status IN ('booked', 'checked_in', 'checked_out')"
            asked = Sql(
                "CROSS JOIN LATERAL (SELECT * FROM customers_stay t"
                " WHERE t.business_id = j.business_id AND t.id = j.stay_id LIMIT 1) s"
                f" {who_of(start)} WHERE {says} AND {'s.arrival' if is_arrival else 's.departure'} = j.anchor"
                " AND who.customer_id = j.customer_id AND",
                [],
            )
        case Trigger.AFTER_LAST_STAY:
            asked = Sql(
                "CROSS JOIN LATERAL (SELECT * FROM customers_customerfacts t"
                " WHERE t.business_id = j.business_id AND t.customer_id = j.customer_id LIMIT 1) f"
                " WHERE f.last_stay = j.anchor AND",
                [],
            )
        case Trigger.BIRTHDAY:
            # Of those born on a leap day the 28th of February is the birthday in years that have none.
            asked = Sql(
                "CROSS JOIN LATERAL (SELECT * FROM customers_customer t"
                " WHERE t.business_id = j.business_id AND t.id = j.customer_id LIMIT 1) c"
                " WHERE (c.birth_date + make_interval(years => (extract(year FROM j.anchor)"
                " - extract(year FROM c.birth_date))::integer))::date = j.anchor AND",
                [],
            )
        case Trigger.DATE:
            years = "extract(year FROM j.anchor) - extract(year FROM v.date)"
            day = f"(v.date + make_interval(years => ({years})::integer))::date" if start.yearly else "v.date"
            asked = anything(
                "JOIN customers_customfield q ON q.business_id = j.business_id AND q.target = 'guest'"
                " AND q.kind = 'date' AND q.key = %s"
                " CROSS JOIN LATERAL (SELECT * FROM customers_guestfieldvalue t WHERE t.business_id = j.business_id"
                " AND t.customer_id = j.customer_id AND t.field_id = q.id LIMIT 1) v"
                f" WHERE {day} = j.anchor AND",
                start.field,
            )
        case Trigger.INVOICE_DUE:
            asked = Sql(
                "CROSS JOIN LATERAL (SELECT * FROM customers_invoice t"
                " WHERE t.business_id = j.business_id AND t.id = j.invoice_id LIMIT 1) i"
                " WHERE i.paid_on IS NULL AND i.due_on = j.anchor AND",
                [],
            )
        case _:
            return None
    return joined(
        "SELECT j.id FROM automations_journey j",
        asked,
        anything("j.business_id = %s AND j.id = ANY (%s)", house, list(journeys)),
    )
