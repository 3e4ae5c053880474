"""Webhooks against a real https server: delivered once where nothing fails, again where something does, and in time."""

import datetime as dt
import ipaddress
from typing import Any

import pytest
from django.utils import timezone

from accounts import outgoing
from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.history.models import Todo
from customers.permission.services import restriction_set
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.pauses import PAUSES
from messaging.webhooks.recording import TOLD_AFTER
from messaging.webhooks.sending import Sent, send_due
from messaging.webhooks.services import endpoint_create, endpoint_rotate
from tests.cast import House
from tests.factories import CustomerFactory
from tests.messaging.webhooks.hooks import endpoint_made, planned
from tests.messaging.webhooks.receiver import Receiver, is_signed

pytestmark = pytest.mark.django_db(transaction=True)


def due(house: House, number: int = 1, *, url: str, name: str = "Locks") -> list[int]:
    """Deliveries of guests to a new endpoint; their ids."""
    with business_scope(house.pk):
        endpoint = endpoint_made(business=house.business, name=name, url=url)
        return [each.pk for each in planned(endpoint, *CustomerFactory.create_batch(number))]


def now(house: House, pk: int) -> WebhookDelivery:
    with business_scope(house.pk):
        return WebhookDelivery.objects.select_related("endpoint").get(pk=pk)


def hasten(house: House) -> None:
    """All pauses are over."""
    with business_scope(house.pk):
        WebhookDelivery.objects.filter(state="planned").update(due_at=timezone.now())
        WebhookEndpoint.objects.filter(rests_until__isnull=False).update(rests_until=timezone.now())


def send(house: House) -> Sent:
    return send_due(business_id=house.pk)


def test_delivered_signed_and_noted(house: House, receiver: Receiver) -> None:
    with business_scope(house.pk):
        made = endpoint_create(business=house.business, name="Locks", url=receiver.url)
        (delivery,) = planned(made.endpoint, CustomerFactory())
    assert (send(house).taken, send(house).more) == (1, False)
    (got,) = receiver.got
    assert got.id == delivery.webhook_id and got.told == delivery.body
    assert is_signed(got, made.secret) and not is_signed(got, "whsec_" + "A" * 43 + "=")
    assert abs(int(got.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert got.headers["content-type"].startswith("application/json")
    assert got.headers["user-agent"].startswith("Innkeeper/")
    row = now(house, delivery.pk)
    assert (row.state, row.status, row.attempts, row.reason, row.claim) == ("sent", 204, 1, "", None)
    assert row.sent_at is not None and row.settled_at == row.sent_at


def test_one_that_fails_and_then_works_gets_the_same_id(house: House, receiver: Receiver) -> None:
    (pk,) = due(house, url=receiver.url)
    receiver.statuses, receiver.says = [500], b"Oops: kari@nord.no called from 91234567"
    before = timezone.now()
    assert send(house).failed == 1
    row = now(house, pk)
    assert (row.state, row.status, row.reason, row.attempts) == ("planned", 500, "fault", 1)
    assert row.detail == "Oops: …@… called from …"
    assert before + PAUSES[0] <= row.due_at <= timezone.now() + PAUSES[0]
    # Nothing is due before its pause is over.
    assert (send(house).more, len(receiver.got)) == (False, 1)
    hasten(house)
    assert send(house).taken == 1
    assert receiver.ids == [row.webhook_id] * 2
    assert receiver.got[0].body == receiver.got[1].body
    row = now(house, pk)
    assert (row.state, row.attempts, row.reason, row.endpoint.failures) == ("sent", 2, "", 0)


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "refused"), (401, "refused"), (404, "refused"), (429, "busy"), (503, "busy")]
)
def test_every_other_answer_is_tried_again(house: House, receiver: Receiver, status: int, reason: str) -> None:
    (pk,) = due(house, url=receiver.url)
    receiver.statuses = [status]
    send(house)
    row = now(house, pk)
    assert (row.state, row.status, row.reason) == ("planned", status, reason)


def test_who_asks_for_time_gets_it(house: House, receiver: Receiver) -> None:
    first, second = due(house, 2, url=receiver.url)
    receiver.statuses, receiver.headers_told = [429], {"Retry-After": "900"}
    send(house)
    row = now(house, first)
    assert row.due_at > timezone.now() + dt.timedelta(minutes=14)
    assert row.endpoint.rests_until and row.endpoint.rests_until > timezone.now() + dt.timedelta(minutes=14)
    # The next one waits too, and was not offered.
    assert (now(house, second).state, now(house, second).attempts, len(receiver.got)) == ("planned", 0, 1)


def test_silent_for_hours_it_is_told_of_before_anything_is_given_up(house: House, receiver: Receiver) -> None:
    (pk,) = due(house, url=receiver.url)
    receiver.statuses = [503] * 2
    send(house)
    with business_scope(house.pk):
        assert not Todo.objects.filter(origin="automation").exists()
        WebhookEndpoint.objects.update(troubled_since=timezone.now() - TOLD_AFTER)
    hasten(house)
    send(house)
    assert now(house, pk).state == "planned"
    with business_scope(house.pk):
        assert Todo.objects.get(origin="automation").title == "Webhook Locks does not get through"


def test_given_up_after_the_last_attempt_and_told(house: House, receiver: Receiver) -> None:
    (pk,) = due(house, url=receiver.url)
    receiver.statuses = [404] * 20
    for _attempt in range(12):
        hasten(house)
        send(house)
    row = now(house, pk)
    assert (row.state, row.attempts, len(receiver.got)) == ("failed", len(PAUSES) + 1, len(PAUSES) + 1)
    assert row.settled_at is not None
    with business_scope(house.pk):
        todo = Todo.objects.get(origin="automation")
        assert todo.title == "Webhook Locks does not get through" and "The server does not take it." in todo.note
        planned(row.endpoint, CustomerFactory())
    receiver.statuses = []
    hasten(house)
    assert send(house).taken == 1
    with business_scope(house.pk):
        todo.refresh_from_db()
        assert todo.done_at is not None


