"""Pages of templates: written beside their preview, without script too; refused with the message beside its place."""

import re
from html import unescape

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import CAPABILITIES, Business, Capability, Role
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from messaging.texts.checking import Draft
from messaging.texts.models import Template, TemplateText
from messaging.texts.services import template_create
from tests.cast import Cast
from tests.factories import CustomerFactory
from tests.forms import forms_of

pytestmark = pytest.mark.django_db
LIST = "/b/fjordstuen/messages/templates/"
BLOCKS = ({"kind": "heading", "text": "Hi {guest.given_name}"}, {"kind": "paragraph", "text": "Welcome"})


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    """The marketer of Fjordstuen, which writes Norwegian and English."""
    cast.fjordstuen.business.language = "nb"
    cast.fjordstuen.business.languages = ["nb", "en"]
    cast.fjordstuen.business.save()
    client.force_login(cast.fjordstuen.marketing.user)
    return client


@pytest.fixture
def template(cast: Cast) -> Template:
    """A welcome in English."""
    with business_scope(cast.fjordstuen.pk):
        return template_create(
            name="Welcome", channel="email", purpose="newsletter", texts={"en": Draft("Hello", "", BLOCKS)}
        )


@pytest.fixture
def guest(cast: Cast) -> Customer:
    """Kari."""
    with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT, title="x"):
        return CustomerFactory(given_name="Kari", company_name="")


def address(template: Template, tail: str = "") -> str:
    return f"{LIST}{template.pk}/{tail}"


def said(answer: object) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())  # type: ignore[attr-defined]


def texts(cast: Cast, template: Template, language: str) -> list[TemplateText]:
    with business_scope(cast.fjordstuen.pk):
        return list(TemplateText.objects.filter(template=template, language=language).order_by("version"))


def written(page: str) -> dict[str, str]:
    """What the editor would send."""
    (form,) = [form for form in forms_of(page) if "seen" in form.values]
    areas = dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', page))
    values = {**form.values, **{name: unescape(text) for name, text in areas.items()}}
    return {name: value for name, value in values.items() if name != "act"}


class TestAll:
    def test_a_business_without_templates_is_shown_what_they_are_for(self, desk: Client) -> None:
        assert "No template yet" in said(desk.get(LIST))

    def test_the_list_tells_which_languages_lack(self, desk: Client, template: Template) -> None:
        page = said(desk.get(LIST))
        assert "Welcome Hello" in page and "No text in Norwegian Bokmål yet" in page
        assert "No text in English yet" not in page
        assert "No template like that" in said(desk.get(f"{LIST}?channel=sms"))
        assert "Welcome" in said(desk.get(f"{LIST}?channel=email&about=newsletter"))

    def test_one_is_put_away_and_comes_back(self, desk: Client, template: Template) -> None:
        answer = desk.post(address(template, "put-away/"), follow=True)
        assert "Welcome is put away" in said(answer) and address(template, "bring-back/") in answer.content.decode()
        assert "Hello" not in said(desk.get(LIST)) and "Hello" in said(desk.get(f"{LIST}?away=1"))
        assert "Welcome is back" in said(desk.post(address(template, "bring-back/"), follow=True))

    def test_a_copy_is_renamed(self, desk: Client, template: Template) -> None:
        answer = desk.post(address(template, "copy/"), follow=True)
        assert "Copy of Welcome" in answer.content.decode()
        taken = desk.post(answer.redirect_chain[-1][0], {"name": "Welcome", "purpose": "stay"})
        assert taken.status_code == 422 and "Choose another name" in said(taken)
        named = desk.post(answer.redirect_chain[-1][0], {"name": "Summer", "purpose": "offer"}, follow=True)
        assert "Summer" in said(named)

    def test_a_new_one_begins_with_a_ready_one(self, desk: Client, cast: Cast) -> None:
        page = desk.get(f"{LIST}new/").content.decode()
        assert all(f'value="{key}"' in page for key in ("welcome", "thanks", "newsletter", "reminder", "ready"))
        answer = desk.post(f"{LIST}new/", {"start": "welcome", "name": ""}, follow=True)
        assert "Velkommen før ankomst" in said(answer)
        again = desk.post(f"{LIST}new/", {"start": "welcome", "name": ""})
        assert again.status_code == 422 and "Choose another name" in said(again)

    def test_an_empty_one_needs_a_name_and_a_purpose(self, desk: Client, cast: Cast) -> None:
        for start in ("empty-email", "empty-sms"):
            assert desk.post(f"{LIST}new/", {"start": start}).status_code == 422
        answer = desk.post(f"{LIST}new/", {"start": "empty-sms", "name": "Key code", "purpose": "stay"}, follow=True)
        assert "Text of the SMS" in said(answer)
        assert desk.post(f"{LIST}new/", {"start": "nothing"}).status_code == 422


