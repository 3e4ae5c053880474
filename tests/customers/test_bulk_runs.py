"""Runs in the background: interrupted, doubled, cancelled, forgotten, broken."""

import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from accounts.models import Capability
from accounts.tenancy import business_scope
from customers.bulk import services
from customers.bulk.models import BulkGuests, BulkRun
from customers.bulk.registry import SOCKETS, Action, Asked, Left, available, register, unregister
from customers.bulk.selectors import runs_silent
from customers.bulk.services import RunRefused, bulk_cancel, bulk_start, bulk_work
from customers.bulk.tasks import bulk_run_work, bulk_sweep
from customers.bulk.undoing import bulk_undo
from customers.card.models import Customer, CustomerTag, Tag
from customers.card.services import tag_add
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set, change_set_undo
from tests.cast import Cast, House
from tests.factories import CustomerFactory, TagFactory

GUESTS = 23


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches that are over soon, and everything in the background."""
    monkeypatch.setattr("customers.bulk.services.SMALL", 0)
    monkeypatch.setattr("customers.bulk.services.BATCH", 5)


def begin(house: House, tag: Tag | None = None, **given: Any) -> BulkRun:
    """A run that waits, tagging every guest there is."""
    tag = tag or TagFactory()
    return bulk_start(
        business=house.business,
        action="tag_add",
        values={"tag": str(tag.pk)},
        ids=list(Customer.objects.order_by("-id").values_list("pk", flat=True)),
        member=house.marketing,
        **given,
    )


def once_only(run: BulkRun) -> None:
    """Every guest was changed once, and counted once."""
    run.refresh_from_db()
    assert (run.state, run.done, run.changed) == (BulkRun.State.DONE, GUESTS, GUESTS)
    assert CustomerTag.objects.count() == GUESTS
    changes = Change.objects.filter(change_set_id=run.change_set_id)
    assert changes.count() == changes.values("guest_id").distinct().count() == GUESTS
    assert ChangeSet.objects.get(pk=run.change_set_id).state == ChangeSet.State.DONE
    assert not BulkGuests.objects.exists()


@pytest.mark.django_db
class TestInterrupted:
    def test_it_goes_on_from_the_batch_it_had_come_to(self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(GUESTS):
            CustomerFactory()
        run = begin(fjordstuen)
        step, steps = _steps()
        monkeypatch.setattr("customers.bulk.services._step", _broken_after(step, 2, KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        run.refresh_from_db()
        assert (run.state, run.done, run.batches_done) == (BulkRun.State.RUNNING, 10, 2)
        assert CustomerTag.objects.count() == 10
        with pytest.raises(Exception, match="still running"):
            change_set_undo(change_set_id=run.change_set_id)
        monkeypatch.setattr("customers.bulk.services._step", steps)
        bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        once_only(run)
        assert steps.numbers == [2, 3, 4, 5]

    def test_a_fault_ends_it_and_what_was_written_can_be_undone(
        self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(GUESTS):
            CustomerFactory()
        run = begin(fjordstuen)
        step, _steps_taken = _steps()
        monkeypatch.setattr("customers.bulk.services._step", _broken_after(step, 1, ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        run.refresh_from_db()
        assert (run.state, run.changed) == (BulkRun.State.FAILED, 5)
        change_set_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        assert not CustomerTag.objects.exists()
        bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        assert not CustomerTag.objects.exists(), "what has ended is not taken up again"

    @pytest.mark.parametrize(("failures", "state"), [(2, BulkRun.State.DONE), (3, BulkRun.State.FAILED)])
    def test_a_deadlock_is_tried_again_twice(
        self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch, failures: int, state: str
    ) -> None:
        CustomerFactory()
        run = begin(fjordstuen)
        step, _steps_taken = _steps()
        left = iter(range(failures))

        def deadlocked(run_id: int, number: int) -> bool:
            if next(left, None) is not None:
                raise OperationalError from _Deadlock()
            return bool(step(run_id, number))

        monkeypatch.setattr("customers.bulk.services._step", deadlocked)
        if state == BulkRun.State.DONE:
            bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        else:
            with pytest.raises(OperationalError):
                bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        run.refresh_from_db()
        assert run.state == state

    def test_guests_that_go_or_are_restricted_meanwhile_are_left(self, fjordstuen: House) -> None:
        guests = [CustomerFactory() for _ in range(3)]
        run = begin(fjordstuen)
        with change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=guests[0].pk).delete()
            Customer.objects.filter(pk=guests[1].pk).update(is_restricted=True)
        bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        run.refresh_from_db()
        assert (run.changed, run.skipped) == (1, {"gone": 1, "restricted": 1})


@pytest.mark.django_db
class TestCancelled:
    def test_what_is_done_stays(self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(GUESTS):
            CustomerFactory()
        run = begin(fjordstuen)
        step, _steps_taken = _steps()

        def cancelled(run_id: int, number: int) -> bool:
            if number == 2:
                bulk_cancel(run_id=run_id, member=fjordstuen.marketing)
            return bool(step(run_id, number))

        monkeypatch.setattr("customers.bulk.services._step", cancelled)
        bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        run.refresh_from_db()
        assert (run.state, run.done, run.changed) == (BulkRun.State.CANCELLED, 10, 10)
        assert CustomerTag.objects.count() == 10
        assert not BulkGuests.objects.exists()
        with pytest.raises(RunRefused, match="had ended"):
            bulk_cancel(run_id=run.pk)
        change_set_undo(change_set_id=run.change_set_id, member=fjordstuen.owner)
        assert not CustomerTag.objects.exists()

    def test_an_undo_is_not(self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("customers.bulk.undoing.BIG_UNDO", 0)
        CustomerFactory()
        run = begin(fjordstuen)
        bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
        undo = bulk_undo(change_set_id=run.change_set_id)
        with pytest.raises(RunRefused, match="halfway"):
            bulk_cancel(run_id=undo.pk)


@pytest.mark.django_db
class TestSwept:
    def test_a_silent_run_is_taken_up_wherever_it_is(self, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
        nudged: list[tuple[int, int]] = []
        monkeypatch.setattr(bulk_run_work, "delay", lambda *ids: nudged.append(ids))
        silent = {}
        for house in (cast.fjordstuen, cast.duinzicht):
            with business_scope(house.pk):
                CustomerFactory()
                lost, fresh, over = begin(house), begin(house), begin(house)
                bulk_cancel(run_id=over.pk)
                long_ago = timezone.now() - timedelta(seconds=91)
                BulkRun.objects.filter(pk__in=[lost.pk, over.pk]).update(seen_at=long_ago)
                silent[house.pk] = lost.pk
                assert fresh.state == BulkRun.State.WAITING
        bulk_sweep()
        assert sorted(nudged) == sorted(silent.items()) == sorted(runs_silent())
        for business_id, run_id in nudged:
            bulk_run_work(business_id, run_id)
        assert runs_silent() == []


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_two_workers_on_one_run_do_it_once(self, transactional_cast: Cast) -> None:
        house = transactional_cast.fjordstuen
        with business_scope(house.pk):
            for _ in range(GUESTS):
                CustomerFactory()
            run = begin(house)
        assert _at_once([lambda: bulk_work(business_id=house.pk, run_id=run.pk)] * 3) == []
        with business_scope(house.pk):
            once_only(run)

    def test_two_workers_on_one_undo_do_it_once(
        self, transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("customers.bulk.undoing.BIG_UNDO", 0)
        house = transactional_cast.fjordstuen
        with business_scope(house.pk):
            for _ in range(GUESTS):
                CustomerFactory()
            run = begin(house)
        bulk_work(business_id=house.pk, run_id=run.pk)
        with business_scope(house.pk):
            run.refresh_from_db()
            undo = bulk_undo(change_set_id=run.change_set_id, member=house.owner)
        assert _at_once([lambda: bulk_work(business_id=house.pk, run_id=undo.pk)] * 3) == []
        with business_scope(house.pk):
            undo.refresh_from_db()
            assert (undo.state, undo.changed) == (BulkRun.State.DONE, GUESTS)
            assert ChangeSet.objects.filter(kind=ChangeSet.Kind.UNDO).count() == 1
            assert not CustomerTag.objects.exists()

    def test_a_double_click_starts_one_run(self, transactional_cast: Cast) -> None:
        house = transactional_cast.fjordstuen
        with business_scope(house.pk):
            CustomerFactory()
            tag = TagFactory()
        started: list[int] = []

        def click() -> None:
            with business_scope(house.pk):
                started.append(begin(house, tag, token="form").pk)

        assert _at_once([click] * 4) == []
        assert len(started) == 4
        assert len(set(started)) == 1
        with business_scope(house.pk):
            assert BulkRun.objects.count() == ChangeSet.objects.filter(kind=ChangeSet.Kind.BULK).count() == 1

    def test_the_desk_tags_the_same_guests_meanwhile(self, transactional_cast: Cast) -> None:
        """Neither waits for the other in a circle, and nobody gets a tag or a place twice."""
        house = transactional_cast.fjordstuen
        with business_scope(house.pk):
            guests = [CustomerFactory().pk for _ in range(GUESTS)]
            tag, other = TagFactory(), TagFactory()
            run, second = begin(house, tag), begin(house, other)

        def desk() -> None:
            for guest in reversed(guests):
                with business_scope(house.pk):
                    tag_add(customer_id=guest, tag_id=tag.pk)

        works = [partial(bulk_work, business_id=house.pk, run_id=each.pk) for each in (run, second)]
        assert _at_once([*works, desk]) == []
        with business_scope(house.pk):
            for each in (tag, other):
                assert CustomerTag.objects.filter(tag=each).count() == GUESTS
            run.refresh_from_db()
            assert run.changed + run.skipped.get("same", 0) == GUESTS


@pytest.mark.django_db
class TestSockets:
    def test_what_is_still_to_come_is_not_shown(self) -> None:
        assert [action.key for action in available()] == [
            *("tag_add", "tag_remove", "field_set", "automation_add", "automation_remove"),
        ]
        assert {socket.key for socket in SOCKETS} == {"automation_add", "automation_remove", "merge", "erase"}

    def test_a_room_above_plugs_its_action_in(self, fjordstuen: House) -> None:
        written: list[int] = []
        register(
            Action(
                key="merge",
                label="Merge",
                capability=Capability.EDIT,
                read=lambda given: Asked({}, "Merged"),
                left=lambda values: Left("WHEN g.given_name = 'Ola' THEN 'alone'"),
                write=lambda values, ids: written.extend(ids),
                place=1,
            )
        )
        try:
            assert [action.key for action in available()][-1] == "merge", "in its socket's place"
            kari, ola = CustomerFactory(given_name="Kari"), CustomerFactory(given_name="Ola")
            run = bulk_start(
                business=fjordstuen.business, action="merge", values={}, ids=[kari.pk, ola.pk], member=fjordstuen.owner
            )
            bulk_work(business_id=fjordstuen.pk, run_id=run.pk)
            run.refresh_from_db()
            assert (written, run.changed, run.skipped) == ([kari.pk], 1, {"alone": 1})
            with pytest.raises(KeyError):
                register(available()[0])
        finally:
            unregister("merge")


class _Deadlock(Exception):
    pgcode = "40P01"


class _Steps:
    """The steps of a run, noted."""

    def __init__(self, step: Any) -> None:
        self.step, self.numbers = step, list[int]()

    def __call__(self, run_id: int, number: int) -> bool:
        self.numbers.append(number)
        return bool(self.step(run_id, number))


def _steps() -> tuple[Any, _Steps]:
    return services._step, _Steps(services._step)


def _broken_after(step: Any, batches: int, error: BaseException) -> Any:
    def broken(run_id: int, number: int) -> bool:
        if number == batches:
            raise error
        return bool(step(run_id, number))

    return broken


def _at_once(works: list[Any]) -> list[BaseException]:
    """Do these at the same time, each in a thread and a connection of its own; returns what went wrong."""
    together, errors = threading.Barrier(len(works)), list[BaseException]()

    def one(work: Any) -> None:
        try:
            together.wait(timeout=30)
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return errors
