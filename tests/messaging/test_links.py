"""The links of messages: tokens that nobody can make, addresses that lead nowhere else, opens noted by consent only."""

import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.tenancy import business_scope
from messaging.links.addresses import (
    leads_to,
    pixel_url,
    preferences_url,
    token_find,
    tracked,
    unsubscribe_headers,
    unsubscribe_url,
)
from messaging.links.selectors import trackable
from messaging.links.tokens import MessageToken, address_is_signed, address_sign, token_read, token_write
from messaging.outbox.models import Message
from tests.cast import Cast, House
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory
from tests.messaging.sent import message_sent

KEY, OLD = b"k" * 32, b"o" * 32
NAMED = MessageToken(uuid.uuid4(), uuid.uuid4())


class TestTokens:
    @given(public_id=st.uuids(), ref=st.uuids(), key=st.binary(min_size=32, max_size=32))
    def test_what_is_written_is_read(self, public_id: uuid.UUID, ref: uuid.UUID, key: bytes) -> None:
        named = MessageToken(public_id, ref)
        text = token_write(named, key=key)
        assert len(text) == 64
        assert token_read(text, keys=[OLD, key]) == named

    @given(place=st.integers(0, 63), letter=st.sampled_from("ABCabc019-_"))
    def test_one_letter_else_opens_nothing(self, place: int, letter: str) -> None:
        text = token_write(NAMED, key=KEY)
        changed = text[:place] + letter + text[place + 1 :]
        if changed != text:
            assert token_read(changed, keys=[KEY]) is None

    @given(text=st.text(max_size=80))
    def test_anything_else_opens_nothing(self, text: str) -> None:
        assert token_read(text, keys=[KEY]) is None

    def test_another_key_opens_nothing(self) -> None:
        assert token_read(token_write(NAMED, key=OLD), keys=[KEY]) is None

    @given(address=st.text(max_size=200))
    def test_an_address_is_signed_for_one_message(self, address: str) -> None:
        signature = address_sign(address, NAMED, key=KEY)
        assert len(signature) == 22
        assert address_is_signed(address, signature, NAMED, keys=[OLD, KEY])
        assert not address_is_signed(address + "x", signature, NAMED, keys=[KEY])
        assert not address_is_signed(address, signature, MessageToken(NAMED.public_id, uuid.uuid4()), keys=[KEY])
        assert not address_is_signed(address, signature, NAMED, keys=[OLD])


class TestAddresses:
    def test_they_are_whole_and_say_nothing_of_the_guest(self, settings: pytest.FixtureRequest) -> None:
        settings.INNKEEPER_URL = "https://crm.example"  # type: ignore[attr-defined]
        named = NAMED._asdict()
        for url, path in (
            (unsubscribe_url(**named), "/g/u/"),
            (preferences_url(**named), "/g/p/"),
            (pixel_url(**named), "/m/o/"),
        ):
            assert url.startswith(f"https://crm.example{path}")
        assert token_find(unsubscribe_url(**named).split("/")[-2]) == NAMED

    def test_the_headers_are_those_of_rfc_8058(self, settings: Any) -> None:
        settings.INNKEEPER_URL = "https://crm.example"
        headers = unsubscribe_headers(**NAMED._asdict())
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert headers["List-Unsubscribe"] == f"<{unsubscribe_url(**NAMED._asdict())}>"

    def test_one_click_is_offered_by_https_alone(self, settings: Any) -> None:
        settings.INNKEEPER_URL = "http://localhost:8000"
        headers = unsubscribe_headers(**NAMED._asdict())
        assert headers == {"List-Unsubscribe": f"<{unsubscribe_url(**NAMED._asdict())}>"}

    def test_a_changed_secret_of_the_installation_still_opens_old_links(self, settings: object) -> None:
        url = unsubscribe_url(**NAMED._asdict())
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]  # type: ignore[attr-defined]
        settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
        assert token_find(url.split("/")[-2]) == NAMED
        settings.SECRET_KEY_FALLBACKS = []  # type: ignore[attr-defined]
        assert token_find(url.split("/")[-2]) is None

    @pytest.mark.parametrize("url", ["mailto:desk@fjordstuen.example", "tel:+4712345678", "javascript:alert(1)", ""])
    def test_only_web_addresses_are_tracked(self, url: str) -> None:
        assert tracked(url, **NAMED._asdict()) == url

    def test_a_tracked_link_carries_its_signature(self) -> None:
        url = tracked("https://fjordstuen.example/a?b=c&d=æ", **NAMED._asdict())
        told = parse_qs(urlsplit(url).query)
        assert told["to"] == ["https://fjordstuen.example/a?b=c&d=æ"]
        assert leads_to(told["to"][0], told["s"][0], NAMED)


