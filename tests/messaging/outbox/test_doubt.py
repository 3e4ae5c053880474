"""What a killed worker leaves: sent again where that cannot double, in doubt where it could; and members decide."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from messaging.outbox.models import Message, OutboxPace
from messaging.outbox.services import plan, retry_unknown, send_due, settle_unknown
from messaging.transports.models import Caught, Transport
from tests.cast import Cast
from tests.messaging.outbox.letters import draft, guest, local, news, smtp, withdraw
from tests.messaging.transports.servers import a_mail_server

pytestmark = pytest.mark.django_db(transaction=True)

PAST = dt.timedelta(minutes=1)


def left_by_a_dead_worker(transport: Transport, *, attempted: bool) -> None:
    """As a batch stands whose worker was killed and whose lease has run out."""
    now = timezone.now()
    Message.objects.update(
        state="claimed",
        claim=uuid.uuid4(),
        claimed_until=now - PAST,
        transport=transport,
        attempted_at=now - 2 * PAST if attempted else None,
        attempts=1 if attempted else 0,
    )


@pytest.mark.parametrize("kind", ["smtp", "local"])
def test_what_was_not_offered_goes_again(transactional_cast: Cast, settings: Any, kind: str) -> None:
    house = transactional_cast.fjordstuen
    with a_mail_server(settings) as server:
        with business_scope(house.pk):
            way = local(house.business) if kind == "local" else smtp(house.business, server.port)
            plan(drafts=[draft(guest())])
            left_by_a_dead_worker(way, attempted=False)
        assert send_due(business_id=house.pk).taken == 1


def test_what_a_mail_server_was_offered_is_in_doubt_and_not_sent_again(transactional_cast: Cast, settings: Any) -> None:
    house = transactional_cast.fjordstuen
    with a_mail_server(settings) as server:
        with business_scope(house.pk):
            way = smtp(house.business, server.port)
            plan(drafts=[draft(guest())])
            left_by_a_dead_worker(way, attempted=True)
        for _turn in range(3):
            assert send_due(business_id=house.pk).taken == 0
        with business_scope(house.pk):
            message = Message.objects.get()
            assert (message.state, message.reason, message.claim) == ("unknown", "killed", None)
            assert server.got == []
            Message.objects.update(is_held=True)
            assert retry_unknown(ids=[message.pk], member=house.owner) == 1
            assert AuditEntry.objects.filter(action="message.retried").count() == 1
        assert send_due(business_id=house.pk).taken == 1
        assert len(server.got) == 1


def test_what_the_local_inbox_was_offered_is_offered_again_and_caught_once(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        way = local(house.business)
        plan(drafts=[draft(guest())])
    assert send_due(business_id=house.pk).taken == 1
    with business_scope(house.pk):
        left_by_a_dead_worker(way, attempted=True)
        Message.objects.update(sent_at=None, provider_id="")
    assert send_due(business_id=house.pk).taken == 1
    with business_scope(house.pk):
        assert Caught.objects.count() == 1
        assert (Message.objects.get().state, Message.objects.get().attempts) == ("sent", 2)


def test_offered_before_an_opt_out_it_is_not_offered_again_nor_said_to_be_unsent(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        way = local(house.business)
        kari = guest()
        plan(drafts=[news(kari)])
        Message.objects.update(state="planned", due_at=timezone.now() - PAST, deferred_reason="")
        left_by_a_dead_worker(way, attempted=True)
        withdraw(kari)
    assert send_due(business_id=house.pk).taken == 0
    with business_scope(house.pk):
        assert (Message.objects.get().state, Message.objects.get().reason) == ("unknown", "withdrawn")
        assert not Caught.objects.exists()


def test_offered_to_one_provider_it_never_goes_by_another(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        first = local(house.business)
        second = local(house.business, name="Another inbox")
        plan(drafts=[draft(guest())])
        left_by_a_dead_worker(first, attempted=True)
        Transport.objects.filter(pk=first.pk).update(is_default=False)
        Transport.objects.filter(pk=second.pk).update(is_default=True)
    assert send_due(business_id=house.pk).taken == 0
    with business_scope(house.pk):
        assert Message.objects.get().state == "unknown"


def test_what_is_alive_is_left_to_its_worker(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        way = local(house.business)
        plan(drafts=[draft(guest())])
        left_by_a_dead_worker(way, attempted=False)
        Message.objects.update(claimed_until=timezone.now() + PAST)
    assert send_due(business_id=house.pk).taken == 0


def test_a_lost_answer_is_in_doubt(transactional_cast: Cast, settings: Any) -> None:
    house = transactional_cast.fjordstuen
    with a_mail_server(settings) as server:
        server.breaks = "data"
        with business_scope(house.pk):
            smtp(house.business, server.port)
            plan(drafts=[draft(guest())])
        assert send_due(business_id=house.pk).unknown == 1
        with business_scope(house.pk):
            message = Message.objects.get()
            assert (message.state, message.reason) == ("unknown", "lost")
            assert settle_unknown(ids=[message.pk], member=house.owner) == 1
            message.refresh_from_db()
            assert (message.state, message.reason) == ("sent", "believed")


def test_not_taken_right_now_it_waits_longer_each_time(transactional_cast: Cast, settings: Any) -> None:
    house = transactional_cast.fjordstuen
    with a_mail_server(settings) as server:
        server.says["rcpt"] = lambda _address: "451 4.3.0 later, please"
        with business_scope(house.pk):
            smtp(house.business, server.port)
            plan(drafts=[draft(guest())])
        waits = []
        for _turn in range(3):
            before = timezone.now()
            assert send_due(business_id=house.pk).later == 1
            with business_scope(house.pk):
                message = Message.objects.get()
                assert (message.state, message.deferred_reason, message.attempted_at) == ("planned", "busy", None)
                waits.append(round((message.due_at - before).total_seconds() / 60))
                Message.objects.update(due_at=before)
                OutboxPace.objects.update(rests_until=None)
        assert waits == [1, 2, 4]
        with business_scope(house.pk):
            Message.objects.update(attempts=9)
        send_due(business_id=house.pk)
        with business_scope(house.pk):
            assert (Message.objects.get().state, Message.objects.get().reason) == ("failed", "gave_up")


def test_a_refused_address_fails_and_the_next_goes(transactional_cast: Cast, settings: Any) -> None:
    house = transactional_cast.fjordstuen
    with a_mail_server(settings) as server:
        server.says["rcpt"] = lambda address: (
            f"550 5.1.1 {address}: nobody here" if "guest" in address and not server.got else None
        )
        with business_scope(house.pk):
            smtp(house.business, server.port)
            plan(drafts=[draft(guest())])
        assert send_due(business_id=house.pk).refused == 1
        with business_scope(house.pk):
            message = Message.objects.get()
            assert (message.state, message.reason) == ("failed", "dead")
            assert "nobody here" in message.detail
            assert message.address not in message.detail


def test_a_server_that_is_away_rests_and_nothing_is_lost(transactional_cast: Cast, settings: Any) -> None:
    house = transactional_cast.fjordstuen
    with a_mail_server(settings) as server:
        port = server.port
    settings.INNKEEPER_OUTGOING_MAIL_PORTS = (port,)
    with business_scope(house.pk):
        smtp(house.business, port)
        plan(drafts=[draft(guest()) for _each in range(3)])
    send_due(business_id=house.pk)
    with business_scope(house.pk):
        assert set(Message.objects.values_list("state", "attempts")) == {("planned", 0)}
        paced = OutboxPace.objects.get()
        assert paced.trouble == "unreachable"
        assert paced.rests_until > timezone.now()
    assert send_due(business_id=house.pk).more is False
