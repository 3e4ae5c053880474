"""Paused, resumed and cancelled at random moments while workers of their own send it: nobody skipped, nobody twice."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections

from accounts.tenancy import business_scope
from benchmarks import outbox_kill
from benchmarks.outbox import campaign_make, house_make, template_make
from messaging.campaigns import services
from messaging.campaigns.models import Campaign, CampaignGuest
from messaging.outbox.models import Message
from messaging.transports.models import Caught
from tests.cast import cast_assemble

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]

GUESTS = int(os.environ.get("INNKEEPER_CHAOS_GUESTS", "400"))
STOPS = int(os.environ.get("INNKEEPER_CHAOS_STOPS", "6"))


@pytest.fixture
def house() -> tuple[int, int]:
    """A business and its campaign, let out."""
    cast_assemble()
    business = house_make(guests=GUESTS, port=0, kind="local")
    template_id = template_make(business)
    with business_scope(business.pk):
        return business.pk, campaign_make(template_id).pk


@contextmanager
def workers(house: tuple[int, int]) -> Iterator[None]:
    """Two processes that decide and send."""
    running = [outbox_kill._started(*house, 10) for _each in range(2)]
    try:
        yield
    finally:
        for each in running:
            outbox_kill._killed(each)


def got(business_id: int) -> Counter[str]:
    """How many messages each address got."""
    with business_scope(business_id):
        return Counter(Caught.objects.values_list("address", flat=True))


def in_hand(business_id: int) -> bool:
    with business_scope(business_id):
        return Message.objects.filter(state="claimed").exists()


def test_paused_and_resumed_nobody_is_skipped_and_nobody_gets_it_twice(house: tuple[int, int]) -> None:
    business_id, campaign_id = house
    chance = random.Random("stop and go")
    pauses = 0
    with workers(house):
        for _stop in range(STOPS):
            time.sleep(chance.uniform(0, 0.3))
            with business_scope(business_id):
                if Campaign.objects.get(pk=campaign_id).state not in ("scheduled", "running"):
                    break
                services.campaign_pause(campaign_id=campaign_id)
            pauses += 1
            patience = time.monotonic() + 60
            while in_hand(business_id) and time.monotonic() < patience:
                time.sleep(0.02)
            before = got(business_id)
            time.sleep(chance.uniform(0.05, 0.2))
            assert got(business_id) == before, "it went on while it was paused"
            with business_scope(business_id):
                services.campaign_resume(campaign_id=campaign_id)
    assert pauses, "it was over before it could be paused"
    connections.close_all()
    outbox_kill._finish(business_id, campaign_id)
    assert got(business_id) == {f"guest{number}@example.org": 1 for number in range(GUESTS)}
    with business_scope(business_id):
        assert Campaign.objects.get(pk=campaign_id).state == "done"
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
        assert set(CampaignGuest.objects.values_list("arm", flat=True)) == {"sent"}


@pytest.mark.parametrize("seed", range(2))
def test_cancelled_everybody_else_is_told_apart_from_those_who_got_it(house: tuple[int, int], seed: int) -> None:
    business_id, campaign_id = house
    chance = random.Random(seed)
    with workers(house):
        patience = time.monotonic() + 60
        while not got(business_id) and time.monotonic() < patience:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.2))
        with business_scope(business_id):
            services.campaign_cancel(campaign_id=campaign_id)
        patience = time.monotonic() + 60
        while in_hand(business_id) and time.monotonic() < patience:
            time.sleep(0.02)
        reached = got(business_id)
        time.sleep(0.3)
        assert got(business_id) == reached, "it went on after it was cancelled"
    assert set(reached.values()) == {1}
    with business_scope(business_id):
        sent = set(Message.objects.filter(state="sent").values_list("address", flat=True))
        arms = Counter(CampaignGuest.objects.values_list("arm", "reason"))
    assert sent == set(reached)
    assert arms.keys() <= {("sent", ""), ("excluded", "cancelled")}
    assert arms["sent", ""] == len(reached)
    assert sum(arms.values()) == GUESTS
