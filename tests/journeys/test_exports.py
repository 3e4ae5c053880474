"""Exports on every screen: the choice of columns, a refused form, a file at work, ready and gone."""

import pytest
from playwright.sync_api import expect

from accounts.tenancy import business_scope
from customers.export.models import ExportRun, SavedColumns
from customers.export.services import export_work
from tests.cast import Cast, cast_assemble
from tests.customers.exporting import ExportRunFactory, SavedColumnsFactory
from tests.factories import CustomerFactory, CustomFieldFactory, SegmentFactory
from tests.journeys.conftest import OpenBrowser
from tests.journeys.watch import Watch

NEW = "/b/fjordstuen/exports/new/"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.fixture
def runs(cast: Cast) -> dict[str, ExportRun]:
    """A file at every point."""
    house = cast.fjordstuen
    with business_scope(house.pk):
        CustomFieldFactory(label="Medlemskap i Kystfriluftslivsforeningen", key="medlem")
        SavedColumnsFactory(name="Julebrev til alle som har bodd her flere ganger")
        SegmentFactory(name="Gjester fra Kystfriluftslivsforeningen med hund")
        CustomerFactory(given_name="Łukasz")
        CustomerFactory(is_restricted=True)
        name = "fjordstuen-kystfriluftslivssenter-guests-2026-11-22.csv"
        ready = ExportRunFactory(file_name=name, actor="Admin", encoding="cp1252")
        found = {
            "ready": ready,
            "running": ExportRunFactory(file_name=name, state=ExportRun.State.RUNNING, total=40, done=10),
            "failed": ExportRunFactory(file_name=name, state=ExportRun.State.FAILED, error="filter"),
            "gone": ExportRunFactory(file_name=name, state=ExportRun.State.DONE, rows=1_234_567),
        }
    export_work(business_id=house.pk, run_id=ready.pk)
    return found


def looked_at(watch: Watch) -> None:
    """In the light, in the dark, and with large text on the smallest phone."""
    watch.assert_accessible()
    watch.assert_fits()
    watch.wear("dark")
    watch.assert_accessible()
    watch.page.emulate_media(color_scheme="light")


@pytest.mark.parametrize("width", [1280, 320])
def test_every_point_of_an_export_is_open_to_everybody(
    cast: Cast, runs: dict[str, ExportRun], visit: OpenBrowser, width: int
) -> None:
    watch = visit(f"{NEW}?kind=consents", user=cast.fjordstuen.marketing.user, width=width, touch=width < 760)
    page = watch.page
    page.get_by_text("Choose it in detail").click()
    looked_at(watch)
    # Nothing chosen: told, and what was typed is there.
    chosen = page.locator("input[name=column]:checked")
    while chosen.count():
        chosen.first.uncheck()
    page.get_by_label("Keep this choice as").fill("Julebrev")
    with watch.expecting("422"):
        page.get_by_role("button", name="Write the file").click()
        expect(page.get_by_text("Choose at least one column.").first).to_be_visible()
    expect(page.get_by_label("Keep this choice as")).to_have_value("Julebrev")
    looked_at(watch)
    for run in runs.values():
        page.goto(f"/b/fjordstuen/exports/{run.pk}/")
        looked_at(watch)
    page.goto("/b/fjordstuen/exports/")
    looked_at(watch)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    watch.assert_fits()


def test_columns_are_kept_and_taken_up_again_without_a_script(
    cast: Cast, runs: dict[str, ExportRun], visit: OpenBrowser
) -> None:
    page = visit(NEW, user=cast.fjordstuen.marketing.user, javascript=False).page
    page.get_by_role("link", name="Name and contact").click()
    page.get_by_label("Newsletter by e-mail").check()
    page.get_by_label("CSV for Excel").check()
    page.get_by_label("Keep this choice as").fill("Post")
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_role("heading", name="Waiting for a free worker")).to_be_visible()
    with business_scope(cast.fjordstuen.pk):
        assert "newsletter_email_wording" in SavedColumns.objects.get(name="Post").columns
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Nothing is left of the file.")).to_be_visible()
    page.goto(NEW)
    page.get_by_role("link", name="Post", exact=True).click()
    expect(page.get_by_label("Newsletter by e-mail")).to_be_checked()
    expect(page.get_by_label("City")).to_be_checked()
    expect(page.get_by_label("Note")).not_to_be_checked()
    expect(page.get_by_label("CSV for Excel")).to_be_checked()
