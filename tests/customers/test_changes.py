"""Change sets: what is recorded, and what an undo takes back and keeps."""

import datetime as dt
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone
from hypothesis import given

from accounts.models import AuditEntry, Property
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId, Tag
from customers.card.services import ContactValues, customer_create, customer_update, tag_add, tag_remove
from customers.changes.models import Change, ChangeSet, TrackedModel
from customers.changes.services import (
    CannotUndo,
    change_set,
    change_set_close,
    change_set_open,
    change_set_undo,
    recording,
)
from customers.changes.undo import UndoOutcome, tracked_models
from customers.history.models import Activity, CustomerFacts, Stay, StayParticipant
from tests.cast import Cast, House
from tests.customers.acts import RANDOM_ACTS, Step, example, perform, register, steps
from tests.factories import (
    ActivityFactory,
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    ExternalIdFactory,
    StayFactory,
    StayParticipantFactory,
    TagFactory,
)

pytestmark = pytest.mark.django_db

EDIT = ChangeSet.Kind.EDIT


def undo(act: ChangeSet) -> UndoOutcome:
    return change_set_undo(change_set_id=act.pk)[1]


def changes(act: ChangeSet) -> list[tuple[str, int, str, Any]]:
    found = Change.objects.filter(change_set_id=act.pk).order_by("id")
    return list(found.values_list("record", "row_id", "act", "data"))


def make(model: type[TrackedModel]) -> Any:
    return {
        Customer: CustomerFactory,
        ContactPoint: EmailFactory,
        CustomerTag: lambda: CustomerTagFactory(tag=Tag.objects.first()),
        ExternalId: ExternalIdFactory,
        Stay: StayFactory,
        StayParticipant: StayParticipantFactory,
        Activity: ActivityFactory,
    }[model]()


