"""How soon an import of a hundred thousand guests is gone, and how soon its rows are removed.

``python -m benchmarks.rollback [--rows N] [--beside N] [--keep]``: a guest list of the demo's guests is imported
through ``manage.py import_file``, into an empty business and, with ``--beside``, into one that has so many guests
already. Then it is taken back as a worker does it, while another connection asks as a page would, twenty times a
second: the list's number of guests, some cards and their addresses, the newsletter's recipients, a look-up by name and
by address. ``gone`` is when all of them say what they said before the import; ``seconds`` when every row is removed;
``processor_seconds`` are those of the worker and its connection, near the wall time of a machine that does nothing
else. At the end every guest table is compared with what it held before.

``updates``: the same guests stay, a second file changes each of them, and that is taken back. Beside it the first
import undone in one transaction, as small acts are.
"""

import argparse
import csv
import json
import os
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import databases, measure
from benchmarks.guest_file import guests_write

DATABASE = "innkeeper_bench_rollback"
ROWS = 100_000
CARDS = 50
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
        changed = Path(folder) / "changed.csv"
        _changed(path, changed)
        _import("empty", path)
        updates = _measured("empty", changed, "--update", "file")
        whole = _whole("empty")
    measure.report(
        {
            "what": "rollback of an import",
            "asked": {"gone": GONE_AT_MOST, "removed": REMOVED_AT_MOST},
            "runs": runs,
            "updates": updates,
            "in_one_transaction": whole,
        }
    )
    if not options.keep:
        databases.database_drop(DATABASE)


def _measured(slug: str, path: Path, *options: str) -> dict[str, Any]:
    from accounts.models import Business
    from accounts.tenancy import business_scope
    from customers.bulk.undoing import bulk_undo, undo_work
    from customers.changes.models import Change, ChangeSet

    if not Business.objects.filter(slug=slug).exists():
        _business(slug)
    business = Business.objects.get(slug=slug)
    before = _contents(slug)
    told = _import(slug, path, *options)
    with business_scope(business.pk):
        act = ChangeSet.objects.filter(kind=ChangeSet.Kind.IMPORT, state=ChangeSet.State.DONE).latest("id")
        some = Change.objects.filter(change_set_id=act.pk, record="customer", act=Change.Act.INSERT)
        watch = _Watch(slug, list(some.values_list("row_id", flat=True)[:CARDS]), before["seen"])
    processor, steps = _Spent(), []
    began, spent = time.perf_counter(), processor.read()
    watch.start()
    with business_scope(business.pk):
        run = bulk_undo(change_set_id=act.pk)
    undo_work(
        business_id=business.pk, run_id=run.pk, tell=lambda: steps.append((time.perf_counter(), processor.read()))
    )
    ended, spent_all = time.perf_counter(), processor.read()
    # A small act is undone before anybody is told.
    steps = steps or [(ended, spent_all)]
    gone = watch.ended()
    after = _contents(slug)
    if after != before:
        raise RuntimeError(f"Something is left: {before} became {after}.")
    with business_scope(business.pk):
        run.refresh_from_db()
    return {
        "business": slug,
        "guests_before": before["tables"]["customers_customer"],
        "guests": {name: told["guests"][name] for name in ("created", "updated")},
        "import_seconds": told["seconds"],
        "gone": round(gone, 2),
        "asked_times": watch.asked,
        "first_step": {"seconds": round(steps[0][0] - began, 2), "processor_seconds": round(steps[0][1] - spent, 2)},
        "seconds": round(ended - began, 2),
        "processor_seconds": round(spent_all - spent, 2),
        "longest_step": round(max(b[0] - a[0] for a, b in pairwise([(began, 0.0), *steps, (ended, 0.0)])), 2),
        "entries": run.total,
        "taken_back": run.changed,
        "kept": run.skipped,
        "peak_mb": round(measure.own_peak_mb(), 1),
    }


class _Spent:
    """Processor seconds of this thread and of the server's process of its connection; of nobody who watches."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._backend = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")

    def read(self) -> float:
        return time.thread_time() + int(self._backend.read_text().split()[0]) / 1e9


def _import(slug: str, path: Path, *options: str) -> dict[str, Any]:
    ran = measure.manage("import_file", "--business", slug, path, "--kind", "guests", *options, "--json")
    _analyse()
    told: dict[str, Any] = json.loads(ran.output)
    return told


def _changed(path: Path, changed: Path) -> None:
    """The same guests in other towns."""
    with path.open(encoding="utf-8", newline="") as file, changed.open("w", encoding="utf-8", newline="") as target:
        reader = csv.reader(file, delimiter=";")
        header = next(reader)
        writer = csv.writer(target, delimiter=";")
        writer.writerow(header)
        city = header.index("city")
        writer.writerows([*row[:city], f"{row[city]} Nord", *row[city + 1 :]] for row in reader)


def _whole(slug: str) -> dict[str, Any]:
    """The import that is there undone in one transaction, as it would be were it small."""
    from accounts.models import Business
    from accounts.tenancy import business_scope
    from customers.changes.models import ChangeSet
    from customers.changes.services import change_set_undo

    business = Business.objects.get(slug=slug)
    processor = _Spent()
    began, spent = time.perf_counter(), processor.read()
    with business_scope(business.pk):
        act = ChangeSet.objects.filter(kind=ChangeSet.Kind.IMPORT, state=ChangeSet.State.DONE).latest("id")
        _undo, outcome = change_set_undo(change_set_id=act.pk)
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "processor_seconds": round(processor.read() - spent, 2),
        "removed": outcome.removed,
        "gone": "at its end",
    }


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
        return {"tables": counts, "seen": _seen([])}


def _seen(cards: list[int]) -> dict[str, Any]:
    """What a page, a search and a newsletter would meet, in the scope of the business; of some cards whether they are
    there, because a count of all of them would take the processor from the undo."""
    from customers.card.models import ContactPoint, Customer
    from customers.facts.models import CustomerFacts
    from customers.facts.selectors import facts_today
    from customers.search.selectors import guests_lookup

    today = facts_today()
    return {
        "guests": CustomerFacts.objects.count(),
        "cards": Customer.objects.filter(pk__in=cards).count(),
        "addresses": ContactPoint.objects.filter(customer__in=cards).count(),
        "recipients": CustomerFacts.objects.filter(email_reach=0).count(),
        "by_name": len(guests_lookup(text="Hansen", today=today)),
        "by_address": len(guests_lookup(text="hansen@", today=today)),
    }


class _Watch(threading.Thread):
    """Asks until everything is seen as it was before; ``ended`` waits for that and says after how many seconds."""

    def __init__(self, slug: str, cards: list[int], wanted: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.slug, self.cards, self.wanted = slug, cards, wanted
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
                seen = _seen(self.cards)
            self.gone = time.perf_counter() - began
            self.asked += 1
            time.sleep(0.05)
        connection.close()

    def ended(self) -> float:
        self.join()
        return self.gone


def _analyse() -> None:
    """Bring the database to the state that autovacuum reaches by itself a minute after an import."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("ANALYZE")
    connections["owner"].close()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    main()
