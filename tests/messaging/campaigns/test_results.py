"""What came of a campaign: the fate of its messages, and what guests booked and bought, beside those held out."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.consent.models import ConsentEvent
from messaging.campaigns.audience_sql import arms_settle
from messaging.campaigns.models import Campaign, CampaignGuest
from messaging.campaigns.results import campaign_results
from messaging.outbox.models import Message
from messaging.transports.models import Transport
from tests.cast import House
from tests.factories import (
    ConsentEventFactory,
    CustomerFactory,
    PurchaseFactory,
    StayFactory,
    StayParticipantFactory,
)
from tests.messaging.campaigns.houses import campaign, confirmed, open_all_day, worked
from tests.messaging.outbox.letters import guest, local, news, planned

pytestmark = pytest.mark.django_db


def begun(house: House, *, sent: int, held: int) -> tuple[Campaign, list[int], list[int]]:
    """A campaign of ten days ago with so many guests on each side."""
    made = confirmed()
    now = timezone.now() - dt.timedelta(days=10)
    Campaign.objects.filter(pk=made.pk).update(state="done", started_at=now, result_days=5)
    made.refresh_from_db()
    sides = []
    for arm, number in (("sent", sent), ("held", held)):
        ids = [CustomerFactory().pk for _each in range(number)]
        CampaignGuest.objects.bulk_create(CampaignGuest(campaign=made, customer_id=pk, arm=arm) for pk in ids)
        sides.append(ids)
    return made, sides[0], sides[1]


def booked(customer_id: int, made: Campaign, *, after: int = 1, amount: int = 1_000, **stay: object) -> None:
    """A stay that a guest booked and pays for, so many days after the campaign began."""
    assert made.started_at is not None
    day = timezone.localdate(made.started_at, ZoneInfo("Europe/Oslo")) + dt.timedelta(days=after)
    told = {"booked_on": day, "arrival": day, "departure": day + dt.timedelta(days=2), "amount": Decimal(amount)}
    StayParticipantFactory(
        stay=StayFactory(**{**told, "currency": "NOK", **stay}), customer_id=customer_id, is_payer=True
    )


def test_nothing_came_of_what_has_not_begun(fjordstuen: House) -> None:
    assert campaign_results(campaign=campaign(), business=fjordstuen.business) is None


def test_the_fate_of_its_messages_is_counted(fjordstuen: House) -> None:
    open_all_day()
    people = [guest() for _each in range(6)]
    made = worked(confirmed())
    now = timezone.now()
    states = ["delivered", "delivered", "bounced", "unknown", "failed", "skipped"]
    for each, state in zip(people, states, strict=True):
        Message.objects.filter(customer=each).update(state=state, sent_at=now if state != "skipped" else None)
    Message.objects.filter(customer=people[0]).update(opened_at=now, clicked_at=now)
    Message.objects.filter(customer=people[1]).update(opened_at=now)
    ConsentEventFactory(customer=people[0], act=ConsentEvent.Act.WITHDRAWN, by_guest=True, at=now)
    # Withdrawn at the desk, or before it was sent: not by this message.
    ConsentEventFactory(customer=people[1], act=ConsentEvent.Act.WITHDRAWN, by_guest=False, at=now)
    ConsentEventFactory(
        customer=people[2], act=ConsentEvent.Act.WITHDRAWN, by_guest=True, at=now - dt.timedelta(days=9)
    )
    results = campaign_results(campaign=made, business=fjordstuen.business)
    assert results is not None
    fates = results.fates
    assert (fates.sent, fates.delivered, fates.bounced, fates.unknown, fates.failed) == (4, 2, 1, 1, 1)
    assert (fates.opened, fates.clicked, fates.unsubscribed) == (2, 1, 1)
    assert fates.share(fates.opened) == 50


def test_what_a_way_of_sending_does_not_tell_is_not_said_to_be_nothing(fjordstuen: House) -> None:
    open_all_day()
    people = [guest() for _each in range(2)]
    made = worked(confirmed())
    way = local(fjordstuen.business)
    Message.objects.filter(customer__in=people).update(state="sent", sent_at=timezone.now(), transport=way)
    first = campaign_results(campaign=made, business=fjordstuen.business)
    assert first is not None and not first.is_told
    Transport.objects.filter(pk=way.pk).update(kind="postmark")
    second = campaign_results(campaign=made, business=fjordstuen.business)
    assert second is not None and second.is_told and second.fates.delivered == 0
    Transport.objects.filter(pk=way.pk).update(kind="smtp")
    Message.objects.filter(customer=people[0]).update(state="bounced")
    third = campaign_results(campaign=made, business=fjordstuen.business)
    assert third is not None and third.is_told, "something was told"


@pytest.mark.parametrize(("days", "booked_in"), [(None, 1), (2, 0), (30, 2)])
def test_the_days_after_are_as_many_as_one_asks_for(fjordstuen: House, days: int | None, booked_in: int) -> None:
    made, sent, _held = begun(fjordstuen, sent=2, held=1)
    booked(sent[0], made, after=4)
    booked(sent[1], made, after=9)
    results = campaign_results(campaign=made, business=fjordstuen.business, days=days)
    assert results is not None
    assert (results.sent.booked, results.days) == (booked_in, days or 5)


def test_stays_and_purchases_of_the_days_after_count(fjordstuen: House) -> None:
    made, sent, held = begun(fjordstuen, sent=3, held=2)
    booked(sent[0], made, amount=1_000)
    booked(sent[0], made, amount=500)
    booked(sent[1], made, amount=700, status="cancelled")
    booked(sent[1], made, after=6, amount=900)
    booked(sent[1], made, after=-1, amount=900)
    booked(sent[2], made, amount=100, currency="EUR")
    booked(held[0], made, amount=400)
    assert made.started_at is not None
    day = timezone.localdate(made.started_at, ZoneInfo("Europe/Oslo"))
    PurchaseFactory(customer_id=sent[1], amount=Decimal(250), currency="NOK", bought_on=day)
    PurchaseFactory(customer_id=sent[1], amount=Decimal(250), currency="NOK", bought_on=day + dt.timedelta(days=6))
    results = campaign_results(campaign=made, business=fjordstuen.business)
    assert results is not None
    assert (results.sent.guests, results.sent.booked, results.sent.stays) == (3, 2, 3)
    assert results.sent.spent.total == 1_750
    assert results.sent.spent.squares == 1_500**2 + 250**2
    assert (results.held.guests, results.held.booked, results.held.spent.total) == (2, 1, 400)
    assert (results.last - results.first).days == 5
    assert results.is_over
    assert (results.bookers, results.spending) == (None, None), "too few to tell"


def test_with_enough_guests_the_difference_is_told(fjordstuen: House) -> None:
    made, sent, held = begun(fjordstuen, sent=40, held=40)
    for pk in sent[:30]:
        booked(pk, made)
    for pk in held[:5]:
        booked(pk, made)
    results = campaign_results(campaign=made, business=fjordstuen.business)
    assert results is not None and results.bookers is not None and results.spending is not None
    assert results.bookers.value == pytest.approx(62.5)
    assert 0 < results.bookers.low < 62.5 < results.bookers.high < 100
    assert results.spending.value == pytest.approx(625)
    assert results.bookers.is_clear and results.spending.is_clear


def test_both_sides_are_compared_as_they_were_drawn(fjordstuen: House) -> None:
    """Of those held out nobody knows whose message would not have left: those of the others stay with their side."""
    made, sent, held = begun(fjordstuen, sent=40, held=40)
    for pk in (*sent[:10], *held[:10]):
        booked(pk, made)
    left_out = sent[:8]
    for pk in left_out:
        message = planned(news(guest(), made.pk, key=f"campaign:{made.pk}:guest:{pk}"))[0]
        Message.objects.filter(pk=message.pk).update(customer_id=pk, state="skipped", reason="withdrawn")
        CampaignGuest.objects.filter(campaign=made, customer_id=pk).update(message_id=message.pk)
    never_drawn = CustomerFactory()
    CampaignGuest.objects.create(campaign=made, customer=never_drawn, arm="excluded", reason="no_consent")
    before = campaign_results(campaign=made, business=fjordstuen.business)
    assert arms_settle(campaign_id=made.pk) == 8
    after = campaign_results(campaign=made, business=fjordstuen.business)
    assert before is not None and after is not None
    assert after == before
    assert (after.sent.guests, after.sent.booked, after.held.guests, after.fates.skipped) == (40, 10, 40, 8)
    assert after.bookers is not None and after.bookers.value == 0


def test_of_a_cancelled_one_no_difference_is_told(fjordstuen: House) -> None:
    made, sent, _held = begun(fjordstuen, sent=40, held=40)
    for pk in sent[:30]:
        booked(pk, made)
    Campaign.objects.filter(pk=made.pk).update(state="cancelled")
    made.refresh_from_db()
    results = campaign_results(campaign=made, business=fjordstuen.business)
    assert results is not None
    assert (results.is_comparable, results.bookers, results.spending) == (False, None, None)
    assert results.sent.booked == 30
    client = Client()
    client.force_login(fjordstuen.marketing.user)
    page = client.get(reverse("campaign_page", kwargs={"slug": fjordstuen.slug, "campaign_id": made.pk}))
    assert "no difference to those held out can be told" in page.content.decode()
