"""The style guide holds every component in every state; here they must be open to everybody, on every screen."""

import re
import statistics
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, Route, expect

from tests.journeys.conftest import OpenBrowser

GUIDE = "/styleguide/"
LANGUAGES = ["en", "nb", "da", "nl"]
CLIPPED = """() => [...document.querySelectorAll(
    ".button, .badge, .chip, .fact dd, h1, h2, h3, .nav a, .bottombar span")]
  .filter(element => element.checkVisibility() && element.scrollWidth > element.clientWidth + 1
                     && getComputedStyle(element).display !== "inline")
  .map(element => element.outerHTML.slice(0, 120))"""


def tab_to(page: Page, selector: str, limit: int = 40) -> None:
    """Press Tab until ``selector`` has the focus."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} was not reached with Tab")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_violation(visit: OpenBrowser, dark: bool, width: int) -> None:
    watch = visit(GUIDE, dark=dark, width=width, touch=width < 760)
    watch.assert_accessible()
    watch.assert_fits()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_violation_with_everything_open(visit: OpenBrowser, dark: bool, width: int) -> None:
    watch = visit(GUIDE, dark=dark, width=width)
    page = watch.page

    page.locator("[data-palette]:visible").first.click()
    page.keyboard.type("ing")
    expect(page.locator("#palette [role=option]")).to_have_count(7)
    watch.assert_accessible(include="#palette")
    page.keyboard.press("Escape")

    for button, menu in [("[popovertarget=user-menu]", "#user-menu"), ("[popovertarget=card-menu]", "#card-menu")]:
        page.click(button)
        expect(page.locator(menu)).to_be_visible()
        watch.assert_accessible(include=menu)
        page.keyboard.press("Escape")

    for dialog in ("sample-dialog", "large-dialog", "keys"):
        page.evaluate("id => document.querySelector(`[data-dialog=${id}]`).click()", dialog)
        expect(page.locator(f"#{dialog}")).to_be_visible()
        watch.assert_accessible(include=f"#{dialog}")
        page.keyboard.press("Escape")

    page.click("#country")
    expect(page.locator("#country_list")).to_be_visible()
    watch.assert_accessible(include="#country_list")
    page.keyboard.press("Escape")

    page.locator("#list tbody input[name=guest]").first.check()
    watch.assert_accessible(include="#list")
    page.locator("details.disclosure").first.locator("summary").click()
    watch.assert_accessible(include="details.disclosure")


@pytest.mark.parametrize("language", LANGUAGES)
def test_fits(visit: OpenBrowser, language: str) -> None:
    watch = visit(f"{GUIDE}?lang={language}")
    for width, text in [(320, 100), (390, 100), (760, 100), (1100, 100), (1280, 200), (640, 200)]:
        watch.page.set_viewport_size({"width": width, "height": 800})
        watch.page.evaluate("size => { document.documentElement.style.fontSize = `${size}%`; }", text)
        watch.assert_fits()
        clipped = watch.page.evaluate(CLIPPED)
        assert clipped == [], (width, text)


def test_controls_are_large_enough_to_touch(visit: OpenBrowser) -> None:
    page = visit(GUIDE, width=390, touch=True).page
    small = page.evaluate(
        """() => {
          const controls = "button, .button, .icon-button, .bottombar a, select, textarea, "
            + "input:not([type=checkbox], [type=radio], [type=hidden])";
          return [...document.querySelectorAll(controls)]
            .filter(element => element.checkVisibility() && !element.matches("button.link"))
            .map(element => [element.outerHTML.slice(0, 100), element.getBoundingClientRect()])
            .filter(([, box]) => box.height > 0 && (box.height < 43.5 || box.width < 40))
            .map(([html, box]) => `${Math.round(box.width)} x ${Math.round(box.height)} ${html}`);
        }"""
    )
    assert small == []


def test_facts_are_two_by_two_on_a_phone(visit: OpenBrowser) -> None:
    page = visit(GUIDE, width=390).page
    tops = page.locator("#card .fact").evaluate_all(
        "facts => facts.map(fact => Math.round(fact.getBoundingClientRect().top))"
    )
    assert tops[0] == tops[1] < tops[2] == tops[3]


def test_an_address_breaks_only_where_it_may(visit: OpenBrowser) -> None:
    lines = visit(GUIDE, width=320).page.evaluate(
        """() => {
          const link = document.querySelector("#guest-email a"), range = document.createRange(), lines = {};
          const walker = document.createTreeWalker(link, NodeFilter.SHOW_TEXT);
          for (let node; (node = walker.nextNode());) for (let i = 0; i < node.length; i++) {
            range.setStart(node, i); range.setEnd(node, i + 1);
            const top = Math.round(range.getBoundingClientRect().top);
            lines[top] = (lines[top] || "") + node.data[i];
          }
          return Object.values(lines);
        }"""
    )
    assert all(line.endswith(("@", ".")) for line in lines[:-1]), lines


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desk", "phone"])
def test_enter_opens_the_chosen_guest(visit: OpenBrowser, size: tuple[int, int]) -> None:
    page = visit(GUIDE, width=size[0], height=size[1]).page
    page.keyboard.press("Control+k")
    page.keyboard.type("ing")
    options = page.locator("#palette [role=option]")
    expect(options).to_have_count(7)
    field = page.locator("#palette input[name=q]")
    expect(field).to_have_attribute("aria-activedescendant", "palette-list-0")
    expect(options.first).to_have_id("palette-list-0")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#guest-1$"))
    expect(page.locator("#palette")).to_be_hidden()


def test_enter_before_the_results_opens_the_first_one(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    page.keyboard.press("Control+k")
    expect(page.locator("#palette [role=option]").first).to_be_visible()

    def slowly(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/*part=palette*q=*", slowly)
    page.keyboard.type("ingeb")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#guest-1$"))
    expect(page.locator("#palette")).to_be_hidden()
    assert page.locator("#palette .name").first.text_content() == "Ingeborg van der Meulen-Hendriksen"


def test_palette_gives_the_focus_back(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    page.locator("#card .button.primary").focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette input[name=q]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(page.locator("#card .button.primary")).to_be_focused()


def test_palette_opened_before_htmx_is_ready(visit: OpenBrowser) -> None:
    watch = visit(GUIDE)
    watch.page.add_init_script(
        "const real = setTimeout; setTimeout = (act, wait, ...rest) => real(act, wait || 1500, ...rest);"
    )
    watch.page.reload(wait_until="load")
    watch.page.keyboard.press("Control+k")
    watch.page.keyboard.type("ingeb")
    expect(watch.page.locator("#palette .name").first).to_have_text("Ingeborg van der Meulen-Hendriksen")


def test_typing_in_the_search_box_goes_on_in_the_palette(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    tab_to(page, "input[data-palette]")
    page.keyboard.type("inge", delay=20)
    expect(page.locator("#palette input[name=q]")).to_have_value("inge")
    expect(page.locator("#palette .name").first).to_have_text("Ingeborg van der Meulen-Hendriksen")


def test_a_keystroke_shows_its_results_at_once(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    page.keyboard.press("Control+k")
    expect(page.locator("#palette [role=option]")).to_have_count(6)
    times = []
    for letter in "ingeb":
        before = page.evaluate("performance.now()")
        page.keyboard.press(letter)
        page.wait_for_function(
            "text => document.querySelector('#palette-list')?.innerText.includes(`“${text}`)",
            arg=page.input_value("#palette input[name=q]"),
        )
        times.append(page.evaluate("performance.now()") - before)
    assert statistics.median(times) < 250, times


def test_single_keys(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys [data-page-keys]")).to_contain_text("New note")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page).to_have_url(re.compile(r"#filter$"))
    page.keyboard.press("j")
    expect(page.locator("#list .row-link").first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("#list .row-link").nth(1)).to_be_focused()
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile(r"#new$"))
    page.locator("#plain").press("End")
    page.keyboard.type("/?nc")
    expect(page.locator("#plain")).to_have_value("FJ-20391/?nc")


def test_single_keys_can_be_switched_off(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    page.evaluate("document.body.dataset.shortcuts = 'off'")
    page.keyboard.press("f")
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.url.endswith(GUIDE)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()


def test_a_form_is_sent_once(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    sent: list[str] = []

    def answer(route: Route) -> None:
        sent.append(route.request.post_data or "")
        page.wait_for_timeout(200)
        route.fulfill(status=204)

    page.route("**/undo-here", answer)
    page.evaluate(
        """() => {
          const form = document.querySelector(".toast form");
          form.action = "/undo-here";
          form.querySelector("button").name = "how"; form.querySelector("button").value = "all";
        }"""
    )
    button = page.locator(".toast form button").first
    button.click()
    page.evaluate("document.querySelector('.toast form').requestSubmit()")
    expect(button).to_be_disabled()
    expect(button).to_have_attribute("aria-busy", "true")
    page.wait_for_timeout(400)
    assert len(sent) == 1
    assert "how=all" in sent[0]


def test_inline_edit_keeps_the_focus(visit: OpenBrowser) -> None:
    watch = visit(GUIDE)
    page = watch.page
    pencil = page.locator("#guest-email .edit")
    pencil.focus()
    page.keyboard.press("Enter")
    field = page.locator("#guest-email-form input[type=email]")
    expect(field).to_be_focused()

    refused = page.locator("#guest-email-form").evaluate("form => form.outerHTML")
    refused = refused.replace('type="email"', 'type="email" aria-invalid="true"')
    page.route(
        "**/*part=email",
        lambda route: (
            route.fulfill(status=422, content_type="text/html", body=refused)
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    field.fill("nobody@example.com")
    with watch.expecting("422"):
        page.keyboard.press("Control+Enter")
        expect(page.locator("#guest-email-form input[aria-invalid=true]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#guest-email-form")).to_have_count(0)
    expect(page.locator("#guest-email .edit")).to_be_focused()


@pytest.mark.parametrize(("status", "says"), [(403, "Your role"), (404, "no longer here"), (500, "did not work")])
def test_a_refusal_is_said_and_nothing_is_swapped(visit: OpenBrowser, status: int, says: str) -> None:
    watch = visit(GUIDE)
    page = watch.page
    page.route(
        "**/*part=edit",
        lambda route: route.fulfill(
            status=status, content_type="text/html", body="<html><body>a whole page</body></html>"
        ),
    )
    with watch.expecting("Failed to load resource"):
        page.locator("#guest-email .edit").click()
        expect(page.locator(".toasts .toast")).to_contain_text(says)
    expect(page.locator("#guest-email")).to_be_visible()
    page.locator(".toasts [data-close]").click()
    expect(page.locator(".toasts .toast")).to_have_count(0)


def test_a_lost_connection_is_said(visit: OpenBrowser) -> None:
    watch = visit(GUIDE)
    page = watch.page
    page.route("**/*part=edit", lambda route: route.abort())
    with watch.expecting("Failed to load resource", "htmx:error"):
        page.locator("#guest-email .edit").click()
        expect(page.locator(".toasts .toast")).to_contain_text("No contact")


def test_a_redirect_opens_its_page_with_its_messages(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    page.locator("#guest-email .edit").click()
    page.route(
        "**/*part=email",
        lambda route: (
            route.fulfill(status=302, headers={"Location": f"{GUIDE}?theme=dark"})
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page.locator("#guest-email-form input[type=email]").fill("nobody@example.com")
    page.locator("#guest-email-form button[type=submit]").click()
    expect(page).to_have_url(re.compile(r"\?theme=dark$"))
    expect(page.locator("#guest-email")).to_have_count(1)
    expect(page.locator("#main")).to_be_focused()


def test_bulk_bar_counts(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    bar = page.locator("[data-bulk-bar]")
    expect(bar).to_be_hidden()
    boxes = page.locator("#list tbody input[name=guest]")
    boxes.first.check()
    expect(bar).to_contain_text("1 selected")
    boxes.nth(3).click(modifiers=["Shift"])
    expect(bar).to_contain_text("4 selected")
    expect(page.locator("[data-bulk-all]")).to_be_hidden()
    page.locator("[data-bulk-toggle]").check()
    expect(bar).to_contain_text("5 selected")
    expect(page.locator("[data-bulk-all]")).to_be_visible()
    page.locator("[data-bulk-clear]").click()
    expect(bar).to_be_hidden()
    expect(page.locator("[data-bulk-toggle]")).to_be_focused()


def test_combobox(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    field = page.locator("#country")
    field.fill("kong")
    page.keyboard.press("Escape")
    expect(field).to_have_value("Norway")
    field.fill("den")
    expect(page.locator("#country_list [role=option]")).to_have_text(["Sweden", "Denmark"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("Denmark")
    expect(page.locator("select[name=country]")).to_have_value("DK")
    field.fill("xyz")
    expect(page.locator("#country_list")).to_contain_text("Nothing found")
    page.locator("#plain").focus()
    expect(field).to_have_value("Denmark")


def test_a_dialog_begins_at_its_first_field(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    opener = page.locator("[data-dialog=large-dialog]")
    opener.click()
    expect(page.locator("#dialog_given")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    page.click("[data-dialog=sample-dialog]")
    expect(page.locator("#sample-dialog [autofocus]")).to_be_focused()


def test_menu_with_the_keyboard(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    button = page.locator("[popovertarget=card-menu]")
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#card-menu a").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#card-menu button").last).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#card-menu")).to_be_hidden()
    expect(button).to_be_focused()


def test_skip_link_comes_first(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_without_script(visit: OpenBrowser) -> None:
    page = visit(GUIDE, javascript=False).page
    expect(page.locator("select[name=country]")).to_be_visible()
    expect(page.locator("[data-bulk-bar]")).to_be_visible()
    page.click("[popovertarget=user-menu]")
    expect(page.locator("#user-menu")).to_be_visible()
    assert page.locator(".searchbox").get_attribute("method") == "get"


def test_printed_page_holds_only_the_content(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    page.emulate_media(media="print")
    for selector in (".sidebar", ".topbar", ".bottombar", "#card .button", "[data-bulk-bar]", ".tabs"):
        expect(page.locator(selector).first).to_be_hidden()
    expect(page.locator("#card .facts")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_motion_stops_when_it_is_asked_to(visit: OpenBrowser) -> None:
    page = visit(GUIDE).page
    moving = page.evaluate(
        """() => document.getAnimations({ subtree: true })
          .filter(one => one.effect.getComputedTiming().activeDuration > 20).length"""
    )
    assert moving == 0


def test_a_stored_theme_wins_over_the_device(visit: OpenBrowser) -> None:
    for theme, dark in (("light", True), ("dark", False)):
        page = visit(f"{GUIDE}?theme={theme}", dark=dark).page
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(247, 246, 242)", "dark": "rgb(18, 21, 20)"}[theme]


def test_weight(visit: OpenBrowser) -> None:
    watch = visit(GUIDE)
    watch.page.wait_for_load_state("networkidle")
    kinds = dict(watch.bytes_by_kind)
    assert kinds["Script"] <= 30_000, kinds
    assert kinds["Stylesheet"] <= 15_000, kinds
    assert kinds["Font"] <= 60_000, kinds
    assert sum(size for kind, size in kinds.items() if kind != "Document") + 15_000 <= 130_000, kinds
    watch.reset()
    watch.page.reload(wait_until="networkidle")
    assert sum(size for kind, size in watch.bytes_by_kind.items() if kind != "Document") <= 5_000, dict(
        watch.bytes_by_kind
    )


def test_no_component_is_left_uncompiled(client: Any, db: None) -> None:
    for query in ("", "?part=palette&q=ing", "?part=edit", "?part=email"):
        text = client.get(f"{GUIDE}{query}").content.decode()
        assert "<c-" not in text
        assert "{{" not in text
        assert "{%" not in text


def test_every_component_is_on_the_page() -> None:
    folder = Path(settings.BASE_DIR) / "templates"
    used = "\n".join(
        path.read_text()
        for path in [
            *folder.glob("styleguide/*.html"),
            *folder.glob("shell/*.html"),
            *folder.glob("*.html"),
            *folder.glob("cotton/*.html"),
        ]
    )
    for path in (folder / "cotton").glob("*.html"):
        assert re.search(rf"<c-{path.stem.replace('_', '-')}[\s/>]", used), f"{path.name} is shown nowhere"