@pytest.mark.django_db
class TestFollowed:
    def sent(self, house: House, *, consents: bool | None, **values: object) -> tuple[Message, dict[str, uuid.UUID]]:
        with business_scope(house.pk):
            guest = CustomerFactory()
            EmailFactory(customer=guest, is_primary=True)
            if consents is not None:
                ConsentEventFactory(
                    customer=guest, purpose="tracking", channel="", act="granted" if consents else "withdrawn"
                )
            message = message_sent(guest, **values)
            assert trackable(customer_ids=[guest.pk]) == ({guest.pk} if consents else set())
        return message, {"public_id": house.business.public_id, "ref": message.ref}

    def now(self, house: House, message: Message) -> Message:
        with business_scope(house.pk):
            return Message.objects.get(pk=message.pk)

    def path(self, url: str) -> str:
        parts = urlsplit(url)
        return f"{parts.path}?{parts.query}"

    def test_by_consent_the_first_opening_is_noted(self, cast: Cast, client: Client) -> None:
        message, named = self.sent(cast.fjordstuen, consents=True)
        answer = client.get(self.path(pixel_url(**named)))
        assert (answer.status_code, answer["Content-Type"], answer.content[:6]) == (200, "image/gif", b"GIF89a")
        assert "no-cache" in answer["Cache-Control"]
        opened = self.now(cast.fjordstuen, message).opened_at
        assert opened is not None
        link = self.path(tracked("https://fjordstuen.example/spa?x=1&y=2", **named))
        assert client.get(link)["Location"] == "https://fjordstuen.example/spa?x=1&y=2"
        told = self.now(cast.fjordstuen, message)
        assert told.clicked_at is not None
        assert (told.opened_at, told.state) == (opened, "delivered")

    @pytest.mark.parametrize("consents", [None, False])
    def test_without_one_the_link_leads_on_and_nothing_is_noted(
        self, cast: Cast, client: Client, consents: bool | None
    ) -> None:
        message, named = self.sent(cast.fjordstuen, consents=consents)
        assert client.get(self.path(pixel_url(**named))).status_code == 200
        assert client.get(self.path(tracked("https://fjordstuen.example/", **named))).status_code == 302
        told = self.now(cast.fjordstuen, message)
        assert (told.opened_at, told.clicked_at, told.state) == (None, None, "sent")

    def test_a_test_message_and_a_head_request_note_nothing(self, cast: Cast, client: Client) -> None:
        message, named = self.sent(cast.fjordstuen, consents=True, origin="test")
        client.get(self.path(pixel_url(**named)))
        other, of_other = self.sent(cast.fjordstuen, consents=True, provider_id="2")
        client.head(self.path(tracked("https://fjordstuen.example/", **of_other)))
        assert self.now(cast.fjordstuen, message).opened_at is None
        assert self.now(cast.fjordstuen, other).clicked_at is None

    @pytest.mark.parametrize(
        "change", [{"to": "https://evil.example/"}, {"s": ""}, {"s": "é"}, {"to": ""}, {"s": "A" * 22}]
    )
    def test_it_leads_nowhere_else(self, cast: Cast, client: Client, change: dict[str, str]) -> None:
        message, named = self.sent(cast.fjordstuen, consents=True)
        parts = urlsplit(tracked("https://fjordstuen.example/", **named))
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()} | change
        assert client.get(parts.path, asked).status_code == 404
        assert self.now(cast.fjordstuen, message).clicked_at is None

    def test_a_link_of_no_message_leads_on(self, cast: Cast, client: Client) -> None:
        named = {"public_id": cast.fjordstuen.business.public_id, "ref": uuid.uuid4()}
        assert client.get(self.path(tracked("https://fjordstuen.example/", **named))).status_code == 302
        assert client.get("/m/o/xx.gif").status_code == 404
