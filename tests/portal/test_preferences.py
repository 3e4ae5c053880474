"""The page of preferences: what is chosen is kept as the guest's own decision, with the words that were shown."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.card.services import ContactValues, customer_update
from customers.consent.models import ConsentEvent
from customers.consent.services import wording_add
from customers.permission.models import Suppression, Wish
from customers.permission.reasons import Reason
from customers.permission.selectors import may_contact, suppressions_at
from customers.permission.services import contact_rules_set, wish_set
from customers.permission.suppressing import suppress
from messaging.links.addresses import preferences_url, unsubscribe_url
from portal.forms import months_later
from tests.cast import Cast, House
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory, PhoneFactory
from tests.messaging.sent import message_sent

pytestmark = pytest.mark.django_db
ALL_ON = {
    "newsletter-email": "on",
    "words-newsletter-email": "0",
    "newsletter-sms": "on",
    "words-newsletter-sms": "0",
    "offers": "on",
}
REST = {"language": "nb", "pause": ""}


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        made = CustomerFactory(given_name="Kari", family_name="Fjellrype", language="nb")
        EmailFactory(customer=made, value="kari@example.com", is_primary=True)
        PhoneFactory(customer=made, value="+47 912 34 678", is_primary=True)
        ConsentEventFactory(customer=made)
        return made


def links(house: House, guest: Customer, **values: object) -> tuple[str, str]:
    with business_scope(house.pk):
        ref = message_sent(guest, **values).ref
    named = {"public_id": house.business.public_id, "ref": ref}
    return tuple("/" + url(**named).split("/", 3)[3] for url in (preferences_url, unsubscribe_url))  # type: ignore[return-value]


def page(house: House, guest: Customer, **values: object) -> str:
    return links(house, guest, **values)[0]


def shown(page: str) -> dict[str, str]:
    """What the form of a page carries of the words beside the choices."""
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', page))


def allowed(house: House, guest: Customer, purpose: str, channel: str, on: dt.date | None = None) -> bool:
    with business_scope(house.pk):
        return may_contact(ids=[guest.pk], purpose=purpose, channel=channel, on=on)[guest.pk].allowed


class TestPage:
    def test_it_shows_what_holds_in_the_guests_language(self, cast: Cast, guest: Customer) -> None:
        answer = Client().get(page(cast.fjordstuen, guest))
        assert answer.status_code == 200
        assert 'lang="nb"' in answer.text
        assert answer.text.count('role="switch"') == 5
        assert answer.text.count(" checked") == 2, "the newsletter by e-mail, and offers"
        assert "Fjellrype" not in answer.text
        assert "kari" not in answer.text
        assert answer["X-Robots-Tag"].startswith("noindex")
        assert not answer.cookies
        with business_scope(cast.fjordstuen.pk):
            assert ConsentEvent.objects.count() == 1

    def test_the_words_agreed_to_are_the_businesss(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            wording = wording_add(
                purpose="newsletter", channel="sms", texts={"nb": "Jeg vil ha SMS.", "en": "I want texts."}
            )
        url = page(cast.fjordstuen, guest, channel="sms")
        seen = Client().get(url).text
        assert "Jeg vil ha SMS." in seen
        Client().post(url, ALL_ON | REST | shown(seen), REMOTE_ADDR="192.0.2.9")
        with business_scope(cast.fjordstuen.pk):
            event = ConsentEvent.objects.get(channel="sms")
        assert wording is not None
        assert (event.act, event.wording_id, event.language) == ("granted", wording.pk, "nb")
        assert (event.source, event.by_guest, event.address) == ("portal", True, "192.0.2.9")
        assert event.proof.startswith("message ")

    @pytest.mark.parametrize(
        ("reason", "is_said"),
        [("stop", True), ("objection", True), ("bounce", True), ("unsubscribed", False), ("", False)],
    )
    def test_what_a_choice_here_does_not_lift_is_said(
        self, cast: Cast, guest: Customer, reason: str, is_said: bool
    ) -> None:
        """A guest who answered STOP and ticks SMS again would wait for news that do not come."""
        with business_scope(cast.fjordstuen.pk):
            if reason:
                suppress(kind="phone", normalised="+4791234678", reason=reason)
        said = Client().get(page(cast.fjordstuen, guest)).text
        assert ("få nyheter der igjen" in said or "Nothing goes to your number" in said) is is_said
        assert "Nothing goes to your e-mail" not in said

    def test_of_two_numbers_one_that_is_dead_holds_nothing(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            PhoneFactory(customer=guest, value="+47 912 34 679")
            suppress(kind="phone", normalised="+4791234678", reason="bounce")
        assert 'class="alert info' not in Client().get(page(cast.fjordstuen, guest)).text

    def test_nor_what_the_house_has_set(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            contact_rules_set(customer_id=guest.pk, do_not_contact=True)
        said = Client().get(page(cast.fjordstuen, guest)).text
        assert said.count('class="alert info') == 2

    def test_a_guest_without_a_phone_is_not_asked_for_sms(self, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk):
            plain = CustomerFactory()
            EmailFactory(customer=plain, is_primary=True)
        assert "newsletter-sms" not in Client().get(page(cast.fjordstuen, plain)).text


class TestWords:
    """Evidence names the words that stood on the page, and no others."""

    def granted(self, house: House) -> list[ConsentEvent]:
        with business_scope(house.pk):
            return list(ConsentEvent.objects.filter(channel="sms").select_related("wording"))

    def test_others_than_now_are_shown_before_they_are_agreed_to(self, cast: Cast, guest: Customer) -> None:
        url = page(cast.fjordstuen, guest, channel="sms")
        before = shown(Client().get(url).text)
        with business_scope(cast.fjordstuen.pk):
            wording = wording_add(purpose="newsletter", channel="sms", texts={"nb": "Inntil fem SMS i uka."})
        assert wording is not None
        again = Client().post(url, ALL_ON | REST | before)
        assert again.status_code == 422
        assert "Inntil fem SMS i uka." in again.text
        assert 'id="id_newsletter-sms_error"' in again.text
        assert not self.granted(cast.fjordstuen)
        assert Client().post(url, ALL_ON | REST | shown(again.text)).status_code == 200
        (event,) = self.granted(cast.fjordstuen)
        assert (event.wording, event.language) == (wording, "nb")

    def test_in_another_language_they_are_others(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            wording_add(purpose="newsletter", channel="sms", texts={"nb": "Ja til SMS.", "nl": "Ja, graag."})
        url = page(cast.fjordstuen, guest, channel="sms")
        before = shown(Client().get(url).text)
        Client().post(url, {"newsletter-email": "on", "offers": "on", "language": "nl", "pause": ""})
        again = Client().post(url, ALL_ON | REST | before)
        assert again.status_code == 422
        assert "Ja, graag." in again.text
        assert not self.granted(cast.fjordstuen)

    def test_without_the_words_nothing_is_agreed_to(self, cast: Cast, guest: Customer) -> None:
        url = page(cast.fjordstuen, guest, channel="sms")
        assert Client().post(url, {"newsletter-email": "on", "newsletter-sms": "on"} | REST).status_code == 422
        assert not self.granted(cast.fjordstuen)

    def test_taking_back_needs_none(self, cast: Cast, guest: Customer) -> None:
        assert Client().post(page(cast.fjordstuen, guest), {"offers": "on"} | REST).status_code == 200
        assert not allowed(cast.fjordstuen, guest, "newsletter", "email")

    def test_the_pages_own_sentence_is_no_wording_of_the_business(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            wording_add(purpose="newsletter", channel="sms", texts={"fi": "Kyllä."})
        url = page(cast.fjordstuen, guest, channel="sms")
        Client().post(url, ALL_ON | REST | shown(Client().get(url).text))
        (event,) = self.granted(cast.fjordstuen)
        assert event.language == "fi", "the language of the words that stood there, not the guest's"


class TestWhatALinkIsEnoughFor:
    def test_a_link_of_an_email_does_not_consent_to_sms(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            PhoneFactory(customer=guest, value="+47 912 34 679")
            for number in ("+4791234678", "+4791234679"):
                suppress(kind="phone", normalised=number, reason="unsubscribed")
        url = page(cast.fjordstuen, guest)
        seen = Client().get(url).text
        assert re.search(r'<input[^>]+name="newsletter-sms"[^>]* disabled', seen)
        assert "Kan velges i resepsjonen, eller med lenken i en SMS." in seen
        assert Client().post(url, ALL_ON | REST).status_code == 200
        with business_scope(cast.fjordstuen.pk):
            assert ConsentEvent.objects.count() == 1
            assert Suppression.objects.count() == 2
        assert not allowed(cast.fjordstuen, guest, "newsletter", "sms")

    def test_it_takes_back_what_another_gave(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            ConsentEventFactory(customer=guest, channel="sms")
        assert allowed(cast.fjordstuen, guest, "newsletter", "sms")
        Client().post(page(cast.fjordstuen, guest), {"newsletter-email": "on", "offers": "on"} | REST)
        assert not allowed(cast.fjordstuen, guest, "newsletter", "sms")
        assert allowed(cast.fjordstuen, guest, "newsletter", "email")

    def test_a_link_to_an_address_that_is_the_guests_no_more_only_declines(self, cast: Cast, guest: Customer) -> None:
        """Whoever has the old address is somebody else by now, or was from the beginning."""
        url, leave = links(cast.fjordstuen, guest)
        Client().post(leave)
        with business_scope(cast.fjordstuen.pk):
            customer_update(
                business=cast.fjordstuen.business,
                customer_id=guest.pk,
                values={},
                contacts=ContactValues(emails=["kari.nord@example.com"], phones=["+47 912 34 678"]),
            )
            wish_set(customer_id=guest.pk, kind="no_offers", wished=True)
            until = timezone.localdate() + dt.timedelta(days=200)
            wish_set(customer_id=guest.pk, kind="pause", wished=True, until=until)
        answer = Client().post(
            url, ALL_ON | {"profiling": "on", "words-profiling": "0", "language": "nl", "pause": "1"}
        )
        assert answer.status_code == 200
        with business_scope(cast.fjordstuen.pk):
            guest.refresh_from_db()
            assert guest.language == "nb"
            assert not ConsentEvent.objects.filter(source="portal", act="granted").exists()
            wishes = dict(Wish.objects.filter(customer=guest).values_list("kind", "until"))
            assert wishes == {"no_offers": None, "pause": until}
        assert Client().post(url, REST).status_code == 200


class TestLeft:
    """Who leaves by this page has left with the address, as by the link to unsubscribe."""

    def second(self, house: House) -> Customer:
        with business_scope(house.pk):
            other = CustomerFactory()
            EmailFactory(customer=other, value="KARI@example.com", is_primary=True)
            ConsentEventFactory(customer=other, source="import")
            return other

    @pytest.mark.parametrize("chosen", [{}, {"offers": "on"}])
    def test_the_address_is_left_whoever_has_it(self, cast: Cast, guest: Customer, chosen: dict[str, str]) -> None:
        other = self.second(cast.fjordstuen)
        Client().post(page(cast.fjordstuen, guest), chosen | REST)
        for purpose in ("newsletter", "offer"):
            assert not allowed(cast.fjordstuen, other, purpose, "email")
        assert allowed(cast.fjordstuen, other, "stay", "email")

    def test_who_never_had_the_newsletter_and_wants_no_offers_leaves_too(self, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk):
            plain = CustomerFactory(language="nb")
            EmailFactory(customer=plain, value="kari@example.com", is_primary=True)
        other = self.second(cast.fjordstuen)
        url = page(cast.fjordstuen, plain)
        Client().post(url, {"offers": "on"} | REST)
        assert allowed(cast.fjordstuen, other, "newsletter", "email"), "nothing was decided"
        Client().post(url, REST)
        assert not allowed(cast.fjordstuen, other, "newsletter", "email")

    def test_a_consent_given_anew_brings_both_back(self, cast: Cast, guest: Customer) -> None:
        other = self.second(cast.fjordstuen)
        url = page(cast.fjordstuen, guest)
        Client().post(url, REST)
        Client().post(url, ALL_ON | REST)
        assert allowed(cast.fjordstuen, guest, "newsletter", "email")
        assert allowed(cast.fjordstuen, other, "newsletter", "email")

    def test_what_nobody_can_be_reached_at_is_nobodys(self, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            EmailFactory(customer=guest, value="none@example.com", state="placeholder")
        Client().post(page(cast.fjordstuen, guest), REST)
        with business_scope(cast.fjordstuen.pk):
            assert not suppressions_at(kind="email", normalised="none@example.com")
            assert suppressions_at(kind="phone", normalised="+4791234678"), "no offers by SMS either"


class TestKept:
    def test_only_what_is_different_is_an_event(self, cast: Cast, guest: Customer) -> None:
        url = page(cast.fjordstuen, guest, channel="sms")
        for _time in range(2):
            assert Client().post(url, ALL_ON | REST).status_code == 200
        with business_scope(cast.fjordstuen.pk):
            assert ConsentEvent.objects.count() == 2, "the one there was, and SMS"
        assert allowed(cast.fjordstuen, guest, "newsletter", "sms")
        Client().post(url, REST)
        assert not allowed(cast.fjordstuen, guest, "newsletter", "email")
        assert not allowed(cast.fjordstuen, guest, "newsletter", "sms")

    def test_no_offers(self, cast: Cast, guest: Customer) -> None:
        url = page(cast.fjordstuen, guest)
        Client().post(url, {"newsletter-email": "on"} | REST)
        assert not allowed(cast.fjordstuen, guest, "offer", "email")
        assert allowed(cast.fjordstuen, guest, "newsletter", "email")
        Client().post(url, ALL_ON | REST)
        assert allowed(cast.fjordstuen, guest, "offer", "email")

    def test_a_pause_of_months_stays_when_it_is_kept_and_ends_when_it_is_taken_back(
        self, cast: Cast, guest: Customer
    ) -> None:
        url = page(cast.fjordstuen, guest)
        Client().post(url, ALL_ON | {"language": "nb", "pause": "3"})
        today = timezone.localdate()
        assert not allowed(cast.fjordstuen, guest, "newsletter", "email", today + dt.timedelta(days=80))
        assert allowed(cast.fjordstuen, guest, "newsletter", "email", today + dt.timedelta(days=95))
        assert allowed(cast.fjordstuen, guest, "stay", "email", today)
        with business_scope(cast.fjordstuen.pk):
            until = Wish.objects.get(kind="pause").until
        assert '<option value="kept" selected>' in Client().get(url).text
        Client().post(url, ALL_ON | {"language": "nb", "pause": "kept"})
        with business_scope(cast.fjordstuen.pk):
            assert Wish.objects.get(kind="pause").until == until
        Client().post(url, ALL_ON | REST)
        with business_scope(cast.fjordstuen.pk):
            assert not Wish.objects.filter(kind="pause").exists()

    def test_the_language_is_the_cards_and_the_answers(self, cast: Cast, guest: Customer) -> None:
        answer = Client().post(page(cast.fjordstuen, guest), ALL_ON | {"language": "nl", "pause": ""})
        assert 'lang="nl"' in answer.text
        with business_scope(cast.fjordstuen.pk):
            guest.refresh_from_db()
        assert guest.language == "nl"

    def test_a_restricted_cards_language_stays_and_the_guest_is_told(self, cast: Cast) -> None:
        with business_scope(cast.fjordstuen.pk):
            restricted = CustomerFactory(language="en", is_restricted=True)
            EmailFactory(customer=restricted, is_primary=True)
            ConsentEventFactory(customer=restricted)
        answer = Client().post(page(cast.fjordstuen, restricted), {"language": "nb", "pause": "", "offers": "on"})
        assert answer.status_code == 200
        assert "but for the language: ask Fjordstuen" in answer.text
        with business_scope(cast.fjordstuen.pk):
            restricted.refresh_from_db()
            assert restricted.language == "en"
            told = may_contact(ids=[restricted.pk], purpose="newsletter", channel="email")[restricted.pk]
        assert Reason.WITHDRAWN in told.reasons

    def test_coming_back_after_unsubscribing(self, cast: Cast, guest: Customer) -> None:
        preferences, unsubscribe = links(cast.fjordstuen, guest)
        Client().post(unsubscribe, {"List-Unsubscribe": "One-Click"})
        assert not allowed(cast.fjordstuen, guest, "newsletter", "email")
        Client().post(preferences, ALL_ON | REST)
        assert allowed(cast.fjordstuen, guest, "newsletter", "email"), "a consent given anew lifts it"

    @pytest.mark.parametrize(
        "wrong",
        [{"language": "xx", "pause": ""}, {"language": "nb", "pause": "7"}, {"language": "nb", "pause": "kept"}],
    )
    def test_what_is_not_offered_is_refused_and_the_rest_stays_typed(
        self, cast: Cast, guest: Customer, wrong: dict[str, str]
    ) -> None:
        answer = Client().post(page(cast.fjordstuen, guest), {"newsletter-sms": "on"} | wrong)
        assert answer.status_code == 422
        assert answer.text.count(" checked") == 1
        with business_scope(cast.fjordstuen.pk):
            assert ConsentEvent.objects.count() == 1
            assert not Wish.objects.exists()

    def test_a_test_message_changes_nothing(self, cast: Cast, guest: Customer) -> None:
        url = links(cast.fjordstuen, guest, origin="test")[0]
        assert Client().post(url, {"language": "nl", "pause": "12"}).status_code == 200
        assert allowed(cast.fjordstuen, guest, "newsletter", "email", timezone.localdate())
        with business_scope(cast.fjordstuen.pk):
            guest.refresh_from_db()
            assert (guest.language, ConsentEvent.objects.count(), Wish.objects.count()) == ("nb", 1, 0)


class TestRefused:
    def test_no_link_no_page(self, cast: Cast) -> None:
        cache.clear()
        assert Client().get(f"/g/p/{'x' * 64}/").status_code == 404
        assert Client().post("/g/p/x/", ALL_ON | REST).status_code == 404

    def test_one_link_is_not_worked_without_end(self, cast: Cast, guest: Customer, settings: Any) -> None:
        cache.clear()
        settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"portal": "3/h/key"}
        url = page(cast.fjordstuen, guest)
        assert [Client().post(url, REST).status_code for _time in range(5)] == [200] * 3 + [429] * 2
        assert Client().get(url).status_code == 200
        cache.clear()


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (dt.date(2026, 5, 31), 1, dt.date(2026, 6, 30)),
        (dt.date(2026, 11, 30), 3, dt.date(2027, 2, 28)),
        (dt.date(2027, 11, 30), 3, dt.date(2028, 2, 29)),
        (dt.date(2026, 12, 1), 1, dt.date(2027, 1, 1)),
        (dt.date(2026, 1, 15), 12, dt.date(2027, 1, 15)),
    ],
)
def test_months_later(day: dt.date, months: int, later: dt.date) -> None:
    assert months_later(day, months) == later
