"""Two imports into one business at the same time, in real transactions."""

import threading
from pathlib import Path

import pytest
from django.db import connections

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.history.models import Stay, StayParticipant
from imports.models import ImportRun
from imports.services import run_begin, run_create, run_work, source_open, sources
from tests.cast import cast_assemble
from tests.imports.files import booking, write


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_make_each_guest_and_stay_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 5)
    house = cast_assemble().fjordstuen
    rows = [booking(n, name=f"Guest {n % 7}", email=f"guest{n % 7}@berg.no") for n in range(40)]
    # The same bookings, the second file in the opposite order: a deadlock, were cards locked as they come.
    files = [write(tmp_path / "one.csv", rows), write(tmp_path / "two.csv", reversed(rows))]
    runs = []
    for file in files:
        with business_scope(house.pk):
            run = run_create(source=source_open(path=file), file_name=file.name)
            run_begin(run=run)
        runs.append(run.pk)
    start = threading.Barrier(2)
    errors: list[BaseException] = []

    def work(run_id: int, file: Path) -> None:
        try:
            start.wait(timeout=20)
            run_work(business_id=house.pk, run_id=run_id, path=file)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=pair) for pair in zip(runs, files, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    with business_scope(house.pk):
        assert Stay.objects.count() == StayParticipant.objects.count() == 40
        assert Customer.objects.count() == 7
        counts = [run.counts for run in ImportRun.objects.order_by("id")]
        assert sum(count["stays"]["created"] for count in counts) == 40
        assert sum(count["guests"]["created"] for count in counts) == 7
        assert {run.state for run in ImportRun.objects.all()} == {ImportRun.State.DONE}
