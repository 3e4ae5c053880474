"""The import as an admin clicks through it: three clicks from file to register, by keyboard, without script."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Route, expect

from accounts.tenancy import business_scope
from customers.card.models import Customer
from imports.models import ImportRow, ImportRun
from imports.services import run_check, run_work
from tests.cast import House, cast_assemble
from tests.factories import CustomerFactory, EmailFactory
from tests.imports.files import booking, guest, write
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


@pytest.fixture
def guests(house: House, tmp_path: Path) -> Path:
    """A list whose second guest has the address of somebody else, and a row without anybody."""
    with business_scope(house.pk):
        EmailFactory(customer=CustomerFactory(given_name="Kari", family_name="Nordmann"), value="shared@fjord.no")
    rows = [
        guest(note="", email="a@fjord.no", phone="", given_name="Anne"),
        guest(note="", email="shared@fjord.no", phone="", given_name="Sigrid"),
        guest(note="", email="", phone="", given_name="", family_name="", company=""),
    ]
    return write(tmp_path / "guests.csv", rows)


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A list of an old system, in its encoding, whose columns nobody knows."""
    path = tmp_path / "gamle-gjester.csv"
    path.write_bytes(
        "Ref;Hvem;Kontakt 1;Når;Sted\r\n"
        "1;Åse Sørensen;ase@fjord.no, ase@jobb.no;03.04.1980;0155 Oslo\r\n"
        "2;Bjørn Ødegård;bjorn@fjord.no;05.06.1975;5003 Bergen\r\n".encode("cp1252")
    )
    return path


def _run(house: House) -> ImportRun:
    with business_scope(house.pk):
        return ImportRun.objects.get()


def _upload(watch: Watch, path: Path) -> None:
    watch.page.get_by_label("File", exact=True).set_input_files(path)
    watch.page.get_by_role("button", name="Look it through").click()


def _looked_through(watch: Watch, house: House, path: Path) -> ImportRun:
    _upload(watch, path)
    expect(watch.page.get_by_role("heading", name="Looking the file through")).to_be_visible()
    run = _run(house)
    run_check(business_id=house.pk, run_id=run.pk)
    expect(watch.page.get_by_role("button", name="Do not import")).to_be_visible()
    return run


def test_from_file_to_register(visit: OpenBrowser, house: House, bookings: Path) -> None:
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user)
    page = watch.page
    run = _looked_through(watch, house, bookings)
    expect(page.get_by_text("The column credit_card is left out.")).to_be_visible()
    expect(page.get_by_text("6 of 7 rows go in")).to_be_visible()
    page.get_by_role("button", name="Import the 6 valid rows").click()
    expect(page.get_by_role("heading", name="Importing")).to_be_visible()
    run_work(business_id=house.pk, run_id=run.pk)
    expect(page.get_by_text("The file is in the register.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download these rows").click()
    assert "Julember" in Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("This import was undone.")).to_be_visible()
    with business_scope(house.pk):
        assert not Customer.objects.exists()


def test_rows_are_decided_by_keyboard(visit: OpenBrowser, house: House, guests: Path) -> None:
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user)
    page = watch.page
    run = _looked_through(watch, house, guests)
    expect(page.get_by_role("link", name="1 needs a look")).to_be_visible()
    page.keyboard.press("j")
    opener = page.get_by_role("link", name="The e-mail address is on the card of somebody with another name")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Kari Nordmann")).to_be_visible()
    expect(page).to_have_url(f"{page.url.partition('?')[0]}?outcome=review&cause=same_email#g-review-same_email")
    expect(opener).to_be_focused()
    same = page.get_by_role("group", name="Line 3").get_by_role("button", name="This guest")
    same.focus()
    page.keyboard.press("Enter")
    expect(same).to_have_attribute("aria-pressed", "true")
    expect(same).to_be_focused()
    expect(page.get_by_text("1 decided")).to_be_visible()
    watch.assert_accessible()
    page.reload()
    expect(same).to_have_attribute("aria-pressed", "true")
    opener.click()
    expect(same).to_be_hidden()
    with business_scope(house.pk):
        assert ImportRow.objects.get(run_id=run.pk, line=3).decision == "same"


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_another_card_is_looked_up(visit: OpenBrowser, house: House, guests: Path, width: int, dark: bool) -> None:
    with business_scope(house.pk):
        other = CustomerFactory(given_name="Solveig", family_name="Hauge")
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user, width=width, dark=dark)
    page = watch.page
    run = _looked_through(watch, house, guests)
    page.goto(f"/b/{house.slug}/import/{run.pk}/?outcome=review&cause=same_email")
    page.get_by_role("link", name="Another guest").press("Enter")
    asked = page.get_by_label("Who is meant on line 3?")
    expect(asked).to_be_focused()
    page.keyboard.type("haug")
    choice = page.get_by_role("button", name="Choose Solveig Hauge")
    expect(choice).to_be_visible()
    expect(asked).to_have_value("haug")
    expect(asked).to_be_focused()
    watch.assert_accessible()
    watch.assert_fits()
    choice.press("Enter")
    expect(page.get_by_role("link", name="Solveig Hauge")).to_be_visible()
    expect(page.get_by_role("group", name="Line 3").get_by_role("button", name="This guest")).to_be_focused()
    expect(asked).to_be_hidden()
    with business_scope(house.pk):
        row = ImportRow.objects.get(run_id=run.pk, line=3)
        assert (row.decision, row.customer_id) == ("same", other.pk)


