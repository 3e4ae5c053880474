"""Making, changing, choosing and removing ways of sending; their secrets; what the local inbox forgets."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.services.refusals import Refused
from accounts.signals import keys_asked, keys_changed
from accounts.tenancy import business_scope
from accounts.tokens import token_hash, token_public_id
from messaging.transports.demo import demo_transports_ensure
from messaging.transports.kinds import KINDS
from messaging.transports.models import Caught, Transport
from messaging.transports.outgoing import Outcome
from messaging.transports.secrets import CALLBACK, SecretLost, secrets_open
from messaging.transports.selectors import caught_list, transport_default, transport_of_callback
from messaging.transports.services import (
    TransportValues,
    caught_expire,
    transport_create,
    transport_make_default,
    transport_remove,
    transport_update,
)
from tests.cast import Cast, House
from tests.messaging.transports.making import transport_made
from tests.messaging.transports.servers import outgoing, sent

pytestmark = pytest.mark.django_db

SMTP = {"host": "smtp.fjordstuen.no", "port": "587", "user": "fjord"}
SECRET = "canary-secret"


def smtp(house: House, **values: Any) -> Transport:
    told = {"options": SMTP, "secrets": {"password": SECRET}, **values}
    return transport_made(business=house.business, kind="smtp", **told)


def changed(house: House, transport: Transport, **values: Any) -> Transport:
    told: dict[str, Any] = {
        "kind": transport.kind,
        "name": transport.name,
        "options": transport.options,
        "sender_address": transport.sender_address,
        **values,
    }
    return transport_update(transport_id=transport.pk, business=house.business, values=TransportValues(**told))


def test_secrets_are_sealed_and_stay(fjordstuen: House) -> None:
    transport = smtp(fjordstuen)
    assert SECRET.encode() not in bytes(transport.secret) and SECRET not in str(transport.options)
    assert secrets_open(transport)["password"] == SECRET
    # Left empty, it stays; typed, it is the new one.
    assert secrets_open(changed(fjordstuen, transport, name="Other"))["password"] == SECRET
    assert secrets_open(changed(fjordstuen, transport, secrets={"password": "new"}))["password"] == "new"


def test_another_server_does_not_get_the_password(fjordstuen: House) -> None:
    transport = smtp(fjordstuen)
    moved = changed(fjordstuen, transport, options=SMTP | {"host": "smtp.elsewhere.example"})
    assert "password" not in secrets_open(moved)
    link = transport_made(
        business=fjordstuen.business,
        kind="link",
        sender_address="Fjord",
        options={"address": "https://a.example/sms", "user": "u", "platform_id": "1", "partner_id": "2"},
        secrets={"password": SECRET},
    )
    with pytest.raises(Refused) as refused:
        changed(fjordstuen, link, options=link.options | {"address": "https://b.example/sms"})
    assert refused.value.field == "password"
    assert changed(fjordstuen, link, options=link.options | {"address": "https://a.example/other"})


def test_secrets_open_in_their_own_business_alone(cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        transport = smtp(cast.fjordstuen)
    with pytest.raises(SecretLost):
        secrets_open(transport, cast.duinzicht.business)


def test_secrets_follow_when_keys_of_the_installation_change(cast: Cast, settings: Any) -> None:
    with business_scope(cast.fjordstuen.pk):
        transport = smtp(cast.fjordstuen)
    old = settings.INNKEEPER_SENSITIVE_KEYS
    settings.INNKEEPER_SENSITIVE_KEYS = (("newer", b"n" * 32), *old)
    answers = keys_changed.send(sender=None, business=cast.fjordstuen.business)
    assert sum(count for _receiver, count in answers) == 1
    with business_scope(cast.fjordstuen.pk):
        transport.refresh_from_db()
    assert transport.secret_key == "newer" and secrets_open(transport)["password"] == SECRET
    settings.INNKEEPER_SENSITIVE_KEYS = old
    missing = [names for _receiver, names in keys_asked.send(sender=None, business=cast.fjordstuen.business)]
    assert {"newer"} in missing
    with pytest.raises(SecretLost):
        secrets_open(transport)


def test_the_address_for_callbacks_leads_to_the_transport(fjordstuen: House) -> None:
    transport = smtp(fjordstuen)
    token = secrets_open(transport)[CALLBACK]
    assert token_public_id(token) == fjordstuen.business.public_id
    assert transport_of_callback(token_hash=token_hash(token)) == transport
    assert secrets_open(changed(fjordstuen, transport, name="Other"))[CALLBACK] == token
    assert transport_of_callback(token_hash=token_hash(token + "x")) is None


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("pigeon", {}, "kind"),
        ("smtp", {"name": "  "}, "name"),
        ("smtp", {"options": SMTP | {"host": ""}}, "host"),
        ("smtp", {"options": SMTP | {"host": "no host"}}, "host"),
        ("smtp", {"options": SMTP | {"host": "127.0.0.1"}}, "host"),
        ("smtp", {"options": SMTP | {"host": "[::1]"}}, "host"),
        ("smtp", {"options": SMTP | {"host": "169.254.169.254"}}, "host"),
        ("smtp", {"options": SMTP | {"port": "22"}}, "port"),
        ("smtp", {"options": SMTP | {"port": "many"}}, "port"),
        ("smtp", {"options": SMTP | {"port": "65536"}}, "port"),
        ("smtp", {"options": SMTP | {"security": "rot13"}}, "security"),
        ("smtp", {"options": SMTP | {"user": "a\r\nb"}}, "user"),
        ("smtp", {"options": SMTP | {"dkim_selector": "a b"}}, "dkim_selector"),
        ("smtp", {"sender_address": ""}, "sender_address"),
        ("smtp", {"sender_address": "post@"}, "sender_address"),
        ("smtp", {"reply_to": "nobody"}, "reply_to"),
        ("smtp", {"per_minute": 0}, "per_minute"),
        ("smtp", {"secrets": {"password": "pæssord"}}, "password"),
        ("smtp", {"secrets": {"password": "a\nb"}}, "password"),
        ("ses", {"options": {"access_key": "A", "region": "evil.example/"}, "secrets": {"secret_key": "s"}}, "region"),
        ("gatewayapi", {"sender_address": "Fjord"}, "token"),
        ("gatewayapi", {"secrets": {"token": "t"}, "sender_address": "Fjordstuen Hotell"}, "sender_address"),
        ("gatewayapi", {"secrets": {"token": "t"}, "sender_address": "Ålesund"}, "sender_address"),
        ("gatewayapi", {"secrets": {"token": "t"}, "sender_address": ""}, "sender_address"),
        (
            "link",
            {
                "secrets": {"password": "p"},
                "sender_address": "Fjord",
                "options": {"address": "http://a.example", "user": "u", "platform_id": "1", "partner_id": "1"},
            },
            "address",
        ),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(
    fjordstuen: House, kind: str, values: dict[str, Any], field: str
) -> None:
    told = {"name": "X", "options": SMTP, "sender_address": "post@fjordstuen.no", **values}
    with pytest.raises(Refused) as refused:
        transport_create(business=fjordstuen.business, values=TransportValues(kind=kind, **told))
    assert refused.value.field == field
    assert not Transport.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("+47 912 34 567", "+4791234567"), ("2012", "2012"), ("Fjord Camp", "Fjord Camp"), (" A-1 ", "A-1")],
)
def test_senders_of_sms(fjordstuen: House, typed: str, kept: str) -> None:
    transport = transport_made(
        business=fjordstuen.business, kind="gatewayapi", secrets={"token": "t"}, sender_address=typed
    )
    assert transport.sender_address == kept


def test_one_of_each_channel_is_the_default(fjordstuen: House) -> None:
    first, second = transport_made(business=fjordstuen.business), smtp(fjordstuen)
    sms = transport_made(business=fjordstuen.business, kind="local_sms")
    assert (first.is_default, second.is_default, sms.is_default) == (True, False, True)
    assert transport_default(channel="email") == first and transport_default(channel="sms") == sms
    transport_make_default(transport_id=second.pk, member=fjordstuen.admin)
    assert transport_default(channel="email") == second
    with pytest.raises(Refused):
        changed(fjordstuen, second, is_on=False)
    with pytest.raises(Refused):
        transport_remove(transport_id=second.pk)
    changed(fjordstuen, first, is_on=False)
    with pytest.raises(Refused):
        transport_make_default(transport_id=first.pk)
    transport_remove(transport_id=second.pk, member=fjordstuen.admin)
    assert transport_default(channel="email") is None
    actions = AuditEntry.objects.order_by("id").values_list("action", flat=True)
    assert [each for each in actions if each.startswith("transport.")] == [
        *["transport.added"] * 3,
        "transport.default",
        "transport.changed",
        "transport.removed",
    ]
    assert not AuditEntry.objects.filter(data__icontains=SECRET).exists()


def test_names_are_told_apart(fjordstuen: House) -> None:
    smtp(fjordstuen, name="Mail")
    with pytest.raises(Refused) as refused:
        smtp(fjordstuen, name=" Mail ")
    assert refused.value.field == "name"


def test_a_change_makes_connections_anew_and_another_domain_is_looked_at_anew(fjordstuen: House) -> None:
    transport = smtp(fjordstuen)
    assert transport.version == 1 and transport.check_asked_at is not None
    Transport.objects.update(check_asked_at=None, checked_at=timezone.now(), domain={"domain": "x", "findings": []})
    same = changed(fjordstuen, transport, name="Same")
    assert same.version == 2 and same.checked_at is not None and same.check_asked_at is None
    other = changed(fjordstuen, transport, sender_address="post@other.no")
    assert (other.checked_at, other.domain) == (None, {}) and other.check_asked_at is not None
    assert transport_made(business=fjordstuen.business).check_asked_at is None


def test_every_kind_can_be_made(fjordstuen: House) -> None:
    """With what its fields ask for, and nothing else."""
    for kind in KINDS.values():
        options = {
            option.name: option.default or {"host": "smtp.example.com"}.get(option.asked.value, "x1")
            for option in kind.open_options
            if option.is_required
        }
        transport = transport_made(
            business=fjordstuen.business,
            kind=kind.code,
            sender_address="Fjord" if kind.channel == "sms" else "post@fjordstuen.no",
            options=options,
            secrets={option.name: "s" for option in kind.secrets if option.is_required},
        )
        assert transport.channel == kind.channel


@pytest.fixture
def inbox(cast: Cast) -> Iterator[Transport]:
    with business_scope(cast.fjordstuen.pk):
        transport = transport_made(business=cast.fjordstuen.business, sender_name="Fjordstuen")
    yield transport


def test_the_local_inbox_catches_each_message_once(cast: Cast, inbox: Transport) -> None:
    message = outgoing("kari@example.no", name="Kari", headers={"List-Unsubscribe": "<https://x>"}, customer_id=7)
    results, offered = sent(inbox, message)
    again, _offered = sent(inbox, message)
    assert [each.outcome for each in (*results, *again)] == [Outcome.TAKEN] * 2 and offered == [message]
    with business_scope(cast.fjordstuen.pk):
        (caught,) = Caught.objects.all()
        assert (caught.ref, caught.address, caught.name, caught.customer_id) == (
            message.ref,
            "kari@example.no",
            "Kari",
            7,
        )
        assert (caught.subject, caught.html, caught.text) == (message.subject, message.html, message.text)
        assert caught.sender == "Fjordstuen <post@fjordstuen.no>"
        assert caught.headers["List-Unsubscribe"] == "<https://x>" and message.ref.hex in caught.headers["Message-ID"]
    with business_scope(cast.duinzicht.pk):
        assert not Caught.objects.exists()


def test_the_local_inbox_forgets(cast: Cast, inbox: Transport) -> None:
    sent(inbox, outgoing(), outgoing())
    with business_scope(cast.fjordstuen.pk):
        old = Caught.objects.order_by("id").first()
        assert old is not None
        Caught.objects.filter(pk=old.pk).update(at=timezone.now() - dt.timedelta(days=31))
        assert caught_expire() == 1
        assert Caught.objects.count() == 1


def test_pages_of_the_inbox_hold_each_message_once(cast: Cast, inbox: Transport) -> None:
    with business_scope(cast.fjordstuen.pk):
        now = timezone.now()
        Caught.objects.bulk_create(
            # Several at one moment: the number tells them apart.
            Caught(
                transport=inbox, ref=uuid.uuid4(), channel="email", address=f"g{n}@x.no", at=now - dt.timedelta(n // 3)
            )
            for n in range(10)
        )
        seen, before = [], ""
        while True:
            page = caught_list(before=before, limit=4)
            seen += [each.address for each in page.items]
            if not page.older:
                break
            before = page.older
        assert len(seen) == len(set(seen)) == 10
        assert [each.address for each in caught_list(text="G7@").items] == ["g7@x.no"]
        assert caught_list(channel="sms").items == []
        assert len(caught_list(before="no page").items) == 10


def test_the_demo_gets_a_local_inbox_for_each_channel_once(cast: Cast) -> None:
    assert demo_transports_ensure(business=cast.fjordstuen.business) == 2
    assert demo_transports_ensure(business=cast.fjordstuen.business) == 0
    with business_scope(cast.fjordstuen.pk):
        assert sorted(Transport.objects.filter(is_default=True).values_list("kind", flat=True)) == [
            "local",
            "local_sms",
        ]
        assert transport_default(channel="sms").sender_address == "Fjordstuen"  # type: ignore[union-attr]