@pytest.mark.usefixtures("fjordstuen")
class TestRecording:
    @pytest.mark.parametrize("model", tracked_models(), ids=lambda model: model.__name__)
    def test_every_guest_table_refuses_a_write_outside_a_change_set(self, model: type[TrackedModel]) -> None:
        row = make(model)
        with pytest.raises(IntegrityError, match="outside a change set"), transaction.atomic():
            row.save()
        with pytest.raises(IntegrityError, match="outside a change set"), transaction.atomic():
            model._default_manager.filter(pk=row.pk).delete()
        with pytest.raises(IntegrityError, match="outside a change set"), transaction.atomic():
            model._default_manager.all().update(version=1)
        with change_set(kind=EDIT):
            model._default_manager.filter(pk=row.pk).delete()
        with pytest.raises(IntegrityError, match="outside a change set"), transaction.atomic():
            row.save(force_insert=True)

    @pytest.mark.parametrize("model", tracked_models(), ids=lambda model: model.__name__)
    def test_every_guest_table_records_and_takes_back(self, model: type[TrackedModel]) -> None:
        before = register()
        with change_set(kind=EDIT) as act:
            row = make(model)
        assert (model._meta.model_name, row.pk, "I", {"version": 1}) in changes(act)
        made = register()
        with change_set(kind=EDIT) as removal:
            model._default_manager.filter(pk=row.pk).delete()
        ((_, _, _, data),) = [change for change in changes(removal) if change[0] == model._meta.model_name]
        assert data["id"] == row.pk
        undo(removal)
        assert register() == made
        undo(act)
        assert register() == before

    def test_an_update_keeps_old_and_new_of_what_is_different(self) -> None:
        guest = CustomerFactory(city="Bergen", note="quiet")
        with change_set(kind=EDIT) as act:
            Customer.objects.filter(pk=guest.pk).update(city="Voss", note="quiet", birth_date=dt.date(1980, 2, 29))
        assert changes(act) == [
            ("customer", guest.pk, "U", {"city": ["Bergen", "Voss"], "birth_date": [None, "1980-02-29"]})
        ]
        assert Change.objects.get(change_set_id=act.pk).guest_id == guest.pk

    def test_many_rows_are_one_statement_and_one_change_each(self) -> None:
        guests = [CustomerFactory() for _ in range(3)]
        with change_set(kind=ChangeSet.Kind.BULK) as act:
            Customer.objects.all().update(city="Odda")
        assert sorted(change[1] for change in changes(act)) == sorted(guest.pk for guest in guests)

    def test_a_write_that_changes_nothing_leaves_nothing(self) -> None:
        guest = CustomerFactory()
        with change_set(kind=EDIT) as act:
            guest.save()
        guest.refresh_from_db()
        assert changes(act) == []
        assert guest.version == 1

    def test_versions_are_counted_by_the_database(self) -> None:
        guest = CustomerFactory()
        with change_set(kind=EDIT):
            guest.city, guest.version = "Voss", 99
            guest.save()
        guest.refresh_from_db()
        assert guest.version == 2

    def test_columns_of_a_stay_stand_in_its_guests_history(self) -> None:
        part = StayParticipantFactory()
        with change_set(kind=EDIT) as act:
            Stay.objects.filter(pk=part.stay_id).update(unit="12")
        assert Change.objects.get(change_set_id=act.pk).guest_id == part.customer_id

    def test_acts_inside_an_act_are_one(self) -> None:
        with change_set(kind=ChangeSet.Kind.BULK, title="Outer") as outer:
            CustomerFactory()
            with change_set(kind=EDIT, title="Inner") as inner:
                CustomerFactory()
            CustomerFactory()
        assert inner.pk == outer.pk
        assert ChangeSet.objects.count() == 1
        assert len(changes(outer)) == 3
        outer.refresh_from_db()
        assert (outer.state, outer.kind) == (ChangeSet.State.DONE, ChangeSet.Kind.BULK)

    def test_acts_after_one_another_are_two(self) -> None:
        with change_set(kind=EDIT):
            CustomerFactory()
        with pytest.raises(IntegrityError, match="outside a change set"), transaction.atomic():
            Customer.objects.create()
        with change_set(kind=EDIT):
            CustomerFactory()
        assert ChangeSet.objects.count() == 2

    def test_a_failed_act_leaves_nothing(self) -> None:
        with pytest.raises(ZeroDivisionError), change_set(kind=EDIT):
            CustomerFactory()
            raise ZeroDivisionError
        assert not Customer.objects.exists()
        assert not ChangeSet.objects.exists()
        with pytest.raises(IntegrityError, match="outside a change set"), transaction.atomic():
            Customer.objects.create()

    def test_a_failed_inner_act_leaves_the_outer_one_open(self) -> None:
        with change_set(kind=EDIT) as act:
            with pytest.raises(ZeroDivisionError), change_set(kind=EDIT):
                CustomerFactory()
                raise ZeroDivisionError
            guest = CustomerFactory()
        assert [change[1] for change in changes(act)] == [guest.pk]

    def test_several_transactions_write_one_act_until_it_is_closed(self) -> None:
        act = change_set_open(kind=ChangeSet.Kind.IMPORT)
        for _ in range(2):
            with recording(act.pk):
                CustomerFactory()
        change_set_close(change_set_id=act.pk, result={"created": 2})
        assert len(changes(act)) == 2
        with pytest.raises(IntegrityError, match="outside a change set"), recording(act.pk):
            Customer.objects.create()

    def test_an_act_says_who_and_whether_it_is_an_event(self, fjordstuen: House) -> None:
        with change_set(kind=EDIT, member=fjordstuen.reception) as edit:
            CustomerFactory()
        assert (edit.member_id, edit.actor, edit.is_event) == (
            fjordstuen.reception.pk,
            "Reception of Fjordstuen",
            True,
        )
        with business_scope(fjordstuen.pk, fjordstuen.admin.pk), change_set(kind=EDIT) as implied:
            CustomerFactory()
        assert implied.member_id == fjordstuen.admin.pk
        with change_set(kind=ChangeSet.Kind.IMPORT) as quiet:
            CustomerFactory()
        assert quiet.is_event is False
        with change_set(kind=ChangeSet.Kind.SAMPLE, is_event=True) as asked:
            CustomerFactory()
        assert asked.is_event is True

    def test_changes_know_their_transaction(self) -> None:
        with change_set(kind=EDIT) as act:
            CustomerFactory()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint")
            assert Change.objects.get(change_set_id=act.pk).xid == cursor.fetchone()[0]


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
class TestTakenPlaces:
    """Places that an undo wants back and others have taken: never an error, never a lost row without a word."""

    def test_the_primary_address_changed_in_an_edit_comes_back(self, fjordstuen: House) -> None:
        guest, _ = customer_create(
            business=fjordstuen.business, values={"given_name": "Kari"}, contacts=ContactValues(["old@example.com"])
        )
        before = register()
        _, act = customer_update(
            business=fjordstuen.business,
            customer_id=guest.pk,
            values={},
            contacts=ContactValues(["new@example.com"]),
        )
        assert act
        assert undo(act).kept == 0
        assert register() == before

    @pytest.mark.parametrize("values", [["a@example.com", "b@example.com"], ["b@example.com", "a@example.com"]])
    def test_primaries_that_changed_places_change_back(self, fjordstuen: House, values: list[str]) -> None:
        """Whichever row the database comes to first: for a moment there must not be two."""
        guest, _ = customer_create(
            business=fjordstuen.business, values={"given_name": "Kari"}, contacts=ContactValues(values)
        )
        before = register()
        _, act = customer_update(
            business=fjordstuen.business, customer_id=guest.pk, values={}, contacts=ContactValues(values[::-1])
        )
        assert act
        assert undo(act).kept == 0
        assert register() == before

    def test_a_primary_that_returns_to_one_who_has_another_since_gives_way(self) -> None:
        point = EmailFactory(is_primary=True)
        with change_set(kind=EDIT) as act:
            ContactPoint.objects.all().delete()
        newer = EmailFactory(customer=point.customer, is_primary=True)
        outcome = undo(act)
        assert (outcome.restored, outcome.blocked) == (1, 0)
        assert set(ContactPoint.objects.values_list("pk", "is_primary")) == {(point.pk, False), (newer.pk, True)}

    def test_the_rest_of_a_row_goes_back_though_its_flag_cannot(self) -> None:
        point = EmailFactory(is_primary=True, value="old@example.com", normalised="old@example.com")
        with change_set(kind=EDIT) as act:
            ContactPoint.objects.update(is_primary=False, value="new@example.com", normalised="new@example.com")
        newer = EmailFactory(customer=point.customer, is_primary=True)
        outcome = undo(act)
        assert outcome.kept_rows == [("contactpoint", point.pk)]
        assert set(ContactPoint.objects.values_list("pk", "value", "is_primary")) == {
            (point.pk, "old@example.com", False),
            (newer.pk, newer.value, True),
        }

    def test_a_tag_whose_slot_is_taken_takes_another(self) -> None:
        guest = CustomerFactory()
        first, second = Tag.objects.all()[:2]
        tag_add(customer_id=guest.pk, tag_id=first.pk)
        act = tag_remove(customer_id=guest.pk, tag_id=first.pk)
        assert act
        tag_add(customer_id=guest.pk, tag_id=second.pk)
        outcome = undo(act)
        assert (outcome.restored, outcome.blocked) == (1, 0)
        assert set(CustomerTag.objects.values_list("tag_id", "slot")) == {(second.pk, 1), (first.pk, 2)}

    def test_a_tag_stays_away_from_a_guest_who_has_nine(self) -> None:
        guest = CustomerFactory()
        removed = Tag.objects.all()[0]
        tag_add(customer_id=guest.pk, tag_id=removed.pk)
        act = tag_remove(customer_id=guest.pk, tag_id=removed.pk)
        assert act
        for _ in range(9):
            tag_add(customer_id=guest.pk, tag_id=TagFactory().pk)
        outcome = undo(act)
        assert (outcome.restored, outcome.blocked) == (0, 1)
        assert outcome.blocked_rows[0][0] == "customertag"
        assert CustomerTag.objects.count() == 9

    def test_a_tag_that_has_been_given_again_is_not_doubled(self) -> None:
        guest = CustomerFactory()
        tag = Tag.objects.all()[0]
        tag_add(customer_id=guest.pk, tag_id=tag.pk)
        act = tag_remove(customer_id=guest.pk, tag_id=tag.pk)
        assert act
        tag_add(customer_id=guest.pk, tag_id=tag.pk)
        assert undo(act).blocked == 1
        assert CustomerTag.objects.count() == 1

    def test_a_row_whose_card_is_gone_stays_away(self) -> None:
        note, other = ActivityFactory(), ActivityFactory()
        with change_set(kind=EDIT) as act:
            Activity.objects.all().delete()
        with change_set(kind=EDIT):
            Customer.objects.filter(pk=note.customer_id).delete()
        outcome = undo(act)
        assert (outcome.restored, outcome.blocked_rows) == (1, [("activity", note.pk)])
        assert list(Activity.objects.all()) == [other]

    def test_a_reference_does_not_go_back_to_a_row_that_is_gone(self) -> None:
        stay = StayFactory(unit="1")
        old = stay.property
        new = Property.objects.create(name="Annex")
        with change_set(kind=EDIT) as act:
            Stay.objects.update(property=new, unit="2")
        old.delete()
        outcome = undo(act)
        stay.refresh_from_db()
        assert (stay.property_id, stay.unit) == (new.pk, "1")
        assert outcome.kept_rows == [("stay", stay.pk)]

    def test_a_booking_reference_used_again_blocks_only_its_own_row(self) -> None:
        for number in range(5):
            StayFactory(external_system="file", external_id=str(number))
        with change_set(kind=EDIT) as act:
            Stay.objects.all().delete()
        StayFactory(external_system="file", external_id="3")
        outcome = undo(act)
        assert (outcome.restored, outcome.blocked) == (4, 1)

    def test_dates_that_would_contradict_each_other_stay(self) -> None:
        stay = StayFactory(arrival=dt.date(2026, 3, 10), departure=dt.date(2026, 3, 12))
        with change_set(kind=EDIT) as act:
            Stay.objects.update(arrival=dt.date(2026, 3, 1), unit="7")
        with change_set(kind=EDIT):
            Stay.objects.update(departure=dt.date(2026, 3, 4))
        outcome = undo(act)
        stay.refresh_from_db()
        assert (stay.arrival, stay.departure, stay.unit) == (dt.date(2026, 3, 1), dt.date(2026, 3, 4), "")
        assert outcome.kept_rows == [("stay", stay.pk)]

    def test_many_places_taken_among_many(self) -> None:
        points = [EmailFactory(is_primary=True) for _ in range(40)]
        with change_set(kind=ChangeSet.Kind.BULK) as act:
            ContactPoint.objects.all().delete()
        for point in points[::7]:
            EmailFactory(customer=point.customer, is_primary=True)
        outcome = undo(act)
        assert (outcome.restored, outcome.blocked) == (40, 0)
        assert ContactPoint.objects.filter(is_primary=True).count() == 40

    def test_a_payer_who_returns_to_a_paid_stay_gives_way(self) -> None:
        part = StayParticipantFactory(is_payer=True)
        with change_set(kind=EDIT) as act:
            StayParticipant.objects.all().delete()
        StayParticipantFactory(stay=part.stay, is_payer=True)
        undo(act)
        part.refresh_from_db()
        assert (part.is_guest, part.is_payer) == (True, False)

    def test_a_merge_of_cards_comes_apart_again(self) -> None:
        """Rows move to a survivor and the absorbed card goes; something is added to the survivor meanwhile."""
        absorbed, survivor = CustomerFactory(city="Voss"), CustomerFactory()
        point = EmailFactory(customer=absorbed, is_primary=True)
        part = StayParticipantFactory(customer=absorbed)
        with change_set(kind=ChangeSet.Kind.BULK) as act:
            for model in (ContactPoint, StayParticipant):
                model.objects.filter(customer=absorbed).update(customer=survivor)
            Customer.objects.filter(pk=survivor.pk).update(city="Voss")
            Customer.objects.filter(pk=absorbed.pk).delete()
        note = ActivityFactory(customer=survivor)
        outcome = undo(act)
        assert (outcome.restored, outcome.reverted, outcome.kept, outcome.blocked) == (1, 3, 0, 0)
        for row in (point, part):
            row.refresh_from_db()
            assert row.customer_id == absorbed.pk
        note.refresh_from_db()
        assert note.customer_id == survivor.pk
        assert CustomerFacts.objects.get(customer_id=absorbed.pk).stays == 1


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
