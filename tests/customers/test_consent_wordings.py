"""Wordings: versions are added and never changed, in the business's languages, by those who set up."""

import pytest
from django.test import Client

from accounts.models import AuditEntry
from accounts.sentences import sentence
from accounts.tenancy import business_scope
from customers.consent.labels import BY_KEY
from customers.consent.models import CONSENTS, ConsentWording
from customers.consent.ready import ready_text
from customers.consent.selectors import wording_lines
from customers.consent.services import WordingConflict, wording_add
from tests.cast import Cast, House
from tests.factories import ConsentWordingFactory
from tests.forms import Form, forms_of

pytestmark = pytest.mark.django_db
LIST = "/b/fjordstuen/settings/wordings/"
EDIT = f"{LIST}edit/?consent=newsletter-email"
EMAIL = {"purpose": "newsletter", "channel": "email"}


@pytest.fixture
def office(cast: Cast, client: Client) -> Client:
    """The admin of Fjordstuen, which writes Norwegian and English."""
    cast.fjordstuen.business.languages = ["nb", "en"]
    cast.fjordstuen.business.save()
    client.force_login(cast.fjordstuen.admin.user)
    return client


def written(cast: Cast) -> list[ConsentWording]:
    with business_scope(cast.fjordstuen.pk):
        return list(ConsentWording.objects.order_by("version"))


def form_on(page: str) -> Form:
    (form,) = [form for form in forms_of(page) if "seen" in form.values]
    return form


