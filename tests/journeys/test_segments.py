"""A segment by keyboard: built, counted while one types, saved, opened as a list; and the same without script."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.tenancy import business_scope
from customers.card.models import Customer, Tag
from customers.conditions.counts import tree_figures
from customers.conditions.selectors import filter_catalogue, wanted
from customers.consent.models import ConsentEvent
from customers.filters import Group, tree_read
from customers.segments.models import Segment
from tests.cast import Cast, cast_assemble
from tests.factories import (
    ConsentEventFactory,
    CustomerFactory,
    CustomerTagFactory,
    EmailFactory,
    StayFactory,
    StayParticipantFactory,
)
from tests.journeys.conftest import OpenBrowser

TREE: dict[str, Any] = {
    "version": 1,
    "match": "all",
    "rules": [
        {"field": "language", "operator": "any_of", "value": ["nl"]},
        {"field": "consent.newsletter.email", "operator": "any_of", "value": ["granted"]},
        {"field": "stays.count", "operator": "at_least", "value": 2, "period": {"last": 2, "unit": "year"}},
        {"field": "value", "operator": "at_most", "value": 5000, "not": True},
        {"field": "last_stay", "operator": "in", "value": {"last": 6, "unit": "month"}, "not": True},
    ],
}
"""Who is wanted, but for the tag."""


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


def _guest(name: str, *, language: str = "nl", consents: bool = True, stays: int = 2, amount: int = 3000,
           days: int = 250, tag: Tag | None = None, email: bool = True) -> Customer:  # fmt: skip
    guest: Customer = CustomerFactory(given_name=name, family_name="Visser", language=language)
    if email:
        EmailFactory(customer=guest, value=f"{name.lower()}@example.com")
    if consents:
        ConsentEventFactory(customer=guest, source=ConsentEvent.Source.DESK)
    today = timezone.localdate()
    for number in range(stays):
        stay = StayFactory(
            arrival=today - dt.timedelta(days=days + 60 * number), amount=Decimal(amount), currency="NOK"
        )
        StayParticipantFactory(stay=stay, customer=guest, is_guest=True, is_payer=True)
    if tag is not None:
        CustomerTagFactory(customer=guest, tag=tag)
    return guest


@pytest.fixture
def problem(cast: Cast) -> Tag:
    """Two whom the segment holds, one of them without an address; and one who misses it by each condition."""
    with business_scope(cast.fjordstuen.pk):
        tag: Tag = Tag.objects.get(code=Tag.Code.PROBLEM)
        _guest("Anneke")
        _guest("Bram", email=False)
        _guest("Cees", language="nb")
        _guest("Daan", consents=False)
        _guest("Elske", stays=1, amount=9000)
        _guest("Femke", amount=2500)
        _guest("Guus", days=100)
        _guest("Hanna", tag=tag)
    return tag


def _tree(problem: Tag) -> Group:
    rules = [*TREE["rules"], {"field": "tags", "operator": "any_of", "value": [problem.pk], "not": True}]
    return tree_read({**TREE, "rules": rules}, filter_catalogue())


def _has_focus(page: Page, name: str) -> None:
    expect(page.locator(f"#{name}")).to_be_focused()


@contextmanager
def _answered(page: Page) -> Iterator[None]:
    """Wait for the builder that the server sends back."""
    page.evaluate("document.getElementById('segment-builder').dataset.old = ''")
    yield
    expect(page.locator("#segment-builder:not([data-old])")).to_be_visible()


def _choose_field(page: Page, place: int, typed: str) -> None:
    _has_focus(page, f"rule{place}-field")
    with _answered(page):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    _has_focus(page, f"rule{place}-op")


def _operator(page: Page, place: int, key: str, value: str) -> None:
    """Another operator by its first letter; the focus stays."""
    with _answered(page):
        page.keyboard.press(key)
    expect(page.locator(f"#rule{place}-op")).to_have_value(value)
    _has_focus(page, f"rule{place}-op")


def test_build_count_save_and_open_by_keyboard(cast: Cast, problem: Tag, visit: OpenBrowser) -> None:
    watch = visit("/b/fjordstuen/segments/", user=cast.fjordstuen.marketing.user)
    page = watch.page
    keyboard = page.keyboard
    keyboard.press("s")

    _choose_field(page, 1, "Language")
    keyboard.press("Tab")
    with _answered(page):
        keyboard.type("Dutch")
        keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="Dutch")).to_be_checked()
    _has_focus(page, "rule1-value")

    keyboard.press("Alt+c")
    _choose_field(page, 2, "Consent: newsletter by e")
    keyboard.press("Tab")
    keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="given")).to_be_checked()

    keyboard.press("Alt+c")
    _choose_field(page, 3, "Stays in a period")
    keyboard.press("Tab")
    keyboard.type("2")
    keyboard.press("Tab")
    with _answered(page):
        keyboard.press("i")
    expect(page.locator("#rule3-period-number")).to_be_visible()
    _has_focus(page, "rule3-period")
    keyboard.press("Tab")
    keyboard.type("2")
    keyboard.press("Tab")
    keyboard.press("y")

    keyboard.press("Alt+c")
    _choose_field(page, 4, "Value in all")
    _operator(page, 4, "m", "!at_most")
    keyboard.press("Tab")
    keyboard.type("5000")

    keyboard.press("Alt+c")
    _choose_field(page, 5, "Last stay")
    _operator(page, 5, "n", "!in.last")
    keyboard.press("Tab")
    keyboard.type("6")

    keyboard.press("Alt+c")
    _choose_field(page, 6, "Tags")
    _operator(page, 6, "h", "!any_of")
    box = page.get_by_role("checkbox", name="Problem")
    while not box.evaluate("box => box === document.activeElement"):
        keyboard.press("Tab")
        expect(page.locator("#rule6 :focus")).to_have_count(1)
    keyboard.press("Space")
    expect(box).to_be_checked()

    with business_scope(cast.fjordstuen.pk):
        figures = tree_figures(wanted(tree=_tree(problem)))
    assert (figures.counted.number, figures.reach["email"].reachable) == (2, 1)
    expect(page.locator("#live-count")).to_have_text("2 guests")
    expect(page.locator("#live-reach a.medium").first).to_have_text("1")
    expect(page.locator("#live-sample")).to_contain_text("Anneke")

    # Without a name it is not sent: the browser itself leads to the field.
    keyboard.press("Control+Enter")
    _has_focus(page, "id_name")
    keyboard.type("Dutch regulars to invite")
    keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dutch regulars to invite")
    with business_scope(cast.fjordstuen.pk):
        kept = Segment.objects.get(name="Dutch regulars to invite")
        assert tree_read(kept.tree, filter_catalogue()) == _tree(problem)

    page.get_by_role("link", name="Show in the guest list").focus()
    keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("2 guests")
    expect(page.locator("#guests")).to_contain_text("Bram Visser")


def test_taking_away_and_moving_never_loses_the_focus(cast: Cast, visit: OpenBrowser) -> None:
    page = visit("/b/fjordstuen/segments/new/", user=cast.fjordstuen.marketing.user).page
    _choose_field(page, 1, "City")
    page.keyboard.press("Alt+c")
    _choose_field(page, 2, "Stays in all")
    page.locator("#rule2-up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("select[name='1-field']")).to_have_value("stays")
    _has_focus(page, "rule1-down")
    page.locator("#rule1-remove").focus()
    page.keyboard.press("Enter")
    _has_focus(page, "rule1-field")
    page.locator("#rule1-remove").focus()
    page.keyboard.press("Enter")
    _has_focus(page, "rule-add")
    page.locator("#rule-group").focus()
    page.keyboard.press("Enter")
    _has_focus(page, "rule1_1-field")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_builder_panel_and_errors_are_open_to_everybody(
    cast: Cast, problem: Tag, visit: OpenBrowser, width: int, dark: bool
) -> None:
    with business_scope(cast.fjordstuen.pk):
        inner = [{"field": "city", "operator": "is", "value": ["Ede"]}, {"field": "restricted", "operator": "yes"}]
        tree = {**TREE, "rules": [*TREE["rules"], {"match": "any", "not": True, "rules": inner}]}
        segment = Segment.objects.create(name="Everything at once", tree=tree)
    watch = visit(f"/b/fjordstuen/segments/{segment.pk}/", user=cast.fjordstuen.marketing.user, width=width, dark=dark)
    page = watch.page
    page.get_by_text("Why not the others").first.click()
    page.locator("#rule3 summary").click()
    watch.assert_accessible()
    watch.assert_fits()
    page.locator("#rule1-field").click()
    expect(page.locator("#rule1-field_list")).to_be_visible()
    watch.assert_accessible()
    page.keyboard.press("Escape")
    page.locator("#rule-add").click()
    _has_focus(page, "rule7-field")
    with watch.expecting("422"):
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#rule7-error")).to_be_visible()
    watch.assert_accessible()
    watch.assert_fits()


def test_a_small_phone_with_large_text_shows_all_of_it(cast: Cast, problem: Tag, visit: OpenBrowser) -> None:
    with business_scope(cast.fjordstuen.pk):
        segment = Segment.objects.create(name="Alles tegelijk", tree=TREE)
    user = cast.fjordstuen.marketing.user
    for path in ("", f"{segment.pk}/"):
        watch = visit(f"/b/fjordstuen/segments/{path}", user=user, width=320, text=200)
        watch.assert_fits()


def test_without_script_buttons_bring_the_page_again(cast: Cast, problem: Tag, visit: OpenBrowser) -> None:
    page = visit("/b/fjordstuen/segments/new/", user=cast.fjordstuen.marketing.user, javascript=False).page
    page.get_by_label("Name", exact=True).fill("Dutch")
    page.get_by_label("Condition 1 looks at").select_option("language")
    page.get_by_role("button", name="Update").click()
    page.get_by_label("Add to Language").select_option("nl")
    page.get_by_role("button", name="Update").click()
    expect(page.locator("#live-count")).to_have_text("7 guests")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dutch")
