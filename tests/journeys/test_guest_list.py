"""The guest list with the keyboard: filter by typing, keep the filter, choose rows; and its dialogs looked over."""

import pytest
from playwright.sync_api import Page, expect

from accounts.tenancy import business_scope
from customers.card.models import CustomerTag, Tag
from customers.segments.models import Segment
from tests.cast import Cast, cast_assemble
from tests.factories import CustomerFactory, CustomerTagFactory
from tests.journeys.conftest import OpenBrowser

LIST = "/b/fjordstuen/guests/"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Six guests, three of them Dutch, the first of these a VIP."""
    found = cast_assemble()
    with business_scope(found.fjordstuen.pk):
        vip = Tag.objects.get(code=Tag.Code.VIP)
        for number, language in enumerate(["nl", "nl", "nl", "nb", "nb", "de"], start=1):
            guest = CustomerFactory(given_name=f"Guest {number}", family_name="Berg", language=language)
            if number == 1:
                CustomerTagFactory(customer=guest, tag=vip)
    return found


class Actions:
    """A keyboard that counts actions: a key, or a text typed in one go."""

    def __init__(self, page: Page) -> None:
        self.page, self.done = page, 0

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.done += 1

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.done += 1


def rows(page: Page) -> int:
    return page.locator("[data-row]").count()


def test_two_conditions_become_a_segment_in_eight_actions(cast: Cast, visit: OpenBrowser) -> None:
    page = visit(LIST, user=cast.fjordstuen.marketing.user).page
    act = Actions(page)
    for value, chip in (("dutch", "Language Dutch"), ("vip", "Tagged VIP")):
        act.press("f")
        act.type(value)
        act.press("Enter")
        expect(page.locator(".filter-chip").filter(has_text=chip)).to_be_visible()
    assert rows(page) == 1
    act.press("s")
    expect(page.get_by_label("Name of the segment")).to_be_focused()
    act.press("Enter")
    expect(page.locator(".toasts")).to_contain_text("is saved")
    assert act.done <= 8
    with business_scope(cast.fjordstuen.pk):
        segment = Segment.objects.get(name="Language: Dutch and Tagged VIP")
    assert [rule["field"] for rule in segment.tree["rules"]] == ["language", "tags"]


def test_typed_conditions_are_chips_while_one_types_and_after_enter(cast: Cast, visit: OpenBrowser) -> None:
    page = visit(LIST, user=cast.fjordstuen.reception.user).page
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search this list")).to_be_focused()
    page.keyboard.type("berg lang:nl")
    expect(page.locator(".filter-chip")).to_contain_text("Dutch")
    assert rows(page) == 3
    page.keyboard.press("Enter")
    page.wait_for_url("**filter=**")
    expect(page.get_by_role("searchbox", name="Search this list")).to_have_value("berg")
    assert rows(page) == 3
    page.keyboard.press("Control+k")
    page.keyboard.type("tag:vip")
    expect(page.locator("#palette [role=option]").first).to_contain_text("Show guests: Tagged VIP")
    page.keyboard.press("Enter")
    expect(page.locator(".filter-chip")).to_contain_text("Tagged VIP")


def test_a_chip_is_changed_in_a_dialog_and_taken_away(cast: Cast, visit: OpenBrowser) -> None:
    watch = visit(f"{LIST}?q=lang:nl", user=cast.fjordstuen.reception.user)
    page = watch.page
    page.locator(".filter-chip a").first.click()
    dialog = page.get_by_role("dialog", name="Language")
    expect(dialog).to_be_visible()
    watch.assert_accessible()
    with watch.renewing("#condition-op"):
        dialog.get_by_label("How to compare").select_option("!any_of")
    expect(dialog.get_by_label("Dutch")).to_be_checked()
    dialog.get_by_role("button", name="Show guests").click()
    expect(page.locator(".filter-chip")).to_contain_text("not Dutch")
    assert rows(page) == 3
    page.get_by_role("link", name="Remove Language: not Dutch").click()
    expect(page.locator(".filter-chip")).to_have_count(0)
    assert rows(page) == 6


def test_rows_are_chosen_by_keys_by_a_range_and_all(cast: Cast, visit: OpenBrowser) -> None:
    page = visit(LIST, user=cast.fjordstuen.admin.user).page
    bar = page.locator("[data-bulk-bar]")
    expect(bar).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_contain_text("1 selected")
    boxes = page.locator("input[name=guest]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(bar).to_contain_text("5 selected")
    page.get_by_label("Select all on this page").check()
    expect(bar).to_contain_text("6 selected")
    expect(bar).to_contain_text("Select all 6 matching")
    bar.get_by_role("button", name="Clear the selection").click()
    expect(bar).to_be_hidden()
    with business_scope(cast.fjordstuen.pk):
        assert CustomerTag.objects.count() == 1


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_dialogs_of_the_list(cast: Cast, visit: OpenBrowser, width: int, dark: bool) -> None:
    watch = visit(f"{LIST}?q=lang:nl", user=cast.fjordstuen.marketing.user, width=width, dark=dark, touch=width < 760)
    page = watch.page
    for opener, name in (
        ("Add filter", "Add filter"),
        ("Columns", "Columns"),
        ("What one can type", "What one can type"),
        ("Save as view", "Save as view"),
        ("Save as segment", "Save as segment"),
    ):
        page.get_by_role("link", name=opener, exact=True).click()
        dialog = page.get_by_role("dialog", name=name)
        expect(dialog).to_be_visible()
        if name == "Add filter":
            page.keyboard.type("ne")
            expect(dialog.get_by_role("option").first).to_be_visible()
        watch.assert_accessible()
        watch.assert_fits()
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()


def test_without_script(cast: Cast, visit: OpenBrowser) -> None:
    page = visit(LIST, user=cast.fjordstuen.marketing.user, javascript=False).page
    page.get_by_role("link", name="Add filter").click()
    page.get_by_role("searchbox", name="Type a value").fill("dutch")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Dutch Language").click()
    assert rows(page) == 3
    page.locator(".filter-chip a").first.click()
    page.locator("#condition-op").select_option("!any_of")
    page.get_by_role("button", name="Show guests").click()
    assert rows(page) == 3
    page.get_by_role("link", name="Save as view").click()
    page.get_by_label("Name").fill("Not Dutch")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Not Dutch", exact=True)).to_have_attribute("aria-current", "page")