class TestVersions:
    def test_each_save_is_a_version_and_the_old_ones_stay(self, fjordstuen: House) -> None:
        first = wording_add(**EMAIL, texts={"nb": " Ja ", "en": ""}, member=fjordstuen.admin)
        assert first is not None
        assert (first.version, first.texts, first.actor) == (1, {"nb": "Ja"}, "Admin of Fjordstuen")
        assert wording_add(**EMAIL, texts={"nb": "Ja"}, seen=1) is None, "it says the same"
        second = wording_add(**EMAIL, texts={"nb": "Ja takk", "en": "Yes"}, seen=1)
        other = wording_add(purpose="profiling", channel="", texts={"nb": "Ja"})
        assert second is not None and other is not None
        assert (second.version, other.version) == (2, 1)
        lines = {line.key: line for line in wording_lines()}
        assert list(lines) == list(BY_KEY)
        assert (lines["newsletter-email"].current, lines["newsletter-email"].older) == (second, [first])
        assert (lines["sensitive"].current, lines["sensitive"].older) == (None, [])
        first.refresh_from_db()
        assert first.texts == {"nb": "Ja"}

    @pytest.mark.parametrize("seen", [0, 2])
    def test_two_writers_do_not_pass_each_other(self, fjordstuen: House, seen: int) -> None:
        wording_add(**EMAIL, texts={"nb": "Ja"})
        with pytest.raises(WordingConflict, match="newer version"):
            wording_add(**EMAIL, texts={"nb": "Nei"}, seen=seen)
        assert ConsentWording.objects.get().texts == {"nb": "Ja"}

    def test_the_database_lets_one_of_two_at_once_through(
        self, fjordstuen: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create = ConsentWording.objects.create

        def beaten(**values: object) -> ConsentWording:
            create(**{**values, "texts": {"nb": "Theirs"}})
            return create(**values)

        monkeypatch.setattr(ConsentWording.objects, "create", beaten)
        with pytest.raises(WordingConflict):
            wording_add(**EMAIL, texts={"nb": "Mine"})
        assert not ConsentWording.objects.exists()
        assert not AuditEntry.objects.filter(action="wording.changed").exists()

    def test_nothing_and_the_unknown_are_refused(self, fjordstuen: House) -> None:
        with pytest.raises(ValueError, match="at least one language"):
            wording_add(**EMAIL, texts={"nb": " \n", "en": ""})
        with pytest.raises(ValueError, match="no consent for “spam sms”"):
            wording_add(purpose="spam", channel="sms", texts={"nb": "Ja"})
        assert not ConsentWording.objects.exists()


class TestReadyTexts:
    @pytest.mark.parametrize("language", ["en", "nb", "da", "nl"])
    def test_there_is_one_of_each_and_no_two_are_alike(self, language: str) -> None:
        texts = {ready_text(key=key, language=language, business="Fjordstuen") for key in BY_KEY}
        assert len(texts) == len(CONSENTS)
        assert all("Fjordstuen" in text and "{" not in text for text in texts)

    def test_the_languages_differ_and_an_unknown_one_has_none(self) -> None:
        for key in BY_KEY:
            assert len({ready_text(key=key, language=code, business="X") for code in ("en", "nb", "da", "nl")}) == 4
            assert ready_text(key=key, language="fi", business="X") == ""


class TestPages:
    def test_ready_texts_are_offered_and_not_made(self, cast: Cast, office: Client) -> None:
        assert office.get(LIST).text.count("No wording yet") == 5
        page = office.get(EDIT).text
        form = form_on(page)
        assert form.values["seen"] == "0"
        assert "text_da" not in form.values
        for code, words in (("nb", "nyheter fra Fjordstuen på e-post"), ("en", "news from Fjordstuen by e-mail")):
            assert f'lang="{code}"' in page
            assert words in page
        assert written(cast) == []

    def test_saving_makes_a_version_and_logs_it(self, cast: Cast, office: Client) -> None:
        answer = office.post(EDIT, {"seen": "0", "text_nb": "Ja takk", "text_en": ""})
        assert answer.url == LIST
        (wording,) = written(cast)
        assert (wording.version, wording.texts) == (1, {"nb": "Ja takk"})
        shown = office.get(LIST).text
        assert "Ja takk" in shown
        assert "Newsletter by e-mail: version 1 is in force." in shown
        with business_scope(cast.fjordstuen.pk):
            entry = AuditEntry.objects.get(action="wording.changed")
        assert entry.data == {"purpose": "newsletter", "channel": "email", "version": 1}
        assert sentence(entry) == "Admin of Fjordstuen changed the wording of a consent"

    def test_older_versions_stand_beside_and_ready_texts_below_what_is_empty(self, cast: Cast, office: Client) -> None:
        for seen, text in enumerate(("Første", "Andre <i>utgave</i>")):
            office.post(EDIT, {"seen": str(seen), "text_nb": text, "text_en": ""})
        page = office.get(EDIT).text
        assert form_on(page).values["seen"] == "2"
        assert "Første" in page and "Andre &lt;i&gt;utgave&lt;/i&gt;" in page
        assert page.count("A ready text") == 1, "for English alone"
        assert [wording.texts for wording in written(cast)] == [{"nb": "Første"}, {"nb": "Andre <i>utgave</i>"}]

    def test_a_colleagues_version_is_shown_and_then_followed(self, cast: Cast, office: Client) -> None:
        office.post(EDIT, {"seen": "0", "text_nb": "Theirs"})
        refused = office.post(EDIT, {"seen": "0", "text_nb": "Mine", "text_en": ""})
        assert refused.status_code == 422
        assert "A colleague has written a newer version meanwhile. It stands beside yours." in refused.text
        assert "Theirs" in refused.text and "Mine" in refused.text
        form = form_on(refused.text)
        assert form.values["seen"] == "1"
        office.post(EDIT, {"seen": form.values["seen"], "text_nb": "Mine", "text_en": ""})
        assert [wording.texts["nb"] for wording in written(cast)] == ["Theirs", "Mine"]

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"text_nb": " ", "text_en": ""}, "Write the text in at least one language."),
            ({"text_nb": "x" * 4001}, "at most 4000 characters"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_written(
        self, cast: Cast, office: Client, wrong: dict[str, str], words: str
    ) -> None:
        refused = office.post(EDIT, {"seen": "0", **wrong})
        assert refused.status_code == 422
        assert words in refused.text
        assert written(cast) == []

    @pytest.mark.parametrize("seen", ["", "-1", "one", "99999999999999999999"])
    def test_who_has_seen_no_version_does_not_pass_one(self, cast: Cast, office: Client, seen: str) -> None:
        office.post(EDIT, {"seen": "0", "text_nb": "Theirs"})
        assert office.post(EDIT, {"seen": seen, "text_nb": "Mine"}).status_code == 422
        assert [wording.texts["nb"] for wording in written(cast)] == ["Theirs"]

    def test_a_consent_there_is_not(self, office: Client) -> None:
        assert office.get(f"{LIST}edit/?consent=spam").status_code == 404
        assert office.get(f"{LIST}edit/").url == LIST

    def test_a_business_without_languages_writes_in_its_own(self, cast: Cast, office: Client) -> None:
        cast.fjordstuen.business.languages = []
        cast.fjordstuen.business.save()
        values = form_on(office.get(EDIT).text).values
        assert [name for name in values if name.startswith("text_")] == ["text_nb"]

    def test_those_at_the_desk_and_marketing_may_not(self, cast: Cast, client: Client) -> None:
        for member in (cast.fjordstuen.reception, cast.fjordstuen.marketing):
            client.force_login(member.user)
            assert client.get(LIST).status_code == 403
            assert client.post(EDIT, {"seen": "0", "text_nb": "Ja"}).status_code == 403
        assert written(cast) == []

    def test_the_neighbours_are_not_seen(self, cast: Cast, office: Client) -> None:
        with business_scope(cast.duinzicht.pk):
            ConsentWordingFactory(texts={"nl": "Ja graag"})
        assert "Ja graag" not in office.get(LIST).text + office.get(EDIT).text
