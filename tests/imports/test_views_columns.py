"""Telling what the columns of a file mean: tables, meanings, questions, mappings that are saved."""

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.tenancy import business_scope
from imports.models import ImportMapping, ImportRun
from imports.services import run_check
from imports.store import store_path
from tests.cast import House
from tests.imports.pages import address, latest, sent

pytestmark = pytest.mark.django_db

STRANGE = "Ref;Wer;Kontakt A;Wann\r\n1;Ingrid Berg;ingrid@berg.no;03.04.1980\r\n2;Nils Lie;nils@lie.no;05.06.1981\r\n"
"""Columns of which only the values tell anything, and dates that can be read in two ways."""
TOLD = {
    "base": "guests",
    "kind": "guests",
    "m-0": "",
    "m-1": "guest.full_name",
    "m-2": "guest.email",
    "m-3": "guest.birth_date",
}


@pytest.fixture
def strange(admin: Client, house: House) -> ImportRun:
    run = sent(admin, house, SimpleUploadedFile("strange.csv", STRANGE.encode("cp1252")))
    assert run.state == "mapping"
    return run


def readings(run: ImportRun) -> dict[str, Any]:
    return {reading["meaning"]: reading for reading in run.layout["readings"]}


def test_what_is_not_known_is_asked(admin: Client, house: House, strange: ImportRun) -> None:
    response = admin.get(address("import_run", house, strange))
    assert response.url == address("import_columns", house, strange)  # type: ignore[attr-defined]
    text = admin.get(address("import_columns", house, strange)).content.decode()
    assert "Kontakt A" in text and "ingrid@berg.no" in text and "<c-" not in text
    assert 'value="guest.email" selected' in text
    assert "Please check" in text


def test_columns_are_told_and_the_file_is_looked_through(admin: Client, house: House, strange: ImportRun) -> None:
    response = admin.post(address("import_columns", house, strange), {**TOLD, "dates": "mdy"})
    assert response.url == address("import_run", house, strange)  # type: ignore[attr-defined]
    run = latest(house)
    assert run.state == "checking"
    assert readings(run)["guest.email"]["from"] == ["Kontakt A"]
    assert run.layout["ignored"] == ["Ref"]
    run_check(business_id=house.pk, run_id=run.pk)
    assert "Import all 2 rows" in admin.get(address("import_run", house, run)).content.decode()
    again = admin.get(address("import_columns", house, run)).content.decode()
    assert 'value="guest.full_name" selected' in again


def test_what_makes_no_sense_is_said_and_kept(admin: Client, house: House, strange: ImportRun) -> None:
    response = admin.post(address("import_columns", house, strange), {**TOLD, "m-1": "", "m-2": "", "save_as": "Wer"})
    text = response.content.decode()
    assert response.status_code == 422
    assert "No column says who the guest is" in text
    assert 'value="guest.birth_date" selected' in text and 'value="Wer"' in text
    assert latest(house).state == "mapping"


def test_a_question_must_be_answered(admin: Client, house: House) -> None:
    file = SimpleUploadedFile(
        "g.csv", b"name,email,birth date\nIngrid Berg,i@berg.no,03/04/1980\nNils,n@lie.no,05/06/1981\n"
    )
    run = sent(admin, house, file)
    page = address("import_columns", house, run)
    text = admin.get(page).content.decode()
    assert "In which order do the dates stand?" in text and "03/04/1980 is 3 Apr 1980" in text
    told = {
        "base": "guests",
        "kind": "guests",
        "m-0": "guest.full_name",
        "m-1": "guest.email",
        "m-2": "guest.birth_date",
    }
    response = admin.post(page, told)
    assert response.status_code == 422 and "Choose one of these." in response.content.decode()
    assert admin.post(page, {**told, "dates": "mdy"}).status_code == 302
    assert latest(house).layout["dates"] == "mdy"


