"""Unsubscribing by the link of a message: one click for mail programs, a page for people, and never by looking."""

import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.consent.models import ConsentEvent
from customers.permission.models import Suppression
from customers.permission.reasons import Reason
from customers.permission.selectors import may_contact
from messaging.links.addresses import unsubscribe_url
from messaging.outbox.models import Message
from portal.links import address_masked
from tests.cast import Cast, House
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory, PhoneFactory
from tests.messaging.sent import message_sent

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
MAIL = "kari@example.com"


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        made = CustomerFactory(given_name="Kari", family_name="Fjellrype", language="nb")
        EmailFactory(customer=made, value=MAIL, is_primary=True)
        PhoneFactory(customer=made, value="+47 912 34 678", is_primary=True)
        for channel in ("email", "sms"):
            ConsentEventFactory(customer=made, channel=channel)
        return made


def link(house: House, guest: Customer, **values: object) -> str:
    with business_scope(house.pk):
        message = message_sent(guest, **values)
    return path(house, message.ref)


def path(house: House, ref: uuid.UUID) -> str:
    return "/" + unsubscribe_url(public_id=house.business.public_id, ref=ref).split("/", 3)[3]


def reasons(house: House, guest: Customer, channel: str = "email") -> tuple[Reason, ...]:
    with business_scope(house.pk):
        return may_contact(ids=[guest.pk], purpose="newsletter", channel=channel)[guest.pk].reasons


def events(house: House) -> int:
    with business_scope(house.pk):
        return ConsentEvent.objects.filter(act="withdrawn").count()


