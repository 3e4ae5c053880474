"""Facts when the day turns: who is counted anew, how values are spread, and counting everything from nothing."""

import datetime as dt
import logging
from decimal import Decimal
from math import ceil

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.facts import services, tasks
from customers.facts.check import facts_check
from customers.facts.models import TOP, CustomerFacts, RegisterFacts
from customers.facts.selectors import facts_due_businesses, facts_rolled, facts_today
from customers.facts.services import facts_rebuild, facts_roll
from customers.search.fetch_sql import rows
from tests.cast import Cast, House
from tests.customers.acts import RANDOM_ACTS, Step, example, perform, steps
from tests.customers.facts_recount import assert_facts_are_true, history, kept, year_before
from tests.factories import CustomerFactory, PurchaseFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db

EDIT = ChangeSet.Kind.EDIT
DAY = dt.timedelta(days=1)
days = st.dates(dt.date(2025, 1, 1), dt.date(2027, 3, 31))


def stayed(arrival: dt.date, *, status: str = "checked_out", nights: int = 2) -> Customer:
    """A guest who pays 900 for a stay."""
    stay = StayFactory(arrival=arrival, departure=arrival + nights * DAY, status=status, amount=900, currency="NOK")
    return StayParticipantFactory(stay=stay, is_payer=True).customer


def counted_on(day: dt.date) -> None:
    RegisterFacts.objects.update_or_create(defaults={"counted_on": day})


@RANDOM_ACTS
@given(act=steps, since=days, passed=st.integers(0, 500))
@pytest.mark.usefixtures("fjordstuen")
def test_everybody_whose_history_another_day_counts_otherwise_is_found(
    act: list[Step], since: dt.date, passed: int
) -> None:
    with example():
        with change_set(kind=EDIT):
            perform(act)
        today = since + passed * DAY
        moved = {guest.pk for guest in Customer.objects.all() if history(guest, since) != history(guest, today)}
        found = facts_rolled(since=since, today=today)
        assert moved <= set(found)
        assert found == sorted(set(found))


def test_a_new_day_counts_those_it_makes_different_and_nobody_else(fjordstuen: House) -> None:
    today = facts_today()
    over = stayed(today - 2 * DAY, status="booked", nights=1)
    paid = stayed(year_before(today))
    lately = stayed(year_before(today) + DAY)
    bought = PurchaseFactory(customer=CustomerFactory(), amount=70, bought_on=year_before(today)).customer
    true = {guest: kept(guest) for guest in (over, paid, lately, bought)}
    # As the day before has left them, and one whom the day does not touch with what nobody could have counted.
    CustomerFacts.objects.filter(customer=over).update(next_arrival=today - 2 * DAY)
    CustomerFacts.objects.filter(customer=paid).update(value_12_months=90000)
    CustomerFacts.objects.filter(customer=bought).update(value_12_months=7000)
    CustomerFacts.objects.filter(customer=lately).update(stays=77)
    counted_on(today - DAY)
    assert facts_roll(business=fjordstuen.business) == 3
    assert (kept(over)["next_arrival"], kept(paid)["value_12_months"], kept(lately)["value_12_months"]) == (
        None,
        0,
        90000,
    )
    assert [kept(guest) for guest in (over, paid, bought)] == [true[guest] for guest in (over, paid, bought)]
    assert kept(lately)["stays"] == 77
    register = RegisterFacts.objects.get()
    assert (register.counted_on, register.guests, register.currency) == (today, 4, "NOK")
    assert facts_roll(business=fjordstuen.business) == 0


def test_a_new_year_begins_with_nothing(fjordstuen: House) -> None:
    today = facts_today()
    guest = stayed(dt.date(today.year - 1, 6, 1))
    assert kept(guest)["value_this_year"] == 0
    CustomerFacts.objects.update(value_this_year=90000)
    counted_on(dt.date(today.year - 1, 12, 31))
    facts_roll(business=fjordstuen.business)
    assert kept(guest)["value_this_year"] == 0


def test_a_business_that_was_never_rolled_is_counted_whole(fjordstuen: House) -> None:
    guest, other = stayed(facts_today() - 9 * DAY), CustomerFactory()
    CustomerFacts.objects.update(stays=7)
    assert facts_roll(business=fjordstuen.business) == 2
    assert (kept(guest)["stays"], kept(other)["stays"]) == (1, 0)


