"""From a recipe to an automation that is on: by mouse, by the keyboard alone, without script, for everybody."""

from typing import Literal

import pytest
from playwright.sync_api import expect

from accounts.tenancy import business_scope
from automations.building.recipes import recipe_use
from automations.building.services import automation_change, automation_turn_on
from automations.models import Automation
from tests.automations.houses import wait
from tests.cast import Cast, cast_assemble
from tests.journeys.conftest import OpenBrowser
from tests.messaging.outbox.letters import local

ROOM = "/b/fjordstuen/automations/"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.fixture
def lapsed(cast: Cast) -> Automation:
    """A draft with a message, a wait, a task and a branch."""
    with business_scope(cast.fjordstuen.pk):
        local(cast.fjordstuen.business)
        made = recipe_use(key="lapsed", business=cast.fjordstuen.business, name="Lapsed guests")
        tree = {"version": 1, "rules": [{"field": "language", "operator": "any_of", "value": ["nb"]}]}
        branch = {
            "id": "s4",
            "do": "branch",
            "tree": tree,
            "yes": [{"id": "s5", **wait(days=3)}, {"id": "s6", "do": "stop"}],
            "no": [{"id": "s7", "do": "tag"}],
        }
        return automation_change(
            automation_id=made.pk, definition={**made.draft, "steps": [*made.draft["steps"], branch]}
        )


def test_a_recipe_is_named_and_turned_on(cast: Cast, visit: OpenBrowser) -> None:
    with business_scope(cast.fjordstuen.pk):
        local(cast.fjordstuen.business)
    watch = visit(ROOM, user=cast.fjordstuen.marketing.user)
    page = watch.page
    page.get_by_role("link", name="New automation").first.click()
    page.get_by_label("Invoice reminder").check()
    page.get_by_label("Name").fill("Open invoices")
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_role("heading", name="3 days after the due date of an invoice, at 10:00")).to_be_visible()

    page.get_by_role("link", name="Change step 2").click()
    expect(page.get_by_label("Wait", exact=True)).to_be_focused()
    page.get_by_label("Days", exact=True).fill("10")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#step-s2")).to_contain_text("Wait 10 days")
    expect(page.locator("#step-s2-edit")).to_be_focused()
    expect(page.locator("#step-s3")).to_contain_text("Day 10, 10:00")

    page.get_by_role("link", name="Change step 1").click()
    page.get_by_label("Subject").fill("Your invoice {invoice.number}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#step-s1-edit")).to_be_focused()
    page.get_by_role("link", name="Turn on …").click()
    expect(page.get_by_text("Nobody, as far as is known today.")).to_be_visible()
    watch.assert_accessible()
    page.get_by_role("button", name="Turn on").click()
    page.wait_for_url("**/automations/*/")
    with business_scope(cast.fjordstuen.pk):
        made = Automation.objects.get()
    assert (made.name, made.state) == ("Open invoices", "on")


def test_the_builder_works_by_the_keyboard_alone(cast: Cast, lapsed: Automation, visit: OpenBrowser) -> None:
    page = visit(f"{ROOM}{lapsed.pk}/edit/", user=cast.fjordstuen.marketing.user).page
    press = page.keyboard.press

    def tab_to(selector: str) -> None:
        for _each in range(90):
            press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} was not reached with Tab")

    tab_to("#step-s3-up")
    press("Enter")
    expect(page.locator(".steps").first.locator("> li").nth(1)).to_have_attribute("id", "step-s3")
    expect(page.locator("#step-s3-up")).to_be_focused()
    press("Enter")
    expect(page.locator(".steps").first.locator("> li").nth(0)).to_have_attribute("id", "step-s3")
    expect(page.locator("#step-s3-down")).to_be_focused()
    tab_to("#step-s3-remove")
    press("Enter")
    expect(page.locator("#step-s3")).to_have_count(0)
    expect(page.locator("#step-s1-edit")).to_be_focused()
    tab_to("#add-")
    press("Enter")
    tab_to("button[value='add:task:']")
    press("Enter")
    expect(page.get_by_label("What is to be done")).to_be_focused()
    page.keyboard.type("Ring them up")
    press("Control+Enter")
    expect(page.locator("#step-s3")).to_contain_text("Task: Ring them up")
    expect(page.locator("#step-s3-edit")).to_be_focused()


