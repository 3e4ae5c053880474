"""A run that is carrying a plan out may be killed, fail, or lose the plan: nobody is lost, doubled or counted twice."""

from collections.abc import Iterator
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.facts.models import CustomerFacts
from imports.models import ImportProblem, ImportRun, ImportSeen
from imports.retention import files_expire
from imports.services import (
    replaying,
    run_start,
    run_stop,
    run_work,
    working,
)
from imports.spool import Spooled, SpoolLost, spool_path, spool_read
from tests.cast import House
from tests.factories import CustomFieldFactory
from tests.imports.plans import mixed, plan_of, planned_lines, rows
from tests.imports.previews import again, checked, imported

pytestmark = pytest.mark.usefixtures("small_batches")


class Killed(BaseException):
    """What ends a worker here."""


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize("lost", [False, True], ids=["spool there", "spool lost"])
def test_a_run_that_was_killed_goes_on_and_doubles_nobody(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, lost: bool
) -> None:
    run = checked(house, tmp_path, mixed())
    write_planned = replaying.write_planned
    written = 0

    def dying(**options: Any) -> Any:
        nonlocal written
        done = write_planned(**options)
        if written == after:
            raise Killed
        written += 1
        return done

    monkeypatch.setattr(replaying, "write_planned", dying)
    with business_scope(house.pk):
        run_start(run_id=run.pk, member=house.admin)
    with pytest.raises(Killed):
        run_work(business_id=house.pk, run_id=run.pk)
    monkeypatch.setattr(replaying, "write_planned", write_planned)
    if lost:
        spool_path(run, house.business).unlink()
    with business_scope(house.pk):
        assert ImportSeen.objects.filter(run_id=run.pk, what="b", row_id__gte=0).count() == after
    run_work(business_id=house.pk, run_id=run.pk)
    run = again(house, run)
    assert run.state == ImportRun.State.DONE
    with business_scope(house.pk):
        assert Customer.objects.count() == run.counts["guests"]["created"] == 17
        assert run.counts["guests"]["invalid"] == run.problem_count - 1 == ImportProblem.objects.count() - 1 == 1
        assert run.rows_done == run.rows_about == 20
        assert Customer.objects.count() == CustomerFacts.objects.count()
        assert not ImportSeen.objects.exists()


@pytest.mark.parametrize("known", [False, True], ids=["new guests", "guests of before"])
def test_a_plan_that_is_lost_among_the_other_rows_counts_nothing_twice(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    if known:
        imported(house, checked(house, tmp_path, mixed()))
    run = checked(house, tmp_path, [each | {"source": "Fair"} for each in mixed()])
    before = run.counts
    write_batch = working.write_batch
    written = 0

    def dying(**options: Any) -> Any:
        nonlocal written
        written += 1
        if written == 1 + known:
            raise Killed
        return write_batch(**options)

    monkeypatch.setattr(working, "write_batch", dying)
    with business_scope(house.pk):
        run_start(run_id=run.pk, member=house.admin)
    with pytest.raises(Killed):
        run_work(business_id=house.pk, run_id=run.pk)
    spool_path(run, house.business).unlink()
    run_work(business_id=house.pk, run_id=run.pk)
    run = again(house, run)
    assert run.counts == before
    assert run.rows_done == 20
    with business_scope(house.pk):
        assert Customer.objects.count() == 17
        assert run.problem_count == ImportProblem.objects.filter(run=run).count()


@pytest.mark.parametrize("is_gone", [False, True], ids=["damaged", "gone"])
def test_a_plan_that_is_lost_while_it_is_carried_out_costs_nobody(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_gone: bool
) -> None:
    run = checked(house, tmp_path, mixed())
    before = run.counts
    path = spool_path(run, house.business)
    write = working.planned_write

    def losing(*given: Any) -> Any:
        late = write(*given)
        if is_gone:
            path.unlink()
        return late

    def spoiled(*given: Any) -> Iterator[Spooled] | None:
        kept = spool_read(*given)
        return None if kept is None else chain(islice(kept, 2), _lost())

    monkeypatch.setattr(working, "planned_write", losing)
    if not is_gone:
        monkeypatch.setattr(working, "spool_read", spoiled)
    run = imported(house, run)
    assert run.counts == before
    assert run.rows_done == 20
    with business_scope(house.pk):
        assert Customer.objects.count() == 17
    assert not path.exists()


def _lost() -> Iterator[Spooled]:
    raise SpoolLost
    yield


def test_a_plan_that_is_damaged_in_its_middle_says_so(house: House, tmp_path: Path) -> None:
    run = checked(house, tmp_path, rows(900, note="".join(map(chr, range(0x4E00, 0x5600)))[:1000]))
    path = spool_path(run, house.business)
    sealed = bytearray(path.read_bytes())
    assert len(sealed) > 3 << 20
    sealed[len(sealed) // 2] ^= 1
    path.write_bytes(sealed)
    with business_scope(house.pk):
        kept = plan_of(house, run)
    assert kept is not None
    with pytest.raises(SpoolLost):
        list(kept)


def test_a_plan_made_with_other_options_of_an_own_field_is_left_aside(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        field = CustomFieldFactory(label="Room", key="room", kind="choice", options=[{"key": "a", "label": "A"}])
    run = checked(house, tmp_path, [each | {"Room": "A"} for each in rows()])
    assert planned_lines(house, run)
    with business_scope(house.pk):
        field.options = [{"key": "b", "label": "B"}]
        field.save()
        assert plan_of(house, run) is None


def test_a_batch_of_a_run_that_has_failed_meanwhile_is_not_written(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = checked(house, tmp_path, rows())
    write_planned = replaying.write_planned

    def late(**options: Any) -> Any:
        done = write_planned(**options)
        ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.FAILED)
        return done

    monkeypatch.setattr(replaying, "write_planned", late)
    with business_scope(house.pk):
        run_start(run_id=run.pk, member=house.admin)
    run_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        assert not Customer.objects.exists()


def test_the_plan_of_a_stopped_run_goes_with_its_file(
    house: House, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    run = checked(house, tmp_path, rows())
    with business_scope(house.pk):
        run_start(run_id=run.pk, member=house.admin)
        run_stop(run_id=run.pk)
    run_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        assert ImportRun.objects.filter(state=ImportRun.State.STOPPED).update(kept_until=date(2020, 1, 1)) == 1
    assert spool_path(run, house.business).exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert files_expire() == 1
    assert not spool_path(run, house.business).exists()
