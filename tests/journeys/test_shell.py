"""The frame around every page: who one is, where one is, how it looks, and the way out."""

import re

import pytest
from playwright.sync_api import expect

from tests.cast import Cast, cast_assemble
from tests.journeys.conftest import OpenBrowser
from tests.journeys.watch import Watch

PAGE = "/b/fjordstuen/guests/new/"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.fixture
def shell(visit: OpenBrowser, cast: Cast) -> Watch:
    """A receptionist of Fjordstuen before an empty new card."""
    return visit(PAGE, user=cast.fjordstuen.reception.user)


def test_names_business_and_role(shell: Watch) -> None:
    expect(shell.page.locator(".sidebar .brand")).to_contain_text("Fjordstuen")
    expect(shell.page.locator(".sidebar .brand")).to_contain_text("Reception")
    expect(shell.page).to_have_title(re.compile(r"New guest · Fjordstuen · Innkeeper"))
    expect(shell.page.locator(".sidebar .nav [aria-current=page]")).to_have_text("Guests")


def test_theme_stays_where_one_is(shell: Watch) -> None:
    page = shell.page
    expect(page.locator("html")).to_have_attribute("data-theme", "system")
    page.click("[popovertarget=user-menu]")
    page.click("#user-menu [name=theme][value=dark]")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page).to_have_url(re.compile(rf"{PAGE}$"))
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 21, 20)"
    shell.assert_accessible()


def test_language_density_and_shortcuts(shell: Watch) -> None:
    page = shell.page
    page.click("[popovertarget=user-menu]")
    page.click("#user-menu [name=language][value=nl]")
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    page.click("[popovertarget=user-menu]")
    expect(page.locator("#user-menu [name=language][aria-pressed=true]")).to_have_text("Nederlands")
    page.click("#user-menu [name=density][value=compact]")
    expect(page.locator("body")).to_have_attribute("data-density", "compact")
    page.click("[popovertarget=user-menu]")
    page.click("#user-menu [name=shortcuts][value=off]")
    expect(page.locator("body")).to_have_attribute("data-shortcuts", "off")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()


def test_signs_out(shell: Watch) -> None:
    page = shell.page
    page.click("[popovertarget=user-menu]")
    page.locator("#user-menu form[action*=logout] button").click()
    expect(page).to_have_url(re.compile(r"/accounts/login/"))
    page.goto(PAGE)
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next="))


def test_bottom_bar_on_a_phone(visit: OpenBrowser, cast: Cast) -> None:
    watch = visit(PAGE, user=cast.fjordstuen.owner.user, width=390, height=844, touch=True)
    page = watch.page
    expect(page.locator(".sidebar")).to_be_hidden()
    page.click("[popovertarget=more-menu]")
    expect(page.locator("#more-menu")).to_contain_text("Members")
    watch.assert_accessible(include="#more-menu")
    box = page.locator("#more-menu").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.click("#more-menu >> text=Members")
    expect(page).to_have_url(re.compile(r"/b/fjordstuen/members/$"))


def test_every_part_of_the_shell_speaks_without_a_business(visit: OpenBrowser, cast: Cast) -> None:
    watch = visit("/preferences/", user=cast.fjordstuen.reception.user)
    watch.assert_accessible()
    expect(watch.page.locator("#palette")).to_have_count(0)