class TestOneClick:
    def test_a_post_is_all_it_takes(self, cast: Cast, guest: Customer) -> None:
        """As RFC 8058 has it: no cookie, no redirect, nobody signed in, forms checked as strictly as they are."""
        client = Client(enforce_csrf_checks=True, HTTP_ORIGIN="https://mail.example")
        answer = client.post(link(cast.fjordstuen, guest), ONE_CLICK)
        assert (answer.status_code, answer.text) == (200, "Unsubscribed.")
        assert not answer.cookies
        assert reasons(cast.fjordstuen, guest) == (Reason.WITHDRAWN, Reason.OPTED_OUT)
        assert reasons(cast.fjordstuen, guest, "sms") == (), "the other channel stays"
        with business_scope(cast.fjordstuen.pk):
            assert may_contact(ids=[guest.pk], purpose="stay", channel="email")[guest.pk].allowed

    def test_as_a_form_of_parts(self, cast: Cast, guest: Customer) -> None:
        body = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
        answer = Client().post(link(cast.fjordstuen, guest), body, content_type="multipart/form-data; boundary=x")
        assert answer.text == "Unsubscribed."
        assert Reason.WITHDRAWN in reasons(cast.fjordstuen, guest)

    def test_the_proof_names_the_message_and_the_guest_decided(self, cast: Cast, guest: Customer) -> None:
        url = link(cast.fjordstuen, guest)
        Client().post(url, ONE_CLICK, REMOTE_ADDR="192.0.2.9")
        with business_scope(cast.fjordstuen.pk):
            event = ConsentEvent.objects.get(act="withdrawn")
            message = Message.objects.get()
            row = Suppression.objects.get()
        assert (event.purpose, event.channel, event.source, event.by_guest) == ("newsletter", "email", "portal", True)
        assert (event.proof, event.address) == (f"message {message.ref}", "192.0.2.9")
        assert (row.reason, row.kind) == ("unsubscribed", "email")

    def test_again_and_again_is_once(self, cast: Cast, guest: Customer) -> None:
        url = link(cast.fjordstuen, guest)
        for _time in range(5):
            assert Client().post(url, ONE_CLICK).status_code == 200
        assert events(cast.fjordstuen) == 1

    def test_whoever_else_has_the_address_is_left_alone_too(self, cast: Cast, guest: Customer) -> None:
        Client().post(link(cast.fjordstuen, guest), ONE_CLICK)
        with business_scope(cast.fjordstuen.pk):
            partner = CustomerFactory()
            EmailFactory(customer=partner, value=MAIL.upper(), is_primary=True)
            ConsentEventFactory(customer=partner, source="import")
        assert reasons(cast.fjordstuen, partner) == (Reason.OPTED_OUT,)

    def test_of_an_sms_the_number(self, cast: Cast, guest: Customer) -> None:
        Client().post(link(cast.fjordstuen, guest, channel="sms"), ONE_CLICK)
        assert reasons(cast.fjordstuen, guest, "sms") == (Reason.WITHDRAWN, Reason.OPTED_OUT)
        assert reasons(cast.fjordstuen, guest) == ()

    def test_a_restricted_guest_and_one_of_a_merged_card_can_leave(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            restricted = CustomerFactory(is_restricted=True)
            EmailFactory(customer=restricted, is_primary=True)
            ConsentEventFactory(customer=restricted)
        assert Client().post(link(cast.fjordstuen, restricted), ONE_CLICK).status_code == 200
        assert Reason.WITHDRAWN in reasons(cast.fjordstuen, restricted)

    def test_a_test_message_changes_nothing(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT):
            Customer.objects.filter(pk=guest.pk).update(language="en")
        url = link(cast.fjordstuen, guest, origin="test", address="member@fjordstuen.example")
        assert Client().post(url, ONE_CLICK).status_code == 200
        assert "This was a test message" in Client().post(url, {"page": "1"}).text
        assert events(cast.fjordstuen) == 0
        assert reasons(cast.fjordstuen, guest) == ()
        with business_scope(cast.fjordstuen.pk):
            assert not Suppression.objects.exists()


class TestPage:
    def test_a_thousand_looks_unsubscribe_nobody(self, cast: Cast, guest: Customer) -> None:
        url = link(cast.fjordstuen, guest)
        for number in range(1000):
            answer = Client().get(url) if number % 2 else Client().head(url)
            assert answer.status_code == 200
        assert events(cast.fjordstuen) == 0
        assert reasons(cast.fjordstuen, guest) == ()

    def test_it_speaks_the_guests_language_and_says_little(self, cast: Cast, guest: Customer) -> None:
        answer = Client().get(link(cast.fjordstuen, guest), HTTP_ACCEPT_LANGUAGE="nl")
        assert 'lang="nb"' in answer.text
        assert "Fjordstuen" in answer.text
        assert "k…@example.com" in answer.text
        for secret in ("Fjellrype", "kari@", "678", "<script", "csrf"):
            assert secret not in answer.text
        assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies

    def test_its_button_answers_with_a_page(self, cast: Cast, guest: Customer) -> None:
        client = Client(enforce_csrf_checks=True)
        answer = client.post(link(cast.fjordstuen, guest), {"page": "1"})
        assert answer.status_code == 200
        assert "<h1>" in answer.text
        assert not answer.cookies
        assert Reason.WITHDRAWN in reasons(cast.fjordstuen, guest)

    @pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
    def test_no_other_way(self, cast: Cast, guest: Customer, method: str) -> None:
        url = link(cast.fjordstuen, guest)
        assert getattr(Client(), method)(url).status_code == 405
        assert events(cast.fjordstuen) == 0


class TestForged:
    def test_a_made_up_link_opens_nothing(self, cast: Cast, guest: Customer) -> None:
        cache.clear()
        url = link(cast.fjordstuen, guest)
        strangers = [
            path(cast.duinzicht, uuid.UUID(int=7)),
            path(cast.fjordstuen, uuid.uuid4()),
            url[:-2] + ("A" if url[-2] != "A" else "B") + "/",
            "/g/u/x/",
        ]
        for stranger in strangers:
            assert Client().get(stranger).status_code == 404
            assert Client().post(stranger, ONE_CLICK).status_code == 404
        assert events(cast.fjordstuen) == 0

    def test_the_neighbours_message_is_not_found_under_this_business(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            ref = message_sent(guest).ref
        assert Client().post(path(cast.duinzicht, ref), ONE_CLICK).status_code == 404
        assert reasons(cast.fjordstuen, guest) == ()

    def test_who_tries_many_is_stopped_and_a_real_link_still_works(
        self, cast: Cast, guest: Customer, settings: Any
    ) -> None:
        cache.clear()
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"portal_forged": "3/h/ip"}
        url = link(cast.fjordstuen, guest)
        assert [Client().get(f"/g/u/{n:064d}/").status_code for n in range(5)] == [404] * 3 + [429] * 2
        assert [Client().post(url, ONE_CLICK).status_code for _time in range(5)] == [200] * 5
        cache.clear()


@pytest.mark.parametrize(
    ("address", "masked"), [("kari@example.com", "k…@example.com"), ("+4791234678", "… 678"), ("@x", "…@x")]
)
def test_an_address_is_masked(address: str, masked: str) -> None:
    assert address_masked(address) == masked