@pytest.mark.usefixtures("fjordstuen")
@pytest.mark.parametrize("number", [0, 1, 5, 99, 100, 101, 237])
def test_thresholds_are_what_the_best_guests_reach(number: int) -> None:
    """Equal values included; another currency, nothing and less than nothing are not among them."""
    with change_set(kind=EDIT):
        guests = Customer.objects.bulk_create(Customer(family_name="Berg") for _ in range(number + 3))
    values = [Decimal(place * 37 % 90 + 1) for place in range(number)]
    strangers = [(Decimal(9000), "EUR"), (Decimal(0), "NOK"), (Decimal(-5), "NOK")]
    for guest, (value, currency) in zip(guests, [*((value, "NOK") for value in values), *strangers], strict=True):
        CustomerFacts.objects.filter(customer=guest).update(value=value, currency=currency)
    services.register_facts_count(today=facts_today())
    register = RegisterFacts.objects.get()
    best = sorted((int(value * 100) for value in values), reverse=True)
    assert register.value_percentiles == [best[ceil(percent * number / 100) - 1] for percent in TOP if number]
    assert register.guests == number + 3


def test_each_business_has_its_own_midnight(cast: Cast) -> None:
    for business in (cast.fjordstuen, cast.duinzicht):
        facts_roll(business=business)
    elsewhere = set(
        Business.objects.exclude(pk__in=[cast.fjordstuen.pk, cast.duinzicht.pk]).values_list("pk", flat=True)
    )
    assert set(facts_due_businesses()) == elsewhere
    # It is a day later in Kiritimati than in Samoa, whatever the hour.
    for zone, due in (("Pacific/Kiritimati", True), ("Pacific/Pago_Pago", False)):
        Business.objects.filter(pk=cast.duinzicht.pk).update(time_zone=zone)
        with business_scope(cast.duinzicht.pk):
            counted_on(timezone.localdate(timezone=Business(time_zone="Pacific/Pago_Pago").zone))
        assert (cast.duinzicht.pk in facts_due_businesses()) is due


def test_a_register_that_was_just_filled_need_not_wait_for_midnight(cast: Cast) -> None:
    facts_roll(business=cast.fjordstuen)
    assert cast.fjordstuen.pk not in facts_due_businesses()
    with business_scope(cast.fjordstuen.pk):
        stayed(dt.date(2025, 3, 1))
    assert cast.fjordstuen.pk in facts_due_businesses()
    tasks.facts_sweep()
    assert cast.fjordstuen.pk not in facts_due_businesses()
    with business_scope(cast.fjordstuen.pk):
        assert RegisterFacts.objects.get().value_percentiles == [90000] * 99


def test_one_business_that_fails_does_not_stop_the_sweep(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def roll(*, business: Business) -> int:
        if business.pk == min(cast.fjordstuen.pk, cast.duinzicht.pk):
            raise ValueError("a disk is full")
        return facts_roll(business=business)

    monkeypatch.setattr(tasks, "facts_roll", roll)
    with caplog.at_level(logging.ERROR):
        tasks.facts_sweep()
    assert facts_due_businesses() == [min(cast.fjordstuen.pk, cast.duinzicht.pk)]
    assert "were not brought to today" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_counts_everything_from_nothing(transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "REBUILD_BATCH", 2)
    business = transactional_cast.fjordstuen.business
    with business_scope(business.pk):
        with change_set(kind=EDIT):
            perform([(number % 20, number, number * 7, number * 3) for number in range(120)])
        before = list(CustomerFacts.objects.order_by("customer_id").values())
        assert len(before) > 4
        CustomerFacts.objects.all().delete()
        assert facts_check().differing == [each["customer_id"] for each in before]
    assert facts_rebuild(business=business) == len(before)
    with business_scope(business.pk):
        assert list(CustomerFacts.objects.order_by("customer_id").values()) == before
        assert_facts_are_true(business)
        assert RegisterFacts.objects.get().guests == len(before)


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_writes_nothing_where_all_is_true(transactional_cast: Cast) -> None:
    business = transactional_cast.fjordstuen.business
    versions = "SELECT customer_id, ctid::text FROM customers_customerfacts ORDER BY 1"
    with business_scope(business.pk):
        stayed(dt.date(2025, 3, 1))
        before = rows(versions)
    facts_rebuild(business=business)
    with business_scope(business.pk):
        assert rows(versions) == before
