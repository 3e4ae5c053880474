"""What happens between the plan, the claim and the provider's door: holes, opt-outs, a database that goes away."""

import datetime as dt
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tenancy import business_scope
from crm.embedded.home import CHECKOUT
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from dedup.merging.services import merge
from messaging.outbox import recording, sending
from messaging.outbox.models import Message, OutboxPace
from messaging.outbox.services import cancel, hold, plan, release, send_due
from messaging.texts.services import template_archive
from messaging.transports.models import Caught
from messaging.transports.outgoing import Outgoing, Result
from tests.cast import Cast
from tests.messaging.campaigns.houses import letter
from tests.messaging.outbox.letters import draft, guest, local, news, smtp, withdraw
from tests.messaging.outbox.test_sending import open_all_day
from tests.messaging.transports.servers import a_mail_server

pytestmark = pytest.mark.django_db(transaction=True)

OPT_OUT = """
import time
import django
django.setup()
from accounts.tenancy import business_scope
from customers.consent.services import consent_record
for guest in {guests}:
    with business_scope({business}):
        consent_record(
            customer_id=guest, purpose="newsletter", channel="email", granted=False, source="portal", by_guest=True
        )
    print(guest, time.time(), flush=True)
"""


def before_each(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """``act`` runs before each message is offered, with how many were before it."""
    send = sending.send

    def watched(
        transport: object, batch: Sequence[Outgoing], on_attempt: Callable[[Outgoing], None]
    ) -> Iterator[Result]:
        place = 0

        def attempt(outgoing: Outgoing) -> None:
            nonlocal place
            act(place)
            place += 1
            on_attempt(outgoing)

        yield from send(transport, batch, attempt)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "send", watched)


