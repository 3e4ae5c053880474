"""Whatever dies when: at least once, under the same id; and never by two at once."""

import datetime as dt
import os
import signal
import threading
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.tenancy import business_scope
from dedup.merging.services import merge
from messaging.webhooks import sending, tasks
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.sending import Sent, send_due
from messaging.webhooks.services import endpoint_change, endpoint_remove
from tests.cast import Cast, House
from tests.factories import CustomerFactory
from tests.messaging.webhooks.hooks import endpoint_made, planned
from tests.messaging.webhooks.receiver import Got, Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def due(house: House, number: int, url: str) -> list[WebhookDelivery]:
    with business_scope(house.pk):
        endpoint = endpoint_made(business=house.business, url=url)
        return planned(endpoint, *CustomerFactory.create_batch(number))


def states(house: House) -> list[str]:
    with business_scope(house.pk):
        return list(WebhookDelivery.objects.order_by("pk").values_list("state", flat=True))


def lease_over(house: House) -> None:
    with business_scope(house.pk):
        WebhookDelivery.objects.filter(state="claimed").update(claimed_until=timezone.now())


def killed_while_sending(house: House, monkeypatch: pytest.MonkeyPatch, *, at: str) -> None:
    """A worker of its own, killed by the system when it comes to a place."""
    child = os.fork()
    if child == 0:
        try:
            # The parent's connection stays the parent's.
            connections["default"].connection = None
            monkeypatch.setattr(sending, at, lambda **told: os.kill(os.getpid(), signal.SIGKILL))
            send_due(business_id=house.pk)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


