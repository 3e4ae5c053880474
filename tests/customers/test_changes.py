"""Change sets: what is recorded, under which act, and what the database refuses."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer, CustomerTag, ExternalId, Tag
from customers.changes.models import Change, ChangeSet, TrackedModel
from customers.changes.outcome import UndoOutcome
from customers.changes.services import (
    change_set,
    change_set_close,
    change_set_open,
    change_set_undo,
    recording,
)
from customers.changes.undo import tracked_models
from customers.fields.models import GuestFieldValue, StayFieldValue
from customers.history.models import Activity, Invoice, Purchase, Stay, StayParticipant, Todo
from customers.lineage.models import MergedCard
from customers.relations.models import Relation
from customers.sensitive.models import SensitiveDetail
from tests.cast import House
from tests.customers.acts import register
from tests.factories import (
    ActivityFactory,
    ConsentEventFactory,
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    ExternalIdFactory,
    GuestFieldValueFactory,
    InvoiceFactory,
    PurchaseFactory,
    RelationFactory,
    SensitiveDetailFactory,
    StayFactory,
    StayFieldValueFactory,
    StayParticipantFactory,
    TodoFactory,
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
        GuestFieldValue: GuestFieldValueFactory,
        StayFieldValue: StayFieldValueFactory,
        Relation: RelationFactory,
        Purchase: PurchaseFactory,
        Invoice: InvoiceFactory,
        Todo: TodoFactory,
        SensitiveDetail: _detail,
        MergedCard: _merged,
    }[model]()


def _merged() -> MergedCard:
    survivor = CustomerFactory()
    with change_set(kind=EDIT) as act:
        return MergedCard.objects.create(absorbed_id=2**40 + survivor.pk, survivor_id=survivor.pk, change_set_id=act.pk)


def _detail() -> SensitiveDetail:
    guest = CustomerFactory()
    ConsentEventFactory(customer=guest, purpose="sensitive", channel="")
    detail: SensitiveDetail = SensitiveDetailFactory(customer=guest)
    return detail


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

    @pytest.mark.parametrize(
        "model",
        [model for model in tracked_models() if not model.sealed and model is not MergedCard],
        ids=lambda model: model.__name__,
    )
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

    def test_of_a_sealed_column_nothing_is_recorded_and_nothing_comes_back(self) -> None:
        detail = _detail()
        with change_set(kind=EDIT) as act:
            SensitiveDetail.objects.filter(pk=detail.pk).update(ciphertext=b"other", kind="food")
        ((_, _, _, data),) = changes(act)
        assert data == {"ciphertext": ["", "changed"], "kind": ["allergies", "food"]}
        assert undo(act).kept == 1
        with change_set(kind=EDIT) as removal:
            SensitiveDetail.objects.filter(pk=detail.pk).delete()
        ((_, _, _, data),) = changes(removal)
        assert "ciphertext" not in data and "key_name" not in data
        outcome = undo(removal)
        assert (outcome.restored, outcome.blocked) == (0, 1)
        assert not SensitiveDetail.objects.exists()

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

    def test_an_act_of_several_transactions_may_write_inside_another(self) -> None:
        slow = change_set_open(kind=ChangeSet.Kind.IMPORT)
        with change_set(kind=EDIT) as act:
            with recording(slow.pk):
                imported = CustomerFactory()
            edited = CustomerFactory()
        assert [change[1] for change in changes(slow)] == [imported.pk]
        assert [change[1] for change in changes(act)] == [edited.pk]

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
