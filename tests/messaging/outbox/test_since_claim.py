"""What is so of a guest when the batch is claimed may not be so when it is written, or when its turn comes."""

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.permission.models import Suppression, Wish
from customers.permission.services import wish_set
from customers.permission.suppressing import suppress
from dedup.merging.services import merge
from messaging.outbox import recording, sending, writing
from messaging.outbox.models import Message
from messaging.outbox.services import cancel, plan, send_due
from messaging.transports.kinds import KINDS
from messaging.transports.models import Caught, Transport
from tests.cast import Cast
from tests.customers.test_segments_at_once import somebody_waits
from tests.factories import EmailFactory
from tests.messaging.outbox.letters import draft, guest, local, news
from tests.messaging.outbox.test_doubt import left_by_a_dead_worker
from tests.messaging.outbox.test_meanwhile import before_each
from tests.messaging.outbox.test_sending import open_all_day

pytestmark = pytest.mark.django_db(transaction=True)


def after(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], None]) -> None:
    """``act`` once, after the claim and before a step of writing the batch."""
    step, done = getattr(writing, name), threading.Event()

    def acted_first(*given: Any, **named: Any) -> Any:
        if not done.is_set():
            done.set()
            act()
        return step(*given, **named)

    monkeypatch.setattr(writing, name, acted_first)