class TestWriting:
    def test_what_is_sent_is_kept_as_a_version(
        self, desk: Client, cast: Cast, template: Template, guest: Customer
    ) -> None:
        page = desk.get(f"{address(template)}?language=en&guest={guest.pk}")
        assert "Begin with" not in said(page) and "Kari" in page.content.decode()
        assert f'name="as" value="{guest.pk}" form="text-form"' in page.content.decode()
        values = written(page.content.decode()) | {
            "as": str(guest.pk),
            "subject": "Hello again",
            "block-0-text": "Hi",
            "block-1-text": "Welcome\r\nhome",
        }
        answer = desk.post(f"{address(template)}?language=en", values, follow=True)
        assert "Saved: English, version 2." in said(answer)
        assert f"guest={guest.pk}" in answer.redirect_chain[-1][0]
        *_older, text = texts(cast, template, "en")
        assert (text.subject, text.version, text.actor) == ("Hello again", 2, "Marketing of Fjordstuen")
        assert text.blocks == [{"kind": "heading", "text": "Hi"}, {"kind": "paragraph", "text": "Welcome\nhome"}]
        same = desk.post(f"{address(template)}?language=en", written(answer.content.decode()), follow=True)
        assert "Nothing was changed." in said(same)

    def test_a_new_language_begins_with_another_ones_words(self, desk: Client, cast: Cast, template: Template) -> None:
        assert "No text in Norwegian Bokmål yet" in said(desk.get(f"{address(template)}?language=nb"))
        page = desk.get(f"{address(template)}?language=nb&from=en").content.decode()
        values = written(page)
        assert (values["subject"], values["seen"]) == ("Hello", "0")
        desk.post(f"{address(template)}?language=nb", {**values, "subject": "Hei", "block-1-text": "Velkommen"})
        (text,) = texts(cast, template, "nb")
        assert (text.subject, text.version) == ("Hei", 1)

    def test_what_is_wrong_stands_beside_its_place(self, desk: Client, cast: Cast, template: Template) -> None:
        values = {
            "seen": "1", "subject": "", "block-0-kind": "heading", "block-0-text": "Hi {first_name}",
            "block-1-kind": "button", "block-1-text": "Book", "block-1-link": "javascript:alert(1)",
        }  # fmt: skip
        answer = desk.post(f"{address(template)}?language=en", values)
        page = answer.content.decode()
        assert answer.status_code == 422 and "3 places need another look." in said(answer)
        for place in ("text-subject_error", "block-0-text_error", "block-1-link_error"):
            assert f'id="{place}"' in page and f'aria-describedby="{place}' in page, place
        assert "Did you mean {guest.given_name}?" in said(answer)
        assert 'value="Hi {first_name}"' in page and 'value="javascript:alert(1)"' in page, "what was written is kept"
        assert len(texts(cast, template, "en")) == 1

    def test_two_who_write_at_once(self, desk: Client, cast: Cast, template: Template) -> None:
        mine = written(desk.get(f"{address(template)}?language=en").content.decode())
        desk.post(f"{address(template)}?language=en", {**mine, "subject": "Theirs"})
        answer = desk.post(f"{address(template)}?language=en", {**mine, "subject": "Mine"})
        assert answer.status_code == 422 and "A colleague has written a newer version" in said(answer)
        again = written(answer.content.decode())
        assert (again["subject"], again["seen"]) == ("Mine", "2")
        desk.post(f"{address(template)}?language=en", again)
        assert [text.subject for text in texts(cast, template, "en")] == ["Hello", "Theirs", "Mine"]

    @pytest.mark.parametrize(
        ("act", "kinds"),
        [
            ("add:button", ["heading", "paragraph", "button"]),
            ("down:0", ["paragraph", "heading"]),
            ("up:1", ["paragraph", "heading"]),
            ("up:0", ["heading", "paragraph"]),
            ("down:1", ["heading", "paragraph"]),
            ("remove:0", ["paragraph"]),
            ("remove:9", ["heading", "paragraph"]),
            ("add:script", ["heading", "paragraph"]),
            ("up:x", ["heading", "paragraph"]),
            ("", ["heading", "paragraph"]),
        ],
    )
    def test_parts_are_added_moved_and_removed_without_script(
        self, desk: Client, cast: Cast, template: Template, act: str, kinds: list[str]
    ) -> None:
        values = written(desk.get(f"{address(template)}?language=en").content.decode())
        answer = desk.post(f"{address(template)}?language=en", {**values, "subject": "Not yet", "act": act})
        shown = written(answer.content.decode())
        assert [value for name, value in shown.items() if name.endswith("-kind")] == kinds
        assert shown["subject"] == "Not yet"
        fragment = desk.post(f"{address(template)}?language=en", {**values, "act": act}, headers={"hx-request": "true"})
        assert fragment.content.decode().lstrip().startswith('<div class="stack" id="text-parts">')
        assert "text-changed" in fragment.headers["HX-Trigger"]
        assert len(texts(cast, template, "en")) == 1, "nothing is kept"

    def test_an_older_version_comes_back_as_a_new_one(self, desk: Client, cast: Cast, template: Template) -> None:
        values = written(desk.get(f"{address(template)}?language=en").content.decode())
        desk.post(f"{address(template)}?language=en", {**values, "subject": "Second"})
        old = written(desk.get(f"{address(template)}?language=en&version=1").content.decode())
        assert (old["subject"], old["seen"]) == ("Hello", "2")
        desk.post(f"{address(template)}?language=en", old)
        assert [text.subject for text in texts(cast, template, "en")] == ["Hello", "Second", "Hello"]
        assert desk.get(f"{address(template)}?language=en&version=9").status_code == 404

    def test_a_language_is_removed(self, desk: Client, cast: Cast, template: Template) -> None:
        answer = desk.post(address(template, "unwrite/"), {"language": "en"}, follow=True)
        assert "English is removed. Its versions are kept." in said(answer)
        assert texts(cast, template, "en")[-1].is_removed
        assert "Language removed" in said(desk.get(f"{address(template)}?language=en"))

    def test_a_language_that_there_is_not(self, desk: Client, template: Template) -> None:
        for language in ("xx", "../", "en'"):
            assert desk.get(address(template), {"language": language}).status_code == 404


