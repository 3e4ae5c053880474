"""A first day at the desk, as a new user would try it."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from accounts.tenancy import business_scope
from customers.card.models import Tag
from customers.export.models import ExportRun
from customers.export.services import export_work
from customers.history.models import Activity
from imports.models import ImportRun
from imports.services import run_check
from tests.cast import Cast, cast_assemble
from tests.factories import CustomerFactory, EmailFactory, PhoneFactory
from tests.journeys.conftest import OpenBrowser


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return cast_assemble()


@pytest.fixture
def guest_id(cast: Cast) -> int:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(given_name="Ingrid", family_name="Sørensen")
        PhoneFactory(customer=guest, value="912 34 567")
        for name in ("Lars", "Kari", "Ola"):
            EmailFactory(customer=CustomerFactory(given_name=name, family_name="Nordmann"), value=f"{name}@example.no")
        return guest.pk


def test_find_and_open_a_guest_in_six_keystrokes(cast: Cast, guest_id: int, visit: OpenBrowser) -> None:
    watch = visit("/b/fjordstuen/guests/", user=cast.fjordstuen.reception.user)
    page = watch.page
    # Ctrl-K, four letters without the ø, Enter: six.
    page.keyboard.press("Control+k")
    page.keyboard.type("sore", delay=40)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/guests/{guest_id}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ingrid Sørensen")


@pytest.mark.parametrize("typed", ["ingrid sorensn", "91234567", "+47 912 34", "4567", "rensen", "sørensen ingrid"])
def test_the_palette_finds_what_people_type(cast: Cast, guest_id: int, visit: OpenBrowser, typed: str) -> None:
    page = visit("/b/fjordstuen/guests/", user=cast.fjordstuen.reception.user).page
    page.keyboard.press("Control+k")
    page.keyboard.type(typed)
    expect(page.locator("#palette [role=option]").first).to_contain_text("Ingrid Sørensen")


def test_note_in_two_keystrokes_and_undo(cast: Cast, guest_id: int, visit: OpenBrowser) -> None:
    page = visit(f"/b/fjordstuen/guests/{guest_id}/", user=cast.fjordstuen.reception.user).page
    page.keyboard.press("n")
    page.keyboard.type("Comes with a dog")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".timeline")).to_contain_text("Comes with a dog")
    with business_scope(cast.fjordstuen.pk):
        assert Activity.objects.get().text == "Comes with a dog"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Undone")
    with business_scope(cast.fjordstuen.pk):
        assert not Activity.objects.exists()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_new_guest_stay_tag_and_list(cast: Cast, guest_id: int, visit: OpenBrowser, javascript: bool) -> None:
    page = visit("/b/fjordstuen/guests/new/", user=cast.fjordstuen.reception.user, javascript=javascript).page
    page.get_by_label("Given name").fill("Bjørn")
    page.get_by_label("Family name").fill("van der Berg")
    page.get_by_label("E-mail", exact=True).fill("bjorn@example.no")
    page.get_by_role("button", name="Save guest").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bjørn van der Berg")
    page.get_by_role("link", name="New stay").click()
    page.get_by_label("Room or pitch").fill("214")
    page.get_by_role("button", name="Book stay").click()
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_text("In house · 214")).to_be_visible()
    page.get_by_role("link", name="Add a tag").click()
    if javascript:
        page.locator("#id_tag").fill("vip")
        page.locator("#id_tag").press("Enter")
    else:
        page.get_by_role("button", name="VIP").click()
    expect(page.locator("#tags")).to_contain_text("VIP")
    with business_scope(cast.fjordstuen.pk):
        vip = Tag.objects.get(code=Tag.Code.VIP)
    page.goto(f"/b/fjordstuen/guests/?tag={vip.pk}")
    expect(page.get_by_role("link", name="Bjørn van der Berg")).to_be_visible()
    expect(page.get_by_role("link", name="Ingrid Sørensen")).to_have_count(0)
    # Back from a card: the same list.
    page.get_by_role("link", name="Bjørn van der Berg").click()
    page.go_back()
    assert page.url.endswith(f"?tag={vip.pk}")


def test_the_exported_list_imports_unchanged(cast: Cast, guest_id: int, visit: OpenBrowser, tmp_path: Path) -> None:
    page = visit("/b/fjordstuen/guests/?q=nordmann", user=cast.fjordstuen.admin.user).page
    page.get_by_role("link", name="Export").click()
    expect(page.get_by_text("found by “nordmann”")).to_be_visible()
    page.get_by_label("CSV for other programs").check()
    page.get_by_role("button", name="Write the file").click()
    expect(page.get_by_role("heading", name="Waiting for a free worker")).to_be_visible()
    with business_scope(cast.fjordstuen.pk):
        export = ExportRun.objects.get()
    export_work(business_id=cast.fjordstuen.pk, run_id=export.pk)
    # The page comes to it by itself.
    expect(page.get_by_text("The file is ready.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    saved = tmp_path / download.value.suggested_filename
    download.value.save_as(saved)
    rows = list(csv.DictReader(io.StringIO(saved.read_text("utf-8"))))
    assert sorted(row["given_name"] for row in rows) == ["Kari", "Lars", "Ola"]

    page.goto("/b/fjordstuen/import/")
    page.get_by_label("File", exact=True).set_input_files(saved)
    page.get_by_role("button", name="Look it through").click()
    expect(page.get_by_role("heading", name="Looking the file through")).to_be_visible()
    with business_scope(cast.fjordstuen.pk):
        run = ImportRun.objects.get()
    run_check(business_id=cast.fjordstuen.pk, run_id=run.pk)
    with business_scope(cast.fjordstuen.pk):
        run.refresh_from_db()
    assert run.counts["guests"] == {"created": 0, "updated": 0, "unchanged": 3, "invalid": 0}