def test_killed_between_answer_and_commit_it_is_delivered_again_with_the_same_id(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = due(house, 2, receiver.url)
    killed_while_sending(house, monkeypatch, at="attempt_end")
    assert receiver.ids == [first.webhook_id]
    assert states(house) == ["claimed", "claimed"]
    # Nobody touches it while its worker may be alive.
    assert send_due(business_id=house.pk) == Sent() and len(receiver.got) == 1
    lease_over(house)
    assert send_due(business_id=house.pk).taken == 2
    assert receiver.ids == [first.webhook_id, first.webhook_id, second.webhook_id]
    assert receiver.got[0].body == receiver.got[1].body
    assert states(house) == ["sent", "sent"]
    with business_scope(house.pk):
        assert list(WebhookDelivery.objects.order_by("pk").values_list("attempts", flat=True)) == [2, 1]


def test_killed_before_it_asked_nothing_has_left(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(house, 1, receiver.url)
    killed_while_sending(house, monkeypatch, at="ask")
    assert receiver.got == []
    lease_over(house)
    assert send_due(business_id=house.pk).taken == 1


def test_two_workers_at_once_deliver_each_once(house: House, receiver: Receiver) -> None:
    deliveries = due(house, 6, receiver.url)
    arrived, go_on = threading.Event(), threading.Event()

    def hold(got: Got) -> None:
        if not arrived.is_set():
            arrived.set()
            assert go_on.wait(30)

    receiver.before = hold
    done: list[int] = []

    def work() -> None:
        try:
            done.append(send_due(business_id=house.pk, most=3).taken)
        finally:
            connection.close()

    other = threading.Thread(target=work)
    other.start()
    assert arrived.wait(30)
    # The first is in the middle of its batch: the second takes what is left, and a third finds nothing.
    assert send_due(business_id=house.pk, most=3).taken == 3
    assert send_due(business_id=house.pk) == Sent()
    go_on.set()
    other.join(30)
    assert done == [3]
    assert sorted(receiver.ids) == sorted(each.webhook_id for each in deliveries)


def test_at_an_endpoint_no_more_than_so_many_are_at_work(house: House, receiver: Receiver) -> None:
    deliveries = due(house, 4, receiver.url)
    with business_scope(house.pk):
        for each in deliveries[:3]:
            held = {"claim": each.ref, "claimed_until": timezone.now() + dt.timedelta(minutes=1)}
            WebhookDelivery.objects.filter(pk=each.pk).update(state="claimed", **held)
    assert send_due(business_id=house.pk) == Sent()
    with business_scope(house.pk):
        WebhookDelivery.objects.filter(pk=deliveries[0].pk).update(state="planned", claim=None, claimed_until=None)
        # One that has just failed is tried by a single worker.
        WebhookEndpoint.objects.update(failures=1)
    assert send_due(business_id=house.pk) == Sent()


def test_switched_off_or_removed_while_in_hand(house: House, receiver: Receiver) -> None:
    deliveries = due(house, 3, receiver.url)

    def off(got: Got) -> None:
        with business_scope(house.pk):
            endpoint_change(endpoint_id=deliveries[0].endpoint_id, is_on=False)
        connection.close()

    receiver.before = off
    assert send_due(business_id=house.pk).taken == 1
    assert states(house) == ["sent", "planned", "planned"]

    def removed(got: Got) -> None:
        with business_scope(house.pk):
            endpoint_remove(endpoint_id=deliveries[0].endpoint_id)
        connection.close()

    receiver.before = removed
    with business_scope(house.pk):
        endpoint_change(endpoint_id=deliveries[0].endpoint_id, is_on=True)
    assert send_due(business_id=house.pk).taken == 1
    assert states(house) == [] and len(receiver.got) == 2


def test_what_breaks_here_lets_the_endpoint_rest_and_loses_nothing(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    due(house, 2, receiver.url)

    def broken(**told: Any) -> None:
        raise RuntimeError("no such luck")

    with monkeypatch.context() as patched:
        patched.setattr(sending, "ask", broken)
        assert send_due(business_id=house.pk).taken == 0
    assert states(house) == ["planned", "planned"]
    with business_scope(house.pk):
        endpoint = WebhookEndpoint.objects.get()
        assert (endpoint.trouble, endpoint.failures) == ("error", 1)
        WebhookEndpoint.objects.update(rests_until=None)
    # One finds out, and then the rest follow.
    assert send_due(business_id=house.pk).taken == 1
    assert send_due(business_id=house.pk).taken == 1


def test_a_secret_that_does_not_open_delivers_nothing(house: House, receiver: Receiver, settings: Any) -> None:
    due(house, 1, receiver.url)
    settings.INNKEEPER_SENSITIVE_KEYS = (("other", b"o" * 32),)
    assert send_due(business_id=house.pk).taken == 0
    with business_scope(house.pk):
        assert WebhookEndpoint.objects.get().trouble == "secret"
    assert states(house) == ["planned"] and receiver.got == []


def test_merged_cards_are_told_of_once_each_under_the_card_that_stays(house: House, receiver: Receiver) -> None:
    kept, gone = due(house, 2, receiver.url)
    assert kept.customer_id and gone.customer_id
    with business_scope(house.pk):
        merge(customer_ids=[kept.customer_id, gone.customer_id], survivor_id=kept.customer_id, member=house.owner)
        owners = set(WebhookDelivery.objects.values_list("customer_id", flat=True))
    assert owners == {kept.customer_id}
    assert send_due(business_id=house.pk).taken == 2
    assert receiver.ids == [kept.webhook_id, gone.webhook_id]


def test_the_sweep_finds_what_is_due_in_every_business(
    transactional_cast: Cast, receiver: Receiver, nudged: list[int]
) -> None:
    first, second = transactional_cast.fjordstuen, transactional_cast.duinzicht
    due(first, 1, receiver.url)
    (waits,) = due(second, 1, receiver.url)

    def swept() -> list[int]:
        nudged.clear()
        tasks.webhooks_sweep()
        return sorted(nudged)

    assert swept() == sorted([first.pk, second.pk])
    with business_scope(second.pk):
        WebhookEndpoint.objects.update(rests_until=timezone.now() + dt.timedelta(minutes=1))
    assert swept() == [first.pk]
    with business_scope(second.pk):
        # A dead worker's, one past its time and one past keeping are found, whatever the endpoint does.
        own = WebhookDelivery.objects.filter(pk=waits.pk)
        own.update(state="claimed", claim=waits.ref, claimed_until=timezone.now())
    assert second.pk in swept()
    with business_scope(second.pk):
        own.update(state="planned", claim=None, claimed_until=None, expires_at=timezone.now())
    assert second.pk in swept()
    with business_scope(second.pk):
        own.update(state="sent", settled_at=timezone.now() - dt.timedelta(days=31))
    assert second.pk in swept()
    tasks.webhooks_send(second.pk)
    # The first one's worker comes again until nothing is left.
    nudged.clear()
    tasks.webhooks_send(first.pk)
    assert nudged == [first.pk]
    tasks.webhooks_send(first.pk)
    assert nudged == [first.pk]
    assert swept() == []
