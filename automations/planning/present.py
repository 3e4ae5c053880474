"""Those who are there already when an automation is turned on: whom its trigger would have met by now."""

import datetime as dt
from typing import Final

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.definition import Definition, Trigger
from automations.planning.dates_sql import Days, dates_of
from automations.planning.entering import Gate, Let, events_enter, trigger_day
from automations.planning.occurrences_sql import Place, at_properties, who_of, zone_here
from automations.planning.passing import place_of
from automations.planning.pieces import STAY_ZONE, anything, every, joined
from customers.filters import Sql
from customers.search.fetch_sql import rows

_DAY: Final = dt.timedelta(days=1)
_STAYS: Final = {
    Trigger.STAY_BOOKED: ("booked", "s.status = 'booked' AND s.arrival >= %s"),
    Trigger.CHECKED_IN: ("in", "s.status = 'checked_in' AND s.departure >= %s"),
}
_DATES: Final = frozenset({Trigger.BEFORE_ARRIVAL, Trigger.AFTER_LAST_STAY, Trigger.INVOICE_DUE})
"""Days that have passed and still hold: an arrival that is near, a stay long ago, an invoice not paid yet. A birthday
that was is over."""
_LONG_AGO: Final = dt.date(1990, 1, 1)


def present_counted(gate: Gate) -> int:
    """How many would enter."""
    business = Business.objects.get(pk=require_business_id())
    source = _source(gate.definition, business, gate.now)
    if source is None:
        return 0
    named = "AS o (customer_id, key, stay_id, invoice_id, zone, at)"
    found = joined(
        "SELECT count(DISTINCT (o.customer_id, o.key)) FROM (", source, f") {named} WHERE", every(gate.met())
    )
    ((number,),) = rows(found.text, found.values)
    return int(number)


def present_entered(gate: Gate) -> Let:
    """Let them in now."""
    business = Business.objects.get(pk=require_business_id())
    source = _source(gate.definition, business, gate.now)
    if source is None:
        return Let()
    return events_enter(gate, source)


def _source(definition: Definition, business: Business, now: dt.datetime) -> Sql | None:
    start, place, house = definition.trigger, place_of(business, now), require_business_id()
    if start.kind in _STAYS:
        name, condition = _STAYS[start.kind]
        return joined(
            f"SELECT who.customer_id, '{name}:' || s.id, s.id, NULL::bigint,",
            zone_here(place),
            ", now() FROM customers_stay s",
            STAY_ZONE,
            who_of(start),
            anything(f"WHERE s.business_id = %s AND {condition} AND", house, place.today),
            at_properties(start, "s.property_id"),
        )
    match start.kind:
        case Trigger.TAG_ADDED:
            return anything(
                "SELECT t.customer_id, 'tag:' || t.id, NULL::bigint, NULL::bigint, %s::text, now()"
                " FROM customers_customertag t WHERE t.business_id = %s AND t.tag_id = %s",
                place.zone, house, start.tag,
            )  # fmt: skip
        case Trigger.SEGMENT_ENTERED:
            return anything(
                "SELECT m.customer_id, 'segment:' || m.id, NULL::bigint, NULL::bigint, %s::text, now()"
                " FROM customers_segmentmember m WHERE m.business_id = %s AND m.segment_id = %s AND m.left_at IS NULL",
                place.zone, house, start.segment,
            )  # fmt: skip
        case Trigger.CONSENT_GIVEN:
            return joined(
                anything(
                    "SELECT g.customer_id, 'consent:' || g.event_id, NULL::bigint, NULL::bigint, %s::text, now()"
                    " FROM customers_consentstate g WHERE g.business_id = %s AND g.purpose = %s AND g.granted",
                    place.zone, house, start.purpose,
                ),
                anything("AND g.channel = %s", start.channel) if start.channel else "",
            )  # fmt: skip
    return _dates(definition, place, now) if start.kind in _DATES else None


def _dates(definition: Definition, place: Place, now: dt.datetime) -> Sql | None:
    start = definition.trigger
    if start.kind == Trigger.BEFORE_ARRIVAL:
        days = Days(place.today - (start.days + 1) * _DAY, place.today + _DAY)
        held = anything("o.anchor >= (%s::timestamptz AT TIME ZONE o.zone)::date", now)
    else:
        days = Days(_LONG_AGO, place.today + _DAY)
        held = Sql("true", [])
    # Whether a moment that was is an hour off on two nights a year, nobody asks.
    moment = f"(({trigger_day(start)}) + %s::time) AT TIME ZONE o.zone"
    return joined(
        "SELECT o.customer_id, o.key, o.stay_id, o.invoice_id, o.zone, now() FROM (",
        dates_of(start, days, place=place),
        ") AS o (customer_id, key, stay_id, invoice_id, anchor, zone)",
        anything(f"WHERE {moment} <= %s AND", start.at, now),
        held,
    )