@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_words_are_told(visit: OpenBrowser, house: House, tmp_path: Path, width: int, dark: bool) -> None:
    path = tmp_path / "words.csv"
    path.write_text(
        "Booking no;Guest;Arrival;Departure;Property;Status;Country\n"
        "B1;Kari Berg;2026-05-01;2026-05-03;Fjordstuen;Venteliste;Noreg\n"
    )
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user, width=width, dark=dark)
    page = watch.page
    run = _looked_through(watch, house, path)
    page.get_by_role("link", name="This status is not known.").click()
    page.get_by_role("link", name="Say what these words mean").first.click()
    page.get_by_label("Venteliste").select_option("Booked")
    country = page.get_by_role("combobox", name="Noreg")
    country.fill("norw")
    page.keyboard.press("Enter")
    expect(country).to_have_value("Norway")
    watch.assert_accessible()
    watch.assert_fits()
    page.get_by_role("button", name="See what would happen").click()
    expect(page.get_by_role("heading", name="Looking the file through")).to_be_visible()
    run_check(business_id=house.pk, run_id=run.pk)
    expect(page.get_by_role("button", name="Import the row")).to_be_visible()
    with business_scope(house.pk):
        told = ImportRun.objects.get(pk=run.pk).layout["values"]
    assert told == {"stay.status": {"Venteliste": "booked"}, "guest.country": {"Noreg": "NO"}}


def test_columns_are_told(visit: OpenBrowser, house: House, strange: Path) -> None:
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user)
    page = watch.page
    _upload(watch, strange)
    who = page.get_by_role("combobox", name="Hvem becomes")
    expect(who).to_be_visible()
    who.fill("full na")
    page.keyboard.press("Enter")
    expect(who).to_have_value("Full name")
    mail = page.get_by_role("combobox", name="Kontakt 1 becomes")
    mail.fill("e-mail address")
    page.keyboard.press("Enter")
    where = page.locator("#column-4")
    where.locator("summary").press("Enter")
    with watch.renewing("#import-state"):
        where.get_by_label("Each cell holds").select_option("part")
    first = where.locator("input#p-4-0")
    first.fill("postal")
    page.keyboard.press("Enter")
    expect(first).to_have_value("Postal code")
    second = where.locator("input#p-4-1")
    second.fill("city")
    page.keyboard.press("Enter")
    expect(second).to_have_value("City")
    expect(who).to_have_value("Full name")
    expect(mail).to_have_value("E-mail address")
    page.get_by_label("Save this mapping as").fill("Gammelt system")
    watch.assert_accessible()
    page.get_by_role("button", name="See what would happen").click()
    expect(page.get_by_role("heading", name="Looking the file through")).to_be_visible()
    readings = {each["meaning"]: each for each in _run(house).layout["readings"]}
    assert readings["guest.city"] == {"meaning": "guest.city", "from": ["Sted"], "how": "part", "by": " ", "part": 2}
    assert readings["guest.full_name"]["from"] == ["Hvem"]
    page.goto(f"/b/{house.slug}/import/mappings/")
    expect(page.get_by_role("link", name="Gammelt system", exact=True)).to_be_visible()


def test_what_is_typed_while_the_page_renews_itself_stays(visit: OpenBrowser, house: House, strange: Path) -> None:
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user)
    page = watch.page
    _upload(watch, strange)
    held: list[Route] = []
    expect(page.locator("#column-4 summary")).to_be_visible()
    page.route("**/columns/", lambda route: held.append(route))
    page.locator("#column-4 summary").press("Enter")
    with page.expect_request("**/columns/"):
        page.locator("#column-4").get_by_label("Each cell holds").select_option("part")
    name = page.get_by_label("Save this mapping as")
    with watch.renewing("#import-state"):
        name.fill("Gammelt system")
        page.get_by_role("combobox", name="Hvem becomes").fill("full na")
        page.keyboard.press("Enter")
        held.pop().continue_()
    expect(page.locator("input#p-4-0")).to_be_visible()
    expect(name).to_have_value("Gammelt system")
    expect(page.get_by_role("combobox", name="Hvem becomes")).to_have_value("Full name")
    page.locator("#column-4 summary").press("Enter")
    with page.expect_request("**/columns/"):
        page.locator("#column-4").get_by_label("Each cell holds").select_option("whole")
    where = page.get_by_role("combobox", name="Kontakt 1 becomes")
    with watch.renewing("#import-state"):
        where.fill("phone nu")
        held.pop().continue_()
    expect(where).to_be_focused()
    page.keyboard.press("Enter")
    expect(where).to_have_value("Phone number")


