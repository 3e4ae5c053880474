"""What the planner can be asked: whom a trigger would have met, and whether what planned a journey still holds."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.definition import Definition
from automations.models import Journey
from automations.planning.dates_sql import Days, dates_of, holds_of
from automations.planning.entering import dated
from automations.planning.occurrences_sql import events_between
from automations.planning.passing import place_of, zones_of
from automations.planning.pieces import anything, joined
from customers.search.fetch_sql import ids, rows

_DAY = dt.timedelta(days=1)


class Occurrence(NamedTuple):
    """Somebody whom a trigger meets: when in UTC, what the clock shows there and in which zone."""

    customer_id: int
    key: str
    at: dt.datetime
    local: str
    zone: str
    stay_id: int | None = None
    invoice_id: int | None = None
    anchor: dt.date | None = None


def occurrences_between(
    *, definition: Definition, first: dt.datetime, last: dt.datetime, now: dt.datetime | None = None
) -> list[Occurrence]:
    """Whom the trigger meets from ``first`` to before ``last``, in the order of the moments, on the register as it is.

    Events are those that have happened; of days to come the calendar tells. Neither the rule of entry nor the filter is
    asked, nor whether a guest's data may be used: whoever tries an automation says why somebody would not enter.
    """
    business = Business.objects.get(pk=require_business_id())
    start, place = definition.trigger, place_of(business, now or timezone.now())
    if start.is_date:
        days = Days(first.astimezone(dt.UTC).date() - _DAY, last.astimezone(dt.UTC).date() + _DAY)
        source = dated(start, dates_of(start, days, place=place, is_live=False), days, zones_of(business))
        found = joined(
            "SELECT DISTINCT o.customer_id, o.key, o.due_at, o.due_local, o.zone, o.stay_id, o.invoice_id, o.anchor",
            "FROM (",
            source,
            anything(") o WHERE o.due_at >= %s AND o.due_at < %s", first, last),
            "ORDER BY o.due_at, o.customer_id, o.key",
        )
        return [Occurrence(*row) for row in rows(found.text, found.values)]
    events = events_between(start, first, last, place=place)
    if events is None:
        return []
    found = joined(
        "SELECT o.customer_id, o.key, min(o.at), o.zone, o.stay_id, o.invoice_id FROM (",
        events,
        ") AS o (customer_id, key, stay_id, invoice_id, zone, at)",
        "GROUP BY o.customer_id, o.key, o.zone, o.stay_id, o.invoice_id ORDER BY 3, 1, 2",
    )
    return [
        Occurrence(guest, key, at, local_of(at, zone), zone, stay, invoice)
        for guest, key, at, zone, stay, invoice in rows(found.text, found.values)
    ]


def still_holds(*, definition: Definition, journeys: Iterable[Journey]) -> set[int]:
    """The ids of the journeys whose day is still the one it was counted from: the stay stands and is on that day, the
    invoice is not paid, nobody has stayed since. Of events all are."""
    asked = [each.pk for each in journeys]
    found = holds_of(definition.trigger, asked)
    return set(asked) if found is None else set(ids(found.text, found.values))


def local_of(at: dt.datetime, zone: str) -> str:
    """What the clock of a zone shows: ``2026-03-29T02:30``."""
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