def test_alt_with_an_arrow_moves_a_step(cast: Cast, lapsed: Automation, visit: OpenBrowser) -> None:
    page = visit(f"{ROOM}{lapsed.pk}/edit/", user=cast.fjordstuen.marketing.user).page
    steps = page.locator(".steps").first.locator("> li")
    page.locator("#step-s2-edit").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(steps.first).to_have_id("step-s2")
    # At the end of the list the other button has the focus, and the keys go on from there.
    expect(page.locator("#step-s2-down")).to_be_focused()
    expect(page.locator("#step-s2-down")).to_have_accessible_name("Move step 1 down")
    page.keyboard.press("Alt+ArrowDown")
    expect(steps.nth(1)).to_have_id("step-s2")
    expect(page.locator("#step-s2-down")).to_be_focused()


def test_a_condition_is_built_where_it_stands(cast: Cast, lapsed: Automation, visit: OpenBrowser) -> None:
    watch = visit(f"{ROOM}{lapsed.pk}/edit/?open=step.s4", user=cast.fjordstuen.marketing.user)
    page = watch.page
    page.get_by_role("button", name="Condition", exact=False).first.click()
    expect(page.locator("#rule2")).to_be_visible()
    watch.assert_accessible()
    page.get_by_role("button", name="Remove 2").click()
    expect(page.locator("#rule2")).to_have_count(0)
    page.locator("#part-form").get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#part-form")).to_have_count(0)
    expect(page.locator("#step-s4")).to_contain_text("If: Language")


def test_without_script_it_works_all_the_same(cast: Cast, lapsed: Automation, visit: OpenBrowser) -> None:
    page = visit(f"{ROOM}{lapsed.pk}/edit/", user=cast.fjordstuen.marketing.user, javascript=False).page
    page.get_by_role("button", name="Move step 2 up").click()
    assert page.locator(".steps").first.locator("> li").first.get_attribute("id") == "step-s2"
    page.get_by_role("link", name="Change step 3").click()
    page.get_by_label("What is to be done").fill("Ring them up")
    page.get_by_role("button", name="Save", exact=True).click()
    assert "Task: Ring them up" in (page.locator("#step-s3").text_content() or "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_are_for_everybody(
    cast: Cast, lapsed: Automation, visit: OpenBrowser, width: int, scheme: Literal["light", "dark"]
) -> None:
    with business_scope(cast.fjordstuen.pk):
        on = recipe_use(key="welcome", business=cast.fjordstuen.business)
        automation_turn_on(automation_id=on.pk)
    watch = visit(ROOM, user=cast.fjordstuen.marketing.user, width=width, dark=scheme == "dark")
    edit = f"{ROOM}{lapsed.pk}/edit/"
    opened = [f"{edit}?open={place}" for place in ("trigger", "rules", "only", "step.s1", "step.s2", "step.s4", "name")]
    others = [
        f"{ROOM}new/",
        f"{ROOM}{lapsed.pk}/turn-on/",
        f"{ROOM}{on.pk}/turn-on/",
        f"{ROOM}{on.pk}/turn-off/",
        f"{ROOM}{on.pk}/versions/",
        f"{ROOM}{lapsed.pk}/remove/",
    ]
    for address in (ROOM, edit, *opened, *others):
        watch.page.goto(address)
        watch.assert_accessible()
        watch.assert_fits()


@pytest.mark.parametrize("language", ["nb", "nl"])
def test_nothing_is_cut_off_in_large_text(cast: Cast, lapsed: Automation, visit: OpenBrowser, language: str) -> None:
    user = cast.fjordstuen.marketing.user
    user.language = language
    user.save()
    watch = visit(f"{ROOM}{lapsed.pk}/edit/?open=step.s1", user=user, width=320, text=200)
    watch.assert_fits()
