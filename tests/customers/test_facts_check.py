"""The check of facts: silent where all is well, exact where it is not, mending only when asked."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.tenancy import business_scope
from customers.facts import services
from customers.facts.check import facts_check
from customers.facts.models import CustomerFacts, RegisterFacts
from customers.history.models import Stay
from tests.cast import Cast
from tests.factories import CustomerFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest_id(cast: Cast) -> int:
    with business_scope(cast.fjordstuen.pk):
        guest, _other = CustomerFactory(), CustomerFactory()
        arrival = dt.date(2026, 3, 1)
        stay = StayFactory(
            arrival=arrival,
            departure=arrival + dt.timedelta(days=3),
            status=Stay.Status.CHECKED_OUT,
            amount="900.00",
            currency="NOK",
        )
        StayParticipantFactory(stay=stay, customer=guest, is_payer=True)
        return guest.pk


def test_true_facts_are_left_alone(cast: Cast, guest_id: int) -> None:
    out = StringIO()
    call_command("check_facts", business="fjordstuen", stdout=out)
    assert out.getvalue() == "fjordstuen: 2 guests, 0 differ\n"


def test_wrong_facts_are_named_and_mended_only_when_asked(cast: Cast, guest_id: int) -> None:
    with business_scope(cast.fjordstuen.pk):
        facts = CustomerFacts.objects.filter(customer_id=guest_id)
        facts.update(nights=99, value="1.00")
        with pytest.raises(CommandError, match="--repair"):
            call_command("check_facts", business="fjordstuen", stdout=StringIO())
        assert facts.get().nights == 99
        out = StringIO()
        call_command("check_facts", business="fjordstuen", repair=True, stdout=out)
        assert str(guest_id) in out.getvalue()
        assert (facts.get().nights, str(facts.get().value)) == (3, "900.00")


@pytest.mark.django_db(transaction=True)
def test_a_rebuild_counts_by_several_connections(transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "REBUILD_BATCH", 2)
    with business_scope(transactional_cast.fjordstuen.pk):
        guests = [StayParticipantFactory().customer for _ in range(5)]
        CustomerFacts.objects.update(stays=9, sort_key="x")
        CustomerFacts.objects.filter(customer=guests[2]).delete()
    out = StringIO()
    call_command("check_facts", business="fjordstuen", rebuild=True, stdout=out)
    assert out.getvalue() == "fjordstuen: 5 guests counted\n"
    with business_scope(transactional_cast.fjordstuen.pk):
        assert facts_check().differing == []
        assert RegisterFacts.objects.get().guests == 5


def test_an_unknown_business_is_an_error(cast: Cast) -> None:
    with pytest.raises(CommandError, match="no business nowhere"):
        call_command("check_facts", business="nowhere")
