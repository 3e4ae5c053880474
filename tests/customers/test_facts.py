"""Facts of guests: what the database counts equals a plain count over stays and purchases, after any history."""

import datetime as dt
from typing import Any

import pytest
from django.db import InternalError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.consent.models import CONSENTS
from customers.consent.services import consent_record
from customers.facts.check import facts_check
from customers.facts.models import CustomerFacts
from customers.facts.services import facts_once
from customers.history.models import Purchase, Stay, StayParticipant
from tests.cast import Cast, House
from tests.customers.acts import RANDOM_ACTS, Step, example, perform, steps
from tests.customers.facts_recount import NO_HISTORY, assert_facts_are_true, kept
from tests.factories import (
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    InvoiceFactory,
    PhoneFactory,
    PurchaseFactory,
    StayFactory,
    StayParticipantFactory,
)

pytestmark = pytest.mark.django_db

EDIT = ChangeSet.Kind.EDIT
CONSENT = st.tuples(st.integers(0, 59), st.integers(0, 4), st.booleans())
"""A guest, one of the consents, and whether it is granted."""


@RANDOM_ACTS
@given(earlier=steps, act=steps, later=steps, said=st.lists(CONSENT, min_size=3, max_size=3))
def test_facts_follow_every_write_and_undo(
    fjordstuen: House, earlier: list[Step], act: list[Step], later: list[Step], said: list[tuple[int, int, bool]]
) -> None:
    with example():
        acts = []
        for written, (number, consent, granted) in zip((earlier, act, later), said, strict=True):
            with change_set(kind=EDIT) as done:
                perform(written)
            acts.append(done)
            guests = list(Customer.objects.order_by("pk"))
            if guests:
                purpose, channel = CONSENTS[consent]
                consent_record(
                    customer_id=guests[number % len(guests)].pk,
                    purpose=purpose,
                    channel=channel,
                    granted=granted,
                    source="desk",
                )
            assert_facts_are_true(fjordstuen.business)
        undone, _ = change_set_undo(change_set_id=acts[1].pk)
        assert_facts_are_true(fjordstuen.business)
        change_set_undo(change_set_id=undone.pk)
        assert_facts_are_true(fjordstuen.business)


@RANDOM_ACTS
@given(earlier=steps, act=steps, said=CONSENT)
def test_a_batch_that_counts_once_counts_the_same(
    fjordstuen: House, earlier: list[Step], act: list[Step], said: tuple[int, int, bool]
) -> None:
    with example():
        with change_set(kind=EDIT):
            perform(earlier)
        with change_set(kind=EDIT), facts_once():
            perform(act)
            number, consent, granted = said
            guests = list(Customer.objects.order_by("pk"))
            if guests:
                purpose, channel = CONSENTS[consent]
                guest = guests[number % len(guests)]
                consent_record(customer_id=guest.pk, purpose=purpose, channel=channel, granted=granted, source="desk")
        assert_facts_are_true(fjordstuen.business)
        with change_set(kind=EDIT):
            perform(act)
        assert_facts_are_true(fjordstuen.business)


def test_a_batch_that_fails_leaves_counting_as_it_was(fjordstuen: House) -> None:
    guest = CustomerFactory()
    with pytest.raises(ValueError, match="no more"), facts_once():
        PurchaseFactory(customer=guest, amount=250)
        raise ValueError("no more")
    PurchaseFactory(customer=guest, amount=40)
    with facts_once():
        PurchaseFactory(customer=guest, amount=2)
        assert kept(guest)["value"] == 40
    assert kept(guest)["value"] == 42
    assert_facts_are_true(fjordstuen.business)


def test_a_batch_inside_another_is_refused_and_the_outer_one_counts_all(fjordstuen: House) -> None:
    guest = CustomerFactory()
    with facts_once():
        PurchaseFactory(customer=guest, amount=250)
        with pytest.raises(InternalError, match="begun already"), facts_once():
            PurchaseFactory(customer=guest, amount=1)
        PurchaseFactory(customer=guest, amount=40)
    assert kept(guest)["value"] == 290
    assert_facts_are_true(fjordstuen.business)


def test_guests_who_are_made_in_a_batch_of_new_ones_have_the_facts_of_all_others(fjordstuen: House) -> None:
    with facts_once(new=True):
        plain = CustomerFactory(postal_code="N-5003", city="Bergen")
        told = CustomerFactory(do_not_contact=True)
        EmailFactory(customer=told, value="told@fjord.no", state="opted_out")
        EmailFactory(customer=told, value="other@fjord.no")
        PhoneFactory(customer=told, value="22 33 44 55", state="invalid")
        CustomerTagFactory(customer=told, slot=2)
        CustomerTagFactory(customer=told, slot=1)
    assert kept(plain) == NO_HISTORY
    assert_facts_are_true(fjordstuen.business)
    states = CustomerFacts.objects.values_list("email_state", "phone_state", "do_not_contact")
    assert set(states) == {("", "", False), ("opted_out", "invalid", True)}


def test_a_new_card_has_facts_on_its_businesss_own_day(fjordstuen: House) -> None:
    guest = CustomerFactory()
    assert kept(guest) == NO_HISTORY
    today = timezone.localdate(timezone=fjordstuen.business.zone)
    assert CustomerFacts.objects.get(customer=guest).counted_on == today


MARCH = dt.date(2025, 3, 1)
TODAY = timezone.localdate()


