"""Whom an event concerns: statements that give ``(customer_id, key, stay_id, invoice_id, zone, at)``.

They read a relation ``h`` of what happened (:mod:`automations.planning.happened`), of a pass or of a span of time.
"""

import datetime as dt
from typing import Final, NamedTuple

from accounts.tenancy import require_business_id
from automations.definition import Start, Trigger, Who
from automations.models import GuestEvent
from automations.planning.happened import changes_between, entered_between, told_between
from automations.planning.pieces import STAY_ZONE, anything, every, joined, looked_up
from customers.filters import Sql

RECORDS: Final = {
    Trigger.STAY_BOOKED: ("stay", "stayparticipant"),
    Trigger.STAY_CHANGED: ("stay",),
    Trigger.STAY_CANCELLED: ("stay",),
    Trigger.CHECKED_IN: ("stay",),
    Trigger.CHECKED_OUT: ("stay",),
    Trigger.NO_SHOW: ("stay",),
    Trigger.PURCHASE: ("purchase",),
    Trigger.TAG_ADDED: ("customertag",),
}
"""The changed rows that tell of an event."""
TOLD: Final = {
    Trigger.CONSENT_GIVEN: GuestEvent.Kind.CONSENTED,
    Trigger.MESSAGE_OPENED: GuestEvent.Kind.OPENED,
    Trigger.MESSAGE_CLICKED: GuestEvent.Kind.CLICKED,
    Trigger.EVENT: GuestEvent.Kind.TOLD,
}
"""The events of guests that tell of one."""
_BOOKER: Final = """
    CROSS JOIN LATERAL (
        SELECT p.customer_id FROM customers_stayparticipant p
        WHERE p.business_id = s.business_id AND p.stay_id = s.id AND (p.is_booker OR p.is_payer OR p.is_guest)
        ORDER BY p.is_booker DESC, p.is_payer DESC, p.id LIMIT 1
    ) who
"""
_GUESTS: Final = """
    CROSS JOIN LATERAL (
        SELECT p.customer_id FROM customers_stayparticipant p
        WHERE p.business_id = s.business_id AND p.stay_id = s.id AND p.is_guest OFFSET 0
    ) who
"""
_BOOKED: Final = """
    h.act = 'I' AND s.departure >= {day} AND (h.record = 'stay' OR s.status = 'booked')
"""
"""Whoever is written down at the desk on arrival has not booked; a booking of the past is history."""
_MESSAGE: Final = """
    CROSS JOIN LATERAL (
        SELECT FROM messaging_message m
        JOIN messaging_templatetext t ON t.business_id = m.business_id AND t.id = m.template_text_id
        WHERE m.business_id = %s AND m.id = h.object_id AND t.template_id = %s LIMIT 1
    ) letter
"""


_LINEAGE: Final = """
    LEFT JOIN LATERAL (SELECT * FROM customers_cardlineage t WHERE t.business_id = %s AND t.absorbed_id = h.customer_id
                       LIMIT 1) l ON true
"""
_STAY: Final = """
    LEFT JOIN LATERAL (SELECT * FROM customers_stay t WHERE t.business_id = %s AND t.id = h.stay_id LIMIT 1) s ON true
"""


class Place(NamedTuple):
    """Where a business is: its zone and the day it is there."""

    zone: str
    today: dt.date


def who_of(start: Start) -> str:
    """The join that gives whom of the stay ``s`` a trigger is for, as ``who.customer_id``."""
    return _GUESTS if start.who == Who.GUESTS else _BOOKER


def zone_here(place: Place) -> Sql:
    """The zone of the place of a stay, else the business's."""
    return anything("coalesce(nullif(place.time_zone, ''), %s)", place.zone)


def at_properties(start: Start, column: str) -> Sql:
    """The condition that it is at one of the trigger's properties."""
    return anything(f"{column} = ANY (%s)", list(start.properties)) if start.properties else Sql("true", [])


def events_of(start: Start, source: Sql, *, place: Place, is_live: bool = True) -> Sql:
    """Whom events of ``source`` concern. ``is_live``: what has just happened, so that the rows as they stand must still
    say so; of the past they need not."""
    if start.kind in RECORDS:
        if start.kind == Trigger.PURCHASE:
            return _purchases(start, source, place)
        if start.kind == Trigger.TAG_ADDED:
            return _tags(start, source, place)
        return _stays(start, source, place, is_live=is_live)
    if start.kind == Trigger.SEGMENT_ENTERED:
        return joined(
            "SELECT h.customer_id, 'segment:' || h.id, NULL::bigint, NULL::bigint,",
            anything("%s::text, h.at", place.zone),
            "FROM", source,
        )  # fmt: skip
    return _told(start, source, place)


def events_between(start: Start, first: dt.datetime, last: dt.datetime, *, place: Place) -> Sql | None:
    """Whom events of a span of time concerned; ``None`` for a trigger that nothing tells of."""
    if start.kind in TOLD:
        source = told_between(first, last, kind=TOLD[start.kind])
    elif start.kind in RECORDS:
        source = changes_between(first, last, record=RECORDS[start.kind][0])
    elif start.kind == Trigger.SEGMENT_ENTERED:
        source = entered_between(first, last, segment=start.segment or 0)
    else:
        return None
    return events_of(start, source, place=place, is_live=False)


