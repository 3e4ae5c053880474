"""Consents through their pages: one click, the whole form, evidence and files, and who may."""

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.consent.exports import EVIDENCE_COLUMNS
from customers.consent.models import CONSENTS, ConsentEvent, ConsentState
from customers.export.rows import plain
from tests.cast import Cast
from tests.factories import ConsentEventFactory, ConsentWordingFactory, CustomerFactory
from tests.forms import forms_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(cast: Cast) -> Any:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory(given_name="Åse", family_name="Berg")


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The receptionist of Fjordstuen, signed in."""
    client.force_login(cast.fjordstuen.reception.user)
    return client


def card(guest: Any) -> str:
    return f"/b/fjordstuen/guests/{guest.pk}/"


def page(guest: Any) -> str:
    return f"{card(guest)}consents/"


def events(cast: Cast) -> list[ConsentEvent]:
    with business_scope(cast.fjordstuen.pk):
        return list(ConsentEvent.objects.select_related("wording").order_by("id"))


def rows_of(answer: Any, columns: tuple[str, ...]) -> list[dict[str, str]]:
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(body, newline=""), delimiter=";")
    assert tuple(rows.fieldnames or ()) == columns
    return list(rows)


class TestOneClick:
    @pytest.mark.parametrize("consent", CONSENTS)
    def test_each_is_granted_and_withdrawn_from_the_card(
        self, cast: Cast, desk: Client, guest: Any, consent: Any
    ) -> None:
        key = "-".join(part for part in consent if part)
        (form,) = [form for form in forms_of(desk.get(card(guest)).text) if "grant" in form.values]
        answer = desk.post(form.action, {"grant": key}, REMOTE_ADDR="203.0.113.9")
        assert answer.url == card(guest) + "#consents"
        shown = desk.get(card(guest)).text
        assert shown.count(f'name="withdraw" value="{key}"') == 1
        assert shown.count('name="grant"') == 4
        desk.post(form.action, {"withdraw": key})
        assert desk.get(card(guest)).text.count('name="grant"') == 5
        granted, withdrawn = events(cast)
        assert (granted.purpose, granted.channel, granted.act) == (*consent, "granted")
        assert (granted.source, granted.address, granted.by_guest) == ("desk", None, False), "no member's address"
        assert granted.member_id == cast.fjordstuen.reception.pk
        assert (withdrawn.purpose, withdrawn.channel, withdrawn.act) == (*consent, "withdrawn")

    def test_the_card_says_since_when_and_that_details_will_be_erased(
        self, cast: Cast, desk: Client, guest: Any
    ) -> None:
        warning = "Withdrawing erases the details for good."
        assert warning not in desk.get(card(guest)).text
        with business_scope(cast.fjordstuen.pk):
            ConsentEventFactory(
                customer=guest, purpose="sensitive", channel="", at=dt.datetime(2025, 5, 3, tzinfo=dt.UTC)
            )
        shown = desk.get(card(guest)).text
        assert warning in shown
        assert "Granted 3 May 2025" in shown
        assert "Never asked" in shown

    def test_withdrawing_sensitive_asks_for_their_erasure(
        self,
        cast: Cast,
        desk: Client,
        guest: Any,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        asked: list[int] = []
        monkeypatch.setattr("customers.consent.views.sensitive_erase.delay", asked.append)
        with django_capture_on_commit_callbacks(execute=True):
            desk.post(f"{page(guest)}record/", {"grant": "sensitive"})
            desk.post(f"{page(guest)}record/", {"withdraw": "profiling"})
        assert asked == []
        with django_capture_on_commit_callbacks(execute=True):
            desk.post(f"{page(guest)}record/", {"withdraw": "sensitive"})
        assert asked == [cast.fjordstuen.pk]

    def test_a_consent_there_is_not_is_refused(self, cast: Cast, desk: Client, guest: Any) -> None:
        answer = desk.post(f"{page(guest)}record/", {"grant": "spam"})
        assert answer.status_code == 422
        assert "<details" in answer.text and "spam is not one of the available choices" in answer.text
        assert events(cast) == []


class TestTheWholeForm:
    FILLED = {"consent": "newsletter-sms", "act": "granted", "source": "paper", "day": "2025-05-03", "proof": "Box 7"}

    def test_source_day_and_proof_are_kept(self, cast: Cast, desk: Client, guest: Any) -> None:
        answer = desk.post(f"{page(guest)}record/", {**self.FILLED, "page": "evidence"})
        assert answer.url == page(guest)
        (event,) = events(cast)
        assert (event.purpose, event.channel, event.source, event.proof) == ("newsletter", "sms", "paper", "Box 7")
        assert event.at.astimezone(cast.fjordstuen.business.zone) == dt.datetime(
            2025, 5, 3, tzinfo=cast.fjordstuen.business.zone
        )
        assert event.recorded_at > event.at

    @pytest.mark.parametrize("order", [("granted", "withdrawn"), ("withdrawn", "granted")])
    def test_of_two_decisions_on_a_day_that_is_over_the_stricter_holds(
        self, cast: Cast, desk: Client, guest: Any, order: tuple[str, str]
    ) -> None:
        for act in order:
            desk.post(f"{page(guest)}record/", {**self.FILLED, "act": act})
        with business_scope(cast.fjordstuen.pk):
            assert not ConsentState.objects.get().granted

    @pytest.mark.parametrize(("held", "recorded"), [("withdrawn", "granted"), ("granted", "withdrawn")])
    def test_a_decision_that_a_later_one_has_overtaken_is_not_said_to_hold(
        self, cast: Cast, desk: Client, guest: Any, held: str, recorded: str
    ) -> None:
        desk.post(f"{page(guest)}record/", {**self.FILLED, "act": held, "day": "2025-06-09"})
        shown = desk.post(f"{page(guest)}record/", {**self.FILLED, "act": recorded}, follow=True).text
        assert f"{recorded}. A later decision holds: {held} June 9, 2025." in shown
        shown = desk.post(f"{page(guest)}record/", {**self.FILLED, "act": recorded, "day": ""}, follow=True).text
        assert f"SMS {recorded}." in shown and "A later decision holds" not in shown

    def test_today_is_now(self, cast: Cast, desk: Client, guest: Any) -> None:
        today = timezone.localdate(timezone=cast.fjordstuen.business.zone)
        for act in ("granted", "withdrawn"):
            desk.post(f"{page(guest)}record/", {**self.FILLED, "act": act, "day": today.isoformat()})
        granted, withdrawn = events(cast)
        assert granted.at < withdrawn.at <= timezone.now()

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"day": "2199-01-01"}, "in the future"),
            ({"day": "0001-01-01"}, "too long ago"),
            ({"day": "31.02.2025"}, "Enter a valid date"),
            ({"source": "import"}, "is not one of the available choices"),
            ({"act": "perhaps"}, "is not one of the available choices"),
            ({"proof": "🏨" * 501}, "at most 500 characters"),
            ({"proof": "a\x00b"}, "Null characters are not allowed"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field_and_the_rest_is_kept(
        self, cast: Cast, desk: Client, guest: Any, wrong: dict[str, str], words: str
    ) -> None:
        answer = desk.post(f"{page(guest)}record/", {**self.FILLED, **wrong})
        assert answer.status_code == 422
        assert words in answer.text
        assert 'disclosure no-print" open' in answer.text
        (form,) = [form for form in forms_of(answer.text) if "proof" in form.values]
        kept = {name: value for name, value in self.FILLED.items() if name in ("day", "proof") and name not in wrong}
        assert {name: form.values[name] for name in kept} == kept
        assert events(cast) == []


class TestEvidence:
    def test_every_decision_stands_with_its_words(self, cast: Cast, desk: Client, guest: Any) -> None:
        with business_scope(cast.fjordstuen.pk):
            wording = ConsentWordingFactory(version=4, texts={"nb": "Ja takk <b>til</b> brevet", "en": "Yes"})
            ConsentEventFactory(
                customer=guest, wording=wording, language="nb", actor="Kari", address="203.0.113.9", proof="Box 7"
            )
            ConsentEventFactory(customer=guest, act="withdrawn", source="portal", by_guest=True)
            ConsentEventFactory(proof="Somebody else's")
        shown = desk.get(page(guest)).text
        for words in (
            "Ja takk &lt;b&gt;til&lt;/b&gt; brevet",
            "version 4, Norwegian Bokmål",
            "Recorded by Kari",
            "203.0.113.9",
            "Box 7",
            "By the guest",
            "Own profile",
        ):
            assert words in shown, words
        assert "Somebody else" not in shown
        assert shown.index("By the guest") < shown.index("Recorded by Kari"), "newest first"

    def test_without_any_it_says_so_and_offers_no_file(self, desk: Client, guest: Any) -> None:
        shown = desk.get(page(guest)).text
        assert "Every consent that is granted or withdrawn will stand here" in shown
        assert f"{page(guest)}export/" not in shown

    def test_the_file_holds_it_all_safely_and_is_logged(self, cast: Cast, desk: Client, guest: Any) -> None:
        with business_scope(cast.fjordstuen.pk):
            wording = ConsentWordingFactory(version=4, texts={"nb": "=HYPERLINK(“x”); ja\nog nei"})
            event = ConsentEventFactory(
                customer=guest, wording=wording, language="nb", actor="Kari", address="203.0.113.9", proof="+47;Box"
            )
            ConsentEventFactory(customer=guest, purpose="profiling", channel="", act="withdrawn", by_guest=True)
            ConsentEventFactory()
        newest, oldest = rows_of(desk.post(f"{page(guest)}export/"), EVIDENCE_COLUMNS)
        assert (newest["purpose"], newest["channel"], newest["act"]) == ("profiling", "", "withdrawn")
        assert (newest["decided_by"], newest["wording"], newest["wording_version"]) == ("guest", "", "")
        assert oldest["proof"] == "'+47;Box"
        assert oldest["wording"].startswith("'=")
        assert {name: plain(cell) for name, cell in oldest.items()} == {
            "guest_id": str(guest.pk),
            "purpose": "newsletter",
            "channel": "email",
            "act": "granted",
            "decided_at": event.at.isoformat(),
            "recorded_at": event.recorded_at.isoformat(),
            "source": "desk",
            "decided_by": "member",
            "recorded_by": "Kari",
            "ip_address": "203.0.113.9",
            "wording_version": "4",
            "wording_language": "nb",
            "wording": "=HYPERLINK(“x”); ja\nog nei",
            "proof": "+47;Box",
        }
        with business_scope(cast.fjordstuen.pk):
            entry = AuditEntry.objects.get(action="consent.exported")
        assert (entry.object_type, entry.object_id, entry.data) == ("customer", guest.pk, {"rows": 2})
        assert entry.member_id == cast.fjordstuen.reception.pk


def test_a_get_records_nothing(cast: Cast, desk: Client, guest: Any) -> None:
    assert desk.get(f"{page(guest)}record/?grant=profiling").status_code == 405
    assert desk.get(f"{page(guest)}?grant=profiling").status_code == 200
    assert events(cast) == []
