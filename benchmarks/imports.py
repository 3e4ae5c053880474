"""How fast a bookings file becomes guests and stays, beside COPY of the same rows; and how much memory it takes.

``python -m benchmarks.imports [--rows 10000 100000 1000000] [--file FILE]``: each file goes into a business of its own
through ``manage.py import_file``, then once more, which must change nothing. Beside it, in the same run and database:

- ``copy_file``: COPY of the file as it stands into a table of text columns without an index;
- ``copy_rows``: COPY of the very rows the import wrote (cards, contact points, ids, stays, participants) into tables
  with the same columns and indexes but no policies, keys, triggers, history or search: the limit for any import.
"""

import argparse
import csv
import json
import os
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from benchmarks import databases, measure
from benchmarks.bookings import bookings_write

DATABASE = "innkeeper_bench_imports"
TABLES = (
    "customers_customer", "customers_contactpoint", "customers_externalid", "customers_stay",
    "customers_stayparticipant",
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], help="lengths of made files"
    )
    parser.add_argument("--file", type=Path, help="a bookings file to measure too, with a header")
    parser.add_argument("--keep", action="store_true", help="leave the database there")
    options = parser.parse_args()
    databases.database_use(DATABASE, anew=True)
    from django.conf import settings

    # Beside the installation's files: temporary folders are in memory on many machines.
    with tempfile.TemporaryDirectory(dir=settings.INNKEEPER_VAR, prefix="bench-") as folder:
        files = [(f"made-{rows}", _made(Path(folder), rows)) for rows in options.rows]
        if options.file is not None:
            files.append(("file", options.file.resolve()))
        runs = [_measured(slug, path, Path(folder)) for slug, path in files]
        result = {"what": "import of bookings", "runs": runs, "memory": _flatness(runs)}
        measure.report(result)
    if not options.keep:
        databases.database_drop(DATABASE)


def _made(folder: Path, rows: int) -> Path:
    path = folder / f"bookings-{rows}.csv"
    bookings_write(path, rows)
    return path


def _measured(slug: str, path: Path, folder: Path) -> dict[str, Any]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        width = len(next(reader))
        rows = sum(1 for _row in reader)
    first = _import(slug, path, "--create")
    again = _import(slug, path)
    changed = sum(again[what][how] for what in ("guests", "stays") for how in ("created", "updated"))
    if changed:
        raise RuntimeError(f"The same file changed {changed} rows the second time.")
    with closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as connection:
        copied_file = copy_file(connection, path, width)
        written, copied_rows = copy_rows(connection, slug, folder)
    return {
        "rows": rows,
        "file_mb": round(path.stat().st_size / 1e6, 1),
        "import": {
            "seconds": first["seconds"],
            "rows_per_second": round(rows / first["seconds"]),
            "peak_mb": first["peak_mb"],
            "guests": first["guests"],
            "stays": first["stays"],
            "problems": first["problems"],
        },
        "same_file_again": {"seconds": again["seconds"], "peak_mb": again["peak_mb"]},
        "copy_file": {"seconds": round(copied_file, 2), "rows_per_second": round(rows / copied_file)},
        "copy_rows": {
            "seconds": round(copied_rows, 2),
            "rows_per_second": round(rows / copied_rows),
            "written": written,
        },
        "import_to_copy_file": round(first["seconds"] / copied_file, 1),
        "import_to_copy_rows": round(first["seconds"] / copied_rows, 1),
    }


def _import(slug: str, path: Path, *options: str) -> dict[str, Any]:
    ran = measure.manage("import_file", "--business", slug, *options, path, "--kind", "bookings", "--json")
    result: dict[str, Any] = json.loads(ran.output)
    # The whole program as the kernel counted it, not only what the command says of itself.
    result["peak_mb"] = round(max(ran.peak_mb, result["peak_mb"]), 1)
    return result


def copy_file(connection: Any, path: Path, width: int, delimiter: str = ",") -> float:
    """Seconds that COPY of the file into a bare table takes, commit included."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_file")
        cursor.execute(f"CREATE TABLE bench_file ({', '.join(f'c{number} text' for number in range(width))})")
        connection.commit()
        began = time.perf_counter()
        with path.open(encoding="utf-8") as file:
            cursor.copy_expert(f"COPY bench_file FROM STDIN (FORMAT csv, HEADER, DELIMITER '{delimiter}')", file)
        connection.commit()
        seconds = time.perf_counter() - began
        cursor.execute("DROP TABLE bench_file")
        connection.commit()
    return seconds


def copy_rows(connection: Any, slug: str, folder: Path) -> tuple[int, float]:
    """(rows, seconds) of COPY of a business's rows into like tables with their indexes, commit included."""
    written, seconds = 0, 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM accounts_business WHERE slug = %s", [slug])
        (business,) = cursor.fetchone()
        for table in TABLES:
            dump = folder / f"{table}.copy"
            with dump.open("w", encoding="utf-8") as file:
                cursor.copy_expert(f"COPY (SELECT * FROM {table} WHERE business_id = {int(business)}) TO STDOUT", file)
            cursor.execute(f"CREATE TABLE bench_rows (LIKE {table} INCLUDING INDEXES)")
            connection.commit()
            began = time.perf_counter()
            with dump.open(encoding="utf-8") as file:
                cursor.copy_expert("COPY bench_rows FROM STDIN", file)
            connection.commit()
            seconds += time.perf_counter() - began
            cursor.execute("SELECT count(*) FROM bench_rows")
            written += cursor.fetchone()[0]
            cursor.execute("DROP TABLE bench_rows")
            connection.commit()
            dump.unlink()
    return written, seconds


def _flatness(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """How the importing program's memory grows from the shortest to the longest file."""
    by_rows = sorted(runs, key=lambda run: run["rows"])
    shortest, longest = by_rows[0], by_rows[-1]
    return {
        "rows": [shortest["rows"], longest["rows"]],
        "peak_mb": [shortest["import"]["peak_mb"], longest["import"]["peak_mb"]],
        "growth": round(longest["import"]["peak_mb"] / shortest["import"]["peak_mb"], 2),
    }


if __name__ == "__main__":
    main()
