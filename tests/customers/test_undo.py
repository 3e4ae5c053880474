"""Undo: what goes back, what is kept, and the way forth again."""

import datetime as dt
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import given

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.changes.models import Change, ChangeSet
from customers.changes.outcome import UndoOutcome
from customers.changes.services import (
    CannotUndo,
    change_set,
    change_set_undo,
)
from customers.changes.undo import tracked_models
from customers.history.models import Activity, Stay, StayParticipant
from tests.cast import Cast, House
from tests.customers.acts import RANDOM_ACTS, Step, example, perform, register, steps
from tests.factories import (
    ActivityFactory,
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    ExternalIdFactory,
    StayParticipantFactory,
)

pytestmark = pytest.mark.django_db

EDIT = ChangeSet.Kind.EDIT


def undo(act: ChangeSet) -> UndoOutcome:
    return change_set_undo(change_set_id=act.pk)[1]


@pytest.mark.usefixtures("fjordstuen")
class TestUndo:
    def test_columns_go_back_one_by_one(self) -> None:
        """What was edited since stays, what was not goes back, of the same row."""
        guest = CustomerFactory(city="Bergen", street="Bryggen 1", note="quiet")
        with change_set(kind=EDIT) as act:
            Customer.objects.filter(pk=guest.pk).update(city="Voss", street="Vangen 2", note="loud")
        with change_set(kind=EDIT):
            Customer.objects.filter(pk=guest.pk).update(city="Odda")
        outcome = undo(act)
        guest.refresh_from_db()
        assert (guest.city, guest.street, guest.note) == ("Odda", "Bryggen 1", "quiet")
        assert (outcome.reverted, outcome.kept, outcome.kept_rows) == (1, 1, [("customer", guest.pk)])

    def test_steps_within_an_act_are_folded(self) -> None:
        guest = CustomerFactory(city="Bergen", note="quiet")
        with change_set(kind=EDIT) as act:
            for city in ("Voss", "Odda", "Eidfjord"):
                Customer.objects.filter(pk=guest.pk).update(city=city)
            Customer.objects.filter(pk=guest.pk).update(note="loud")
            Customer.objects.filter(pk=guest.pk).update(note="quiet")
        with change_set(kind=EDIT):
            Customer.objects.filter(pk=guest.pk).update(note="asleep")
        outcome = undo(act)
        guest.refresh_from_db()
        assert (guest.city, guest.note) == ("Bergen", "asleep")
        assert (outcome.reverted, outcome.kept) == (1, 0), "the act left the note as it was"

    def test_a_value_between_old_and_new_is_not_taken_for_the_new_one(self) -> None:
        guest = CustomerFactory(city="Bergen")
        with change_set(kind=EDIT) as act:
            Customer.objects.filter(pk=guest.pk).update(city="Voss")
            Customer.objects.filter(pk=guest.pk).update(city="Odda")
        with change_set(kind=EDIT):
            Customer.objects.filter(pk=guest.pk).update(city="Voss")
        assert undo(act).kept == 1
        guest.refresh_from_db()
        assert guest.city == "Voss"

    def test_null_and_back(self) -> None:
        guest = CustomerFactory(birth_date=dt.date(1980, 1, 1))
        with change_set(kind=EDIT) as act:
            Customer.objects.filter(pk=guest.pk).update(birth_date=None)
        undo(act)
        guest.refresh_from_db()
        assert guest.birth_date == dt.date(1980, 1, 1)

    def test_made_rows_go(self) -> None:
        with change_set(kind=EDIT) as act:
            part = StayParticipantFactory()
            EmailFactory(customer=part.customer)
            Customer.objects.filter(pk=part.customer_id).update(city="Voss")
        outcome = undo(act)
        assert (outcome.removed, outcome.kept) == (4, 0)
        assert not Customer.objects.exists()
        assert not Stay.objects.exists()

    def test_a_made_row_edited_since_is_kept_and_listed(self) -> None:
        with change_set(kind=EDIT) as act:
            kept, gone = CustomerFactory(), CustomerFactory()
        with change_set(kind=EDIT):
            Customer.objects.filter(pk=kept.pk).update(city="Voss")
        outcome = undo(act)
        assert list(Customer.objects.all()) == [kept]
        assert (outcome.removed, outcome.kept, outcome.kept_rows) == (1, 1, [("customer", kept.pk)])
        assert not Customer.objects.filter(pk=gone.pk).exists()

    @pytest.mark.parametrize(
        "point",
        [
            lambda guest: ActivityFactory(customer=guest),
            lambda guest: CustomerTagFactory(customer=guest),
            lambda guest: StayParticipantFactory(customer=guest),
            lambda guest: EmailFactory(customer=guest),
            lambda guest: ExternalIdFactory(customer=guest),
        ],
        ids=["note", "tag", "stay", "email", "external id"],
    )
    def test_a_made_row_that_something_points_to_is_kept(self, point: Callable[[Customer], Any]) -> None:
        with change_set(kind=EDIT) as act:
            guest = CustomerFactory()
        point(guest)
        outcome = undo(act)
        assert outcome.kept_rows == [("customer", guest.pk)]
        assert Customer.objects.filter(pk=guest.pk).exists()

    def test_deleted_rows_return_with_their_ids(self) -> None:
        part = StayParticipantFactory(customer__city="Voss")
        ActivityFactory(customer=part.customer)
        before = register()
        with change_set(kind=EDIT) as act:
            for model in (Activity, StayParticipant, Stay, Customer):
                model.objects.all().delete()
        outcome = undo(act)
        assert (outcome.restored, outcome.blocked) == (4, 0)
        assert register() == before

    def test_a_row_changed_and_then_deleted_returns_as_it_was(self) -> None:
        guest = CustomerFactory(city="Bergen")
        with change_set(kind=EDIT) as act:
            Customer.objects.filter(pk=guest.pk).update(city="Voss")
            Customer.objects.all().delete()
        undo(act)
        assert Customer.objects.get().city == "Bergen"

    def test_a_row_moved_to_a_new_card_and_deleted_returns_to_the_old_one(self) -> None:
        point = EmailFactory()
        before = register()
        with change_set(kind=EDIT) as act:
            ContactPoint.objects.filter(pk=point.pk).update(customer=CustomerFactory())
            ContactPoint.objects.all().delete()
        undo(act)
        assert register() == before

    def test_a_card_made_for_moved_rows_goes_when_they_have_moved_back(self) -> None:
        point = EmailFactory()
        before = register()
        with change_set(kind=EDIT) as act:
            ContactPoint.objects.filter(pk=point.pk).update(customer=CustomerFactory())
        assert undo(act).kept == 0
        assert register() == before

    def test_a_row_made_and_deleted_stays_away(self) -> None:
        with change_set(kind=EDIT) as act:
            CustomerFactory()
            Customer.objects.all().delete()
        outcome = undo(act)
        assert outcome == UndoOutcome()
        assert not Customer.objects.exists()

    def test_a_column_younger_than_the_row_takes_its_default(self) -> None:
        """A release may add columns between the act and its undo."""
        guest = CustomerFactory()
        old = json.loads(register()["customer"][guest.pk]) | {"version": 1}
        for column in ("source", "note", "first_contact", "created_at"):
            del old[column]
        with change_set(kind=EDIT) as act:
            Customer.objects.all().delete()
        with change_set(kind=EDIT) as older:
            pass
        Change.objects.create(change_set_id=older.pk, record="customer", row_id=guest.pk, act="D", data=old, xid=1)
        assert undo(older).restored == 1
        guest = Customer.objects.get()
        assert (guest.source, guest.note, guest.first_contact) == ("", "", timezone.localdate())
        assert undo(act) == UndoOutcome(), "it is there already"

    def test_an_undo_is_an_act_and_can_be_undone(self) -> None:
        guest = CustomerFactory(city="Bergen")
        before = register()
        with change_set(kind=EDIT, title="Moved", member=None) as act:
            Customer.objects.filter(pk=guest.pk).update(city="Voss")
            EmailFactory(customer=guest)
        after = register()
        first, outcome = change_set_undo(change_set_id=act.pk)
        first.refresh_from_db()
        assert (first.kind, first.undoes_id, first.is_event) == (ChangeSet.Kind.UNDO, act.pk, False)
        assert first.result == outcome.as_result() == json.loads(json.dumps(outcome.as_result()))
        assert register() == before
        second, _ = change_set_undo(change_set_id=first.pk)
        assert register() == after
        act.refresh_from_db()
        assert (act.state, act.undone_by_id) == (ChangeSet.State.DONE, None), "the act stands again"
        change_set_undo(change_set_id=act.pk)
        assert register() == before
        with pytest.raises(CannotUndo, match="already been undone"):
            change_set_undo(change_set_id=first.pk)
        change_set_undo(change_set_id=second.pk)

    def test_undoing_step_by_step_leads_to_the_beginning(self) -> None:
        """A later edit taken back leaves no trace that would keep the row."""
        before = register()
        acts = []
        with change_set(kind=EDIT) as act:
            guest = CustomerFactory()
        acts.append(act)
        for city in ("Voss", "Odda"):
            with change_set(kind=EDIT) as act:
                Customer.objects.filter(pk=guest.pk).update(city=city)
            acts.append(act)
        for act in reversed(acts):
            assert undo(act).kept == 0
        assert register() == before

    def test_undone_twice_and_back_the_row_still_goes(self) -> None:
        with change_set(kind=EDIT) as made:
            guest = CustomerFactory()
        with change_set(kind=EDIT) as edited:
            Customer.objects.filter(pk=guest.pk).update(city="Voss")
        first, _ = change_set_undo(change_set_id=edited.pk)
        change_set_undo(change_set_id=first.pk)
        assert undo(made).kept == 1, "the edit stands again"

    def test_a_row_changed_and_deleted_goes_again_when_the_undo_is_undone(self) -> None:
        note = ActivityFactory()
        with change_set(kind=EDIT) as act:
            Activity.objects.filter(pk=note.pk).update(text="Changed")
            Activity.objects.all().delete()
        undone, _ = change_set_undo(change_set_id=act.pk)
        change_set_undo(change_set_id=undone.pk)
        assert not Activity.objects.exists()

    def test_refusals(self) -> None:
        with change_set(kind=EDIT) as act:
            CustomerFactory()
            with pytest.raises(CannotUndo, match="still running"):
                undo(act)
        undo(act)
        with pytest.raises(CannotUndo, match="already been undone"):
            undo(act)
        with pytest.raises(CannotUndo, match="not in the register"):
            change_set_undo(change_set_id=2**40)

    def test_another_businesss_act_is_not_there(self, cast: Cast) -> None:
        with business_scope(cast.duinzicht.pk), change_set(kind=EDIT) as act:
            CustomerFactory()
        with pytest.raises(CannotUndo, match="not in the register"):
            undo(act)

    def test_who_undid_what_is_in_the_log(self, fjordstuen: House) -> None:
        with change_set(kind=EDIT) as act:
            CustomerFactory()
        change_set_undo(change_set_id=act.pk, member=fjordstuen.admin)
        entry = AuditEntry.objects.get(action="change.undone")
        assert (entry.member_id, entry.object_id) == (fjordstuen.admin.pk, act.pk)


