"""Export of a whole register: how long it takes, how much memory, against PostgreSQL's own COPY of the same table.

``python -m benchmarks.exports [--guests N] [--runs N]`` prints JSON. ``manage.py export_guests`` writes each file in a
program of its own, so that the memory is that of an export and of nothing else.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import measure, register

SECONDS_MAX = 60
MB_MAX = 200
LOOKS = {
    "csv": ("guests.csv", "--header", "nb", "--decimal", ","),
    "xlsx": ("guests.xlsx", "--header", "nb"),
    "csv, every column": ("every.csv", "--columns", "*"),
}


def measured(*, guests: int, runs: int) -> dict[str, Any]:
    """Write each kind of file ``runs`` times; the bar is for a million guests."""
    made = register.register_ensure(guests=guests)
    from customers.export.catalogue import columns_of

    with tempfile.TemporaryDirectory() as folder:
        files = {name: [_written(folder, look, columns_of) for _run in range(runs)] for name, look in LOOKS.items()}
    bars = {
        name: all(run["seconds"] <= SECONDS_MAX and run["peak_mb"] <= MB_MAX for run in found)
        for name, found in files.items()
    }
    return {
        "register": made,
        "files": files,
        "copy_seconds": _copied(),
        "bar": {"seconds": SECONDS_MAX, "peak_mb": MB_MAX, "held": bars},
    }


def _written(folder: str, look: tuple[str, ...], columns_of: Any) -> dict[str, Any]:
    from accounts.models import Business
    from accounts.tenancy import business_scope

    name, *options = look
    if "*" in options:
        with business_scope(Business.objects.get(slug=register.SLUG).pk):
            options[options.index("*")] = ",".join(column.key for column in columns_of("guests"))
    path = Path(folder) / name
    ran = measure.manage("export_guests", str(path), "--business", register.SLUG, "--replace", "--json", *options)
    told = json.loads(ran.output)
    path.unlink()
    return {
        "rows": told["rows"],
        "mb": round(told["bytes"] / 1_000_000, 1),
        "seconds": round(told["seconds"], 1),
        "seconds_of_the_program": round(ran.seconds, 1),
        "peak_mb": round(ran.peak_mb, 1),
    }


def _copied() -> float:
    """Seconds that PostgreSQL takes to write the cards alone as CSV: the limit."""
    from django.db import connection

    from accounts.models import Business
    from accounts.tenancy import business_scope

    began = time.perf_counter()
    business = Business.objects.get(slug=register.SLUG).pk
    with business_scope(business), connection.cursor() as cursor, Path("/dev/null").open("wb") as nowhere:
        cursor.copy_expert("COPY (SELECT * FROM customers_customer) TO STDOUT WITH (FORMAT csv)", nowhere)
    return round(time.perf_counter() - began, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guests", type=int, default=register.GUESTS)
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args()
    measure.report(measured(guests=options.guests, runs=options.runs))


if __name__ == "__main__":
    main()
