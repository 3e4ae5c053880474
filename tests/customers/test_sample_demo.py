"""``manage.py demo``: three businesses with guests, people who can sign in, and what is counted of them."""

import json
from datetime import date
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts.models import Business, Member, Property, Role
from accounts.selectors import membership_list
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.facts.models import CustomerFacts, RegisterFacts
from customers.facts.selectors import facts_today
from customers.history.models import Stay
from customers.sample.businesses import DEMO_PASSWORD, HOUSES, demo_sign_ins
from customers.sample.selectors import register_act, sample_current
from customers.segments.models import Segment
from customers.segments.selectors import segment_list

TODAY = date(2026, 3, 1)


def demo(*args: str) -> str:
    out = StringIO()
    call_command("demo", *args, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_demo_makes_three_businesses_and_is_idempotent(db: None) -> None:
    first = json.loads(demo("--guests", "150", "--json", "--today", TODAY.isoformat()))
    second = json.loads(demo("--guests", "150", "--json"))

    assert [line["slug"] for line in first["businesses"]] == ["fjordstuen", "sundkonference", "duinzicht"]
    assert sum(line["guests_added"] for line in first["businesses"]) == 150
    assert [line["guests_added"] for line in second["businesses"]] == [0, 0, 0]
    assert [line["guests"] for line in second["businesses"]] == [line["guests"] for line in first["businesses"]]
    for line, currency in zip(first["businesses"], ["NOK", "DKK", "EUR"], strict=True):
        business = Business.objects.get(slug=line["slug"])
        with business_scope(business.pk):
            assert Customer.objects.count() == line["guests"]
            assert set(Stay.objects.values_list("currency", flat=True)) == {currency}
            assert {member.role for member in Member.objects.all()} == set(Role)
            assert Property.objects.count() == 2
    assert "nothing new" in demo("--guests", "150")


def test_demo_people_can_sign_in_and_switch(db: None) -> None:
    demo("--guests", "0")
    people = demo_sign_ins()
    assert len(people) == 12 and len({who.email for who in people}) == 12
    for who in people:
        assert EmailAddress.objects.get(email=who.email).verified
    owner = authenticate(None, email="owner@fjordstuen.example", password=DEMO_PASSWORD)
    assert owner is not None
    assert {membership.business.slug for membership in membership_list(user_id=owner.pk)} == {"fjordstuen", "duinzicht"}
    duinzicht = Business.objects.get(slug="duinzicht")
    with business_scope(duinzicht.pk):
        assert Member.objects.get(user=owner).role == Role.ADMIN


def test_a_demo_business_opens_as_one_in_use(db: None) -> None:
    demo("--guests", "30", "--business", "duinzicht")
    with business_scope(Business.objects.get(slug="duinzicht").pk):
        assert register_act() is not None and sample_current() is None


def test_the_demo_is_counted_as_after_a_night(db: None) -> None:
    demo("--guests", "60", "--business", "fjordstuen")
    business = Business.objects.get(slug="fjordstuen")
    with business_scope(business.pk):
        counted = RegisterFacts.objects.get()
        assert (counted.guests, counted.currency, counted.counted_on) == (60, "NOK", facts_today())
        assert len(counted.value_percentiles) == 99
        assert not [segment for segment in segment_list() if not segment.is_counted]
        best = Segment.objects.get(code=Segment.Code.BEST)
        assert best.members == CustomerFacts.objects.filter(value_minor__gte=counted.value_percentiles[9]).count() > 0


def test_demo_of_one_business(db: None) -> None:
    out = demo("--guests", "30", "--business", "duinzicht")
    assert out.startswith("Camping Duinzicht: 30 guests and")
    assert list(Business.objects.values_list("slug", flat=True)) == ["duinzicht"]
    # Who belongs to two houses joins when the other one is made.
    demo("--guests", "0")
    roles = {who.email: dict(who.roles) for who in demo_sign_ins()}
    assert roles["owner@fjordstuen.example"] == {"Fjordstuen": Role.OWNER, "Camping Duinzicht": Role.ADMIN}
    with business_scope(Business.objects.get(slug="duinzicht").pk):
        assert Member.objects.filter(user__email="owner@fjordstuen.example", role=Role.ADMIN).exists()


def test_demo_prints_sign_ins(db: None) -> None:
    assert "no demo here yet" in demo("--sign-ins")
    demo("--guests", "0")
    out = demo("--sign-ins")
    for house in HOUSES:
        for role in Role:
            assert f"{role.value}@{house.slug}.example" in out
    assert "owner of Fjordstuen, admin of Camping Duinzicht" in out and DEMO_PASSWORD in out
    assert len(json.loads(demo("--sign-ins", "--json"))["sign_ins"]) == 12


def test_demo_keeps_what_people_changed(db: None) -> None:
    demo("--guests", "0")
    Business.objects.filter(slug="fjordstuen").update(name="Fjordstuen & Co")
    assert "Fjordstuen" in demo("--guests", "0")
    assert Business.objects.get(slug="fjordstuen").name == "Fjordstuen & Co"


@pytest.mark.parametrize("args", [("--guests", "-1"), ("--business", "nowhere"), ("--today", "soon")])
def test_demo_refuses_nonsense(db: None, args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        demo(*args)
    assert not Business.objects.exists()
