"""Duplicates from Today to a merge and its undo; with the keyboard, on a phone, without script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.tenancy import business_scope
from customers.card.models import Customer
from dedup.register.models import Match, MatchRun
from dedup.register.runs import register_run
from tests.cast import Cast, House, cast_assemble
from tests.factories import CustomerFactory, CustomerTagFactory, EmailFactory, PhoneFactory, TagFactory
from tests.journeys.conftest import OpenBrowser
from tests.journeys.watch import Watch

QUEUE = "/b/fjordstuen/duplicates/"
NAMES = [
    ("Ingrid Sørensen", "Ingrid Sorensen", "ingrid.sorensen@example.no", "+4791234567"),
    ("Bjørn Tveiten", "Bjorn Tveiten", "bjorn.tveiten@example.no", "+4792345678"),
    ("Willemijn de Graaf", "Willemijn Graaf", "willemijn.degraaf@example.nl", "+31612345678"),
]
STRANGERS = [
    "Anne",
    "Berit",
    "Dag",
    "Else",
    "Frode",
    "Grete",
    "Hans",
    "Jorunn",
    "Kjetil",
    "Liv",
    "Magne",
    "Nina",
    "Oddvar",
    "Petra",
    "Quirin",
    "Ragnhild",
    "Steinar",
    "Turid",
    "Ulrik",
    "Vigdis",
]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """Three guests with two cards each, found by the engine among twenty others."""
    found = cast_assemble()
    house = found.fjordstuen
    with business_scope(house.pk):
        for name in STRANGERS:
            CustomerFactory(given_name=name, family_name="Hansen", language="nb")
        for first, second, email, phone in NAMES:
            for place, name in enumerate((first, second)):
                given, _space, family = name.partition(" ")
                guest = CustomerFactory(given_name=given, family_name=family, language=("nb", "en")[place])
                EmailFactory(customer=guest, value=email)
                PhoneFactory(customer=guest, value=phone)
        run = MatchRun.objects.create()
    register_run(business_id=house.pk, run_id=run.pk)
    return found


def cards(house: House) -> int:
    with business_scope(house.pk):
        return Customer.objects.count()


def states(house: House) -> list[str]:
    with business_scope(house.pk):
        return sorted(Match.objects.values_list("state", flat=True))


def shown_beside(page: Page) -> str:
    """The pair that is shown beside the list."""
    return page.locator("#match .vs").inner_text()


def focused(page: Page) -> str:
    """The row that has the focus."""
    return str(page.evaluate("document.activeElement.closest('[data-row]')?.id ?? ''"))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_from_today_through_a_merge_and_back(cast: Cast, visit: OpenBrowser, dark: bool) -> None:
    house = cast.fjordstuen
    watch = visit("/b/fjordstuen/", user=house.admin.user, dark=dark)
    page = watch.page
    page.get_by_role("link", name="3 possible duplicates to look at").click()
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(3)
    ids = [row.get_attribute("id") for row in rows.all()]
    names = [row.locator(".row-link bdi").inner_text() for row in rows.all()]
    evidence = page.locator("#match .evidence li")
    expect(evidence.first).to_contain_text("Before looking")
    expect(evidence.last).to_contain_text("Together")
    expect(evidence.last.locator(".num")).to_contain_text("points")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert focused(page) == ids[1]
    page.keyboard.press("m")
    page.wait_for_url("**/merge/**")
    heads = page.locator(".merge-table .card-head bdi")
    expect(heads).to_have_count(2)
    assert names[1] in heads.all_inner_texts()
    expect(page.locator("tr[data-line]").first).to_be_visible()
    shown = page.locator(".merge-table tbody tr")
    few = shown.count()
    watch.assert_accessible()
    page.get_by_role("link", name="more field").click()
    expect(page.get_by_text("All fields are shown.")).to_be_visible()
    assert shown.count() > few
    page.get_by_role("link", name="Show only what differs").click()
    expect(shown).to_have_count(few)

    page.keyboard.press("Control+Enter")
    expect(page.locator(".toasts")).to_contain_text("are one card now")
    expect(rows).to_have_count(2)
    assert cards(house) == 25
    # The next pair is shown and has the focus: the work goes on without a hand on the mouse.
    assert focused(page) == ids[2]
    assert names[2] in shown_beside(page)
    page.keyboard.press("?")
    expect(page.locator("#keys [data-page-keys]")).to_contain_text("Undo")
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    expect(page.locator(".toasts")).to_contain_text("Undone")
    assert cards(house) == 26
    expect(rows).to_have_count(3)
    assert [row.get_attribute("id") for row in rows.all()] == ids
    assert focused(page) == ids[1]
    assert names[1] in shown_beside(page)
    assert states(house) == ["open"] * 3
    watch.assert_accessible()


@pytest.mark.parametrize("path", ["settings/duplicates/", "duplicates/many/?from=0.9", "duplicates/?state=different"])
def test_every_page_is_open_to_everybody(cast: Cast, visit: OpenBrowser, path: str) -> None:
    watch = visit(f"/b/fjordstuen/{path}", user=cast.fjordstuen.admin.user)
    watch.page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true; })")
    if "many" in path:
        expect(watch.page.locator("details .evidence").first).to_be_visible()
    watch.assert_accessible()
    watch.wear("dark")
    watch.assert_accessible()
    watch.assert_fits()


def test_the_card_says_who_may_be_the_same(cast: Cast, visit: OpenBrowser) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        guest = Customer.objects.get(given_name="Bjørn")
    watch = visit(f"/b/fjordstuen/guests/{guest.pk}/", user=house.admin.user)
    watch.page.get_by_role("link", name="1 possible duplicate").click()
    watch.page.locator("#duplicates").get_by_role("link", name="Bjorn Tveiten").click()
    assert "Bjorn Tveiten" in shown_beside(watch.page)


def test_a_new_guest_is_found_while_they_are_typed(cast: Cast, visit: OpenBrowser) -> None:
    page = visit("/b/fjordstuen/guests/new/", user=cast.fjordstuen.reception.user).page
    page.get_by_label("Given name").fill("Bjoern")
    page.get_by_label("Family name").fill("Tveiten")
    page.get_by_label("E-mail").first.fill("bjorn.tveiten@example.no")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Tveiten").first).to_be_visible()


def test_the_queue_by_keyboard(cast: Cast, visit: OpenBrowser) -> None:
    house = cast.fjordstuen
    watch = visit(QUEUE, user=house.admin.user)
    page = watch.page
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(3)
    names = [row.locator(".row-link bdi").inner_text() for row in rows.all()]
    assert names[0] in shown_beside(page)
    page.keyboard.press("j")
    expect(page.locator("#match .vs")).to_contain_text(names[1])
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("j")
    expect(page.locator("#match .vs")).to_contain_text(names[2])
    page.keyboard.press("k")
    expect(page.locator("#match .vs")).to_contain_text(names[1])
    assert "match=" in page.url
    watch.assert_accessible()
    page.keyboard.press("l")
    expect(rows).to_have_count(2)
    expect(page.locator(".toasts")).to_contain_text("put aside")
    expect(page.locator("#match .vs")).to_contain_text(names[2])
    assert states(house) == ["later", "open", "open"]
    # The pair shown is the one that the next key is for, although nothing has the focus.
    page.keyboard.press("n")
    expect(rows).to_have_count(1)
    assert states(house) == ["different", "later", "open"]
    page.get_by_role("status", name="Messages").get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(2)
    assert states(house) == ["later", "open", "open"]
    assert cards(house) == 26


def test_the_keys_are_for_the_row_in_focus_at_once(cast: Cast, visit: OpenBrowser) -> None:
    """Two keys in a row, faster than the pair beside can follow."""
    house = cast.fjordstuen
    page = visit(QUEUE, user=house.admin.user).page
    second = page.locator("[data-row]").nth(1).get_attribute("id") or ""
    page.keyboard.press("j")
    page.keyboard.press("n")
    expect(page.locator("[data-row]")).to_have_count(2)
    with business_scope(house.pk):
        assert Match.objects.get(state=Match.State.DIFFERENT).pk == int(second.removeprefix("match-"))


def test_a_pair_is_merged_with_two_keys_and_one_a_field(cast: Cast, visit: OpenBrowser) -> None:
    house = cast.fjordstuen
    watch = visit(QUEUE, user=house.admin.user)
    page = watch.page
    page.keyboard.press("m")
    page.wait_for_url("**/merge/**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Merge 2 cards")
    row = page.locator("tr[data-line]").filter(has=page.locator("th", has_text="Language"))
    first = page.locator("thead .card-head bdi").first.inner_text()
    number = row.locator("kbd").inner_text()
    before = row.locator(".result").inner_text()
    page.keyboard.press(number)
    assert row.locator(".result").inner_text() != before
    watch.assert_accessible()
    chosen = row.locator(".result").inner_text()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/duplicates/?match=*")
    expect(page.locator(".toasts")).to_contain_text("are one card now")
    assert cards(house) == 25
    with business_scope(house.pk):
        kept = Customer.objects.get(given_name=first.partition(" ")[0])
    assert chosen == {"nb": "Norwegian Bokmål", "en": "English"}[kept.language]
    page.get_by_role("status", name="Messages").get_by_role("button", name="Undo").click()
    expect(page.locator(".toasts")).to_contain_text("Undone")
    assert cards(house) == 26


def test_cards_chosen_in_the_guest_list_become_one(cast: Cast, visit: OpenBrowser) -> None:
    house = cast.fjordstuen
    page = visit("/b/fjordstuen/guests/?q=tveiten", user=house.admin.user).page
    page.get_by_label("Select all on this page").check()
    page.locator("[data-bulk-bar]").get_by_role("button", name="Merge").click()
    page.wait_for_url("**/duplicates/merge/**")
    page.get_by_role("button", name="Merge", exact=False).last.click()
    page.wait_for_url("**/guests/*/")
    expect(page.locator(".toasts")).to_contain_text("are one card now")
    expect(page.get_by_role("link", name="Merged 2 cards", exact=False)).to_be_visible()
    assert cards(house) == 25


def test_without_script(cast: Cast, without_script: Callable[..., Watch]) -> None:
    house = cast.fjordstuen
    page = without_script(QUEUE, user=house.admin.user).page
    page.locator(".row-link").nth(1).click()
    expect(page.locator("[data-row]").nth(1)).to_have_attribute("aria-current", "true")
    page.locator("#match").get_by_role("button", name="Later").click()
    expect(page.locator("[data-row]")).to_have_count(2)
    page.locator("#match").get_by_role("link", name="Merge").click()
    row = page.locator("tr[data-line]").filter(has=page.locator("th", has_text="Language"))
    other = row.locator("input[type=radio]:not(:checked)").first
    other.check()
    words = row.locator("td").filter(has=page.locator("input:checked")).locator("bdi").inner_text()
    assert row.locator(".result").inner_text() == words
    page.get_by_role("button", name="Merge").last.click()
    expect(page.locator(".toasts")).to_contain_text("are one card now")
    assert cards(house) == 25
    page.get_by_role("link", name="Merge many").click()
    page.get_by_label("How likely").select_option("0.9")
    page.get_by_role("button", name="Show these").click()
    page.get_by_role("radio", name="One guest").first.check()
    page.get_by_role("button", name="Merge 1 pair").click()
    expect(page.get_by_text("Waiting for a free worker")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_more_than_nine_tags_and_three_cards(cast: Cast, visit: OpenBrowser, width: int) -> None:
    """The widest merge there is: on every screen, in large text too."""
    house = cast.fjordstuen
    with business_scope(house.pk):
        three = list(Customer.objects.order_by("pk")[:3])
        for place in range(12):
            CustomerTagFactory(
                customer=three[place % 3], tag=TagFactory(name=f"Stammgast {place}"), slot=place // 3 + 1
            )
    guests = ",".join(str(each.pk) for each in three)
    watch = visit(f"{QUEUE}merge/?guests={guests}&all=1", user=house.admin.user, width=width, touch=width < 760)
    expect(watch.page.get_by_text("Choose those to keep")).to_be_visible()
    watch.assert_accessible()
    watch.assert_fits()
    watch.page.evaluate("document.documentElement.style.fontSize = '200%'")
    watch.assert_fits()
    watch.page.get_by_role("link", name="Add a card").click()
    watch.page.get_by_label("The other card").fill("tveiten")
    watch.page.keyboard.press("Enter")
    expect(watch.page.get_by_role("link", name="Bjørn Tveiten")).to_be_visible()
    watch.assert_accessible()
    watch.assert_fits()
    watch.page.evaluate("document.documentElement.style.fontSize = '200%'")
    watch.assert_fits()


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_phone_a_pair_is_a_page(cast: Cast, visit: OpenBrowser, dark: bool) -> None:
    watch = visit(QUEUE, user=cast.fjordstuen.reception.user, width=390, touch=True, dark=dark)
    page = watch.page
    expect(page.locator("#match")).to_be_hidden()
    page.locator(".row-link").nth(1).click()
    expect(page.locator("#match")).to_be_visible()
    expect(page.locator(".pairs")).to_be_hidden()
    watch.assert_accessible()
    watch.assert_fits()
    page.get_by_role("link", name="All pairs").click()
    expect(page.locator(".pairs")).to_be_visible()
    page.get_by_role("button", name="Propose to merge").first.click()
    expect(page.locator(".toasts")).to_contain_text("There is a task now")
