"""Writing own fields of a guest: what is kept, refused, undone, and whose."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.card.services import CardRestricted, EditConflict
from customers.changes.models import Change, ChangeSet
from customers.changes.selectors import act_rows
from customers.changes.services import change_set, change_set_undo
from customers.fields.models import CustomField, GuestFieldValue
from customers.fields.selectors import guest_values, values_of_guests
from customers.fields.services import FieldsRefused, guest_values_set
from tests.cast import Cast, House
from tests.factories import CustomerFactory, CustomFieldFactory, GuestFieldValueFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(fjordstuen: House) -> Customer:
    """A guest of a house with a field of each kind, and one that was put away."""
    options = [{"key": "gold", "label": "Gull"}]
    for key in ("text", "number", "date", "choice", "yes_no"):
        CustomFieldFactory(key=key, kind=key, options=options if key == "choice" else [])
    CustomFieldFactory(key="old", is_archived=True)
    return CustomerFactory()


def plain(guest: Customer) -> dict[str, str]:
    return {line.field.key: line.plain for line in guest_values(customer_id=guest.pk) if line.row}


ALL = {"text": "Fenris", "number": "2,50", "date": "17.5.2020", "choice": "gull", "yes_no": "nei"}


def test_values_are_kept_in_the_columns_of_their_kinds(guest: Customer) -> None:
    assert guest_values_set(customer_id=guest.pk, values=ALL) is not None
    rows = {row.field.key: row for row in GuestFieldValue.objects.select_related("field")}
    assert rows["number"].number == Decimal("2.5")
    assert rows["number"].number_scaled == 25_000
    assert rows["date"].date == dt.date(2020, 5, 17)
    assert rows["choice"].text == "gold"
    assert rows["yes_no"].flag is False
    assert plain(guest) == {
        "text": "Fenris",
        "number": "2.5",
        "date": "2020-05-17",
        "choice": "gold",
        "yes_no": "no",
    }


def test_the_same_again_is_no_act(guest: Customer) -> None:
    guest_values_set(customer_id=guest.pk, values=ALL)
    acts = ChangeSet.objects.count()
    assert guest_values_set(customer_id=guest.pk, values=ALL) is None
    assert guest_values_set(customer_id=guest.pk, values={}) is None
    assert guest_values_set(customer_id=guest.pk, values={"number": "2.5000", "text": " Fenris "}) is None
    assert ChangeSet.objects.count() == acts


def test_each_change_stands_in_the_guests_history_and_goes_back(guest: Customer) -> None:
    guest_values_set(customer_id=guest.pk, values=ALL)
    act = guest_values_set(customer_id=guest.pk, values={"text": "", "number": "3", "yes_no": "yes"})
    assert act is not None
    changes = Change.objects.filter(change_set_id=act.pk)
    assert {(change.record, change.act, change.guest_id) for change in changes} == {
        ("guestfieldvalue", "D", guest.pk),
        ("guestfieldvalue", "U", guest.pk),
    }
    change_set_undo(change_set_id=act.pk)
    assert plain(guest) == {"text": "Fenris", "number": "2.5", "date": "2020-05-17", "choice": "gold", "yes_no": "no"}


def test_one_wrong_value_and_nothing_is_written(guest: Customer) -> None:
    with pytest.raises(FieldsRefused) as refused:
        guest_values_set(customer_id=guest.pk, values={**ALL, "number": "many", "nothing": "x", "old": "y"})
    assert set(refused.value.errors) == {"number", "nothing", "old"}
    assert "12.5" in refused.value.errors["number"]
    assert "put away" in refused.value.errors["old"]
    assert not GuestFieldValue.objects.exists()


def test_values_of_a_field_that_was_put_away_are_kept_and_not_shown(guest: Customer) -> None:
    value = GuestFieldValueFactory(customer=guest, field__is_archived=True, text="kept")
    assert plain(guest) == {}
    guest_values_set(customer_id=guest.pk, values=ALL)
    assert GuestFieldValue.objects.get(pk=value.pk).text == "kept"


def test_a_choice_that_is_gone_may_stand_and_may_not_come_back(guest: Customer) -> None:
    field = next(line.field for line in guest_values(customer_id=guest.pk) if line.field.key == "choice")
    GuestFieldValueFactory(customer=guest, field=field, text="bronze")
    assert guest_values_set(customer_id=guest.pk, values={"choice": "bronze", "text": "Fenris"}) is not None
    guest_values_set(customer_id=guest.pk, values={"choice": "gold"})
    with pytest.raises(FieldsRefused):
        guest_values_set(customer_id=guest.pk, values={"choice": "bronze"})


def test_what_the_editor_saw(guest: Customer) -> None:
    guest_values_set(customer_id=guest.pk, values={"text": "theirs", "number": "1"})
    with pytest.raises(EditConflict) as conflict:
        guest_values_set(customer_id=guest.pk, values={"text": "mine", "number": "2"}, seen={"text": "", "number": "1"})
    assert conflict.value.current == {"text": "theirs"}
    assert plain(guest) == {"text": "theirs", "number": "1"}
    # The same value by both is no conflict; what was left alone stays.
    seen = {"text": "", "number": "0"}
    assert guest_values_set(customer_id=guest.pk, values={"text": "theirs", "number": "0"}, seen=seen) is None


def test_a_restricted_card_stays_as_it_is(guest: Customer) -> None:
    with change_set(kind=ChangeSet.Kind.EDIT):
        Customer.objects.filter(pk=guest.pk).update(is_restricted=True)
    with pytest.raises(CardRestricted):
        guest_values_set(customer_id=guest.pk, values=ALL)


def test_the_neighbours_guest_and_field(cast: Cast, guest: Customer) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs, field = CustomerFactory(), CustomFieldFactory(key="theirs")
        GuestFieldValueFactory(customer=theirs, field=field)
    with pytest.raises(Customer.DoesNotExist):
        guest_values_set(customer_id=theirs.pk, values=ALL)
    with pytest.raises(FieldsRefused):
        guest_values_set(customer_id=guest.pk, values={"theirs": "x"})
    assert values_of_guests(customer_ids=[theirs.pk, guest.pk]) == {theirs.pk: [], guest.pk: []}


def test_reading_many_guests_takes_two_queries(guest: Customer) -> None:
    guests = [guest, *CustomerFactory.create_batch(5)]
    for each in guests:
        guest_values_set(customer_id=each.pk, values=ALL)
    with CaptureQueriesContext(connection) as queries:
        found = values_of_guests(customer_ids=[each.pk for each in guests])
    assert len(queries) == 2
    assert [line.field.key for line in found[guest.pk]] == ["text", "number", "date", "choice", "yes_no"]


def test_the_history_names_the_field(guest: Customer) -> None:
    guest_values_set(customer_id=guest.pk, values={"text": "Fenris", "number": "2"})
    CustomField.objects.filter(key="text").update(label="Dog")
    act = guest_values_set(customer_id=guest.pk, values={"text": "", "number": "3", "date": "2020-01-01"})
    assert act is not None
    rows = {(row.record, row.act) for row in act_rows(change_set_id=act.pk)}
    labels = dict(CustomField.objects.values_list("key", "label"))
    assert rows == {("Dog", "D"), (labels["number"], "U"), (labels["date"], "I")}