@pytest.mark.usefixtures("fjordstuen")
class TestAnyAct:
    @RANDOM_ACTS
    @given(earlier=steps, act=steps)
    def test_undo_is_the_way_back_and_its_undo_the_way_forth(self, earlier: list[Step], act: list[Step]) -> None:
        with example():
            with change_set(kind=EDIT):
                perform(earlier)
            before = register()
            with change_set(kind=EDIT) as done:
                perform(act)
            after = register()
            undone, outcome = change_set_undo(change_set_id=done.pk)
            assert register() == before
            assert (outcome.kept, outcome.blocked) == (0, 0)
            redone, outcome = change_set_undo(change_set_id=undone.pk)
            assert register() == after
            assert (outcome.kept, outcome.blocked) == (0, 0)
            change_set_undo(change_set_id=redone.pk)
            assert register() == before

    @RANDOM_ACTS
    @given(earlier=steps, act=steps, later=steps)
    def test_what_others_did_since_stays(self, earlier: list[Step], act: list[Step], later: list[Step]) -> None:
        with example():
            with change_set(kind=EDIT):
                perform(earlier)
            with change_set(kind=EDIT) as first:
                perform(act)
            with change_set(kind=EDIT) as second:
                perform(later)
            before = register()
            undo(first)
            after = register()
            touched = {(c.record, c.row_id): c for c in Change.objects.filter(change_set_id=first.pk)}
            made_later = set(Change.objects.filter(change_set_id=second.pk, act="I").values_list("record", "row_id"))
            edited: dict[tuple[str, int], dict[str, Any]] = {}
            for change in Change.objects.filter(change_set_id=second.pk, act="U").order_by("id"):
                edited.setdefault((change.record, change.row_id), {}).update(change.data)
            for model in tracked_models():
                record = str(model._meta.model_name)
                for row, contents in before[record].items():
                    if (record, row) not in touched or (record, row) in made_later:
                        assert after[record][row] == contents, (record, row)
                for row, steps_since in edited.items():
                    if row[0] == record and row[1] in before[record] and row in touched:
                        self.assert_kept(
                            json.loads(before[record][row[1]]), after[record].get(row[1]), steps_since, touched[row]
                        )

    @staticmethod
    def assert_kept(before: dict[str, Any], after: str | None, edited: dict[str, Any], change: Change) -> None:
        """Each column that somebody edited since, to a value that is not the act's, is as they left it."""
        assert after is not None, "a row edited since never goes"
        for column in edited:
            last = _last_value(change, column)
            if before[column] != last:
                assert json.loads(after)[column] == before[column], column


def _last_value(change: Change, column: str) -> Any:
    """What the act left in a column of a row, as far as it wrote it."""
    steps_of_act = Change.objects.filter(
        change_set_id=change.change_set_id, record=change.record, row_id=change.row_id, act="U"
    ).order_by("-id")
    for step in steps_of_act:
        if column in step.data:
            return step.data[column][1]
    return object()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_undo_the_same_act_one_is_told(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        guest = CustomerFactory(city="Bergen")
        with change_set(kind=EDIT) as act:
            Customer.objects.filter(pk=guest.pk).update(city="Voss")
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def undo_it() -> None:
        try:
            together.wait()
            with business_scope(house.pk):
                change_set_undo(change_set_id=act.pk)
            outcomes.append("undone")
        except CannotUndo as refused:
            outcomes.append(str(refused))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=undo_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["This change has already been undone.", "undone"]
    with business_scope(house.pk):
        assert Customer.objects.get().city == "Bergen"
        assert ChangeSet.objects.filter(kind=ChangeSet.Kind.UNDO).count() == 1
