"""Who has several addresses, comes as an agent, or belongs to a business elsewhere: by an oracle of its own."""

import datetime as dt
import random
from dataclasses import dataclass

import pytest
from django.utils import timezone

from accounts.digests import address_digest
from accounts.models import Business, Property
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.consent.models import ConsentEvent
from customers.history.models import Stay, StayParticipant
from customers.permission.models import Suppression
from messaging.gate.rules import Verdict, Wanted
from messaging.gate.selectors import gate
from tests.cast import Cast
from tests.databases import analyse

STATES = ("ok", "ok", "ok", "bounced", "relay", "opted_out", "invalid", "placeholder")
REASONS = ("", "", "", "bounce", "complaint", "manual", "unsubscribed", "objection")
ROLES = ("", "guest", "booker", "payer", "agent")
MONTHS = 24


@dataclass(frozen=True)
class Held:
    """One address of a guest."""

    state: str
    suppressed: str
    shared: bool
    """Whether another guest has it, too: then the list was made for them."""


@dataclass(frozen=True)
class Known:
    """Of one generated guest."""

    kind: str
    country: str
    held: tuple[Held, ...]
    consent: str
    role: str
    days_ago: int


def known_draw(chance: random.Random) -> Known:
    held = tuple(
        Held(chance.choice(STATES), chance.choice(REASONS), chance.random() < 0.2)
        for _each in range(chance.randrange(4))
    )
    return Known(
        kind=chance.choice(("person", "company")),
        country=chance.choice(("", "NO", "DK", "NL", "SE")),
        held=held,
        consent=chance.choice(("", "", "granted", "withdrawn")),
        role=chance.choice(ROLES),
        # On both sides of two years, where months are of several lengths.
        days_ago=chance.choice((-3, 0, 30, 400, 728, 733, 1_200)),
    )


def usable(held: Held, *, is_marketing: bool) -> bool:
    """Whether this address can be written to at all."""
    if held.state not in (("ok",) if is_marketing else ("ok", "relay")):
        return False
    return held.suppressed not in (REASONS[3:] if is_marketing else REASONS[3:6])


def refuses(held: Held) -> bool:
    """Whether this address says that its owner wants no marketing, wherever else they could be reached."""
    if held.state == "placeholder":
        return False
    says_so = held.suppressed in REASONS[4:] and held.state != "invalid"
    return held.state == "opted_out" or says_so


def expected(known: Known, purpose: str, *, home: str, today: dt.date) -> bool:
    """Whether such a message may go to such a guest."""
    if purpose == "stay":
        return any(usable(each, is_marketing=False) for each in known.held)
    if any(refuses(each) for each in known.held) or not any(usable(each, is_marketing=True) for each in known.held):
        return False
    if known.consent:
        return known.consent == "granted"
    country = known.country or home
    if purpose == "newsletter" or country not in ("NO", "DK", "NL"):
        return False
    if country == "NO" and known.kind == "company":
        return True
    left = today - dt.timedelta(days=known.days_ago)
    began = today.replace(year=today.year - MONTHS // 12, day=min(today.day, 28))
    return known.role in ("guest", "booker", "payer") and left > began


@pytest.mark.parametrize("home", ["NO", "DK", "DE"])
@pytest.mark.django_db(transaction=True)
def test_the_gate_agrees(transactional_cast: Cast, home: str) -> None:
    house, chance, now = transactional_cast.fjordstuen, random.Random(home), timezone.now()
    Business.objects.filter(pk=house.pk).update(country=home)
    today = timezone.localdate(timezone=house.business.zone)
    known = [known_draw(chance) for _each in range(900)]
    with business_scope(house.pk):
        place = Property.objects.order_by("id")[0]
        with change_set(kind=ChangeSet.Kind.EDIT):
            guests = Customer.objects.bulk_create(
                Customer(kind=each.kind, family_name=f"Nordmann {n}", company_name="AS", country=each.country)
                for n, each in enumerate(known)
            )
            spare = Customer.objects.create(family_name="Who has them, too")
            points, rows = [], []
            for n, (guest, each) in enumerate(zip(guests, known, strict=True)):
                for at, held in enumerate(each.held):
                    value = f"guest{n}.{at}@example.com"
                    normalised = "" if held.state == "invalid" else value
                    told = {"kind": "email", "value": value, "normalised": normalised}
                    points.append(ContactPoint(customer=guest, state=held.state, is_primary=at == 0, **told))
                    if held.shared:
                        points.append(ContactPoint(customer=spare, state="ok", is_primary=False, **told))
                    if held.suppressed:
                        digest = address_digest(business_id=house.pk, kind="email", normalised=value)
                        rows.append(Suppression(kind="email", digest=digest, reason=held.suppressed))
            ContactPoint.objects.bulk_create(points)
            for guest, each in zip(guests, known, strict=True):
                if each.role:
                    left = today - dt.timedelta(days=each.days_ago)
                    stay = Stay.objects.create(
                        property=place, status="checked_out", arrival=left - dt.timedelta(days=2), departure=left
                    )
                    roles = {f"is_{role}": role == each.role for role in ROLES[1:]}
                    StayParticipant.objects.create(stay=stay, customer=guest, **roles)
        ConsentEvent.objects.bulk_create(
            ConsentEvent(customer_id=guest.pk, purpose="newsletter", channel="email", act=each.consent, source="desk")
            for guest, each in zip(guests, known, strict=True)
            if each.consent
        )
        # Afterwards: a consent given anew would lift what unsubscribing had left.
        Suppression.objects.bulk_create(rows)
    analyse()
    cases = [
        (each, Wanted(guest.pk, "email", purpose, now, origin="card", origin_id=guest.pk))
        for guest, each in zip(guests, known, strict=True)
        for purpose in ("newsletter", "offer", "stay")
    ]
    with business_scope(house.pk):
        rulings = gate(wanted=[wanted for _known, wanted in cases], at=now)
    wrong = [
        (each, wanted.purpose, ruling)
        for (each, wanted), ruling in zip(cases, rulings, strict=True)
        if expected(each, wanted.purpose, home=home, today=today) != (ruling.verdict is not Verdict.REFUSE)
    ]
    assert wrong == []
    allowed = sum(ruling.verdict is not Verdict.REFUSE for ruling in rulings)
    assert 300 < allowed < len(cases) - 1_000
