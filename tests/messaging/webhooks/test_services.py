"""Making, changing and removing webhooks, what signs them, and writing deliveries in sets."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.keyring import CannotOpen
from accounts.models import AuditEntry
from accounts.services.refusals import Refused
from accounts.signals import keys_asked, keys_changed
from accounts.tenancy import business_scope
from messaging.webhooks.bodies import REACHED, AutomationTold, JourneyTold, bodies_of
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.secrets import SecretLost, secrets_open
from messaging.webhooks.services import (
    ENDPOINTS_MAX,
    Delivery,
    EndpointChanged,
    deliver_all,
    deliveries_resend,
    endpoint_change,
    endpoint_create,
    endpoint_remove,
    endpoint_rotate,
    endpoint_try,
)
from tests.cast import Cast, House
from tests.factories import CustomerFactory, EmailFactory, PhoneFactory, PropertyFactory, StayFactory
from tests.messaging.webhooks.hooks import endpoint_made, planned

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)


def test_the_secret_is_sealed_and_told_once(fjordstuen: House) -> None:
    made = endpoint_create(business=fjordstuen.business, name="  Door   locks ", url=" https://hooks.example.org/in ")
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.name, endpoint.url, endpoint.is_on) == ("Door locks", "https://hooks.example.org/in", True)
    assert made.secret.startswith("whsec_") and made.secret.encode() not in bytes(endpoint.secret)
    assert secrets_open(endpoint, fjordstuen.business).secret == made.secret
    newer = endpoint_rotate(endpoint_id=endpoint.pk, business=fjordstuen.business)
    endpoint.refresh_from_db()
    kept = secrets_open(endpoint, fjordstuen.business)
    assert newer.secret != made.secret
    assert kept.signing(timezone.now()) == (newer.secret, made.secret)
    assert kept.signing(timezone.now() + dt.timedelta(hours=25)) == (newer.secret,)
    entries = list(AuditEntry.objects.filter(object_type="webhook").order_by("pk").values_list("action", "data"))
    assert entries == [("webhook.added", {"name": "Door locks"}), ("webhook.secret", {"name": "Door locks"})]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://hooks.example.org/", "https://"),
        ("https://u:p@hooks.example.org/", "signed instead"),
        ("https://hooks.example.org:22/", "Port 22"),
        ("https://127.0.0.1/", "open internet"),
        ("https://[::1]/", "open internet"),
        ("https://169.254.169.254/latest/", "open internet"),
        ("hooks.example.org", "in full"),
        ("", "in full"),
    ],
)
def test_addresses_that_may_not_be_asked(fjordstuen: House, url: str, told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        endpoint_made(business=fjordstuen.business, url=url)
    assert refused.value.field == "url" and not WebhookEndpoint.objects.exists()


def test_names_are_once_and_there_is_an_end(fjordstuen: House) -> None:
    endpoint_made(business=fjordstuen.business, name="Locks")
    for name in ("locks", " ", "x" * 81):
        with pytest.raises(Refused) as refused:
            endpoint_made(business=fjordstuen.business, name=name)
        assert refused.value.field == "name"
    for number in range(ENDPOINTS_MAX - 1):
        endpoint_made(business=fjordstuen.business, name=f"Other {number}")
    with pytest.raises(Refused, match="as many as can be"):
        endpoint_made(business=fjordstuen.business, name="One more")


def test_two_editors_do_not_overwrite_each_other(fjordstuen: House) -> None:
    endpoint = endpoint_made(business=fjordstuen.business)
    changed = endpoint_change(endpoint_id=endpoint.pk, version=1, name="Doors")
    assert (changed.name, changed.version) == ("Doors", 2)
    with pytest.raises(EndpointChanged) as overtaken:
        endpoint_change(endpoint_id=endpoint.pk, version=1, name="Gates")
    assert overtaken.value.current.name == "Doors"
    # What changes nothing is none.
    assert endpoint_change(endpoint_id=endpoint.pk, version=2, name="Doors").version == 2
    assert AuditEntry.objects.filter(action="webhook.changed").count() == 1


def test_another_address_begins_anew(fjordstuen: House) -> None:
    endpoint = endpoint_made(business=fjordstuen.business)
    rests = {"failures": 4, "trouble": "gone", "rests_until": timezone.now(), "troubled_since": timezone.now()}
    WebhookEndpoint.objects.update(**rests)
    assert endpoint_change(endpoint_id=endpoint.pk, name="Doors").failures == 4
    changed = endpoint_change(endpoint_id=endpoint.pk, url="https://hooks.example.org/other")
    assert (changed.failures, changed.trouble, changed.rests_until) == (0, "", None)
    endpoint_change(endpoint_id=endpoint.pk, is_on=False)
    WebhookEndpoint.objects.update(**rests)
    assert endpoint_change(endpoint_id=endpoint.pk, is_on=True).trouble == ""


def test_removed_with_all_that_was_delivered(fjordstuen: House) -> None:
    endpoint = endpoint_made(business=fjordstuen.business)
    planned(endpoint, CustomerFactory())
    endpoint_remove(endpoint_id=endpoint.pk)
    assert not WebhookDelivery.objects.exists() and not WebhookEndpoint.objects.exists()


def test_a_key_is_once_and_answers_its_id(fjordstuen: House) -> None:
    endpoint = endpoint_made(business=fjordstuen.business)
    guests = CustomerFactory.create_batch(3)
    wanted = [Delivery(f"automation:{each.pk}:s1", each.pk, REACHED, {"n": each.pk}) for each in guests]
    first = deliver_all(endpoint_id=endpoint.pk, deliveries=wanted[:2], now=NOW)
    again = [Delivery(each.key, each.customer_id, REACHED, {"n": "other"}) for each in wanted]
    with CaptureQueriesContext(
        connection,
    ) as asked:
        found = deliver_all(endpoint_id=endpoint.pk, deliveries=again, now=NOW)
    assert len(asked) == 2
    assert {key: found[key] for key in first} == first and set(found) == {each.key for each in wanted}
    rows = WebhookDelivery.objects.order_by("pk")
    assert [each.body["n"] for each in rows] == [guests[0].pk, guests[1].pk, "other"]
    assert {(each.state, each.due_at, each.expires_at) for each in rows} == {
        ("planned", NOW, NOW + dt.timedelta(days=3))
    }
    assert len({each.ref for each in rows}) == 3
    assert deliver_all(endpoint_id=endpoint.pk, deliveries=[], now=NOW) == {}


def test_a_card_that_is_gone_gets_none_and_an_endpoint_that_is_gone_says_so(fjordstuen: House) -> None:
    endpoint = endpoint_made(business=fjordstuen.business)
    guest = CustomerFactory()
    wanted = [Delivery("a", guest.pk, REACHED, {}), Delivery("b", guest.pk + 10**6, REACHED, {})]
    assert set(deliver_all(endpoint_id=endpoint.pk, deliveries=wanted, now=NOW)) == {"a"}
    with pytest.raises(WebhookEndpoint.DoesNotExist):
        deliver_all(endpoint_id=endpoint.pk + 10**6, deliveries=wanted, now=NOW)


def test_nothing_reaches_another_business(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = endpoint_made(business=cast.duinzicht.business)
        (told,) = planned(theirs, CustomerFactory())
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        for act in (
            lambda: deliver_all(endpoint_id=theirs.pk, deliveries=[Delivery("a", guest.pk, REACHED, {})], now=NOW),
            lambda: endpoint_change(endpoint_id=theirs.pk, name="Mine"),
            lambda: endpoint_rotate(endpoint_id=theirs.pk, business=cast.fjordstuen.business),
            lambda: endpoint_remove(endpoint_id=theirs.pk),
            lambda: endpoint_try(endpoint_id=theirs.pk),
            lambda: deliveries_resend(endpoint_id=theirs.pk, delivery_ids=[told.pk]),
        ):
            with pytest.raises(WebhookEndpoint.DoesNotExist):
                act()
        ours = endpoint_made(business=cast.fjordstuen.business)
        their_guest = Delivery("a", told.customer_id or 0, REACHED, {})
        assert deliver_all(endpoint_id=ours.pk, deliveries=[their_guest], now=NOW) == {}
        assert deliveries_resend(endpoint_id=ours.pk, delivery_ids=[told.pk]) == 0
    with pytest.raises(SecretLost):
        secrets_open(theirs, cast.fjordstuen.business)


def test_delivered_again_under_the_same_id(fjordstuen: House) -> None:
    endpoint = endpoint_made(business=fjordstuen.business)
    sent, failed, unknown, waits = planned(endpoint, *CustomerFactory.create_batch(4))
    over = {"attempts": 8, "reason": "fault", "status": 500, "settled_at": NOW}
    for each, state in ((sent, "sent"), (failed, "failed"), (unknown, "unknown")):
        WebhookDelivery.objects.filter(pk=each.pk).update(state=state, **over)
    WebhookEndpoint.objects.update(rests_until=timezone.now() + dt.timedelta(hours=1))
    assert deliveries_resend(endpoint_id=endpoint.pk, delivery_ids=[waits.pk]) == 0
    assert deliveries_resend(endpoint_id=endpoint.pk, member=fjordstuen.owner) == 2
    failed_now = WebhookDelivery.objects.get(pk=failed.pk)
    assert (failed_now.state, failed_now.attempts, failed_now.status, failed_now.ref) == (
        "planned",
        0,
        None,
        failed.ref,
    )
    assert WebhookEndpoint.objects.get().rests_until is None
    assert deliveries_resend(endpoint_id=endpoint.pk, delivery_ids=[sent.pk, waits.pk]) == 1
    entry = AuditEntry.objects.filter(action="webhook.resent").order_by("pk")[0]
    assert (entry.member_id, entry.data) == (fjordstuen.owner.pk, {"name": "Locks", "deliveries": 2})
    WebhookEndpoint.objects.update(is_on=False)
    with pytest.raises(Refused):
        deliveries_resend(endpoint_id=endpoint.pk)


def test_a_test_tells_of_nobody(fjordstuen: House) -> None:
    endpoint = endpoint_made(business=fjordstuen.business)
    delivery = endpoint_try(endpoint_id=endpoint.pk)
    assert (delivery.kind, delivery.customer_id) == ("webhook.test", None)
    assert delivery.body["data"] == {"webhook": {"id": endpoint.pk, "name": "Locks"}}
    for _number in range(19):
        endpoint_try(endpoint_id=endpoint.pk)
    with pytest.raises(Refused, match="within the last hour"):
        endpoint_try(endpoint_id=endpoint.pk)


def test_secrets_follow_when_keys_of_the_installation_change(cast: Cast, settings: Any) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        made = endpoint_create(business=house.business, name="Locks", url="https://hooks.example.org/in")
    old = settings.INNKEEPER_SENSITIVE_KEYS
    settings.INNKEEPER_SENSITIVE_KEYS = (("newer", b"n" * 32), *old)
    assert sum(count for _receiver, count in keys_changed.send(sender=None, business=house.business)) == 1
    with business_scope(house.pk):
        endpoint = WebhookEndpoint.objects.get()
    assert endpoint.secret_key == "newer"
    assert secrets_open(endpoint, house.business).secret == made.secret
    settings.INNKEEPER_SENSITIVE_KEYS = old
    missing = [names for _receiver, names in keys_asked.send(sender=None, business=house.business)]
    assert {"newer"} in missing
    with business_scope(house.pk):
        # A new secret makes good what is lost.
        WebhookEndpoint.objects.update(failures=3, trouble="secret")
        made = endpoint_rotate(endpoint_id=endpoint.pk, business=house.business)
        endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.trouble) == (0, "")
    assert secrets_open(endpoint, house.business).signing(timezone.now()) == (made.secret,)
    with business_scope(house.pk):
        WebhookEndpoint.objects.update(secret=b"x" * 60)
    settings.INNKEEPER_SENSITIVE_KEYS = (("newer", b"n" * 32), *old)
    with pytest.raises(CannotOpen):
        keys_changed.send(sender=None, business=house.business)


def test_bodies_say_who_and_which_stay_in_a_fixed_number_of_queries(fjordstuen: House) -> None:
    kari = CustomerFactory(given_name="Kari", family_name="Nord", language="nb")
    EmailFactory(customer=kari, value="old@nord.no")
    EmailFactory(customer=kari, value="kari@nord.no", is_primary=True)
    PhoneFactory(customer=kari, value="+4791234567")
    stay = StayFactory(
        property=PropertyFactory(name="By the fjord"),
        arrival=dt.date(2026, 11, 26),
        departure=dt.date(2026, 11, 28),
        reference="FJ-1",
        unit="204",
    )
    others = CustomerFactory.create_batch(20)
    journeys = [
        JourneyTold(1, kari.pk, "s4", stay.pk, NOW),
        *(JourneyTold(number, each.pk) for number, each in enumerate(others, 2)),
        JourneyTold(99, kari.pk + 10**6),
    ]
    with CaptureQueriesContext(connection) as asked:
        told = bodies_of(kind=REACHED, automation=AutomationTold(7, "Welcome", 3), journeys=journeys, at=NOW)
    assert len(asked) == 3
    assert set(told) == {each.id for each in journeys[:-1]}
    assert told[1]["type"] == "automation.reached" and told[1]["timestamp"] == "2026-11-23T09:00:00+00:00"
    data = told[1]["data"]
    assert data["automation"] == {"id": 7, "name": "Welcome", "version": 3}
    assert data["journey"] == {"id": 1, "step": "s4", "began_at": "2026-11-23T09:00:00+00:00"}
    names = {"given_name": "Kari", "family_name": "Nord", "company_name": "", "name": "Kari Nord"}
    reached = {"email": "kari@nord.no", "phone": "+4791234567", "language": "nb"}
    assert data["guest"] == {"id": kari.pk, **names, **reached}
    assert data["stay"]["property"]["name"] == "By the fjord"
    assert (data["stay"]["arrival"], data["stay"]["nights"], data["stay"]["unit"]) == ("2026-11-26", 2, "204")
    assert told[2]["data"]["stay"] is None
