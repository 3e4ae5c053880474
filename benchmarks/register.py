"""The register that measures of look-up and lists share: a business of a million guests beside a thousand small ones.

``python -m benchmarks.register [--guests N] [--small N]`` makes it, or what is missing of it, and says how long it
took.
Other measures call :func:`register_ensure` and find it there.
"""

import argparse
import json
import time
from dataclasses import replace
from typing import Any

from benchmarks import databases, measure

GUESTS = 1_000_000
SMALL = 1_000
SMALL_GUESTS = 50
SLUG = "fjordstuen"


def register_ensure(*, guests: int = GUESTS, small: int = SMALL, anew: bool = False) -> dict[str, Any]:
    """Use the shared database and fill it where it is not full; afterwards Django is set up as the app role.

    Returns what this run had to make: guests, seconds and peak memory of the making program.
    """
    databases.database_use(databases.REGISTER, anew=anew)
    from django.db import connection

    from accounts.models import Business

    made: dict[str, Any] = {"guests_asked": guests, "small_asked": small}
    began = time.perf_counter()
    big = measure.manage("demo", "--guests", str(guests), "--business", SLUG, "--json")
    (filled,) = json.loads(big.output)["businesses"]
    made["large"] = {**filled, "peak_mb": round(big.peak_mb, 1)}
    missing = small - Business.objects.filter(slug__startswith="small-").count()
    for number in range(small - missing, small):
        _small_business(number)
    if missing > 0 or filled["guests_added"]:
        databases.database_settle()
    made["seconds"] = round(time.perf_counter() - began, 1)
    connection.close()
    return made


STAYS, ACTIVITIES = 3_000_000, 5_000_000


def history_ensure() -> dict[str, Any]:
    """Give the large business three million stays, five million activities and newsletter consents, where they lack.

    Written by the owner with the triggers off, which would keep the record of it; the facts are counted afterwards.
    Returns what this run added.
    """
    from django.db import connections

    from accounts.models import Business

    business = Business.objects.get(slug=SLUG).pk
    added: dict[str, Any] = {}
    with connections["owner"].cursor() as cursor:
        for table, most, fill in (
            ("customers_stay", STAYS, _STAYS),
            ("customers_activity", ACTIVITIES, _ACTIVITIES),
            ("customers_consentstate", GUESTS // 4, _CONSENTS),
        ):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE business_id = %s", [business])
            missing = most - cursor.fetchone()[0]
            added[table] = max(0, missing)
            if missing <= 0:
                continue
            for written in _WRITTEN:
                cursor.execute(f"ALTER TABLE {written} DISABLE TRIGGER USER")
            cursor.execute(fill, {"business": business, "missing": missing})
            for written in _WRITTEN:
                cursor.execute(f"ALTER TABLE {written} ENABLE TRIGGER USER")
    if any(added.values()):
        databases.database_settle()
    connections["owner"].close()
    return added


_WRITTEN = (
    "customers_stay", "customers_stayparticipant", "customers_activity", "customers_consentevent",
    "customers_consentstate",
)  # fmt: skip
_GUESTS = """
    guest AS (SELECT id, row_number() OVER (ORDER BY hashint8(id)) AS place FROM customers_customer
              WHERE business_id = %(business)s),
    part AS (SELECT n, g.id FROM generate_series(1, %(missing)s) n
             JOIN guest g ON g.place = 1 + n %% (SELECT count(*) FROM guest))
"""
_STAYS = f"""
    WITH {_GUESTS}, stay AS (
        INSERT INTO customers_stay (business_id, property_id, status, arrival, departure, unit, unit_type, adults,
                                    children, reference, channel, amount, currency, note, external_system, external_id,
                                    created_at, version)
        SELECT %(business)s, (SELECT min(id) FROM accounts_property WHERE business_id = %(business)s), 'checked_out',
               day, day + 1 + n %% 5, '', '', 2, 0, '', 'web', 900 + n %% 4000, 'NOK', part.id::text, '', '', now(), 1
        FROM part CROSS JOIN LATERAL (SELECT current_date - 7 - (hashint4(n) & 2047) AS day) d
        RETURNING id, note::bigint AS guest
    ) INSERT INTO customers_stayparticipant (business_id, stay_id, customer_id, is_guest, is_booker, is_payer, is_agent,
                                             version)
    SELECT %(business)s, id, guest, true, true, true, false, 1 FROM stay
"""
_ACTIVITIES = f"""
    WITH {_GUESTS}
    INSERT INTO customers_activity (business_id, customer_id, kind, at, text, is_pinned, actor, created_at, version)
    SELECT %(business)s, part.id, (ARRAY['note', 'call', 'visit', 'email'])[1 + n %% 4],
           now() - make_interval(days => hashint4(n) & 1023), 'Rang om ankomst', false, '', now(), 1
    FROM part
"""
_CONSENTS = """
    WITH event AS (
        INSERT INTO customers_consentevent (business_id, customer_id, purpose, channel, act, at, recorded_at, language,
                                            source, by_guest, actor, proof)
        SELECT %(business)s, id, 'newsletter', channel, CASE WHEN id %% 9 = 0 THEN 'withdrawn' ELSE 'granted' END,
               now() - interval '100 days', now(), 'nb', 'form', true, '', ''
        FROM customers_customer CROSS JOIN (VALUES ('email', 2), ('sms', 5)) AS of (channel, every)
        WHERE business_id = %(business)s AND id %% every = 0
        RETURNING id, customer_id, channel, act, at
    ) INSERT INTO customers_consentstate (business_id, customer_id, purpose, channel, granted, since, event_id)
    SELECT %(business)s, customer_id, 'newsletter', channel, act = 'granted', at, id FROM event
    ON CONFLICT DO NOTHING
"""


def _small_business(number: int) -> None:
    """A business as most are, of one of three countries."""
    from accounts.services import business_create
    from customers.sample.profiles import profile_for
    from customers.sample.services import register_fill

    country, currency = (("NO", "NOK"), ("DK", "DKK"), ("NL", "EUR"))[number % 3]
    slug = f"small-{number:04d}"
    business = business_create(name=f"Small {number}", slug=slug, country=country, currency=currency)
    profile = replace(profile_for(country=country, currency=currency, kinds=["hotel"]), codes=f"S{number}")
    register_fill(business=business, profile=profile, guests=SMALL_GUESTS)


def main() -> None:
    """Make the register and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=GUESTS)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--anew", action="store_true", help="drop the register first")
    options = parser.parse_args()
    made = register_ensure(guests=options.guests, small=options.small, anew=options.anew)
    measure.report(made)


if __name__ == "__main__":
    main()
