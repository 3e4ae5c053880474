"""How fast a list of guests is looked through and imported, beside COPY of the same rows; and how much memory it takes.

``python -m benchmarks.guest_imports [--rows 100000] [--beside 1000000] [--repeat N]``: a list of the demo's guests, 8
in 100 of them doubles, goes the way a file from the page goes: a worker looks it through (``preview``), a row kept for
every row, then another writes it (``commit``) with history, search and facts, into an empty business and, with
``--beside``, into one that has so many guests. Beside it ``copy_file`` and ``copy_rows`` as in ``benchmarks.imports``.
``peak_mb`` is the largest of the worker's processes. The file a second time must change nothing.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from benchmarks import databases, measure
from benchmarks.guest_file import COLUMNS, guests_write
from benchmarks.imports import copy_file, copy_rows

DATABASE = "innkeeper_bench_guest_imports"
LIMITS = {"preview": 15.0, "commit": 10.0, "rows_per_second": 4_000, "peak_mb": 300}
"""Asked for, for a hundred thousand rows on two cores."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000], help="lengths of the files")
    parser.add_argument("--beside", type=int, default=0, help="guests that another business has already")
    parser.add_argument("--repeat", type=int, default=1, help="so many businesses each file goes into")
    parser.add_argument("--keep", action="store_true", help="leave the database there")
    parser.add_argument("--work", nargs=3, metavar=("STEP", "SLUG", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(_worker(*options.work)))
        return
    databases.database_use(DATABASE, anew=True)
    from django.conf import settings

    with tempfile.TemporaryDirectory(dir=settings.INNKEEPER_VAR, prefix="bench-") as folder:
        runs = []
        for rows in options.rows:
            path = Path(folder) / f"guests-{rows}.csv"
            guests_write(path, rows)
            runs += [_measured(f"empty-{rows}-{number}", path, Path(folder)) for number in range(options.repeat)]
        if options.beside:
            measure.manage("demo", "--guests", str(options.beside), "--business", "fjordstuen", "--json")
            databases.database_settle()
            runs.append(_measured("fjordstuen", path, Path(folder)))
    measure.report({"what": "import of guests", "asked": LIMITS, "runs": runs})
    if not options.keep:
        databases.database_drop(DATABASE)


def _measured(slug: str, path: Path, folder: Path) -> dict[str, Any]:
    rows = sum(1 for _line in path.open(encoding="utf-8")) - 1
    before = _guests(slug)
    preview, peak_preview = _step("preview", slug, path)
    commit, peak_commit = _step("commit", slug, path)
    again, _peak = _step("preview", slug, path)
    if again["guests"]["created"] or again["guests"]["updated"]:
        raise RuntimeError(f"The same file changes guests the second time: {again}.")
    seconds = preview["seconds"] + commit["seconds"]
    told = {
        "rows": rows,
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "guests_before": before,
        "guests": commit["guests"],
        "preview": {"seconds": preview["seconds"], "peak_mb": peak_preview},
        "commit": {"seconds": commit["seconds"], "peak_mb": peak_commit},
        "rows_per_second": round(rows / seconds),
    }
    if not before:
        with closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as connection:
            copied_file = copy_file(connection, path, len(COLUMNS), delimiter=";")
            written, copied_rows = copy_rows(connection, slug, folder)
        told |= {
            "copy_file": round(copied_file, 2),
            "copy_rows": {"seconds": round(copied_rows, 2), "written": written},
            "commit_to_copy_rows": round(commit["seconds"] / copied_rows, 1),
        }
    return told


def _step(step: str, slug: str, path: Path) -> tuple[dict[str, Any], float]:
    ran = measure.run_program([sys.executable, "-m", "benchmarks.guest_imports", "--work", step, slug, path])
    told: dict[str, Any] = json.loads(ran.output)
    return told, round(ran.peak_mb, 1)


def _guests(slug: str) -> int:
    from accounts.models import Business
    from accounts.tenancy import business_scope
    from customers.card.models import Customer

    business = Business.objects.filter(slug=slug).first()
    if business is None:
        return 0
    with business_scope(business.pk):
        return Customer.objects.count()


def _worker(step: str, slug: str, name: str) -> dict[str, Any]:
    """One step of a run, as a worker does it; returns its seconds and what became of the guests."""
    import django

    django.setup()
    from accounts.models import Business
    from accounts.services.businesses import business_create
    from accounts.tenancy import business_scope
    from imports.models import ImportRun
    from imports.services import run_check, run_create, run_start, run_work, source_open

    path = Path(name)
    business = Business.objects.filter(slug=slug).first() or business_create(name=slug, slug=slug, country="NO")
    with business_scope(business.pk):
        if step == "preview":
            run = run_create(source=source_open(path=path), file_name=path.name)
        else:
            run = ImportRun.objects.filter(state=ImportRun.State.READY).latest("id")
            run_start(run_id=run.pk, member=None)
    began = time.perf_counter()
    (run_check if step == "preview" else run_work)(business_id=business.pk, run_id=run.pk, path=path)
    seconds = time.perf_counter() - began
    with business_scope(business.pk):
        run.refresh_from_db()
        if run.state not in (ImportRun.State.READY, ImportRun.State.DONE):
            raise RuntimeError(f"The run is {run.state}: {run.error}")
        return {"seconds": round(seconds, 2), "guests": run.counts["guests"]}


if __name__ == "__main__":
    main()
