"""Passes of the planner: with nothing to do, with ten thousand bookings at once, and a first look at a long history.

``python -m benchmarks.automations_planner [--guests N] [--stays N] [--new N] [--keep]`` prints one JSON object. The
business has twenty automations of all kinds; bookings are new ones of guests who are there, in one act.
"""

import argparse
import datetime as dt
from typing import Any

from benchmarks import databases, measure

DATABASE = "innkeeper_bench_planner"
GUESTS, STAYS, NEW, IDLE = 100_000, 300_000, 10_000, 20
SLUG = "planner-measure"
BATCH = 10_000
TRIGGERS: tuple[dict[str, Any], ...] = (
    {"kind": "stay_booked"},
    {"kind": "stay_changed"},
    {"kind": "stay_cancelled"},
    {"kind": "checked_in"},
    {"kind": "purchase"},
    {"kind": "message_opened"},
    {"kind": "consent_given", "purpose": "newsletter"},
    {"kind": "event", "name": "spa"},
    {"kind": "before_arrival", "days": 3},
    {"kind": "before_arrival", "days": 14},
    {"kind": "after_departure", "days": 1},
    {"kind": "after_departure", "days": 30},
    {"kind": "after_last_stay", "months": 11},
    {"kind": "birthday", "days": 7},
    {"kind": "invoice_due", "days": 3},
)
"""Those of a hotel that uses them all; the first ones are there twice."""
_STAYS = """
    WITH guest AS (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM customers_customer WHERE business_id = %(business)s
    ), part AS (
        SELECT n, g.id FROM generate_series(1, %(stays)s) n
        JOIN guest g ON g.place = 1 + n %% (SELECT count(*) FROM guest)
    ), stay AS (
        INSERT INTO customers_stay (business_id, property_id, status, arrival, departure, unit, unit_type, adults,
                                    children, reference, channel, currency, note, external_system, external_id,
                                    created_at, version)
        SELECT %(business)s, (SELECT min(id) FROM accounts_property WHERE business_id = %(business)s), %(status)s,
               day, day + 1 + n %% 5, '', '', 2, 0, '', 'web', 'NOK', part.id::text, '', '', now(), 1
        FROM part CROSS JOIN LATERAL (SELECT current_date + %(first)s + (hashint4(n) & %(spread)s) AS day) d
        RETURNING id, note::bigint AS guest
    ) INSERT INTO customers_stayparticipant (business_id, stay_id, customer_id, is_guest, is_booker, is_payer, is_agent,
                                             version)
    SELECT %(business)s, id, guest, true, true, true, false, 1 FROM stay
"""


def house_make(*, guests: int, stays: int) -> int:
    """A business with so many guests and stays of the last years; its id."""
    from accounts.services.businesses import business_create
    from accounts.tenancy import business_scope
    from customers.card.models import Customer
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set

    business = int(business_create(name="Planner", country="NO", slug=SLUG).pk)
    for first in range(0, guests, BATCH):
        with business_scope(business), change_set(kind=ChangeSet.Kind.IMPORT, title="Measured"):
            Customer.objects.bulk_create(
                Customer(
                    given_name="Kari",
                    family_name=f"Nordmann {number}",
                    birth_date=dt.date(1960, 1, 1) + dt.timedelta(days=number % 15_000),
                )
                for number in range(first, min(guests, first + BATCH))
            )
    _stays(business, stays, kind="import", status="checked_out", first=-2_060, spread=2_047)
    databases.database_settle()
    return business


def _stays(business: int, stays: int, *, kind: str, status: str, first: int, spread: int) -> None:
    from django.db import connection

    from accounts.tenancy import business_scope
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set

    with business_scope(business), change_set(kind=ChangeSet.Kind(kind), title="Measured"):
        values = {"business": business, "stays": stays, "status": status, "first": first, "spread": spread}
        with connection.cursor() as cursor:
            cursor.execute(_STAYS, values)


def automations_make(business: int) -> None:
    """Twenty automations that are on."""
    from django.db import connection
    from django.utils import timezone

    from accounts.tenancy import business_scope
    from automations.models import Automation, AutomationVersion

    with business_scope(business):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            (since,) = cursor.fetchone()
        for number, trigger in enumerate((*TRIGGERS, *TRIGGERS[:5])):
            told = {"trigger": trigger, "steps": [{"id": "a", "do": "stop"}]}
            made = Automation.objects.create(
                name=f"Measured {number}", draft=told, since_xid=since, turned_on_at=timezone.now()
            )
            version = AutomationVersion.objects.create(automation=made, number=1, definition=told)
            Automation.objects.filter(pk=made.pk).update(current=version, state=Automation.State.ON)


def passes_measure(business: int, *, new: int) -> dict[str, Any]:
    """The first pass, idle ones, and one that finds so many bookings."""
    from automations.planning.services import Passed, plan_business

    processor = measure.Processor()
    did: list[Passed] = []

    def once() -> None:
        did.append(plan_business(business_id=business))

    first = measure.timed_both(once, processor)
    idle = [measure.timed_both(once, processor) for _each in range(IDLE)]
    _stays(business, new, kind="bulk", status="booked", first=1, spread=127)
    busy = measure.timed_both(once, processor)
    return {
        "first_ms": _both(first),
        "first_entered": did[0].entered,
        "idle_ms": measure.summary([wall for wall, _cpu in idle]),
        "idle_processor_ms": measure.summary([cpu for _wall, cpu in idle if cpu is not None]),
        "bookings": new,
        "bookings_ms": _both(busy),
        "bookings_entered": did[-1].entered,
        "peak_mb": round(measure.own_peak_mb(), 1),
    }


def _both(given: tuple[float, float | None]) -> dict[str, float | None]:
    wall, processor = given
    return {"wall": round(wall), "processor": None if processor is None else round(processor)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=GUESTS)
    parser.add_argument("--stays", type=int, default=STAYS)
    parser.add_argument("--new", type=int, default=NEW, help="bookings that a pass finds")
    parser.add_argument("--keep", action="store_true", help="leave the database behind, to look at")
    options = parser.parse_args()
    databases.database_use(DATABASE, anew=True)
    business = house_make(guests=options.guests, stays=options.stays)
    automations_make(business)
    measure.report({"guests": options.guests, "stays": options.stays} | passes_measure(business, new=options.new))
    if not options.keep:
        databases.database_drop(DATABASE)


if __name__ == "__main__":
    main()
