"""How soon an import of a hundred thousand guests is gone, and how soon its rows are removed.

``python -m benchmarks.rollback [--rows N] [--beside N] [--keep]``: a guest list of the demo's guests is imported
through ``manage.py import_file``, into an empty business and, with ``--beside``, into one that has so many guests
already. Then ``manage.py rollback_import`` takes it back, while this program asks as a page would, twenty times a
second: the list's number of guests, the cards, the addresses, the newsletter's recipients, a look-up by name and by
address. ``gone`` is when all of them say what they said before the import; ``seconds`` when every row is removed. At
the end every guest table is compared with what it held before.

Beside it, on the same rows imported once more, the same undo in one transaction as small acts have it.
"""

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks import databases, measure
from benchmarks.guest_file import guests_write

DATABASE = "innkeeper_bench_rollback"
ROWS = 100_000
GONE_AT_MOST, REMOVED_AT_MOST = 5.0, 90.0
"""Seconds asked for, for a hundred thousand guests on two cores."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--beside", type=int, default=0, help="guests that the second business has already")
    parser.add_argument("--keep", action="store_true", help="leave the database there")
    options = parser.parse_args()
    databases.database_use(DATABASE, anew=True)
    from django.conf import settings

    with tempfile.TemporaryDirectory(dir=settings.INNKEEPER_VAR, prefix="bench-") as folder:
        path = Path(folder) / "guests.csv"
        guests_write(path, options.rows)
        runs = [_measured("empty", path)]
        if options.beside:
            measure.manage("demo", "--guests", str(options.beside), "--business", "fjordstuen", "--json")
            runs.append(_measured("fjordstuen", path))
        whole = _whole("empty", path)
    measure.report(
        {
            "what": "rollback of an import",
            "asked": {"gone": GONE_AT_MOST, "removed": REMOVED_AT_MOST},
            "runs": runs,
            "in_one_transaction": whole,
        }
    )
    if not options.keep:
        databases.database_drop(DATABASE)


def _measured(slug: str, path: Path) -> dict[str, Any]:
    create = ["--create"] if slug == "empty" else []
    if create:
        # The business alone: nothing is imported from a file that only has a header.
        _business(slug)
    before = _contents(slug)
    imported = json.loads(measure.manage("import_file", "--business", slug, path, "--kind", "guests", "--json").output)
    databases_analyse()
    watch = _Watch(slug, before["seen"])
    watch.start()
    ran = measure.manage("rollback_import", "--business", slug, "--json")
    gone = watch.ended()
    told = json.loads(ran.output)
    after = _contents(slug)
    if after != before:
        raise RuntimeError(f"Something is left: {before} became {after}.")
    return {
        "business": slug,
        "guests_before": before["tables"]["customers_customer"],
        "guests_imported": imported["guests"]["created"],
        "import_seconds": imported["seconds"],
        "gone": round(gone - (ran.seconds - told["seconds"]), 2),
        "gone_as_told": told["out_of_sight_seconds"],
        "asked_times": watch.asked,
        "seconds": told["seconds"],
        "entries": told["entries"],
        "removed": told["removed"],
        "kept": told["kept"],
        "peak_mb": round(ran.peak_mb, 1),
    }


def _whole(slug: str, path: Path) -> dict[str, Any]:
    """The same import undone in one transaction, as it would be were it small."""
    from accounts.models import Business
    from accounts.tenancy import business_scope
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set_undo

    measure.manage("import_file", "--business", slug, path, "--kind", "guests", "--json")
    databases_analyse()
    business = Business.objects.get(slug=slug)
    began = time.perf_counter()
    with business_scope(business.pk):
        act = ChangeSet.objects.filter(kind=ChangeSet.Kind.IMPORT, state=ChangeSet.State.DONE).latest("id")
        _undo, outcome = change_set_undo(change_set_id=act.pk)
    return {"seconds": round(time.perf_counter() - began, 2), "removed": outcome.removed, "gone": "at its end"}


def _business(slug: str) -> None:
    from accounts.services import business_create

    business_create(name=slug.capitalize(), slug=slug, country="NO", currency="NOK")


def _contents(slug: str) -> dict[str, Any]:
    """Rows of every guest table, of facts and words, and what pages say."""
    from django.db import connection

    from accounts.models import Business
    from accounts.tenancy import business_scope
    from customers.changes.undo import tracked_models

    tables = [model._meta.db_table for model in tracked_models()]
    tables += ["customers_customerfacts", "customers_posting", "customers_presence", "customers_leaving"]
    with business_scope(Business.objects.get(slug=slug).pk), connection.cursor() as cursor:
        counts = {}
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")
            counts[table] = cursor.fetchone()[0]
        return {"tables": counts, "seen": _seen(slug)}


def _seen(slug: str) -> dict[str, Any]:
    """What a page, a search and a newsletter would meet, in the scope of the business."""
    from customers.card.models import ContactPoint, Customer
    from customers.facts.models import CustomerFacts
    from customers.facts.selectors import facts_today
    from customers.search.selectors import guests_lookup

    today = facts_today()
    return {
        "facts": CustomerFacts.objects.count(),
        "cards": Customer.objects.count(),
        "addresses": ContactPoint.objects.count(),
        "recipients": CustomerFacts.objects.filter(email_reach=0).count(),
        "by_name": len(guests_lookup(text="Hansen", today=today)),
        "by_address": len(guests_lookup(text="hansen@", today=today)),
    }


class _Watch(threading.Thread):
    """Asks until everything is seen as it was before; ``ended`` waits for that and says after how many seconds."""

    def __init__(self, slug: str, wanted: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.slug, self.wanted = slug, wanted
        self.asked = 0
        self.gone = 0.0

    def run(self) -> None:
        from django.db import connection

        from accounts.models import Business
        from accounts.tenancy import business_scope

        began = time.perf_counter()
        business = Business.objects.get(slug=self.slug)
        seen: dict[str, Any] = {}
        while seen != self.wanted:
            with business_scope(business.pk):
                seen = _seen(self.slug)
            self.gone = time.perf_counter() - began
            self.asked += 1
            time.sleep(0.05)
        connection.close()

    def ended(self) -> float:
        self.join()
        return self.gone


def databases_analyse() -> None:
    """Bring the database to the state that autovacuum reaches by itself a minute after an import."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    connections["owner"].close()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    main()