class TestPreview:
    def test_it_shows_what_is_written_as_the_guest_gets_it(
        self, desk: Client, cast: Cast, template: Template, guest: Customer
    ) -> None:
        values = {
            "subject": "Hi {guest.given_name}", "guest": str(guest.pk), "block-0-kind": "paragraph",
            "block-0-text": "From {guest.company} {nobody}",
        }  # fmt: skip
        answer = desk.post(f"{address(template, 'preview/')}?language=nb", values)
        page = said(answer)
        assert "Hi Kari" in page and "Company: {guest.company}" in page
        assert "There is no placeholder {nobody}." in page
        look = re.search(r'<iframe[^>]* src="([^"]+)" sandbox=""', answer.content.decode())
        assert look is not None
        html = desk.get(look[1])
        assert "Du får denne e-posten" in html.content.decode()
        assert html.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert html.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert len(texts(cast, template, "nb")) == 0, "nothing is kept"
        cache.clear()
        assert desk.get(look[1]).status_code == 404

    def test_a_look_is_not_shown_to_the_neighbour(
        self, desk: Client, cast: Cast, template: Template, client: Client
    ) -> None:
        page = desk.get(f"{address(template)}?language=en").content.decode()
        look = re.search(r'<iframe[^>]* src="([^"]+)"', page)
        assert look is not None
        neighbour = Client()
        neighbour.force_login(cast.duinzicht.owner.user)
        assert neighbour.get(look[1]).status_code == 404
        assert neighbour.get(look[1].replace("fjordstuen", "duinzicht")).status_code == 404

    def test_without_a_guest_placeholders_stand_for_themselves(self, desk: Client, template: Template) -> None:
        answer = desk.post(f"{address(template, 'preview/')}?language=en", {"subject": "Hi {guest.given_name}"})
        assert "Hi Given name" in said(answer)

    def test_a_link_of_a_ready_template_and_a_missing_address_are_told(
        self, desk: Client, cast: Cast, template: Template, guest: Customer
    ) -> None:
        url = f"{address(template, 'preview/')}?language=en"
        with business_scope(cast.fjordstuen.pk):
            Template.objects.filter(pk=template.pk).update(purpose="newsletter")
        button = {"subject": "Hi", "block-0-kind": "button", "block-0-text": "Book"}
        page = said(desk.post(url, {**button, "block-0-link": "https://example.com/"}))
        assert "A link leads nowhere yet" in page and "The postal address is missing" in page
        assert "Missing for this guest" not in page, "it is the business's"
        Business.objects.filter(pk=cast.fjordstuen.pk).update(postal_address="Fjordveien 1, 6893 Vik")
        page = said(desk.post(url, {**button, "block-0-link": "https://fjordstuen.example/"}))
        assert "A link leads nowhere yet" not in page and "The postal address is missing" not in page

    def test_the_guest_chosen_beside_the_preview_goes_before_the_one_before(
        self, desk: Client, cast: Cast, template: Template, guest: Customer
    ) -> None:
        with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT, title="x"):
            ola = CustomerFactory(given_name="Ola")
        url = f"{address(template, 'preview/')}?language=en&guest={guest.pk}"
        words = {"subject": "Hi {guest.given_name}", "as": str(guest.pk)}
        assert "Hi Kari" in said(desk.post(url, words))
        assert "Hi Ola" in said(desk.post(url, {**words, "guest": str(ola.pk)}))

    def test_parts_of_an_sms_are_counted(self, desk: Client, cast: Cast, guest: Customer) -> None:
        with business_scope(cast.fjordstuen.pk):
            sms = template_create(name="Key", channel="sms", purpose="stay")
        url = f"{address(sms, 'preview/')}?language=en"
        one = desk.post(url, {"body": "Hi {guest.given_name|you}", "guest": str(guest.pk)})
        assert "1 part 7 characters, 153 left GSM-7" in said(one)
        dear = said(desk.post(url, {"body": "crème brûlée " * 6, "guest": str(guest.pk)}))
        assert "2 parts 77 characters, 57 left UCS-2" in dear
        assert "These characters make it dearer" in dear and dear.endswith("û")

    def test_every_language_at_once(self, desk: Client, template: Template, guest: Customer) -> None:
        page = said(desk.get(f"{address(template, 'languages/')}?guest={guest.pk}"))
        assert "Hello" in page and "English" in page

    def test_guests_are_found(self, desk: Client, guest: Customer) -> None:
        answer = desk.get(f"{LIST}guests/", {"q": "kari"})
        assert f'data-value="{guest.pk}"' in answer.content.decode()


def test_who_may(cast: Cast, template: Template, client: Client) -> None:
    for role in Role:
        client.force_login(cast.fjordstuen.members[role].user)
        allowed = Capability.CAMPAIGN in CAPABILITIES[role]
        assert client.get(LIST).status_code == (200 if allowed else 403), role
        assert client.post(address(template, "copy/")).status_code == (302 if allowed else 403), role
    client.force_login(cast.stranger)
    assert client.get(address(template)).status_code == 404