@pytest.mark.parametrize("step", ["still_allowed", "_texts", "_values"])
def test_a_guest_merged_while_the_batch_is_in_hand_gets_the_message(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        local(house.business)
        kari, twin = guest(given_name="Kari"), guest(given_name="Kari")
        plan(drafts=[draft(twin), draft(guest())])
    after(
        monkeypatch,
        step,
        lambda: merge(customer_ids=[kari.pk, twin.pk], survivor_id=kari.pk, member=house.owner) and None,
    )
    assert send_due(business_id=house.pk).taken == 1
    with business_scope(house.pk):
        waits = Message.objects.get(key=f"card:{twin.pk}")
        assert (waits.state, waits.claim, waits.customer_id) == ("planned", None, kari.pk)
    assert send_due(business_id=house.pk).taken == 1
    with business_scope(house.pk):
        assert set(Message.objects.values_list("state", "reason")) == {("sent", "")}
        assert "Hello Kari, it is ready." in Caught.objects.get(customer_id=kari.pk).text


def test_two_cards_merged_while_both_are_in_hand_get_one_newsletter(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    monkeypatch.setattr(recording, "_ASKED_AGAIN", dt.timedelta(0))
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        ola, kari, twin = guest(), guest(given_name="Kari"), guest(given_name="Kari")
        plan(drafts=[news(ola), news(kari), news(twin)])

    def merged(place: int) -> None:
        if place == 1:
            with business_scope(house.pk):
                merge(customer_ids=[kari.pk, twin.pk], survivor_id=kari.pk, member=house.owner)

    before_each(monkeypatch, merged)
    while send_due(business_id=house.pk).more:
        pass
    with business_scope(house.pk):
        assert sorted(Message.objects.values_list("customer_id", "state", "reason")) == [
            (ola.pk, "sent", ""),
            (kari.pk, "sent", ""),
            (kari.pk, "skipped", "merged"),
        ]


def test_a_pause_that_begins_while_the_batch_is_in_hand_is_kept(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        kari = guest()
        plan(drafts=[news(kari)])
    after(monkeypatch, "still_allowed", lambda: pause(kari))
    assert send_due(business_id=house.pk).skipped == 1
    with business_scope(house.pk):
        assert (Message.objects.get().state, Message.objects.get().reason) == ("skipped", "paused")
        assert not Caught.objects.exists()


@pytest.mark.parametrize("late", [False, True])
def test_an_address_that_bounces_while_the_batch_is_in_hand_is_not_written_to(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """Another good one of the guest is."""
    house = transactional_cast.fjordstuen
    monkeypatch.setattr(recording, "_ASKED_AGAIN", dt.timedelta(0))
    with business_scope(house.pk):
        local(house.business)
        ola, kari = guest(), guest()
        first = kari.contact_points.get().normalised
        second = EmailFactory(customer=kari).normalised
        plan(drafts=[draft(ola), draft(kari)])

    def bounces(place: int = 1) -> None:
        if place == 1:
            with business_scope(house.pk):
                suppress(
                    kind=ContactPoint.Kind.EMAIL,
                    normalised=first,
                    reason=Suppression.Reason.BOUNCE,
                    at=timezone.now(),
                    source="test",
                )

    if late:
        before_each(monkeypatch, bounces)
    else:
        write = sending.batch_write
        monkeypatch.setattr(sending, "batch_write", lambda **given: (bounces(), write(**given))[1])
    assert send_due(business_id=house.pk).taken == 1
    while send_due(business_id=house.pk).more:
        pass
    with business_scope(house.pk):
        assert Message.objects.get(customer=kari).state == "sent"
        assert [each.address for each in Caught.objects.filter(customer_id=kari.pk)] == [second]


@pytest.mark.parametrize("step", ["render", "_values_of", "read_blocks"])
def test_a_message_that_breaks_whoever_fills_it_in_fails_alone(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        local(house.business)
        bad = guest()
        words = {"subject": "Bad", "blocks": ({"kind": "paragraph", "text": "Bad"},)}
        plan(drafts=[draft(guest()), draft(bad, **words), draft(guest())])
    real = getattr(writing, step)

    def is_bad(given: Any) -> bool:
        match step:
            case "render":
                return bool(given.subject == "Bad")
            case "read_blocks":
                return bool(given[0]["text"] == "Bad")
        return any(each.customer_id == bad.pk for each in given)

    def breaks(given: Any, *more: Any, **named: Any) -> Any:
        return 1 / 0 if is_bad(given) else real(given, *more, **named)

    monkeypatch.setattr(writing, step, breaks)
    assert send_due(business_id=house.pk).taken == 2
    assert "ZeroDivisionError" in caplog.text
    with business_scope(house.pk):
        failed = Message.objects.get(customer=bad)
        assert (failed.state, failed.reason, failed.attempted_at) == ("failed", "words", None)
        assert Message.objects.filter(state="sent").count() == 2


def test_a_provider_is_not_asked_again_for_what_it_has_forgotten(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    day = dt.timedelta(days=1)
    monkeypatch.setitem(KINDS, "local", dataclasses.replace(KINDS["local"], remembers=day))
    with business_scope(house.pk):
        way = local(house.business)
        early, late = guest(), guest()
        plan(drafts=[draft(early), draft(late)])
        left_by_a_dead_worker(way, attempted=True)
        first = timezone.now() - day / 2
        Message.objects.filter(customer=early).update(attempted_at=first)
        Message.objects.filter(customer=late).update(attempted_at=timezone.now() - day)
    assert send_due(business_id=house.pk).taken == 1
    with business_scope(house.pk):
        # It counts from the first time that it was offered, however often it was since.
        assert Message.objects.get(customer=early).attempted_at == first
        assert Message.objects.get(customer=early).state == "sent"
        doubtful = Message.objects.get(customer=late)
        assert (doubtful.state, doubtful.reason) == ("unknown", "forgotten")
        assert Caught.objects.get().customer_id == early.pk


def test_resend_is_such_a_provider(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        way = local(house.business)
        plan(drafts=[draft(guest())])
        left_by_a_dead_worker(way, attempted=True)
        Transport.objects.update(kind="resend")
        Message.objects.update(attempted_at=timezone.now() - dt.timedelta(days=1))
    send_due(business_id=house.pk)
    with business_scope(house.pk):
        assert (Message.objects.get().state, Message.objects.get().reason) == ("unknown", "forgotten")


@pytest.mark.parametrize("offered_first", [False, True])
def test_what_a_worker_is_at_while_it_is_cancelled_does_not_go_after_it(
    transactional_cast: Cast, offered_first: bool
) -> None:
    """A worker is about to offer it, or has just been told to come back later, when the cancel looks at it."""
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        way = local(house.business)
        plan(drafts=[news(guest())])
        left_by_a_dead_worker(way, attempted=offered_first)
        Message.objects.update(claimed_until=timezone.now() + dt.timedelta(minutes=5))
    holding, saw = threading.Event(), list[bool]()

    def worker() -> None:
        try:
            with business_scope(house.pk):
                if offered_first:
                    Message.objects.update(state="planned", claim=None, claimed_until=None, attempted_at=None)
                else:
                    Message.objects.update(attempted_at=timezone.now(), attempts=1)
                holding.set()
                pause_until(somebody_waits)
                saw.append(True)
        finally:
            connections.close_all()

    thread = threading.Thread(target=worker)
    thread.start()
    assert holding.wait(30)
    with business_scope(house.pk):
        cancelled = cancel(origin="campaign", origin_id=7)
    thread.join(60)
    assert saw == [True]
    with business_scope(house.pk):
        message = Message.objects.get()
        if offered_first:
            assert (cancelled, message.state, message.reason, message.claim) == (1, "skipped", "cancelled", None)
        else:
            assert (cancelled, message.state) == (0, "claimed")
            assert message.expires_at is not None and message.expires_at <= timezone.now()


def pause_until(seen: Callable[[], bool]) -> None:
    """Wait for what another thread is to do; it is given up after half a minute."""
    ended = threading.Event()
    for _turn in range(600):
        if seen():
            return
        ended.wait(0.05)
    raise AssertionError("Nobody waits.")


def pause(customer: Customer) -> None:
    """The guest asks to be left in peace for a month."""
    wish_set(
        customer_id=customer.pk, kind=Wish.Kind.PAUSE, wished=True, until=timezone.localdate() + dt.timedelta(days=30)
    )
