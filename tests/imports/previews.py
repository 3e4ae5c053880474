"""Guest lists as tests look them through, and what the rows of a run tell."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from accounts.tenancy import business_scope
from imports.models import ImportRun
from imports.selectors import rows_of
from imports.services import (
    run_check,
    run_create,
    run_start,
    run_work,
    source_open,
)
from tests.cast import House
from tests.imports.files import guest, write
from tests.imports.loading import keep


def row(**changes: str) -> dict[str, str]:
    """A guest on one line of the file."""
    return guest(**{"note": "Quiet room", **changes})


ROWS = [
    row(),
    row(given_name="Berit", family_name="Berg", email="shared@fjord.no", phone=""),
    row(given_name="Per", family_name="Hansen", email="", phone="+47 22334455"),
    row(given_name="Kari", family_name="Nordmann", email="kari@new.no", phone="", postal_code="0155"),
    row(given_name="Jan", family_name="Dahl", email="jan@dahl.no", phone=""),
    row(given_name="New", family_name="One", email="new@one.no", phone=""),
    row(given_name="New", family_name="One", email="NEW@one.no", phone="", city="Molde"),
    row(given_name="", family_name="", email="", phone=""),
]
"""Lines 2 to 9."""


def checked(house: House, tmp_path: Path, rows: Iterable[dict[str, str]], **options: Any) -> ImportRun:
    """A run of these rows, looked through."""
    path = write(tmp_path / "list.csv", rows)
    with business_scope(house.pk):
        source = source_open(path=path)
        run = run_create(source=source, file_name="list.csv", upload=keep(house, path), member=house.admin, **options)
    run_check(business_id=house.pk, run_id=run.pk)
    return again(house, run)


def again(house: House, run: ImportRun) -> ImportRun:
    with business_scope(house.pk):
        return ImportRun.objects.select_related("change_set", "business").get(pk=run.pk)


def imported(house: House, run: ImportRun) -> ImportRun:
    with business_scope(house.pk):
        run_start(run_id=run.pk, member=house.admin)
    run_work(business_id=house.pk, run_id=run.pk)
    run = again(house, run)
    assert run.state == ImportRun.State.DONE, run.error
    return run


def told(house: House, run: ImportRun) -> dict[int, tuple[str, str, int | None]]:
    with business_scope(house.pk):
        return {row.line: (row.outcome, row.cause, row.customer_id) for row in rows_of(run=run, size=1_000)}
