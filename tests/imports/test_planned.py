"""New guests that a preview has planned are written as the long way would write them, once, whatever comes between."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.sealed_files import SealedWriter
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId
from customers.changes.services import change_set_undo
from customers.facts.models import CustomerFacts
from imports import spool
from imports.models import ImportRun, ImportSeen
from imports.retention import nobodys_files_remove
from imports.services import (
    replaying,
    rows_decide,
    run_check,
    run_discard,
    run_policy_set,
    run_start,
    run_stop,
    run_work,
    working,
)
from imports.spool import spool_path
from imports.staging import turn_take
from tests.cast import Cast, House, cast_assemble
from tests.factories import CustomerFactory, CustomFieldFactory, EmailFactory, ExternalIdFactory
from tests.imports.plans import dump, long_way, mixed, plan_of, planned_lines, rows
from tests.imports.previews import again, checked, imported

pytestmark = pytest.mark.usefixtures("small_batches")


def test_what_was_planned_is_written_as_the_long_way_would(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for house, is_long in ((cast.fjordstuen, False), (cast.duinzicht, True)):
        with business_scope(house.pk):
            EmailFactory(customer=CustomerFactory(given_name="Åse", family_name="Sørensen"), value="ase@fjord.no")
            CustomFieldFactory(label="Car", key="car")
        if is_long:
            long_way(monkeypatch)
        run = checked(house, tmp_path, [each | {"Car": f"EL {number}"} for number, each in enumerate(mixed())])
        if not is_long:
            assert planned_lines(house, run) == set(range(2, 22)) - {3, 4, 7, 9, 11}
        with business_scope(house.pk):
            before = run.counts
        run = imported(house, run)
        assert run.counts == before
        assert run.rows_done == run.rows_about == 20
        found = dump(house)
        told.append((found, run.counts, sorted(run.problem_groups), run.problem_count))
    (ours, *ours_told), (theirs, *theirs_told) = told
    for what, kept in ours.items():
        assert kept == theirs[what], what
    assert ours_told == theirs_told


def test_somebody_who_came_meanwhile_is_found(house: House, tmp_path: Path) -> None:
    run = checked(house, tmp_path, rows())
    with business_scope(house.pk):
        came = CustomerFactory(given_name="Guest8", family_name="Berg", city="")
        EmailFactory(customer=came, value="guest8@berg.no")
    run = imported(house, run)
    assert (run.counts["guests"]["created"], run.counts["guests"]["updated"]) == (19, 1)
    with business_scope(house.pk):
        assert Customer.objects.filter(given_name="Guest8").count() == 1
        assert ContactPoint.objects.filter(customer=came, kind="phone").exists()


def test_who_shares_an_address_with_a_guest_of_the_register_is_written_without_the_file(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with business_scope(house.pk):
        parent = CustomerFactory(given_name="Parent", family_name="Berg")
        EmailFactory(customer=parent, value="guest8@berg.no")
    run = checked(house, tmp_path, rows())
    assert planned_lines(house, run) == set(range(2, 22)) - {10}
    read_again: list[object] = []
    monkeypatch.setattr(working, "interpreted_lines", lambda *of: read_again.append(of) or [])
    run = imported(house, run)
    assert run.counts["guests"]["created"] == 20
    assert not read_again
    with business_scope(house.pk):
        assert ContactPoint.objects.filter(normalised="guest8@berg.no").count() == 2


def test_somebody_with_the_number_of_another_guest_who_came_meanwhile_is_found(house: House, tmp_path: Path) -> None:
    run = checked(house, tmp_path, rows())
    with business_scope(house.pk):
        came = CustomerFactory(given_name="Guest8", family_name="Berg")
        ExternalIdFactory(customer=came, system=run.format, value="N8")
    run = imported(house, run)
    assert (run.counts["guests"]["created"], run.counts["guests"]["updated"]) == (19, 1)


def test_decisions_about_planned_guests_are_carried_out(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        other = CustomerFactory(given_name="Other", family_name="Name")
    run = checked(house, tmp_path, rows())
    with business_scope(house.pk):
        rows_decide(run_id=run.pk, lines=[4, 12], decision="skip")
        rows_decide(run_id=run.pk, lines=[7], decision="same", customer_id=other.pk)
        rows_decide(run_id=run.pk, lines=[8], decision="create")
    run = imported(house, run)
    assert run.counts["guests"] == {"created": 17, "updated": 1, "unchanged": 0, "invalid": 0}
    assert run.rows_done == 20
    with business_scope(house.pk):
        names = set(Customer.objects.values_list("given_name", flat=True))
        assert {"Guest2", "Guest10"}.isdisjoint(names)
        assert ContactPoint.objects.filter(customer=other, normalised="guest5@berg.no").exists()


def test_further_rows_of_a_guest_follow_a_decision_about_the_first(house: House, tmp_path: Path) -> None:
    listed = rows()
    listed[13] = listed[1] | {"id": "", "note": "Once more"}
    with business_scope(house.pk):
        chosen = CustomerFactory(given_name="Guest1", family_name="Berg")
    run = checked(house, tmp_path, listed)
    assert 3 in planned_lines(house, run)
    with business_scope(house.pk):
        rows_decide(run_id=run.pk, lines=[3], decision="same", customer_id=chosen.pk)
    run = imported(house, run)
    with business_scope(house.pk):
        assert Customer.objects.filter(given_name="Guest1").count() == 1
    assert (run.counts["guests"]["created"], run.counts["guests"]["updated"]) == (18, 1)


def test_what_has_opted_out_further_up_in_the_file_stays_so_on_every_card(house: House, tmp_path: Path) -> None:
    listed = [each | {"email_state": ""} for each in rows()]
    listed[0]["email_state"] = "opted_out"
    listed[9]["email"] = listed[0]["email"]
    imported(house, checked(house, tmp_path, listed))
    with business_scope(house.pk):
        states = set(ContactPoint.objects.filter(normalised="guest0@berg.no").values_list("state", flat=True))
        assert ContactPoint.objects.filter(normalised="guest0@berg.no").count() == 2
    assert states == {"opted_out"}


def test_of_two_guests_with_one_number_or_name_and_phone_the_first_has_it(house: House, tmp_path: Path) -> None:
    listed = rows()
    listed[0]["email"] = "guest0@"
    listed[9]["id"] = listed[0]["id"]
    listed[1]["email"] = "guest1@"
    listed[10] |= {"given_name": "Guest1", "phone": listed[1]["phone"]}
    run = checked(house, tmp_path, listed)
    assert {2, 3, 11, 12}.isdisjoint(planned_lines(house, run))
    imported(house, run)
    with business_scope(house.pk):
        assert ExternalId.objects.get(value="N0").customer.given_name == "Guest0"


def test_a_stop_is_obeyed_between_batches_and_the_run_goes_on(house: House, tmp_path: Path) -> None:
    run = checked(house, tmp_path, rows())
    with business_scope(house.pk):
        run_start(run_id=run.pk, member=house.admin)

    def stop(done: int) -> None:
        with business_scope(house.pk):
            run_stop(run_id=run.pk)

    run_work(business_id=house.pk, run_id=run.pk, tell=stop)
    assert again(house, run).state == ImportRun.State.STOPPED
    with business_scope(house.pk):
        assert Customer.objects.count() == again(house, run).rows_done == 4
        run_start(run_id=run.pk, member=house.admin)
    run_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        assert Customer.objects.count() == again(house, run).counts["guests"]["created"] == 20


def test_it_is_one_act_that_can_be_undone(house: House, tmp_path: Path) -> None:
    run = imported(house, checked(house, tmp_path, rows()))
    with business_scope(house.pk):
        assert run.change_set_id is not None
        change_set_undo(change_set_id=run.change_set_id, member=house.admin)
        assert not Customer.objects.exists()
        assert not ExternalId.objects.exists()


def test_another_policy_makes_another_plan(house: House, tmp_path: Path) -> None:
    run = checked(house, tmp_path, rows())
    with business_scope(house.pk):
        run_policy_set(run_id=run.pk, policy=run.policy | {"update": "fill", "consents": "none", "tag": "Old list"})
        assert plan_of(house, again(house, run)) is None
    run_check(business_id=house.pk, run_id=run.pk)
    imported(house, again(house, run))
    with business_scope(house.pk):
        assert CustomerTag.objects.filter(tag__name="Old list").count() == 20


def test_the_plan_is_sealed_and_goes_with_the_run(
    house: House, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    run = checked(house, tmp_path, rows())
    path = spool_path(run, house.business)
    assert b"berg.no" not in path.read_bytes()
    with django_capture_on_commit_callbacks(execute=True):
        imported(house, run)
    assert not path.exists()
    run = checked(house, tmp_path, rows(3, city="Molde"))
    assert spool_path(run, house.business).exists()
    with django_capture_on_commit_callbacks(execute=True), business_scope(house.pk):
        run_discard(run_id=run.pk)
    assert not spool_path(run, house.business).exists()


def test_a_plan_that_was_changed_on_the_disk_is_not_believed(house: House, tmp_path: Path) -> None:
    run = checked(house, tmp_path, rows())
    path = spool_path(run, house.business)
    sealed = bytearray(path.read_bytes())
    sealed[-20] ^= 1
    path.write_bytes(sealed)
    assert imported(house, run).counts["guests"]["created"] == 20


def test_plans_of_runs_that_are_over_are_swept_away_and_others_kept(house: House, tmp_path: Path) -> None:
    run = checked(house, tmp_path, rows())
    path = spool_path(run, house.business)
    os.utime(path, (0, 0))
    nobodys_files_remove()
    assert path.exists()
    with business_scope(house.pk):
        ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.DONE)
    nobodys_files_remove()
    assert not path.exists()


def test_a_full_disk_costs_the_plan_and_nothing_else(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = SealedWriter.write

    def write(self: SealedWriter, data: Any, /) -> int:
        if self.path.suffix == spool.SUFFIX:
            raise OSError(28, "No space left on device")
        return kept(self, data)

    monkeypatch.setattr(SealedWriter, "write", write)
    run = checked(house, tmp_path, rows())
    kept_path = spool_path(run, house.business)
    assert not list(kept_path.parent.glob(f"{kept_path.name}*"))
    assert imported(house, run).counts["guests"]["created"] == 20


@pytest.fixture
def committed(transactional_db: None) -> Iterator[House]:
    """A house that other connections see."""
    return cast_assemble().fjordstuen  # type: ignore[return-value]


def test_another_import_has_its_turn(committed: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for a few batches, not for the run."""
    monkeypatch.setattr(replaying, "TURN_BATCHES", 2)
    monkeypatch.setattr(replaying, "TURN_LONGEST", 1_000)
    write_planned, waiting, found = replaying.write_planned, threading.Event(), []

    def other(job: Any) -> None:
        with business_scope(committed.pk):
            turn_take(job)
            found.append(ImportSeen.objects.filter(what=ImportSeen.What.BATCH, row_id__gte=0).count())
        connection.close()

    thread: list[threading.Thread] = []

    def slow(**options: Any) -> Any:
        if not waiting.is_set():
            waiting.set()
            thread.append(threading.Thread(target=other, args=[options["job"]]))
            thread[0].start()
        time.sleep(0.05)
        return write_planned(**options)

    monkeypatch.setattr(replaying, "write_planned", slow)
    run = imported(committed, checked(committed, tmp_path, rows(80)))
    thread[0].join(timeout=30)
    assert run.counts["guests"]["created"] == 80
    assert 2 <= found[0] < 10


def test_several_connections_write_as_one_does(
    committed: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "TURN_LONGEST", 8)
    used: set[int] = set()
    write_planned = replaying.write_planned

    def told(**options: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            used.add(cursor.fetchone()[0])
        return write_planned(**options)

    monkeypatch.setattr(replaying, "write_planned", told)
    run = imported(committed, checked(committed, tmp_path, rows(40)))
    assert 1 < len(used) <= replaying.WRITERS
    assert run.counts["guests"]["created"] == 40
    with business_scope(committed.pk):
        assert Customer.objects.count() == CustomerFacts.objects.count() == 40
        assert CustomerTag.objects.count() == 28
        assert ContactPoint.objects.count() == 80
