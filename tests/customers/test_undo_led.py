"""Undo of acts that led rows of before to a card of their own: the card goes, or it stays with all that it has."""

from collections.abc import Callable

import pytest

from customers.card.models import ContactPoint, Customer, ExternalId
from customers.changes.models import ChangeSet
from customers.changes.outcome import UndoOutcome
from customers.changes.services import change_set, change_set_undo
from customers.history.models import StayParticipant
from customers.relations.models import Relation
from tests.factories import (
    CustomerFactory,
    EmailFactory,
    ExternalIdFactory,
    RelationFactory,
    StayParticipantFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fjordstuen")]

EDIT = ChangeSet.Kind.EDIT


def undo(act: ChangeSet) -> UndoOutcome:
    return change_set_undo(change_set_id=act.pk)[1]


def test_a_role_that_has_become_the_only_one_stays() -> None:
    """Two payments of one stay change hands at once; of a third guest paying is all that is left since."""
    first, second, third = (StayParticipantFactory(is_guest=True, is_payer=payer) for payer in (True, False, False))
    with change_set(kind=EDIT):
        StayParticipant.objects.filter(pk=second.pk).update(stay=first.stay_id)
    with change_set(kind=EDIT) as act:
        StayParticipant.objects.filter(pk=first.pk).update(is_payer=False)
        StayParticipant.objects.filter(pk__in=[second.pk, third.pk]).update(is_payer=True)
    with change_set(kind=EDIT):
        StayParticipant.objects.filter(pk=third.pk).update(is_guest=False)
    outcome = undo(act)
    payers = StayParticipant.objects.filter(is_payer=True).values_list("pk", flat=True)
    assert sorted(payers) == sorted([first.pk, third.pk])
    assert (outcome.kept, outcome.kept_rows) == (1, [("stayparticipant", third.pk)])


def test_a_card_that_the_act_alone_has_used_goes_with_its_numbers() -> None:
    """What the act itself has led to a card is no use that anybody has made of it since."""
    with change_set(kind=EDIT):
        old = CustomerFactory()
        part = StayParticipantFactory(customer=old)
    with change_set(kind=EDIT) as act:
        number = ExternalIdFactory(customer=CustomerFactory())
        StayParticipant.objects.filter(pk=part.pk).update(customer=number.customer)
    outcome = undo(act)
    part.refresh_from_db()
    assert (part.customer_id, outcome.kept_rows) == (old.pk, [])
    assert not Customer.objects.filter(pk=number.customer_id).exists()


def test_a_row_with_nowhere_to_go_back_to_keeps_the_card_whole() -> None:
    old = CustomerFactory()
    part = StayParticipantFactory(customer=old)
    with change_set(kind=EDIT) as act:
        number = ExternalIdFactory(customer=CustomerFactory())
        StayParticipant.objects.filter(pk=part.pk).update(customer=number.customer)
    with change_set(kind=EDIT):
        Customer.objects.filter(pk=old.pk).delete()
    outcome = undo(act)
    part.refresh_from_db()
    number.refresh_from_db()
    assert part.customer_id == number.customer_id
    assert ("customer", number.customer_id) in outcome.kept_rows


def led(part: StayParticipant, card: Customer) -> None:
    StayParticipant.objects.filter(pk=part.pk).update(customer=card)


def test_rows_of_several_cards_go_back_each_to_its_own_and_those_of_a_card_that_is_gone_stay() -> None:
    first, second, gone = (StayParticipantFactory() for _each in range(3))
    survivor, card = CustomerFactory(), gone.customer
    with change_set(kind=EDIT) as act:
        StayParticipant.objects.filter(pk__in=[first.pk, second.pk, gone.pk]).update(customer=survivor)
    with change_set(kind=EDIT):
        Customer.objects.filter(pk=card.pk).delete()
    outcome = undo(act)
    cards = StayParticipant.objects.order_by("pk").values_list("customer_id", flat=True)
    assert list(cards) == [first.customer_id, second.customer_id, survivor.pk]
    assert (outcome.reverted, outcome.kept_rows) == (2, [("stayparticipant", gone.pk)])


def test_of_two_cards_that_rows_left_the_one_that_is_gone_gets_nothing_of_the_other() -> None:
    """Only one way is left to go back: what came by another does not take it."""
    here, gone = StayParticipantFactory(), StayParticipantFactory()
    survivor, card = CustomerFactory(), gone.customer
    with change_set(kind=EDIT) as act:
        StayParticipant.objects.filter(pk__in=[here.pk, gone.pk]).update(customer=survivor)
    with change_set(kind=EDIT):
        Customer.objects.filter(pk=card.pk).delete()
    undo(act)
    cards = dict(StayParticipant.objects.values_list("pk", "customer_id"))
    assert cards == {here.pk: here.customer_id, gone.pk: survivor.pk}


def led_here_by_somebody_since() -> tuple[ChangeSet, ExternalId]:
    other, part = CustomerFactory(), StayParticipantFactory()
    with change_set(kind=EDIT) as act:
        number = ExternalIdFactory(customer=CustomerFactory())
        led(part, other)
    with change_set(kind=EDIT):
        led(part, number.customer)
    return act, number


def place_taken_since() -> tuple[ChangeSet, ExternalId]:
    part = StayParticipantFactory()
    old = part.customer
    with change_set(kind=EDIT) as act:
        number = ExternalIdFactory(customer=CustomerFactory())
        led(part, number.customer)
    with change_set(kind=EDIT):
        StayParticipantFactory(customer=old, stay=part.stay, is_payer=False)
    return act, number


def held_by_a_restriction() -> tuple[ChangeSet, ExternalId]:
    friend = CustomerFactory()
    relation = RelationFactory(other=friend)
    with change_set(kind=EDIT) as act:
        number = ExternalIdFactory(customer=CustomerFactory())
        Relation.objects.filter(pk=relation.pk).update(customer=number.customer)
    with change_set(kind=EDIT):
        Customer.objects.filter(pk=friend.pk).update(is_restricted=True)
    return act, number


def made_by_the_act_and_edited_since() -> tuple[ChangeSet, ExternalId]:
    old = CustomerFactory()
    with change_set(kind=EDIT) as act:
        part = StayParticipantFactory(customer=old)
        number = ExternalIdFactory(customer=CustomerFactory())
        led(part, number.customer)
    with change_set(kind=EDIT):
        StayParticipant.objects.filter(pk=part.pk).update(is_agent=True)
    return act, number


def gone_from_its_first_card() -> tuple[ChangeSet, ExternalId]:
    between, part = CustomerFactory(), StayParticipantFactory()
    with change_set(kind=EDIT) as act:
        number = ExternalIdFactory(customer=CustomerFactory())
        led(part, between)
        led(part, number.customer)
    with change_set(kind=EDIT):
        Customer.objects.filter(pk=part.customer_id).delete()
    return act, number


@pytest.mark.parametrize(
    "used",
    [
        led_here_by_somebody_since,
        place_taken_since,
        held_by_a_restriction,
        made_by_the_act_and_edited_since,
        gone_from_its_first_card,
    ],
)
def test_a_card_that_stays_in_use_stays_whole(used: Callable[[], tuple[ChangeSet, ExternalId]]) -> None:
    act, number = used()
    outcome = undo(act)
    assert ("customer", number.customer_id) in outcome.kept_rows
    assert ExternalId.objects.filter(pk=number.pk, customer_id=number.customer_id).exists()


def addresses() -> dict[int, tuple[int, bool]]:
    return {
        pk: (card, primary) for pk, card, primary in ContactPoint.objects.values_list("pk", "customer", "is_primary")
    }


@pytest.mark.parametrize("first", [0, 1])
def test_addresses_go_home_where_one_that_came_along_was_made_primary_since(first: int) -> None:
    """Whichever the database comes to first: what came along holds the flag that the other one had there."""
    old, survivor = CustomerFactory(), CustomerFactory()
    points = [EmailFactory(customer=old, is_primary=number == first) for number in range(2)]
    main, beside = points[first], points[1 - first]
    with change_set(kind=EDIT) as act:
        ContactPoint.objects.filter(pk=main.pk).update(customer=survivor, is_primary=False)
        ContactPoint.objects.filter(pk=beside.pk).update(customer=survivor)
    with change_set(kind=EDIT):
        ContactPoint.objects.filter(pk=beside.pk).update(is_primary=True)
    outcome = undo(act)
    assert addresses() == {main.pk: (old.pk, False), beside.pk: (old.pk, True)}
    assert outcome.kept_rows == [("contactpoint", main.pk)]


def test_an_address_that_comes_back_goes_home_where_another_is_primary_by_now() -> None:
    old, survivor = CustomerFactory(), CustomerFactory()
    point = EmailFactory(customer=old, is_primary=True)
    with change_set(kind=EDIT) as earlier:
        ContactPoint.objects.filter(pk=point.pk).update(customer=survivor, is_primary=False)
    with change_set(kind=EDIT) as later:
        ContactPoint.objects.filter(pk=point.pk).delete()
    undo(earlier)
    newer = EmailFactory(customer=old, is_primary=True)
    undo(later)
    assert addresses() == {point.pk: (old.pk, False), newer.pk: (old.pk, True)}
