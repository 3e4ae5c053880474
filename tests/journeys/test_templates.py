"""A template is written in the browser: parts added by buttons, placeholders put where one writes, seen at once."""

import pytest
from playwright.sync_api import expect

from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from messaging.texts.checking import Draft
from messaging.texts.models import Template
from messaging.texts.selectors import texts_of
from messaging.texts.services import template_create
from tests.cast import Cast, cast_assemble
from tests.factories import CustomerFactory
from tests.journeys.conftest import OpenBrowser

LIST = "/b/fjordstuen/messages/templates/"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.fixture
def template(cast: Cast) -> Template:
    """A welcome in English, and Kari to show it to."""
    house = cast.fjordstuen
    with business_scope(house.pk):
        with change_set(kind=ChangeSet.Kind.EDIT, title="x"):
            CustomerFactory(given_name="Kari", family_name="Nordmann", company_name="")
        blocks = ({"kind": "heading", "text": "Welcome"},)
        return template_create(
            name="Welcome", channel="email", purpose="newsletter", texts={"en": Draft("Hello", "", blocks)}
        )


def test_a_template_is_written_beside_its_preview(cast: Cast, template: Template, visit: OpenBrowser) -> None:
    watch = visit(f"{LIST}{template.pk}/", user=cast.fjordstuen.marketing.user)
    page = watch.page
    preview = page.locator("#preview")
    watch.assert_framed("iframe.mail-frame", "Welcome</h")

    page.get_by_label("Subject").fill("Hello ")
    page.get_by_text("Placeholders", exact=True).click()
    page.get_by_label("Subject").press("End")
    page.get_by_role("button", name="Given name {guest.given_name}").click()
    expect(page.get_by_label("Subject")).to_have_value("Hello {guest.given_name}")
    expect(preview.get_by_text("Hello Kari")).to_be_visible()

    page.get_by_role("button", name="Button", exact=True).click()
    words = page.get_by_label("Words on the button")
    expect(words).to_be_focused()
    words.fill("Book")
    page.get_by_label("Where it leads").fill("https://example.com/{first_name}")
    expect(preview.get_by_text("Did you mean {guest.given_name}?")).to_be_visible()
    page.get_by_label("Where it leads").fill("https://example.com/")
    watch.assert_framed("iframe.mail-frame", 'href="https://example.com/"', "Book</a>")
    page.get_by_role("button", name="Move part 2 (Button) up").click()
    expect(page.locator(".part .label").first).to_have_text("Button")

    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Saved: English, version 2.")).to_be_visible()
    with business_scope(cast.fjordstuen.pk):
        text = texts_of(template_ids=[template.pk])[template.pk]["en"]
    assert [block["kind"] for block in text.blocks] == ["button", "heading"]
    assert text.subject == "Hello {guest.given_name}"


def test_a_template_is_written_without_script_on_a_phone(cast: Cast, template: Template, visit: OpenBrowser) -> None:
    watch = visit(f"{LIST}{template.pk}/", user=cast.fjordstuen.marketing.user, width=390, javascript=False)
    page = watch.page
    page.get_by_role("button", name="Text", exact=True).click()
    page.get_by_label("Text 2").fill("See you, {guest.given_name}.")
    page.get_by_role("button", name="Show the preview").click()
    watch.assert_framed("iframe.mail-frame", "See you, Kari.")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Saved: English, version 2.")).to_be_visible()


@pytest.mark.parametrize(("width", "dark", "text"), [(1280, False, 100), (390, True, 100), (320, False, 200)])
def test_every_page_is_for_everybody(
    cast: Cast, template: Template, visit: OpenBrowser, width: int, dark: bool, text: int
) -> None:
    user = cast.fjordstuen.marketing.user
    for tail in ("", "new/", f"{template.pk}/", f"{template.pk}/languages/", f"{template.pk}/settings/"):
        watch = visit(f"{LIST}{tail}", user=user, width=width, dark=dark, text=text)
        for fold in watch.page.locator("main details > summary").all():
            fold.click()
        watch.assert_accessible()
        watch.assert_fits()