def test_how_it_goes_in(visit: OpenBrowser, house: House, guests: Path) -> None:
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user)
    page = watch.page
    run = _looked_through(watch, house, guests)
    expect(page.get_by_label("The file is as of")).to_be_hidden()
    page.get_by_label("The newer value counts").check()
    expect(page.get_by_label("The file is as of")).to_be_visible()
    page.get_by_label("Tag every guest of the file").fill("From the old system")
    page.get_by_role("button", name="Look through again").click()
    expect(page.get_by_role("heading", name="Looking the file through")).to_be_visible()
    run_check(business_id=house.pk, run_id=run.pk)
    expect(page.get_by_label("The newer value counts")).to_be_checked()
    expect(page.get_by_label("Tag every guest of the file")).to_have_value("From the old system")


def test_without_script(without_script: Any, house: House, strange: Path) -> None:
    watch = without_script(f"/b/{house.slug}/import/", user=house.admin.user)
    page = watch.page
    _upload(watch, strange)
    page.locator("select[name=m-1]").select_option("guest.full_name")
    page.locator("select[name=m-2]").select_option("guest.email")
    page.get_by_role("button", name="See what would happen").click()
    expect(page.get_by_role("heading", name="Looking the file through")).to_be_visible()
    run = _run(house)
    run_check(business_id=house.pk, run_id=run.pk)
    expect(page.get_by_role("button", name="Import all 2 rows")).to_be_visible()
    page.locator(".group-open").first.click()
    page.get_by_role("button", name="Leave out").last.click()
    expect(page.get_by_text("1 of 2 rows go in")).to_be_visible()
    page.get_by_role("button", name="Import the valid row").click()
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
    visit: OpenBrowser, house: House, guests: Path, width: int, dark: bool
) -> None:
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user, width=width, dark=dark)

    def judge() -> None:
        watch.assert_accessible()
        watch.assert_fits()
        assert watch.html_gz() <= 25_000

    judge()
    run = _looked_through(watch, house, guests)
    watch.page.goto(f"/b/{house.slug}/import/{run.pk}/?outcome=review&cause=same_email")
    watch.page.locator("details.disclosure summary").first.click()
    judge()
    watch.page.get_by_role("button", name="Import the 2 valid rows").click()
    expect(watch.page.get_by_role("heading", name="Importing")).to_be_visible()
    judge()
    run_work(business_id=house.pk, run_id=run.pk)
    expect(watch.page.get_by_text("The file is in the register.")).to_be_visible()
    judge()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_telling_columns_is_open_to_everybody(
    visit: OpenBrowser, house: House, strange: Path, width: int, dark: bool
) -> None:
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user, width=width, dark=dark)
    _upload(watch, strange)
    expect(watch.page.get_by_role("combobox", name="Hvem becomes")).to_be_visible()
    watch.page.get_by_label("What the rows are").select_option("invoices")
    expect(watch.page.get_by_text("Something is missing yet.")).to_be_visible()
    with watch.expecting("422"):
        watch.page.get_by_role("button", name="See what would happen").click()
        expect(watch.page.get_by_text("This cannot be read yet.")).to_be_visible()
    watch.page.locator("#column-2 summary").click()
    watch.assert_accessible()
    watch.assert_fits()
    assert watch.html_gz() <= 25_000


@pytest.mark.parametrize("language", ["en", "nb", "da", "nl"])
def test_narrow_and_large_text(visit: OpenBrowser, house: House, guests: Path, strange: Path, language: str) -> None:
    house.admin.user.language = language
    house.admin.user.save()
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user, width=320, text=200, language=language)
    watch.assert_fits()
    watch.page.locator("input[type=file]").set_input_files(guests)
    watch.page.locator("main form[enctype] button[type=submit]").click()
    watch.page.wait_for_url("**/import/*/")
    run = _run(house)
    run_check(business_id=house.pk, run_id=run.pk)
    watch.page.goto(f"/b/{house.slug}/import/{run.pk}/?outcome=review&cause=same_email")
    watch.page.evaluate("document.documentElement.style.fontSize = '200%'")
    watch.assert_fits()
    watch.page.goto(f"/b/{house.slug}/import/")
    watch.page.locator("input[type=file]").set_input_files(strange)
    watch.page.locator("main form[enctype] button[type=submit]").click()
    watch.page.wait_for_url("**/columns/")
    watch.page.evaluate("document.documentElement.style.fontSize = '200%'")
    watch.assert_fits()