@pytest.mark.parametrize("script", [True, False])
def test_more_is_asked_where_cells_are_parted(admin: Client, house: House, strange: ImportRun, script: bool) -> None:
    page = address("import_columns", house, strange)
    headers = {"HX-Request": "true"} if script else {}
    renew = {"act": "renew"} if script else {}
    response = admin.post(page, {**TOLD, "w-1": "part", **renew}, headers=headers)
    text = response.content.decode()
    assert response.status_code == 200 and ('id="p-1-0"' in text) and 'name="b-1" type="text" value="[space]"' in text
    assert ("<html" in text) is not script
    parts = {"w-1": "part", "b-1": "[space]", "p-1-0": "guest.given_name", "p-1-1": "guest.family_name"}
    assert admin.post(page, {**TOLD, **parts}).status_code == 302
    told = readings(latest(house))
    assert told["guest.family_name"] == {
        "meaning": "guest.family_name",
        "from": ["Wer"],
        "how": "part",
        "by": " ",
        "part": 2,
    }


def test_another_kind_has_other_meanings(admin: Client, house: House, strange: ImportRun) -> None:
    page = address("import_columns", house, strange)
    text = admin.post(page, {**TOLD, "kind": "invoices", "act": "renew"}).content.decode()
    assert 'value="invoice.number"' in text and 'name="base" value="invoices"' in text
    assert "Something is missing yet." in text


def test_one_more_fixed_value(admin: Client, house: House, strange: ImportRun) -> None:
    page = address("import_columns", house, strange)
    sent_ = {**TOLD, "fm-0": "guest.country", "ft-0": "NO"}
    assert 'name="fm-1"' in admin.post(page, {**sent_, "act": "fixed"}).content.decode()
    assert admin.post(page, sent_).status_code == 302
    assert latest(house).layout["fixed"] == {"guest.country": "NO"}


def test_a_saved_mapping_answers_for_the_next_file(admin: Client, house: House, strange: ImportRun) -> None:
    admin.post(address("import_columns", house, strange), {**TOLD, "save_as": " Old  system "})
    run = sent(admin, house, SimpleUploadedFile("next.csv", STRANGE.encode()))
    assert (run.state, run.kind) == ("checking", "guests")
    assert readings(run)["guest.full_name"]["from"] == ["Wer"]
    with business_scope(house.pk):
        mapping = ImportMapping.objects.get()
    listed = admin.get(address("import_mappings", house)).content.decode()
    assert "Old system" in listed and f"/import/mappings/{mapping.pk}/" in listed


def test_a_saved_mapping_remembers_how_its_file_went_in(admin: Client, house: House, strange: ImportRun) -> None:
    admin.post(address("import_columns", house, strange), {**TOLD, "save_as": "Old"})
    run_check(business_id=house.pk, run_id=strange.pk)
    admin.post(address("import_policy", house, strange), {"update": "newest", "tag": "Old list"})
    with business_scope(house.pk):
        assert ImportMapping.objects.get().policy["update"] == "newest"
    run = sent(admin, house, SimpleUploadedFile("next.csv", STRANGE.encode()))
    assert (run.policy["update"], run.policy["tag"]) == ("newest", "Old list")


def test_a_file_that_is_gone_is_said(admin: Client, house: House, strange: ImportRun) -> None:
    store_path(strange.upload).unlink()
    for method, name in (("get", "import_columns"), ("post", "import_columns"), ("post", "import_table")):
        text = getattr(admin, method)(address(name, house, strange), follow=True).content.decode()
        assert "The file is not kept here any more." in text


def test_a_mapping_is_renamed_and_removed(admin: Client, house: House, strange: ImportRun) -> None:
    admin.post(address("import_columns", house, strange), {**TOLD, "save_as": "One"})
    with business_scope(house.pk):
        mapping = ImportMapping.objects.get()
        ImportMapping.objects.create(name="Two", kind="guests", signature="x", layout=mapping.layout)
    page = f"{address('import_mappings', house)}{mapping.pk}/"
    text = admin.get(page).content.decode()
    assert "Kontakt A" in text and "E-mail address" in text
    taken = admin.post(page, {"name": "Two"})
    assert taken.status_code == 422 and "Another mapping has this name." in taken.content.decode()
    assert "is called Three now" in admin.post(page, {"name": "Three"}, follow=True).content.decode()
    assert "Remove Three?" in admin.get(f"{page}remove/").content.decode()
    assert "Three is removed." in admin.post(f"{page}remove/", follow=True).content.decode()
    assert admin.get(page).status_code == 404
    assert sent(admin, house, SimpleUploadedFile("next.csv", STRANGE.encode())).state == "mapping"


