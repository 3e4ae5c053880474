"""What Innkeeper writes it reads back: every kind, as CSV and as a workbook, with names for people or for programs."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.tenancy import business_scope
from customers.card.models import Tag
from customers.card.services import tag_add
from customers.changes.models import Change
from customers.changes.services import change_set, change_set_undo
from customers.consent.models import ConsentEvent
from customers.export.catalogue import columns_of
from customers.export.look import Look, preset_look
from customers.export.models import Kind
from customers.fields.services import guest_values_set
from customers.history.models import StayParticipant
from imports.exported import keys_of
from imports.models import ImportRun
from imports.selectors import own_fields
from imports.services import run_begin, run_create, run_work, source_open, sources
from tests.cast import Cast, House
from tests.customers.exporting import written
from tests.factories import (
    CompanyFactory,
    ConsentEventFactory,
    ConsentWordingFactory,
    CustomerFactory,
    CustomFieldFactory,
    EmailFactory,
    InvoiceFactory,
    PhoneFactory,
    ProductFactory,
    PurchaseFactory,
    StayFactory,
    StayParticipantFactory,
    TagFactory,
)

pytestmark = pytest.mark.django_db
LOOKS = {
    "programs": Look(delimiter=",", encoding="utf-8"),
    "excel-nb": preset_look("excel", language="nb"),
    "excel-en": preset_look("excel", language="en"),
    "workbook": preset_look("xlsx", language="nl"),
}
NAMES = ["Åse Ødegård", "=HYPERLINK 1+1", "'=1 ''@home", "محمد علي", "🏨 _x0041_", "Semi;colon, comma", "+47 -5"]
NOTES = ["Line one\nline two", "-5 °C", "'quoted'", "", "x" * 4_000, "=1+1", "\tTabbed"]
NUMBERS = ["1.234", "1234", "-0.0001", "99999999999999.9999", "0", "12.5", "7"]


@pytest.fixture
def house(cast: Cast) -> House:
    """A register with everything that a file may hold."""
    with business_scope(cast.fjordstuen.pk):
        for kind in ("text", "number", "date", "choice", "yes_no"):
            options = [{"key": "gold", "label": "Gull"}] if kind == "choice" else []
            CustomFieldFactory(key=f"a_{kind}", kind=kind, label=f"Our {kind}", options=options)
        CustomFieldFactory(key="a_stay", kind="text", label="Our stay", target="stay")
        wine, wording = TagFactory(name="Wine, red"), ConsentWordingFactory(texts={"nb": "Ja, gjerne; =1+1"})
        product = ProductFactory(name="Spa")
        for place, name in enumerate(NAMES):
            given, family = name.split(" ", 1)
            guest = CustomerFactory(
                given_name=given,
                family_name=family,
                note=NOTES[place],
                source="walk_in",
                postal_code=f"0{place}55",
                birth_date=dt.date(1890 + 10 * place, 2, 28),
            )
            for number, address in enumerate((f"one{place}@berg.no", f"two{place}@berg.no")):
                EmailFactory(customer=guest, value=address, is_primary=number == 0)
            PhoneFactory(customer=guest, value=f"+4722334{place}55")
            tag_add(customer_id=guest.pk, tag_id=wine.pk)
            tag_add(customer_id=guest.pk, tag_id=Tag.objects.get(code="vip").pk)
            values = {"a_text": f"=own {place}", "a_number": NUMBERS[place], "a_date": "1899-02-03"}
            guest_values_set(customer_id=guest.pk, values=values | {"a_choice": "gold", "a_yes_no": "yes"})
            at = dt.datetime(2024, 7, 1, 12, 30, 15, 250_000, tzinfo=dt.UTC) + dt.timedelta(days=place)
            act = "withdrawn" if place % 2 else "granted"
            ConsentEventFactory(customer=guest, act=act, at=at, wording=wording, language="nb", source="paper")
            ConsentEventFactory(customer=guest, purpose="profiling", channel="", at=at)
            stay = StayFactory(
                note=" ".join(NOTES[place].split())[:500], amount="1250.50", currency="NOK", reference=f"R{place}"
            )
            StayParticipantFactory(stay=stay, customer=guest, is_payer=True)
            InvoiceFactory(customer=guest, stay=stay, number=f"0{place}", amount="-12.50", currency="NOK")
            PurchaseFactory(customer=guest, product=product, description=NAMES[place], quantity="1.5", amount="99.90")
        CompanyFactory(company_name="Fjord A/S")
    return cast.fjordstuen


def loaded(house: House, path: Path) -> ImportRun:
    """Import a file as it is recognised."""
    with business_scope(house.pk):
        source = source_open(path=path, fields=own_fields(language=house.business.language))
        run = run_create(source=source, file_name=path.name)
        run_begin(run=run)
    run_work(business_id=house.pk, run_id=run.pk, path=path)
    with business_scope(house.pk):
        return ImportRun.objects.get(pk=run.pk)


def told(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """What the register holds, but for what the database keeps by itself."""
    tables = (
        "customer", "contactpoint", "customertag", "externalid", "guestfieldvalue", "stayfieldvalue", "stay",
        "stayparticipant", "invoice", "purchase", "consentevent",
    )  # fmt: skip
    found = {}
    with business_scope(house.pk), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM customers_{table} ORDER BY 1, 2")
            found[table] = cursor.fetchall()
    return found


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_guests_with_every_column_imported_again_change_nothing(house: House, tmp_path: Path, look: Look) -> None:
    path = tmp_path / f"guests.{look.format}"
    with business_scope(house.pk):
        columns = [column.key for column in columns_of("guests")]
    built = written(house, path, look=look, columns=columns)
    before = told(house)
    run = loaded(house, path)
    with business_scope(house.pk):
        changed = list(Change.objects.filter(change_set_id=run.change_set_id).values_list("record", "act", "data"))
        events = ConsentEvent.objects.filter(source="import")
        assert (run.state, changed, list(events)) == (ImportRun.State.DONE, [], [])
    assert run.counts["guests"] == {"created": 0, "updated": 0, "unchanged": built.rows, "invalid": 0}
    assert built.rows == len(NAMES) + 1
    assert told(house) == before


@pytest.mark.parametrize("state", ["bounced", "opted_out"])
def test_what_another_card_with_the_address_has_met_changes_nothing(cast: Cast, tmp_path: Path, state: str) -> None:
    house, path = cast.fjordstuen, tmp_path / "guests.csv"
    with business_scope(house.pk):
        for given, known in (("Kari", "ok"), ("Ola", state)):
            EmailFactory(customer=CustomerFactory(given_name=given), value="ours@berg.no", state=known)
        columns = [column.key for column in columns_of("guests")]
    written(house, path, look=LOOKS["programs"], columns=columns)
    before = told(house)
    run = loaded(house, path)
    assert run.counts["guests"] == {"created": 0, "updated": 0, "unchanged": 2, "invalid": 0}
    assert told(house) == before


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("kind", [kind for kind in Kind.values if kind != "guests"])
def test_what_happened_imported_again_changes_nothing(house: House, tmp_path: Path, look: Look, kind: str) -> None:
    path = tmp_path / f"{kind}.{look.format}"
    built = written(house, path, look=look, kind=kind)
    assert built.rows == len(NAMES) * (2 if kind == "consents" else 1)
    before = told(house)
    run = loaded(house, path)
    with business_scope(house.pk):
        changed = list(Change.objects.filter(change_set_id=run.change_set_id).values_list("record", "act", "data"))
    assert (run.state, changed) == (ImportRun.State.DONE, [])
    after = told(house)
    assert {table: rows for table, rows in after.items() if rows != before[table]} == {}


def test_a_header_for_people_is_told_by_the_number_and_by_most_of_its_names() -> None:
    assert keys_of(["Guest number", "Given name", "Family name", "Our own"]) == (
        "id", "given_name", "family_name", "Our own",
    )  # fmt: skip
    assert keys_of(["Given name", "Family name", "City"]) == ()
    assert keys_of(["Guest number", "First name", "Last name"]) == ()
    assert keys_of(["id", "given_name", "family_name"]) == ()


@pytest.fixture
def shared(cast: Cast) -> House:
    """A register with stays of several guests, in names' order before and behind who pays."""
    with business_scope(cast.fjordstuen.pk):
        people = {
            name: CustomerFactory(given_name=name, family_name="Berg", birth_date=None)
            for name in ("Anna", "Bo", "Cecilie", "Dag")
        }
        for name, guest in people.items():
            EmailFactory(customer=guest, value=f"{name.lower()}@berg.no")
        roles = [
            {"Anna": {"is_guest": True}, "Bo": {"is_payer": True, "is_booker": True}, "Cecilie": {"is_guest": True}},
            {"Dag": {"is_guest": False, "is_agent": True}, "Anna": {"is_payer": True}},
            {"Cecilie": {"is_guest": True}, "Dag": {"is_guest": True}},
        ]
        for number, parts in enumerate(roles):
            stay = StayFactory(reference=f"S{number}", amount="900", currency="NOK")
            for name, role in parts.items():
                StayParticipantFactory(stay=stay, customer=people[name], **{"is_payer": False, **role})
    return cast.fjordstuen


