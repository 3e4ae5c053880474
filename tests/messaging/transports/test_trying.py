"""Test messages and checks of the sender's domain: asked for on a page, done by a worker, settled whatever dies."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from messaging.transports import tasks, trying
from messaging.transports.models import Caught, Transport, TransportTry
from messaging.transports.selectors import caught_due, checks_due, tries_due
from messaging.transports.services import check_ask
from messaging.transports.smtp import connections_close
from messaging.transports.trying import TRIES_AN_HOUR, check_run, try_ask, try_send
from tests.cast import Cast, House
from tests.messaging.transports.making import transport_made
from tests.messaging.transports.servers import MailServer, a_mail_server
from tests.messaging.transports.test_domain import Told

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with a_mail_server(settings) as running:
        yield running
    connections_close()


@pytest.fixture
def house(cast: Cast) -> House:
    return cast.fjordstuen


def smtp(house: House, server: MailServer) -> Transport:
    options = {"host": "127.0.0.1", "port": str(server.port), "security": "none"}
    with business_scope(house.pk):
        return transport_made(business=house.business, kind="smtp", name="Mail", options=options)


def asked(house: House, transport: Transport, address: str = "owner@fjordstuen.no") -> TransportTry:
    with business_scope(house.pk):
        return try_ask(transport_id=transport.pk, business=house.business, address=address, member=house.owner)


def now(house: House, row: TransportTry) -> TransportTry:
    with business_scope(house.pk):
        return TransportTry.objects.get(pk=row.pk)


def test_a_test_arrives_in_the_language_of_whoever_asked(house: House, server: MailServer) -> None:
    house.owner.user.language = "nb"
    house.owner.user.save()
    row = asked(house, smtp(house, server))
    try_send(business_id=house.pk, try_id=row.pk)
    settled = now(house, row)
    assert (settled.state, settled.error) == ("taken", {}) and settled.done_at and settled.attempted_at
    ((envelope, mail),) = server.got
    assert envelope.rcpt_tos == ["owner@fjordstuen.no"] and "Fjordstuen" in mail["Subject"]
    assert row.ref.hex in mail["Message-ID"]
    # A second worker finds nothing to do.
    try_send(business_id=house.pk, try_id=row.pk)
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("step", "says", "state", "reason"),
    [
        ("rcpt", "550 5.1.1 No such user", "refused", "dead"),
        ("mail", "550 5.7.1 Not you", "later", "sender"),
        ("data", "451 4.3.0 Later", "later", "limit"),
        ("rcpt", "550 5.1.1 <owner@fjordstuen.no> or +47 912 34 567: No such user", "refused", "dead"),
    ],
)
def test_why_not_is_told(house: House, server: MailServer, step: str, says: str, state: str, reason: str) -> None:
    server.says[step] = lambda _address: says
    row = asked(house, smtp(house, server))
    try_send(business_id=house.pk, try_id=row.pk)
    settled = now(house, row)
    words = says.replace("owner@fjordstuen.no", "…@…").replace("+47 912 34 567", "…")
    assert (settled.state, settled.error) == (state, {"reason": reason, "words": words})


def test_what_was_tried_is_forgotten_after_a_month(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """To whom it went stands there; nothing need be in the local inbox for that."""
    monkeypatch.setattr(tasks.inbox_expire, "delay", tasks.inbox_expire)
    for each in (cast.fjordstuen, cast.duinzicht):
        with business_scope(each.pk):
            transport = transport_made(business=each.business)
        old, young = asked(each, transport), asked(each, transport)
        with business_scope(each.pk):
            TransportTry.objects.update(state="taken")
            TransportTry.objects.filter(pk=old.pk).update(asked_at=timezone.now() - dt.timedelta(days=31))
            TransportTry.objects.filter(pk=young.pk).update(asked_at=timezone.now() - dt.timedelta(days=29))
    tasks.transports_sweep()
    for each in (cast.fjordstuen, cast.duinzicht):
        with business_scope(each.pk):
            assert TransportTry.objects.count() == 1
    assert caught_due() == []


def test_a_test_that_a_dead_worker_may_have_sent_is_not_sent_again(house: House, server: MailServer) -> None:
    row = asked(house, smtp(house, server))
    with business_scope(house.pk):
        TransportTry.objects.update(attempted_at=timezone.now())
    # Somebody may be at it still.
    try_send(business_id=house.pk, try_id=row.pk)
    assert now(house, row).state == "waiting"
    with business_scope(house.pk):
        TransportTry.objects.update(attempted_at=timezone.now() - dt.timedelta(minutes=10))
    assert tries_due() == [(house.pk, row.pk)]
    try_send(business_id=house.pk, try_id=row.pk)
    assert (now(house, row).state, server.got) == ("unknown", [])


def test_the_local_inbox_can_be_asked_again(house: House) -> None:
    with business_scope(house.pk):
        transport = transport_made(business=house.business)
    row = asked(house, transport)
    with business_scope(house.pk):
        TransportTry.objects.update(attempted_at=timezone.now() - dt.timedelta(minutes=10))
    try_send(business_id=house.pk, try_id=row.pk)
    assert now(house, row).state == "taken"
    with business_scope(house.pk):
        assert Caught.objects.get().ref == row.ref


def test_a_number_is_read_as_in_the_house_and_what_is_none_refused(house: House) -> None:
    with business_scope(house.pk):
        sms = transport_made(business=house.business, kind="local_sms")
        mail = transport_made(business=house.business)
    row = asked(house, sms, "912 34 567")
    assert row.address == "+4791234567"
    try_send(business_id=house.pk, try_id=row.pk)
    with business_scope(house.pk):
        assert "Fjordstuen" in Caught.objects.get().text
    for transport, address in ((sms, "12"), (mail, "12"), (mail, "owner@")):
        with pytest.raises(Refused) as refused:
            asked(house, transport, address)
        assert refused.value.field == "address"


def test_tests_are_for_finding_out_not_for_sending(house: House) -> None:
    with business_scope(house.pk):
        transport = transport_made(business=house.business)
    for _ in range(TRIES_AN_HOUR):
        asked(house, transport)
    with pytest.raises(Refused):
        asked(house, transport)


def test_a_domain_is_checked_once_a_day_and_when_asked(
    house: House, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told(txt={"fjordstuen.no": ["v=spf1 mx -all"]})
    monkeypatch.setattr(trying, "resolver", lambda: told)
    transport = smtp(house, server)
    # Asked for when it was made; the message goes at once, the sweep only for what was lost.
    assert checks_due() == []
    with business_scope(house.pk):
        Transport.objects.update(check_asked_at=timezone.now() - dt.timedelta(minutes=2))
    assert checks_due() == [(house.pk, transport.pk)]
    check_run(business_id=house.pk, transport_id=transport.pk)
    with business_scope(house.pk):
        checked = Transport.objects.get(pk=transport.pk)
        assert checked.check_asked_at is None and checked.checked_at is not None
        codes = {(each["topic"], each["code"]) for each in checked.domain["findings"]}
        assert codes == {("spf", "there"), ("dkim", "unnamed"), ("dmarc", "missing"), ("replies", "there")}
        assert checks_due() == []
        Transport.objects.update(checked_at=timezone.now() - dt.timedelta(hours=25))
        assert checks_due() == [(house.pk, transport.pk)]
        Transport.objects.update(is_on=False)
        assert checks_due() == []
        assert check_ask(transport_id=transport.pk).check_asked_at is not None


def test_the_sweep_takes_up_what_was_lost_in_every_business(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for task in (tasks.transport_try, tasks.transport_check, tasks.inbox_expire):
        monkeypatch.setattr(task, "delay", task)
    for each in (cast.fjordstuen, cast.duinzicht):
        with business_scope(each.pk):
            transport = transport_made(business=each.business)
        row = asked(each, transport)
        try_send(business_id=each.pk, try_id=row.pk)
        asked(each, transport)
        with business_scope(each.pk):
            Caught.objects.update(at=timezone.now() - dt.timedelta(days=31))
            TransportTry.objects.filter(state="waiting").update(asked_at=timezone.now() - dt.timedelta(minutes=5))
    assert sorted(caught_due()) == sorted([cast.fjordstuen.pk, cast.duinzicht.pk])
    tasks.transports_sweep()
    assert (tries_due(), caught_due()) == ([], [])
    for each in (cast.fjordstuen, cast.duinzicht):
        with business_scope(each.pk):
            assert Caught.objects.count() == 1
            assert set(TransportTry.objects.values_list("state", flat=True)) == {"taken"}