def test_one_table_of_several_is_chosen(admin: Client, house: House) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("strange.csv", STRANGE)
        archive.writestr("prices.csv", "room,price\ndouble,1290\n")
    run = sent(admin, house, SimpleUploadedFile("all.zip", packed.getvalue()))
    assert run.state == "mapping"
    page = address("import_columns", house, run)
    text = admin.get(page).content.decode()
    assert "Which table is to be imported?" in text and "prices.csv" in text
    for wrong in ("", "9", "x"):
        assert admin.post(address("import_table", house, run), {"table": wrong}).status_code == 404
    place = "0" if text.index("strange.csv") < text.index("prices.csv") else "1"
    assert admin.post(address("import_table", house, run), {"table": place}).status_code == 302
    assert latest(house).table == "strange.csv"
    assert "Kontakt A" in admin.get(page).content.decode()


def test_columns_of_a_run_that_is_over_are_not_asked(admin: Client, house: House, strange: ImportRun) -> None:
    admin.post(address("import_discard", house, strange))
    page = address("import_run", house, strange)
    assert admin.get(address("import_columns", house, strange)).url == page  # type: ignore[attr-defined]
    assert admin.post(address("import_columns", house, strange), TOLD).url == page  # type: ignore[attr-defined]
    assert admin.post(address("import_table", house, strange), {"table": "0"}).url == page  # type: ignore[attr-defined]


WORDS = (
    "Booking no;Guest;Arrival;Departure;Property;Status;Country\r\n"
    "B1;Kari Berg;2026-05-01;2026-05-03;Fjordstuen;Bekräftat av gäst;Noreg\r\n"
    "B2;Ola Lie;2026-05-01;2026-05-03;Fjordstuen;booked;NO\r\n"
)


def test_words_of_the_file_are_told_and_remembered(admin: Client, house: House) -> None:
    run = sent(admin, house, SimpleUploadedFile("words.csv", WORDS.encode()))
    assert run.state == "checking", "what its columns are is known"
    run_check(business_id=house.pk, run_id=run.pk)
    preview = admin.get(f"{address('import_run', house, run)}?outcome=invalid&cause=status").content.decode()
    assert "This status is not known." in preview
    assert preview.count("Say what these words mean") == 2, "above the rows that stay behind, and beside the country"
    page = address("import_columns", house, run)
    text = admin.get(page).content.decode()
    assert "What words of the file mean" in text and 'name="vw-0" value="Bekräftat av gäst"' in text
    assert '<option value="?" selected>Not known: the row is left out</option>' in text
    assert 'name="vw-1" value="Noreg"' in text
    told = {"base": "bookings", "kind": "bookings", "vm-0": "stay.status", "vw-0": "Bekräftat av gäst"}
    told |= {"vm-1": "guest.country", "vw-1": "Noreg", "v-1": "NO", "save_as": "Words"}
    wrong = admin.post(page, {**told, "v-0": "nonsense"})
    assert wrong.status_code == 422 and 'name="vw-0"' in wrong.content.decode()
    assert admin.post(page, {**told, "v-0": "checked_out"}).status_code == 302
    run = latest(house)
    assert run.layout["values"] == {
        "stay.status": {"Bekräftat av gäst": "checked_out"},
        "guest.country": {"Noreg": "NO"},
    }
    run_check(business_id=house.pk, run_id=run.pk)
    assert "Import all 2 rows" in admin.get(address("import_run", house, run)).content.decode()
    again = admin.get(page).content.decode()
    assert '<option value="checked_out" selected>' in again and '<option value="NO" selected>' in again
    with business_scope(house.pk):
        mapping = ImportMapping.objects.get(name="Words")
    shown = admin.get(f"/b/{house.slug}/import/mappings/{mapping.pk}/").content.decode()
    assert "Bekräftat av gäst" in shown and "Checked out" in shown and "Norway" in shown
    next_file = sent(admin, house, SimpleUploadedFile("next.csv", WORDS.encode()))
    assert next_file.layout["values"]["stay.status"] == {"Bekräftat av gäst": "checked_out"}