def _stays(start: Start, source: Sql, place: Place, *, is_live: bool) -> Sql:
    name, condition = {
        Trigger.STAY_BOOKED: ("'booked:' || s.id", _BOOKED),
        Trigger.STAY_CHANGED: ("'changed:' || s.id || ':' || h.set_id", "h.act = 'U' AND h.changed"),
        Trigger.STAY_CANCELLED: ("'cancelled:' || s.id", "h.status = 'cancelled'"),
        Trigger.CHECKED_IN: ("'in:' || s.id", _became("checked_in", "s.departure")),
        Trigger.CHECKED_OUT: ("'out:' || s.id", _became("checked_out", "s.departure + 1")),
        Trigger.NO_SHOW: ("'noshow:' || s.id", "h.status = 'no_show'"),
    }[start.kind]
    now = {
        Trigger.STAY_BOOKED: "s.status IN ('booked', 'checked_in')",
        Trigger.STAY_CHANGED: "s.status IN ('booked', 'checked_in')",
        Trigger.STAY_CANCELLED: "s.status = 'cancelled'",
        Trigger.CHECKED_IN: "s.status IN ('checked_in', 'checked_out')",
        Trigger.CHECKED_OUT: "s.status = 'checked_out'",
        Trigger.NO_SHOW: "s.status = 'no_show'",
    }[start.kind]
    # Of what has just happened the day is the one it is; a long time ago it was the one on which it was written down.
    day = f"'{place.today.isoformat()}'::date" if is_live else "h.at::date"
    return joined(
        f"SELECT who.customer_id, {name}, s.id, NULL::bigint,",
        zone_here(place),
        ", h.at FROM",
        source,
        looked_up("customers_stay", "s", "t.id = h.stay_id", business=require_business_id()),
        STAY_ZONE,
        who_of(start),
        "WHERE",
        every([condition.format(day=day), at_properties(start, "s.property_id"), now if is_live else "true"]),
    )


def _became(status: str, until: str) -> str:
    """A stay that was entered as what it is by now counts as if it became so, unless it is history."""
    return f"h.status = '{status}' OR h.act = 'I' AND s.status = '{status}' AND {until} >= {{day}}"


def _purchases(start: Start, source: Sql, place: Place) -> Sql:
    conditions: list[Sql | str] = ["h.act = 'I'", at_properties(start, "coalesce(b.property_id, s.property_id)")]
    if start.product is not None:
        conditions.append(anything("b.product_id = %s", start.product))
    return joined(
        "SELECT b.customer_id, 'bought:' || b.id, b.stay_id, NULL::bigint,",
        zone_here(place),
        ", h.at FROM",
        source,
        looked_up("customers_purchase", "b", "t.id = h.row_id", business=require_business_id()),
        "LEFT JOIN customers_stay s ON s.business_id = b.business_id AND s.id = b.stay_id",
        "LEFT JOIN accounts_property place"
        " ON place.business_id = b.business_id AND place.id = coalesce(b.property_id, s.property_id)",
        "WHERE",
        every(conditions),
    )


def _tags(start: Start, source: Sql, place: Place) -> Sql:
    return joined(
        anything("SELECT g.customer_id, 'tag:' || g.id, NULL::bigint, NULL::bigint, %s::text, h.at FROM", place.zone),
        source,
        looked_up("customers_customertag", "g", "t.id = h.row_id", business=require_business_id()),
        anything("WHERE h.act = 'I' AND g.tag_id = %s", start.tag),
    )


def _told(start: Start, source: Sql, place: Place) -> Sql:
    """Events of guests; of a card that was merged, of the one that carries on."""
    house = require_business_id()
    name = {
        Trigger.CONSENT_GIVEN: "'consent:' || h.object_id",
        Trigger.MESSAGE_OPENED: "'opened:' || h.object_id",
        Trigger.MESSAGE_CLICKED: "'clicked:' || h.object_id",
        Trigger.EVENT: "'event:' || h.id",
    }[start.kind]
    conditions: list[Sql | str] = [at_properties(start, "s.property_id")]
    if start.kind == Trigger.CONSENT_GIVEN:
        wanted = f"{start.purpose}.{start.channel}"
        conditions.append(anything("h.name = %s" if start.channel else "starts_with(h.name, %s)", wanted))
    if start.kind == Trigger.EVENT:
        conditions.append(anything("h.name = %s", start.name))
    return joined(
        f"SELECT coalesce(l.survivor_id, h.customer_id), {name}, s.id, NULL::bigint,",
        zone_here(place),
        ", h.at FROM",
        source,
        anything(_LINEAGE, house),
        anything(_STAY, house),
        STAY_ZONE,
        anything(_MESSAGE, house, start.template) if start.template is not None else "",
        "WHERE",
        every(conditions),
    )
