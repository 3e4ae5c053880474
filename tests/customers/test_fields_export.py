"""Own fields and all texts of the card in the export; imported again, the file changes nothing."""

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import Change
from customers.fields.models import GuestFieldValue
from customers.fields.services import guest_values_set
from imports.models import ImportRun
from imports.selectors import own_fields
from imports.services import run_begin, run_create, run_work, source_open
from tests.cast import Cast, House
from tests.customers.exporting import read, written
from tests.factories import CustomerFactory, CustomFieldFactory, GuestFieldValueFactory

pytestmark = pytest.mark.django_db

NASTY = ["=HYPERLINK(1)", "'=1", "-5", "Zoe\u0301  é  b", "🏨\u200d", "فاطمة", "a; b ::: c", "x" * 500, "NULL", "0155"]
NUMBERS = ["1.234", "1234", "-0.0001", "99999999999999.9999", "0", "12.5"]


@pytest.fixture
def register(cast: Cast) -> House:
    """Guests with every kind of value, the odd ones among them."""
    with business_scope(cast.fjordstuen.pk):
        for kind in ("text", "number", "date", "choice", "yes_no"):
            options = [{"key": "gold", "label": "Gull"}] if kind == "choice" else []
            CustomFieldFactory(key=f"a_{kind}", kind=kind, label=f"Our {kind}", options=options)
        # Called like columns of the file itself.
        CustomFieldFactory(key="value", kind="text", label="Value")
        CustomFieldFactory(key="old", is_archived=True)
        for place, text in enumerate(NASTY):
            guest = CustomerFactory(why_us=f"Because {place}", thanked="A\nB", deal_breakers="=1+1")
            GuestFieldValueFactory(customer=guest, field__key=f"gone_{place}", field__is_archived=True)
            values = {"a_text": text, "value": f"own {place}", "a_number": NUMBERS[place % len(NUMBERS)]}
            more = {"a_date": f"2020-02-{place + 1:02}", "a_choice": "gold", "a_yes_no": "no" if place % 2 else "yes"}
            guest_values_set(customer_id=guest.pk, values=values | more if place % 3 else values)
        CustomerFactory(given_name="Without")
    return cast.fjordstuen


def export(house: House, path: Path) -> list[dict[str, str]]:
    written(house, path)
    return read(path.read_bytes())


def load(house: House, path: Path) -> ImportRun:
    with business_scope(house.pk):
        fields = own_fields(language=house.business.language)
        run = run_create(source=source_open(path=path, kind="guests", fields=fields), file_name=path.name)
        run_begin(run=run)
    run_work(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        return ImportRun.objects.get(pk=run.pk)


@pytest.mark.parametrize("language", ["en", "da"])
def test_imported_again_nothing_changes(register: House, tmp_path: Path, language: str) -> None:
    register.business.language = language
    register.business.save(update_fields=["language"])
    with translation.override(language):
        rows = export(register, tmp_path / "guests.csv")
    assert {row["f.a_yes_no"] for row in rows} == {"", "yes", "no"}
    assert [row["why_us"] for row in rows if row["why_us"]][:1] == ["Because 0"]
    assert "f.old" not in rows[0]
    run = load(register, tmp_path / "guests.csv")
    with business_scope(register.pk):
        assert run.state == ImportRun.State.DONE
        changes = Change.objects.filter(change_set_id=run.change_set_id)
        assert list(changes.values_list("record", "data")) == []
    assert run.counts["guests"]["unchanged"] == len(NASTY) + 1


def test_a_cell_that_was_changed_changes_that_value_alone(register: House, tmp_path: Path) -> None:
    path = tmp_path / "guests.csv"
    rows = export(register, path)
    rows[1] |= {"f.a_number": "7,5", "f.a_choice": "Gull", "f.value": "changed", "why_us": "The food"}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    load(register, path)
    with business_scope(register.pk):
        values = {value.field.key: value for value in GuestFieldValue.objects.filter(customer_id=int(rows[1]["id"]))}
        assert values["a_number"].number == Decimal("7.5")
        assert values["value"].text == "changed"
        assert Customer.objects.get(pk=int(rows[1]["id"])).why_us == "The food"
        assert values["a_date"].date == dt.date(2020, 2, 2)


def test_as_many_statements_however_many_guests_and_fields(register: House, tmp_path: Path) -> None:
    counts = []
    for more in (0, 20):
        with business_scope(register.pk):
            for guest in CustomerFactory.create_batch(more):
                GuestFieldValueFactory(customer=guest)
        with CaptureQueriesContext(connection) as queries:
            written(register, tmp_path / "guests.csv")
        counts.append(len(queries))
    assert counts[0] == counts[1]
