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
        _analyse()
    made["seconds"] = round(time.perf_counter() - began, 1)
    connection.close()
    return made


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


def _analyse() -> None:
    """Bring the database to the state that autovacuum reaches by itself some minutes later."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connections["owner"].close()


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