def test_what_may_have_arrived_at_the_last_attempt_is_unclear(house: House, receiver: Receiver) -> None:
    (pk,) = due(house, url=receiver.url)
    with business_scope(house.pk):
        WebhookDelivery.objects.update(attempts=len(PAUSES))
    receiver.statuses = [502]
    send(house)
    assert now(house, pk).state == "unknown"


def test_gone_switches_it_off_and_a_task_tells(house: House, receiver: Receiver) -> None:
    first, second = due(house, 2, url=receiver.url)
    receiver.statuses = [410]
    send(house)
    row = now(house, first)
    assert (row.state, row.reason) == ("failed", "gone")
    assert (row.endpoint.is_on, row.endpoint.trouble) == (False, "gone")
    with business_scope(house.pk):
        assert Todo.objects.get().title == "Webhook Locks was switched off"
        assert AuditEntry.objects.filter(action="webhook.off").count() == 1
    hasten(house)
    assert send(house) == Sent()
    assert (now(house, second).state, len(receiver.got)) == ("planned", 1)


def test_one_that_fails_holds_up_no_other(house: House, receiver: Receiver) -> None:
    other = receiver.web.url("/in", host="other.example.org")
    broken = due(house, 3, url=other, name="Broken")
    sound = due(house, 3, url=receiver.url, name="Sound")
    pauses = []
    for _turn in range(6):
        send(house)
        endpoint = now(house, broken[0]).endpoint
        if endpoint.rests_until and endpoint.used_at and endpoint.rests_until > timezone.now():
            pauses.append(endpoint.rests_until - endpoint.used_at)
        with business_scope(house.pk):
            WebhookEndpoint.objects.filter(name="Broken").update(rests_until=timezone.now())
    assert [now(house, pk).state for pk in sound] == ["sent"] * 3
    assert pauses == sorted(pauses) and pauses[-1] > 3 * pauses[0]
    # While it fails, one at a time is tried, so that the others keep their attempts.
    assert {now(house, pk).reason for pk in broken} <= {"", "certificate"}
    assert sum(now(house, pk).attempts for pk in broken) <= 6


def test_redirects_are_refused(house: House, receiver: Receiver) -> None:
    (pk,) = due(house, url=receiver.url)
    receiver.statuses, receiver.headers_told = [307], {"Location": "https://169.254.169.254/"}
    send(house)
    row = now(house, pk)
    assert (row.state, row.reason, len(receiver.web.asked)) == ("planned", "redirected", 1)


def test_addresses_inside_are_refused_when_the_name_leads_there(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    (pk,) = due(house, url=receiver.url)
    settings.INNKEEPER_OUTGOING_NETWORKS = ()
    for address in ("127.0.0.1", "10.0.0.7", "169.254.169.254"):
        monkeypatch.setattr(outgoing, "_resolve", lambda host, port, to=address: [ipaddress.ip_address(to)])
        hasten(house)
        send(house)
        assert now(house, pk).reason == "not_public"
    assert receiver.got == []


def test_an_answer_nobody_reads_does_not_matter(house: House, receiver: Receiver) -> None:
    packed, long = due(house, 2, url=receiver.url)
    receiver.statuses, receiver.headers_told, receiver.says = [200, 200], {"Content-Encoding": "gzip"}, b"\x1f\x8b"
    send(house)
    assert now(house, packed).state == now(house, long).state == "sent"


def test_a_new_secret_takes_over_gently(house: House, receiver: Receiver) -> None:
    with business_scope(house.pk):
        made = endpoint_create(business=house.business, name="Locks", url=receiver.url)
        newer = endpoint_rotate(endpoint_id=made.endpoint.pk, business=house.business)
        planned(made.endpoint, CustomerFactory())
    send(house)
    assert is_signed(receiver.got[0], made.secret) and is_signed(receiver.got[0], newer.secret)
    with business_scope(house.pk):
        newest = endpoint_rotate(endpoint_id=made.endpoint.pk, business=house.business)
        planned(made.endpoint, CustomerFactory())
    send(house)
    assert [is_signed(receiver.got[1], each.secret) for each in (made, newer, newest)] == [False, True, True]


def test_a_guest_whose_data_may_not_be_used_is_not_told_of(house: House, receiver: Receiver) -> None:
    (pk,) = due(house, url=receiver.url)
    with business_scope(house.pk):
        customer = now(house, pk).customer
        assert customer is not None
        restriction_set(customer_id=customer.pk, restricted=True, reason="asked", member=house.owner)
    send(house)
    assert (now(house, pk).state, now(house, pk).reason, receiver.got) == ("failed", "restricted", [])


def test_what_waited_too_long_is_given_up_and_what_is_old_forgotten(house: House, receiver: Receiver) -> None:
    late, old = due(house, 2, url=receiver.url)
    with business_scope(house.pk):
        WebhookDelivery.objects.filter(pk=late).update(expires_at=timezone.now())
        month = timezone.now() - dt.timedelta(days=31)
        WebhookDelivery.objects.filter(pk=old).update(state="sent", settled_at=month)
    assert send(house) == Sent()
    assert (now(house, late).state, now(house, late).reason) == ("failed", "expired")
    with business_scope(house.pk):
        assert not WebhookDelivery.objects.filter(pk=old).exists()