@pytest.mark.usefixtures("fjordstuen")
@pytest.mark.parametrize(
    ("stay", "part", "expected"),
    [
        ({}, {}, {"stays": 1, "nights": 2, "first_arrival": MARCH, "last_stay": dt.date(2025, 3, 3)}),
        (
            {"departure": MARCH},
            {},
            {"stays": 1, "nights": 0, "first_arrival": MARCH, "last_stay": MARCH},
        ),
        (
            {"status": "checked_in"},
            {},
            {"stays": 1, "nights": 2, "first_arrival": MARCH, "last_stay": MARCH},
        ),
        ({"status": "cancelled", "amount": 900}, {"is_payer": True}, {"cancelled": 1}),
        ({"status": "no_show", "amount": 900}, {"is_payer": True}, {"no_shows": 1}),
        ({"status": "booked"}, {}, {}),
        (
            {"status": "booked", "arrival": TODAY + dt.timedelta(9), "departure": TODAY + dt.timedelta(10)},
            {},
            {"next_arrival": TODAY + dt.timedelta(9)},
        ),
        (
            {"amount": 900, "currency": "NOK"},
            {"is_guest": False, "is_payer": True},
            {"value": 900, "value_minor": 90000, "currency": "NOK"},
        ),
        ({"amount": 900}, {"is_guest": False, "is_booker": True}, {}),
        ({"amount": 900}, {"is_guest": False, "is_agent": True}, {}),
    ],
    ids=[
        "a stay",
        "a day visit",
        "in house",
        "cancelled",
        "no-show",
        "booked in the past",
        "booked ahead",
        "pays for others",
        "books for others",
        "an agent",
    ],
)
def test_what_counts(stay: dict[str, Any], part: dict[str, Any], expected: dict[str, Any]) -> None:
    guest = CustomerFactory()
    booked = StayFactory(**{"arrival": MARCH, **stay})
    StayParticipantFactory(stay=booked, customer=guest, **part)
    arrivals = [MARCH] if "stays" in expected else []
    assert kept(guest) == {**NO_HISTORY, **expected, "arrivals": arrivals}


@pytest.mark.usefixtures("fjordstuen")
def test_value_is_in_the_currency_most_paid_stays_are_in() -> None:
    guest = CustomerFactory()
    for amount, currency in ((5000, "EUR"), (10, "NOK"), (20, "NOK"), (None, "EUR"), (None, "EUR")):
        stay = StayFactory(amount=amount, currency=currency)
        StayParticipantFactory(stay=stay, customer=guest, is_payer=True)
    assert (kept(guest)["value"], kept(guest)["currency"]) == (30, "NOK")
    with change_set(kind=EDIT):
        Stay.objects.filter(amount=20).update(status=Stay.Status.CANCELLED)
    assert (kept(guest)["value"], kept(guest)["currency"]) == (5000, "EUR"), "of equals the first by name"


@pytest.mark.usefixtures("fjordstuen")
def test_purchases_count_and_invoices_do_not() -> None:
    guest, other = CustomerFactory(), CustomerFactory()
    stay = StayFactory(amount=900, currency="NOK")
    StayParticipantFactory(stay=stay, customer=other, is_payer=True)
    StayParticipantFactory(stay=stay, customer=guest)
    InvoiceFactory(customer=guest, amount=9000)
    assert kept(guest)["value"] == 0
    PurchaseFactory(customer=guest, stay=stay, amount=None)
    bought = PurchaseFactory(customer=guest, stay=stay, amount=250)
    PurchaseFactory(customer=guest, amount=40, currency="EUR")
    assert (kept(guest)["value"], kept(guest)["currency"]) == (40, "EUR"), "of equals the first by name"
    PurchaseFactory(customer=guest, amount=100)
    assert (kept(guest)["value"], kept(guest)["currency"], kept(guest)["stays"]) == (350, "NOK", 1)
    with change_set(kind=EDIT) as act:
        Purchase.objects.filter(pk=bought.pk).update(customer=other)
    # One purchase in each currency is left.
    assert (kept(guest)["value"], kept(guest)["currency"], kept(other)["value"]) == (40, "EUR", 1150)
    change_set_undo(change_set_id=act.pk)
    assert kept(guest)["value"] == 350 and kept(other)["value"] == 900
    with change_set(kind=EDIT):
        Purchase.objects.filter(customer=guest).delete()
    assert kept(guest)["value"] == 0
    assert facts_check().differing == []


@pytest.mark.usefixtures("fjordstuen")
def test_moving_a_stay_counts_for_both_guests() -> None:
    part = StayParticipantFactory()
    before, after = part.customer, CustomerFactory()
    with change_set(kind=EDIT):
        StayParticipant.objects.update(customer=after)
    assert (kept(before)["stays"], kept(after)["stays"]) == (0, 1)


@pytest.mark.usefixtures("fjordstuen")
def test_facts_go_with_the_card() -> None:
    guest = CustomerFactory()
    with change_set(kind=EDIT):
        Customer.objects.filter(pk=guest.pk).delete()
    assert not CustomerFacts.objects.exists()


def test_the_check_stays_in_its_business(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        CustomerFactory()
        CustomerFacts.objects.update(stays=7)
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory()
        assert facts_check(repair=True).checked == 1
    with business_scope(cast.duinzicht.pk):
        assert CustomerFacts.objects.get().stays == 7
        assert len(facts_check(repair=True).differing) == 1
        assert CustomerFacts.objects.get().stays == 0
