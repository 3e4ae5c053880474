"""Places that an undo wants back and others have taken: never an error, never a lost row without a word."""

import datetime as dt

import pytest

from accounts.models import Property
from customers.card.models import ContactPoint, Customer, CustomerTag, Tag
from customers.card.services import ContactValues, customer_create, customer_update, tag_add, tag_remove
from customers.changes.models import ChangeSet
from customers.changes.outcome import UndoOutcome
from customers.changes.services import (
    change_set,
    change_set_undo,
)
from customers.facts.models import CustomerFacts
from customers.history.models import Activity, Stay, StayParticipant
from tests.cast import House
from tests.customers.acts import register
from tests.factories import (
    ActivityFactory,
    CustomerFactory,
    EmailFactory,
    StayFactory,
    StayParticipantFactory,
    TagFactory,
)

pytestmark = pytest.mark.django_db

EDIT = ChangeSet.Kind.EDIT


def undo(act: ChangeSet) -> UndoOutcome:
    return change_set_undo(change_set_id=act.pk)[1]


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

    def test_a_row_that_could_not_go_back_whole_counts_as_touched(self) -> None:
        with change_set(kind=EDIT) as made:
            point = EmailFactory(is_primary=True)
        with change_set(kind=EDIT) as act:
            ContactPoint.objects.update(is_primary=False)
        EmailFactory(customer=point.customer, is_primary=True)
        assert undo(act).kept == 1
        assert ("contactpoint", point.pk) in undo(made).kept_rows

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
