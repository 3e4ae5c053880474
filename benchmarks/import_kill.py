"""kill -9 at random points of imports and of their undoing: no row may be lost, none doubled.

``python -m benchmarks.import_kill [--kills 100] [--rows 3000] [--seed 1]``: a guest list, in which 8 of 100 are
doubles, is written by a worker that is killed at a random moment; another takes it up, and is killed in turn, until the
file is in. Then the business holds exactly what one import without a kill makes of the same file. Every second import
is taken back by workers that are killed likewise, a quarter as often; then nothing of it is left.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import databases, measure
from benchmarks.guest_file import guests_write

DATABASE = "innkeeper_bench_import_kill"
KILLS, ROWS, BATCH = 100, 3_000, 200
LONGEST = 2.5
"""Seconds that a worker is left alive at most: a fraction of the batches."""

_NAME = "SELECT row(g.given_name, g.family_name, g.company_name) FROM customers_customer g WHERE g.id = t.{whose}"
_BEGIN = "import django\ndjango.setup()\n"
WRITE = (
    _BEGIN + "from pathlib import Path\nfrom imports.services import run_work, sources\n"
    "sources.BATCH_ROWS = {batch}\nprint('begun', flush=True)\n"
    "run_work(business_id={business}, run_id={run}, path=Path({path!r}))\n"
)
UNDO = (
    _BEGIN + "from customers.bulk import undoing\nfrom customers.bulk.services import bulk_work\n"
    "undoing.BIG_UNDO, undoing.ROWS = 0, {batch}\nprint('begun', flush=True)\n"
    "bulk_work(business_id={business}, run_id={run})\n"
)


@dataclass
class Killer:
    """Starts workers and kills them at random moments, as long as it has kills left."""

    chance: random.Random
    left: int
    longest: float = LONGEST
    kills: Counter[str] = field(default_factory=Counter)

    def work(self, what: str, program: str) -> None:
        """One worker: killed, if it is alive at a moment drawn by chance; to its end once no kills are left."""
        worker = subprocess.Popen(
            [sys.executable, "-c", program], cwd=measure.CHECKOUT, stdout=subprocess.PIPE, text=True
        )
        try:
            assert worker.stdout is not None
            worker.stdout.readline()
            if self.left:
                time.sleep(self.chance.uniform(0, self.longest))
        finally:
            if self.left and worker.poll() is None:
                worker.send_signal(signal.SIGKILL)
                self.left -= 1
                self.kills[what] += 1
            worker.wait(600)


def contents(business_id: int) -> dict[str, Any]:
    """What a business holds of its guests, whatever the ids: every row of every table, and what is derived from it."""
    from django.db import connection

    from accounts.tenancy import business_scope
    from customers.changes.undo import tracked_models

    found: dict[str, Any] = {}
    with business_scope(business_id), connection.cursor() as cursor:
        for model in tracked_models():
            table, whose = model._meta.db_table, model.change_guest
            columns = [column.column for column in model._meta.local_concrete_fields]
            off = ["id", "created_at", "version", *(column for column in columns if column.endswith("_id"))]
            name = _NAME.format(whose=whose) if whose not in (None, "id") else "0"
            cursor.execute(f"SELECT (to_jsonb(t) - %s::text[])::text, ({name})::text FROM {table} t", [off])
            rows = sorted(map(repr, cursor.fetchall()))
            found[table] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16])
        for table in ("customers_customerfacts", "customers_posting", "customers_leaving"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
        cursor.execute("SELECT value, count(*) FROM customers_externalid GROUP BY value HAVING count(*) > 1")
        found["doubled"] = len(cursor.fetchall())
    return found


def import_begun(business: Any, path: Path) -> Any:
    """A run of a file, ready for workers."""
    from accounts.tenancy import business_scope
    from imports.services import run_begin, run_create, source_open

    with business_scope(business.pk):
        run = run_create(source=source_open(path=path, kind="guests"), file_name=path.name)
        run_begin(run=run)
    return run


def imported(business: Any, path: Path, killer: Killer, *, batch: int = BATCH) -> Any:
    """Import a file by workers that are killed; the run, when it is done."""
    from accounts.tenancy import business_scope

    run = import_begun(business, path)
    while run.state == "running":
        killer.work("import", WRITE.format(batch=batch, business=business.pk, run=run.pk, path=str(path)))
        with business_scope(business.pk):
            run.refresh_from_db()
    return run


def taken_back(business: Any, run: Any, killer: Killer, *, batch: int = BATCH) -> Any:
    """Undo an import by workers that are killed; the undo, when it is done."""
    from accounts.tenancy import business_scope
    from customers.bulk import undoing

    whole, undoing.BIG_UNDO = undoing.BIG_UNDO, 0
    try:
        with business_scope(business.pk):
            undo = undoing.bulk_undo(change_set_id=run.change_set_id)
    finally:
        undoing.BIG_UNDO = whole
    while undo.is_open:
        killer.work("undo", UNDO.format(batch=batch, business=business.pk, run=undo.pk))
        with business_scope(business.pk):
            undo.refresh_from_db()
    return undo


def main() -> None:
    """Kill, compare and print; an error when anything is lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the database there")
    options = parser.parse_args()
    databases.database_use(DATABASE, anew=True)
    from django.conf import settings

    from accounts.services import business_create

    began, killer = time.perf_counter(), Killer(random.Random(options.seed), options.kills)
    other = Killer(random.Random(-options.seed), options.kills // 4)
    undone = faults = number = 0
    with tempfile.TemporaryDirectory(dir=settings.INNKEEPER_VAR, prefix="bench-") as folder:
        path = Path(folder) / "guests.csv"
        guests_write(path, options.rows)
        calm = business_create(name="Calm", slug="calm", country="NO", currency="NOK")
        nothing = contents(calm.pk)
        wanted_counts = imported(calm, path, Killer(random.Random(0), 0)).counts
        wanted = contents(calm.pk)
        while killer.left:
            number += 1
            slug = f"kill-{number}"
            business = business_create(name=slug, slug=slug, country="NO", currency="NOK")
            run = imported(business, path, killer)
            found = contents(business.pk)
            if (run.state, run.counts, found) != ("done", wanted_counts, wanted):
                faults += 1
                print(f"{slug}: {run.state} {run.counts} {found}", file=sys.stderr)
            if number % 2 == 0:
                undo = taken_back(business, run, other)
                undone += 1
                if (undo.state, undo.skipped, contents(business.pk)) != ("done", {}, nothing):
                    faults += 1
                    print(f"{slug}: {undo.state} {undo.skipped} {contents(business.pk)}", file=sys.stderr)
    measure.report(
        {
            "what": "kill -9 at random points of imports",
            "rows_a_file": options.rows,
            "rows_a_batch": BATCH,
            "kills": dict(killer.kills + other.kills),
            "imports_finished": number,
            "undos_finished": undone,
            "held_otherwise_than_without_a_kill": faults,
            "rows": {table: count for table, count in wanted.items() if isinstance(count, tuple) and count[0]},
            "doubled": wanted["doubled"],
            "seconds": round(time.perf_counter() - began, 1),
        }
    )
    if not options.keep:
        databases.database_drop(DATABASE)
    if faults:
        raise SystemExit(1)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    main()
