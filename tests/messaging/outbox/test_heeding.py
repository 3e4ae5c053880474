"""A refusal that says something of the address does what a report of it would do: nobody writes there again."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint
from customers.consent.models import ConsentState
from customers.permission.models import Suppression
from customers.permission.selectors import may_contact
from messaging.outbox import heeding, sending
from messaging.outbox.models import Message, OutboxPace
from messaging.outbox.services import plan, send_due
from messaging.transports.outgoing import Outcome, Outgoing, Reason, Result, not_taken, taken
from tests.cast import Cast
from tests.messaging.outbox.letters import draft, guest, local, smtp
from tests.messaging.transports.servers import a_mail_server

pytestmark = pytest.mark.django_db(transaction=True)
Told = Callable[[Outgoing], Result]


def provider(monkeypatch: pytest.MonkeyPatch, answer: Told) -> None:
    """A provider that answers as it is told."""

    def send(_transport: object, batch: Sequence[Outgoing], on_attempt: Callable[[Outgoing], None]) -> Iterator[Result]:
        for each in batch:
            on_attempt(each)
            yield answer(each)

    monkeypatch.setattr(sending, "send", send)


@pytest.mark.parametrize(
    ("said", "is_dead"),
    [
        ("550 5.1.1 <x>: Recipient address rejected: User unknown", True),
        ("556 5.1.10 the domain takes no mail", True),
        ("550 No such user here", True),
        ("550 5.2.1 receiving mail at a rate that prevents more", False),
        ("550 5.7.1 not from you", False),
        ("550 rejected for reasons of our own", False),
        ("553 sender address unknown", False),
        ("451 4.1.1 user unknown for the moment", False),
    ],
)
def test_of_a_mail_server_what_says_that_nobody_is_there(
    transactional_cast: Cast, settings: Any, said: str, is_dead: bool
) -> None:
    house = transactional_cast.fjordstuen
    with a_mail_server(settings) as server:
        server.says["rcpt"] = lambda _address: said
        with business_scope(house.pk):
            smtp(house.business, server.port)
            kari = guest()
            plan(drafts=[draft(kari)])
        send_due(business_id=house.pk)
    with business_scope(house.pk):
        assert Suppression.objects.filter(reason="bounce").count() == is_dead
        assert (kari.contact_points.get().state == ContactPoint.State.BOUNCED) is is_dead
        assert may_contact(ids=[kari.pk], purpose="stay", channel="email")[kari.pk].allowed is not is_dead
        if is_dead:
            message = Message.objects.get()
            assert (message.state, message.reason) == ("failed", "dead")


def test_who_has_told_the_gateway_to_stop_has_told_us(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    provider(monkeypatch, lambda each: not_taken(each, Outcome.REFUSED, Reason.STOPPED, "21610"))
    with business_scope(house.pk):
        local(house.business, "sms")
        kari = guest(phone=True)
        plan(drafts=[draft(kari, channel="sms")])
    send_due(business_id=house.pk)
    with business_scope(house.pk):
        assert Suppression.objects.get().reason == Suppression.Reason.STOP
        assert kari.contact_points.get(kind="phone").state == ContactPoint.State.OPTED_OUT
        assert kari.contact_points.get(kind="email").state == ContactPoint.State.OK
        granted = dict(ConsentState.objects.filter(customer=kari).values_list("channel", "granted"))
        assert granted == {"email": True, "sms": False}
        assert may_contact(ids=[kari.pk], purpose="stay", channel="sms")[kari.pk].allowed is False


def test_a_server_that_knows_nobody_at_all_is_not_believed(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    others = heeding.MOST_OF_NONE + 1
    knows: set[str] = set()
    provider(
        monkeypatch,
        lambda each: taken(each) if each.address in knows else not_taken(each, Outcome.REFUSED, Reason.DEAD, "550"),
    )
    with business_scope(house.pk):
        local(house.business)
        plan(drafts=[draft(guest()) for _each in range(others)])
    assert send_due(business_id=house.pk).refused == others
    with business_scope(house.pk):
        assert not Suppression.objects.exists()
        kari = guest()
        knows.add(kari.contact_points.get().normalised)
        plan(drafts=[draft(kari), *(draft(guest()) for _each in range(others))])
    assert send_due(business_id=house.pk).refused == others
    with business_scope(house.pk):
        assert Suppression.objects.count() == others


def test_the_address_of_a_member_who_tries_something_is_nobodys(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    provider(monkeypatch, lambda each: not_taken(each, Outcome.REFUSED, Reason.DEAD, "550"))
    with business_scope(house.pk):
        local(house.business)
        plan(drafts=[draft(guest(), origin="test", address="owner@fjordstuen.example")])
    assert send_due(business_id=house.pk).refused == 1
    with business_scope(house.pk):
        assert not Suppression.objects.exists()


def test_of_what_a_provider_breaks_with_no_address_is_kept(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen

    def breaks(each: Outgoing) -> Result:
        raise RuntimeError(f"cannot send to {each.address} or +47 912 34 567")

    provider(monkeypatch, breaks)
    with business_scope(house.pk):
        local(house.business)
        plan(drafts=[draft(guest())])
    with contextlib.suppress(RuntimeError):
        send_due(business_id=house.pk)
    with business_scope(house.pk):
        assert OutboxPace.objects.get().trouble_detail == "RuntimeError: cannot send to …@… or …"