def parts(house: House) -> set[tuple[Any, ...]]:
    """Who has which part in which stay."""
    with business_scope(house.pk):
        return set(
            StayParticipant.objects.values_list(
                "stay__reference", "customer__given_name", "is_guest", "is_booker", "is_payer", "is_agent"
            )
        )


@pytest.mark.parametrize("rows_a_batch", [1, 2, 5_000])
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_stay_of_several_guests_imported_again_changes_nothing(
    shared: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: Look, rows_a_batch: int
) -> None:
    path = tmp_path / f"stays.{look.format}"
    assert written(shared, path, look=look, kind="stays").rows == 7
    before = told(shared)
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    run = loaded(shared, path)
    assert run.counts["stays"] == {"created": 0, "updated": 0, "unchanged": 3, "invalid": 0}
    assert run.problem_groups == []
    after = told(shared)
    assert {table: rows for table, rows in after.items() if rows != before[table]} == {}


@pytest.mark.parametrize("rows_a_batch", [1, 2, 5_000])
def test_every_guest_of_a_stay_comes_along(
    cast: Cast, shared: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_a_batch: int
) -> None:
    path = tmp_path / "stays.csv"
    written(shared, path, look=LOOKS["programs"], kind="stays")
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    there = cast.duinzicht
    run = loaded(there, path)
    assert run.counts["stays"]["created"] == 3
    assert parts(there) == parts(shared)
    before = told(there)
    run = loaded(there, path)
    assert run.counts["stays"] == {"created": 0, "updated": 0, "unchanged": 3, "invalid": 0}
    assert told(there) == before


def test_a_guest_who_lost_their_part_gets_it_back(shared: House, tmp_path: Path) -> None:
    path = tmp_path / "stays.csv"
    written(shared, path, look=LOOKS["programs"], kind="stays")
    before = parts(shared)
    with business_scope(shared.pk), change_set(kind="edit"):
        StayParticipant.objects.filter(customer__given_name="Cecilie").delete()
    run = loaded(shared, path)
    assert parts(shared) == before
    assert run.counts["stays"] == {"created": 0, "updated": 2, "unchanged": 1, "invalid": 0}
    with business_scope(shared.pk):
        change_set_undo(change_set_id=run.change_set_id or 0)
    assert len(parts(shared)) == len(before) - 2