def test_a_message_with_a_hole_does_not_leave(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    words = {"subject": "Your stay", "blocks": ({"kind": "paragraph", "text": "Room {stay.room} is ready."},)}
    kind = {"subject": "Your stay", "blocks": ({"kind": "paragraph", "text": "Room {stay.room|yours} is ready."},)}
    with business_scope(house.pk):
        local(house.business)
        kari, ola = guest(), guest()
        plan(drafts=[draft(kari, **words), draft(ola, **kind)])
    sent = send_due(business_id=house.pk)
    assert (sent.taken, sent.skipped) == (1, 1)
    with business_scope(house.pk):
        kept = Message.objects.get(customer=kari)
        assert (kept.state, kept.reason, kept.detail, kept.attempted_at) == ("skipped", "missing", "stay.room", None)
        assert "Room yours is ready." in Caught.objects.get().text


def test_a_test_shows_its_holes(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        local(house.business)
        words = {"subject": "Hello", "blocks": ({"kind": "paragraph", "text": "Room {stay.room} is ready."},)}
        plan(drafts=[draft(guest(), origin="test", address="owner@fjordstuen.example", **words)])
    assert send_due(business_id=house.pk).taken == 1


def test_no_newsletter_is_offered_after_another_process_committed_the_opt_out(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it goes out from the front, a process of its own withdraws consents from the back."""
    house = transactional_cast.fjordstuen
    monkeypatch.setattr(recording, "_ASKED_AGAIN", dt.timedelta(0))
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        guests = [guest() for _each in range(80)]
        plan(drafts=[news(each) for each in guests])
    assert send_due(business_id=house.pk, most=3).taken == 3
    program = OPT_OUT.format(business=house.pk, guests=[each.pk for each in guests[::-1]])
    with subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        told = [other.stdout.readline()]
        while send_due(business_id=house.pk, most=3).more:
            pass
        told += other.stdout.readlines()
    committed = {int(pk): float(at) for pk, at in (line.split() for line in told)}
    assert committed.keys() == {each.pk for each in guests}
    with business_scope(house.pk):
        messages = list(Message.objects.all())
        left = [each for each in messages if each.state == Message.State.SENT]
        assert 0 < len(left) < len(guests)
        assert all(each.attempted_at.timestamp() <= committed[each.customer_id] for each in left if each.attempted_at)
        kept = {(each.state, each.reason, each.attempted_at) for each in messages if each not in left}
        assert kept == {("skipped", "withdrawn", None)}
        assert Caught.objects.count() == len(left)


def test_an_opt_out_while_a_slow_provider_takes_the_batch_keeps_the_rest_back(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    monkeypatch.setattr(recording, "_ASKED_AGAIN", dt.timedelta(0))
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        kari, ola, per = guest(), guest(), guest()
        plan(drafts=[news(kari), news(ola), news(per)])

    def opt_out(place: int) -> None:
        if place == 1:
            with business_scope(house.pk):
                withdraw(ola)
                withdraw(per)

    before_each(monkeypatch, opt_out)
    sent = send_due(business_id=house.pk)
    assert (sent.taken, sent.skipped) == (1, 2)
    with business_scope(house.pk):
        assert dict(Message.objects.values_list("customer_id", "reason")) == {
            kari.pk: "",
            ola.pk: "withdrawn",
            per.pk: "withdrawn",
        }


def test_a_database_that_goes_away_takes_no_outcome_with_it(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    """What the mail server has just taken is known to the worker alone: it waits and writes it down."""
    house = transactional_cast.fjordstuen
    with a_mail_server(settings) as server:
        with business_scope(house.pk):
            smtp(house.business, server.port)
            plan(drafts=[draft(guest()) for _each in range(4)])

        def cut(place: int) -> None:
            if place in (1, 3):
                with socket.socket(fileno=os.dup(connection.connection.fileno())) as wire:
                    wire.shutdown(socket.SHUT_RDWR)

        before_each(monkeypatch, cut)
        assert send_due(business_id=house.pk).taken == 4
        assert len(server.got) == 4
    with business_scope(house.pk):
        assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_guest_merged_or_a_template_put_away_after_the_plan(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        text = letter()
        kari, twin = guest(given_name="Kari"), guest(given_name="Kari")
        plan(drafts=[news(kari, template_id=text.pk), news(twin, template_id=text.pk)])
        merge(customer_ids=[kari.pk, twin.pk], survivor_id=kari.pk, member=house.owner)
        template_archive(template_id=text.pk)
    assert send_due(business_id=house.pk).taken == 1
    with business_scope(house.pk):
        assert sorted(Message.objects.values_list("customer_id", "state", "reason")) == [
            (kari.pk, "sent", ""),
            (kari.pk, "skipped", "merged"),
        ]


def test_what_has_expired_never_leaves_and_the_rest_catches_up_after_an_outage(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    now = timezone.now()
    with business_scope(house.pk):
        local(house.business)
        late, fine = guest(), guest()
        # Three days without a worker.
        plan(
            drafts=[
                draft(late, due_at=now - dt.timedelta(days=3), expires_at=now - dt.timedelta(days=1)),
                draft(fine, due_at=now - dt.timedelta(days=3), expires_at=now + dt.timedelta(days=1)),
            ],
            at=now - dt.timedelta(days=3),
        )
        assert set(Message.objects.values_list("state", flat=True)) == {"planned"}
    assert send_due(business_id=house.pk).taken == 1
    with business_scope(house.pk):
        assert set(Message.objects.values_list("customer_id", "state", "reason")) == {
            (late.pk, "skipped", "expired"),
            (fine.pk, "sent", ""),
        }
        assert Customer.objects.filter(pk=late.pk).exists()


def test_a_guest_who_is_blanked_after_the_plan_gets_nothing(transactional_cast: Cast) -> None:
    """Whatever takes a guest's address away, takes the message with it."""
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        local(house.business)
        kari = guest()
        plan(drafts=[draft(kari)])
        with change_set(kind=ChangeSet.Kind.EDIT, title="Blanked"):
            kari.contact_points.all().delete()
    assert send_due(business_id=house.pk).taken == 0
    with business_scope(house.pk):
        assert (Message.objects.get().state, Message.objects.get().reason) == ("skipped", "no_address")


@pytest.mark.parametrize("act", ["hold", "cancel"])
def test_paused_or_cancelled_while_it_is_offered_it_does_not_go_again_by_itself(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: object, act: str
) -> None:
    """The server says later: that was the last of it, until somebody lets it go on."""
    house = transactional_cast.fjordstuen
    with a_mail_server(settings) as server:
        server.says["rcpt"] = lambda _address: "451 4.3.0 later, please"
        with business_scope(house.pk):
            open_all_day()
            smtp(house.business, server.port)
            plan(drafts=[news(guest()), news(guest())])
        send = sending.send

        def stopped(*given: object) -> Iterator[Result]:
            for result in send(*given):  # type: ignore[arg-type]
                with business_scope(house.pk):
                    (hold if act == "hold" else cancel)(origin="campaign", origin_id=7)
                yield result

        monkeypatch.setattr(sending, "send", stopped)
        send_due(business_id=house.pk)
        monkeypatch.setattr(sending, "send", send)
        server.says.clear()
        with business_scope(house.pk):
            Message.objects.filter(state="planned").update(due_at=timezone.now() - dt.timedelta(seconds=1))
            OutboxPace.objects.update(rests_until=None)
        send_due(business_id=house.pk)
        assert server.got == []
        with business_scope(house.pk):
            states = set(Message.objects.values_list("state", "is_held", "attempted_at"))
            if act == "cancel":
                assert states == {("skipped", False, None)}
                return
            assert states == {("planned", True, None)}
            assert release(origin="campaign", origin_id=7) == 2
        assert send_due(business_id=house.pk).taken == 2
