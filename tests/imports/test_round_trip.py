"""An exported guest list, imported again, changes nothing; changed in a spreadsheet, it changes those guests alone."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from accounts.tenancy import business_scope
from customers.card.choices import LANGUAGES, country_choices
from customers.card.models import ContactPoint, Customer, ExternalId, Tag
from customers.card.services import tag_add
from customers.changes.models import Change
from imports.mapping import values
from imports.models import ImportRun
from imports.services import run_begin, run_create, run_work, source_open
from tests.cast import Cast, House
from tests.customers.exporting import written
from tests.factories import CompanyFactory, CustomerFactory, EmailFactory, PhoneFactory, TagFactory

NASTY = [
    {"given_name": "Åse", "family_name": "Ødegård", "note": "Line one\r\nline  two\r\n\r\nline four"},
    {"given_name": "=HYPERLINK", "family_name": "'=1+1", "note": "-5 °C in the room"},
    {"given_name": "'", "family_name": "''@home", "street": "+ 5 Street"},
    {"given_name": 'Say "hi"', "family_name": "Semi;colon, comma", "city": "New\u00a0York"},
    {"given_name": "Zoe\u0301", "family_name": "Decomposed", "note": "Zoe\u0301  "},
    {"given_name": "محمد", "family_name": "علي", "postal_code": "0155"},
    {"given_name": "🏨", "family_name": "", "birth_date": date(1904, 2, 29)},
    {"given_name": "N" * 200, "family_name": "", "note": "x" * 4_000},
    {"given_name": "NULL", "family_name": "NA", "organisation_number": "000123", "nationality": "XK", "country": "GB"},
    {"given_name": "Twin", "family_name": "Berg"},
    {"given_name": "Twin", "family_name": "Berg"},
    {"given_name": "", "family_name": "", "company_name": "", "note": "a card without a name"},
]
CONTACTS = [
    ("Guest@Berg.no", "abc@guest.booking.com", "none@berg.no"),
    ("Dr..M@verizon.com", "no address at all", "a@b.no; c@d.no"),
    ("=cmd@berg.no",),
]
PHONES = [
    ("+4722334455", "22 33 44 66"),
    ("669-792-1661", "00000000"),
    ("ring Ola", "22\u00a033"),
    ("22334455 / 22334466",),
]


@pytest.fixture
def register(house: House) -> House:
    """Guests with everything that ever broke a round trip."""
    with business_scope(house.pk):
        wine = TagFactory(name="Wine, red")
        for place, nasty in enumerate(NASTY):
            card = CustomerFactory(**{"source": "walk_in"} | nasty)
            for n, value in enumerate(CONTACTS[place % 3]):
                EmailFactory(customer=card, value=value, is_primary=n == 0)
            for n, value in enumerate(PHONES[place % 4]):
                PhoneFactory(customer=card, value=value, is_primary=n == 0)
            tag_add(customer_id=card.pk, tag_id=wine.pk)
            tag_add(customer_id=card.pk, tag_id=Tag.objects.get(code="no_show").pk)
        CompanyFactory(company_name="Fjord A/S")
    return house


def _export(house: House, path: Path) -> Path:
    written(house, path)
    return path


def _import(house: House, path: Path) -> ImportRun:
    with business_scope(house.pk):
        run = run_create(source=source_open(path=path, kind="guests"), file_name=path.name)
        run_begin(run=run)
    run_work(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        return ImportRun.objects.get(pk=run.pk)


def test_an_export_imported_again_changes_nothing(register: House, tmp_path: Path) -> None:
    run = _import(register, _export(register, tmp_path / "guests.csv"))
    with business_scope(register.pk):
        assert run.state == ImportRun.State.DONE
        changed = list(Change.objects.filter(change_set_id=run.change_set_id).values_list("record", "act", "data"))
    assert changed == []
    assert run.counts["guests"] == {"created": 0, "updated": 0, "unchanged": len(NASTY) + 1, "invalid": 0}


def test_a_change_in_the_file_changes_that_guest_alone(register: House, tmp_path: Path) -> None:
    path = _export(register, tmp_path / "guests.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), delimiter=";"))
    ase = next(row for row in rows if row["given_name"] == "Åse")
    ase["city"], ase["family_name"] = "Tromsø", "Berg"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(ase), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    run = _import(register, path)
    assert run.counts["guests"]["updated"] == 1
    with business_scope(register.pk):
        (change,) = Change.objects.filter(change_set_id=run.change_set_id)
        assert {
            name: new for name, (_old, new) in change.data.items() if name in ("city", "family_name", "sort_key")
        } == {
            "city": "Tromsø",
            "family_name": "Berg",
            "sort_key": "berg  }se",
        }


def test_an_export_makes_the_same_register_elsewhere(register: House, cast: Cast, tmp_path: Path) -> None:
    path = _export(register, tmp_path / "guests.csv")
    first, second = _import(cast.duinzicht, path), _import(cast.duinzicht, path)
    assert first.counts["guests"]["created"] == len(NASTY) + 1
    assert second.counts["guests"] == {"created": 0, "updated": 0, "unchanged": len(NASTY) + 1, "invalid": 0}

    def all_of(house: House) -> list[Any]:
        with business_scope(house.pk):
            cards = list(Customer.objects.order_by("id"))
            points = list(ContactPoint.objects.values_list("kind", "value", "state"))
            return [
                [(card.kind, card.given_name, card.family_name, card.company_name, card.birth_date) for card in cards],
                sorted((kind, value) for kind, value, state in points if state == "invalid"),
            ]

    theirs, ours = all_of(cast.duinzicht), all_of(register)
    assert sorted(map(repr, theirs[0])) == sorted(map(repr, _composed(ours[0])))
    with business_scope(cast.duinzicht.pk):
        assert ExternalId.objects.count() == len(NASTY) + 1


def _composed(rows: list[Any]) -> list[Any]:
    """The same with letters and their marks as one character, as an import writes them."""
    return [tuple(normalize("NFC", cell) if isinstance(cell, str) else cell for cell in row) for row in rows]


def test_codes_of_the_form_are_codes_of_the_file() -> None:
    assert [values.language(code) for code in LANGUAGES] == LANGUAGES
    countries = [code for code, _name in country_choices()]
    assert [values.country(code) for code in countries] == countries
