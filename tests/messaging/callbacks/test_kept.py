"""Reports again and again, shuffled, forged, early; how long they are kept."""

import datetime as dt
import random
import uuid

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint
from customers.consent.models import ConsentEvent
from customers.permission.models import Suppression
from messaging.callbacks.models import CallbackEvent
from messaging.callbacks.report import Report, Told
from messaging.callbacks.services import KEPT_FOR, TRIES, callbacks_work, reports_keep
from messaging.callbacks.tasks import callbacks_again, callbacks_sweep
from messaging.outbox.models import Message
from messaging.transports.secrets import CALLBACK, secrets_open
from tests.cast import Cast
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory
from tests.messaging.callbacks.reports import (
    BOUNCED,
    DELIVERED,
    OPENED,
    SPAM,
    Sent,
    guest_of,
    posted,
    postmark,
    standing,
    told_of,
    url,
)
from tests.messaging.sent import message_sent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", range(4))
def test_five_times_over_shuffled_and_among_forged_ones_it_is_the_same(cast: Cast, seed: int) -> None:
    """Against the same reports told once, in their order, at the neighbour's."""
    ends = []
    for house, times in ((cast.duinzicht, 1), (cast.fjordstuen, 5)):
        with business_scope(house.pk):
            transport, guest = postmark(house), guest_of()
            ConsentEventFactory(customer=guest, purpose="tracking", channel="")
            message = message_sent(guest, transport=transport, provider_id="pm-1")
        calls = [told_of(message, **told) for told in (DELIVERED, OPENED, BOUNCED, SPAM)]
        calls.append(
            told_of(message, RecordType="Click", OriginalLink="https://a.example/", ReceivedAt="2026-06-16T10:31:00Z")
        )
        calls *= times
        if times > 1:
            random.Random(seed).shuffle(calls)
        for place, call in enumerate(calls):
            if times > 1 and place % 3 == 0:
                forged = url(transport)[:-5] + "AAAA/"
                assert posted(forged, told_of(message, **DELIVERED, ID=place)) in (404, 429)
            assert posted(url(transport), call) == 200
        ends.append(standing(house, message, guest))
    cache.clear()
    assert ends[0] == ends[1]
    assert ends[0]["message"][0] == "complained"


class TestForged:
    def test_a_wrong_secret_another_business_or_none(self, sent: Sent, cast: Cast) -> None:
        house, transport, message, guest = sent
        before = standing(house, message, guest)
        secret = secrets_open(transport)[CALLBACK].partition(".")[2]
        paths = [
            "/m/callback/x/",
            f"/m/callback/{house.business.public_id.hex}.{'A' * 43}/",
            f"/m/callback/{cast.duinzicht.business.public_id.hex}.{secret}/",
            f"/m/callback/{uuid.uuid4().hex}.{secret}/",
        ]
        cache.clear()
        for path in paths:
            assert posted(path, told_of(message, **SPAM)) == 404
            assert Client().get(path).status_code == 404
        assert standing(house, message, guest) == before

    def test_a_report_cannot_touch_another_business(self, sent: Sent, cast: Cast) -> None:
        house, _transport, message, guest = sent
        before = standing(house, message, guest)
        with business_scope(cast.duinzicht.pk):
            theirs = postmark(cast.duinzicht)
        assert posted(url(theirs), told_of(message, **SPAM)) == 200
        assert standing(house, message, guest) == before

    def test_what_no_service_sends_is_refused_and_nothing_kept(self, sent: Sent) -> None:
        house, transport, _message, _guest = sent
        assert Client().post(url(transport), b"{", content_type="application/json").status_code == 400
        assert Client().get(url(transport)).status_code == 200, "some services look whether anybody is at home"
        assert Client().put(url(transport)).status_code == 405
        assert Client().post(f"{url(transport)}reply/", b"{", content_type="application/json").status_code == 400
        with business_scope(house.pk):
            assert not CallbackEvent.objects.exists()


class TestEarly:
    def test_a_report_that_comes_before_its_message_waits_for_it(
        self, cast: Cast, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house = cast.fjordstuen
        with business_scope(house.pk):
            transport, guest = postmark(house), guest_of()
        posted(url(transport), {"MessageID": "pm-9"} | BOUNCED)
        with business_scope(house.pk):
            assert CallbackEvent.objects.get().state == "waiting"
            message = message_sent(guest, transport=transport, provider_id="pm-9")
            assert callbacks_work() == 0, "not yet due"
            CallbackEvent.objects.update(due_at=timezone.now() - dt.timedelta(hours=1))
        nudged: list[int] = []
        monkeypatch.setattr(callbacks_again, "delay", nudged.append)
        callbacks_sweep()
        assert nudged == [house.pk]
        callbacks_again(house.pk)
        with business_scope(house.pk):
            event = CallbackEvent.objects.get()
            assert (event.state, event.message_id) == ("done", message.pk)
            assert Message.objects.get().state == "bounced"
            assert Suppression.objects.get().reason == "bounce"

    def test_in_the_end_it_is_of_nobody_and_old_ones_are_forgotten(self, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk):
            transport = postmark(cast.fjordstuen)
            reports_keep(transport=transport, reports=[Report(Told.DELIVERED, provider_id="none")])
            for _time in TRIES:
                assert CallbackEvent.objects.get().state == "waiting"
                CallbackEvent.objects.update(due_at=timezone.now() - dt.timedelta(hours=1))
                assert callbacks_work() == 1
            assert CallbackEvent.objects.get().state == "nobody"
            CallbackEvent.objects.update(received_at=timezone.now() - KEPT_FOR - dt.timedelta(hours=1))
            callbacks_work()
            assert not CallbackEvent.objects.exists()

    def test_a_report_of_the_future_is_of_now(self, sent: Sent) -> None:
        house, transport, message, _guest = sent
        ahead = timezone.now() + dt.timedelta(days=400)
        with business_scope(house.pk):
            reports_keep(transport=transport, reports=[Report(Told.COMPLAINED, ref=message.ref, at=ahead)])
            assert Suppression.objects.get().at <= timezone.now()
            assert ConsentEvent.objects.filter(act="withdrawn").count() == 1


def test_many_dead_addresses_in_one_call_take_a_fixed_number_of_queries(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        transport = postmark(house)
        guests = CustomerFactory.create_batch(60)
        for number, guest in enumerate(guests):
            EmailFactory(customer=guest, value=f"guest{number}@example.com", is_primary=True)
        reports = [
            Report(Told.BOUNCED, ref=message_sent(guest, transport=transport).ref, is_hard=True) for guest in guests
        ]
        reports_keep(transport=transport, reports=reports[:1])
        with django_assert_max_num_queries(40):
            assert reports_keep(transport=transport, reports=reports) == 59
        assert Suppression.objects.filter(reason="bounce").count() == 60
        assert set(ContactPoint.objects.values_list("state", flat=True)) == {"bounced"}
        assert set(Message.objects.values_list("state", flat=True)) == {"bounced"}
