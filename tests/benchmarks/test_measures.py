"""What the measures stand on: percentiles, and a bookings file that the importer knows. Nothing here is timed."""

import csv
import json
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.models import Business
from benchmarks.bookings import COLUMNS, bookings_write
from benchmarks.measure import percentile, run_program, summary


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([5.0], 0.95, 5.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([4.0, 3.0, 2.0, 1.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.95, 95.0),
        ([float(n) for n in range(1, 101)], 0.99, 99.0),
        ([float(n) for n in range(1, 21)], 0.95, 19.0),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_percentile(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_summary_names_its_units() -> None:
    assert summary([1.0, 2.0, 10.0]) == {"n": 3, "p50_ms": 2.0, "p95_ms": 10.0, "p99_ms": 10.0, "max_ms": 10.0}


def test_a_program_s_output_and_memory_are_measured() -> None:
    small = run_program([sys.executable, "-c", "print('done')"])
    large = run_program([sys.executable, "-c", "print(len(b'x' * 80_000_000))"])
    assert small.output == "done\n" and small.seconds > 0
    assert large.peak_mb > small.peak_mb + 60


def test_a_failing_program_is_an_error_with_its_last_words() -> None:
    with pytest.raises(RuntimeError, match="no such thing"):
        run_program([sys.executable, "-c", "raise SystemExit('no such thing')"])


def test_the_bookings_file_is_the_same_every_time(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    bookings_write(one, 200)
    bookings_write(two, 200)
    assert one.read_bytes() == two.read_bytes()
    with one.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 200 and tuple(rows[0]) == COLUMNS
    assert len({row["email"] for row in rows}) < 200, "some guests come again"
    assert all(row["email"].endswith(".example") for row in rows)


@pytest.mark.django_db
def test_the_importer_knows_the_bookings_file(tmp_path: Path) -> None:
    path = tmp_path / "bookings.csv"
    bookings_write(path, 300)
    out = StringIO()
    call_command(
        "import_file",
        str(path),
        business="measured",
        create=True,
        kind="bookings",
        dry_run=True,
        as_json=True,
        stdout=out,
    )
    result = json.loads(out.getvalue())
    assert result["stays"] == {"created": 300, "updated": 0, "unchanged": 0, "invalid": 0}
    assert 250 < result["guests"]["created"] < 300 and result["guests"]["invalid"] == 0
    assert result["refused_columns"] == ["credit_card"]
    assert not Business.objects.filter(slug="measured").exists()
