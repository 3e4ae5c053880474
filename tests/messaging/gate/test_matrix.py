"""Fifty thousand messages without a basis, by an oracle of its own: none passes the gate, and none leaves."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.utils import timezone

from accounts.digests import address_digest
from accounts.models import Property
from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.consent.models import ConsentEvent
from customers.history.models import Invoice, Product, Purchase, Stay, StayParticipant
from customers.permission.models import Suppression, Wish
from messaging.gate.rules import Verdict, Wanted
from messaging.gate.selectors import gate
from messaging.outbox.models import Message
from messaging.outbox.services import plan, send_due
from messaging.transports.models import Caught
from tests.cast import Cast, House
from tests.databases import analyse
from tests.messaging.gate.oracle import DEPARTED, Facts, facts_draw, has_basis
from tests.messaging.outbox.letters import draft, local
from tests.messaging.outbox.test_sending import open_all_day

GUESTS = 1_500
PURPOSES = ("newsletter", "offer", "stay", "invoice")
CASES = 50_000


def register_make(house: House, facts: Sequence[Facts], today: dt.date) -> list[int]:
    """Guests as the facts say; their ids, in the same order."""
    place, product = Property.objects.order_by("id")[0], Product.objects.create(name="Spa hour")
    with change_set(kind=ChangeSet.Kind.EDIT, title="Made by a test"):
        guests = Customer.objects.bulk_create(
            Customer(
                kind=each.kind,
                given_name="Kari",
                family_name=f"Nordmann {n}",
                country=each.country,
                is_restricted=each.is_restricted,
                is_deceased=each.is_deceased,
                do_not_contact=each.do_not_contact,
            )
            for n, each in enumerate(facts)
        )
        ContactPoint.objects.bulk_create(_points(guests, facts))
        stays = Stay.objects.bulk_create(
            Stay(
                property=place,
                status=each.stay_status,
                arrival=_departed(each, today),
                departure=_departed(each, today),
            )
            for each in facts
            if each.stayed
        )
        came = [guest for guest, each in zip(guests, facts, strict=True) if each.stayed]
        StayParticipant.objects.bulk_create(
            StayParticipant(stay=stay, customer=guest) for stay, guest in zip(stays, came, strict=True)
        )
        Invoice.objects.bulk_create(
            Invoice(
                customer=guest,
                number=f"I-{guest.pk}",
                amount=100,
                currency="NOK",
                issued_on=today - dt.timedelta(days=100 if each.invoiced == "paid lately" else 1_000),
                paid_on=None if each.invoiced == "unpaid long ago" else today - dt.timedelta(days=90),
            )
            for guest, each in zip(guests, facts, strict=True)
            if each.invoiced
        )
        Purchase.objects.bulk_create(
            Purchase(
                customer=guest,
                product=product,
                amount=100,
                currency="NOK",
                bought_on=today - dt.timedelta(days=100 if each.bought == "lately" else 1_000),
            )
            for guest, each in zip(guests, facts, strict=True)
            if each.bought
        )
    ConsentEvent.objects.bulk_create(
        ConsentEvent(customer_id=guest.pk, purpose="newsletter", channel=channel, act=act, source="desk")
        for guest, each in zip(guests, facts, strict=True)
        for channel, act in (("email", each.newsletter_email), ("sms", each.newsletter_sms))
        if act != "none"
    )
    Wish.objects.bulk_create(_wishes(guests, facts, today))
    return [guest.pk for guest in guests]


def _points(guests: Sequence[Customer], facts: Sequence[Facts]) -> Iterator[ContactPoint]:
    for n, (guest, each) in enumerate(zip(guests, facts, strict=True)):
        for kind, state, value in (
            ("email", each.email, f"guest{n}@example.com"),
            ("phone", each.phone, f"+4741{n:06}"),
        ):
            if state != "none":
                normalised = "" if state == "invalid" else value
                yield ContactPoint(
                    customer=guest, kind=kind, value=value, normalised=normalised, state=state, is_primary=True
                )


def _departed(facts: Facts, today: dt.date) -> dt.date:
    return today + dt.timedelta(days=DEPARTED[facts.stayed])


def _wishes(guests: Sequence[Customer], facts: Sequence[Facts], today: dt.date) -> Iterator[Wish]:
    for guest, each in zip(guests, facts, strict=True):
        if each.no_offers:
            yield Wish(customer=guest, kind=Wish.Kind.NO_OFFERS)
        if each.pause_days:
            yield Wish(customer=guest, kind=Wish.Kind.PAUSE, until=today + dt.timedelta(days=each.pause_days))


def suppress_all(house: House, facts: Sequence[Facts]) -> None:
    """Put addresses on the list, whatever the cards that have them say."""
    Suppression.objects.bulk_create(
        Suppression(
            kind=kind,
            digest=address_digest(business_id=house.pk, kind=kind, normalised=address),
            reason=reason,
        )
        for n, each in enumerate(facts)
        for kind, address, reason in (
            ("email", f"guest{n}@example.com", each.suppressed_email),
            ("phone", f"+4741{n:06}", each.suppressed_phone),
        )
        if reason
    )


@pytest.mark.django_db(transaction=True)
def test_nothing_goes_without_a_basis(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    chance = random.Random("matrix")
    facts = [facts_draw(chance) for _each in range(GUESTS)]
    now = timezone.now()
    today = timezone.localdate(timezone=house.business.zone)
    with business_scope(house.pk):
        ids = register_make(house, facts, today)
        suppress_all(house, facts)
        local(house.business)
        local(house.business, "sms")
    analyse()
    cases: list[tuple[int, Wanted]] = []
    expected: list[bool] = []
    for turn in range(6):
        moment = now + dt.timedelta(days=(0, 0, 1, 10, 29, 31)[turn], hours=chance.randrange(24))
        day = moment.astimezone(house.business.zone).date()
        for n, each in enumerate(facts):
            for purpose in PURPOSES:
                for channel in ("email", "sms"):
                    origin = chance.choice(("automation", "campaign", "card"))
                    wanted = Wanted(ids[n], channel, purpose, moment, origin=origin, origin_id=turn * 10 + len(purpose))
                    cases.append((n, wanted))
                    is_card = origin == "card"
                    expected.append(has_basis(each, purpose, channel, home="NO", day=day, today=today, by_hand=is_card))
    with business_scope(house.pk):
        # One message at a time, as it were: what one guest has heard by another case is not what is asked here.
        rulings = [
            ruling
            for start in range(0, len(cases), 8 * 500)
            for ruling in gate(wanted=[wanted for _n, wanted in cases[start : start + 8 * 500]], at=now)
        ]
    without = Counter(ruling.verdict for ruling, lawful in zip(rulings, expected, strict=True) if not lawful)
    assert without.total() >= CASES
    assert set(without) == {Verdict.REFUSE}
    differing = [
        (facts[n], wanted, ruling)
        for (n, wanted), ruling, lawful in zip(cases, rulings, expected, strict=True)
        if lawful == (ruling.verdict is Verdict.REFUSE and ruling.reason != "merged")
    ]
    assert differing == []
    assert sum(expected) > 5_000
    _none_leaves(house, facts, cases, expected, today)


def _none_leaves(
    house: House, facts: Sequence[Facts], cases: Sequence[Any], expected: Sequence[bool], today: dt.date
) -> None:
    """The same through the outbox, for one moment: what is caught is of guests with a basis."""
    lawful = {
        (wanted.customer_id, wanted.purpose, wanted.channel)
        for (n, wanted), good in zip(cases[: len(facts) * 8], expected[: len(facts) * 8], strict=True)
        if good
        # Not by hand: an automation sends them.
        and has_basis(facts[n], wanted.purpose, wanted.channel, home="NO", day=today, today=today, by_hand=False)
    }
    drafts = [
        draft(
            wanted.customer_id,
            f"case:{n}",
            channel=wanted.channel,
            purpose=wanted.purpose,
            origin="automation",
            origin_id=n,
        )
        for n, (_guest, wanted) in enumerate(cases[: len(facts) * 8])
        if (wanted.customer_id, wanted.purpose, wanted.channel) not in lawful or n % 41 == 0
    ]
    with business_scope(house.pk):
        open_all_day()
        found = plan(drafts=drafts)
        assert len(found.refused) > 5_000
        # Planned all the same, as if the gate had been asked before the guest changed their mind.
        Message.objects.filter(state="skipped").update(state="planned", reason="")
    while send_due(business_id=house.pk, most=2_000).more:
        pass
    with business_scope(house.pk):
        sent = Message.objects.filter(state="sent")
        assert {(each.customer_id, each.purpose, each.channel) for each in sent} <= lawful
        assert Caught.objects.count() == sent.count() > 10
        assert not Message.objects.filter(attempted_at__isnull=False).exclude(state="sent").exists()
