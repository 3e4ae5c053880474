"""The import as an admin clicks through it: three clicks from file to register, with and without script."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.tenancy import business_scope
from customers.card.models import Customer
from imports.models import ImportRun
from imports.services import run_check, run_work, sources
from tests.cast import House, cast_assemble
from tests.imports.files import booking, write
from tests.journeys.conftest import OpenBrowser
from tests.journeys.watch import Watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> House:
    return cast_assemble().fjordstuen


@pytest.fixture
def bookings(tmp_path: Path) -> Path:
    rows = [booking(n, **{"phone-number": "669-792-1661"}) for n in range(1, 7)]
    return write(tmp_path / "bookings-of-july.csv", [*rows, booking(7, arrival_date_month="Julember")])


def _run(house: House) -> ImportRun:
    with business_scope(house.pk):
        return ImportRun.objects.get()


def _upload(watch: Watch, path: Path) -> None:
    watch.page.get_by_label("File", exact=True).set_input_files(path)
    watch.page.get_by_role("button", name="Look it through").click()


def test_from_file_to_register(
    visit: OpenBrowser, house: House, bookings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", 3)
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user)
    page = watch.page
    _upload(watch, bookings)
    expect(page.get_by_role("heading", name="Looking the file through")).to_be_visible()
    run = _run(house)
    run_check(business_id=house.pk, run_id=run.pk)
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    expect(page.get_by_text("The column credit_card is left out.")).to_be_visible()
    expect(page.get_by_role("row", name="New 6 6")).to_be_visible()
    expect(page.get_by_text("1 Julember 2015")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("heading", name="Importing")).to_be_visible()
    run_work(business_id=house.pk, run_id=run.pk)
    expect(page.get_by_text("The file is in the register.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert "Julember" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("This import was undone.")).to_be_visible()
    with business_scope(house.pk):
        assert not Customer.objects.exists()


def test_without_script(without_script: Any, house: House, bookings: Path) -> None:
    watch = without_script(f"/b/{house.slug}/import/", user=house.admin.user)
    page = watch.page
    _upload(watch, bookings)
    expect(page.get_by_role("heading", name="Looking the file through")).to_be_visible()
    run = _run(house)
    run_check(business_id=house.pk, run_id=run.pk)
    expect(page.get_by_role("heading", name="What will happen")).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    run_work(business_id=house.pk, run_id=run.pk)
    expect(page.get_by_text("The file is in the register.")).to_be_visible()
    page.get_by_role("link", name="See the guests").click()
    expect(page).to_have_url(f"{page.url.split('/b/')[0]}{reverse('guest_list', kwargs={'slug': house.slug})}")


def test_a_refused_file_is_said_beside_the_field(visit: OpenBrowser, house: House, tmp_path: Path) -> None:
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user)
    empty = tmp_path / "empty.csv"
    empty.touch()
    with watch.expecting("422"):
        _upload(watch, empty)
        expect(watch.page.get_by_label("File", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(watch.page.locator(".errorlist").get_by_text("The file is empty.")).to_be_visible()
    watch.assert_accessible()


LOOKS = list(itertools.product((1280, 390), (False, True)))


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_state_is_open_to_everybody(
    visit: OpenBrowser, house: House, bookings: Path, width: int, dark: bool
) -> None:
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user, width=width, dark=dark)

    def judge() -> None:
        watch.assert_accessible()
        watch.assert_fits()
        assert watch.html_gz() <= 25_000

    judge()
    _upload(watch, bookings)
    expect(watch.page.get_by_role("heading", name="Looking the file through")).to_be_visible()
    judge()
    run = _run(house)
    run_check(business_id=house.pk, run_id=run.pk)
    expect(watch.page.get_by_role("heading", name="What will happen")).to_be_visible()
    watch.page.locator("summary").click()
    judge()
    watch.page.get_by_role("button", name="Import", exact=True).click()
    expect(watch.page.get_by_role("heading", name="Importing")).to_be_visible()
    judge()
    run_work(business_id=house.pk, run_id=run.pk)
    expect(watch.page.get_by_text("The file is in the register.")).to_be_visible()
    judge()


@pytest.mark.parametrize("language", ["en", "nb", "da", "nl"])
def test_narrow_and_large_text(visit: OpenBrowser, house: House, bookings: Path, language: str) -> None:
    house.admin.user.language = language
    house.admin.user.save()
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user, width=320, text=200, language=language)
    watch.assert_fits()
    watch.page.locator("input[type=file]").set_input_files(bookings)
    watch.page.locator("main form button[type=submit]").click()
    watch.page.wait_for_url("**/import/*/")
    run_check(business_id=house.pk, run_id=_run(house).pk)
    watch.page.wait_for_selector("form[action$='/start/']")
    watch.page.evaluate("document.documentElement.style.fontSize = '200%'")
    watch.assert_fits()
