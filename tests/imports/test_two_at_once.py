"""Two at once, in real transactions: imports into one business, a check and somebody who says otherwise."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.history.models import Stay, StayParticipant
from imports.models import ImportRow, ImportRun
from imports.services import (
    checking,
    run_begin,
    run_check,
    run_create,
    run_policy_set,
    run_work,
    source_open,
    sources,
)
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


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_a_check_to_say_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 5)
    house = cast_assemble().fjordstuen
    path = write(tmp_path / "one.csv", [booking(n) for n in range(20)])
    with business_scope(house.pk):
        run = run_create(source=source_open(path=path), file_name=path.name)
    write_batch, told = checking.write_batch, threading.Event()

    def say() -> None:
        try:
            with business_scope(house.pk):
                run_policy_set(run_id=run.pk, policy={"tag": "Later"})
            told.set()
        finally:
            connections.close_all()

    def first(**options: Any) -> Any:
        done = write_batch(**options)
        if not told.is_set():
            # Its rows are written, and nothing is committed yet.
            thread = threading.Thread(target=say)
            thread.start()
            thread.join(timeout=20)
        return done

    monkeypatch.setattr(checking, "write_batch", first)
    run_check(business_id=house.pk, run_id=run.pk, path=path)
    assert told.is_set(), "the check did not hold the run"
    with business_scope(house.pk):
        assert ImportRun.objects.get().state == ImportRun.State.CHECKING
        assert not ImportRow.objects.exists()
    run_check(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        assert ImportRun.objects.get().state == ImportRun.State.READY
        assert ImportRow.objects.count() == 20
