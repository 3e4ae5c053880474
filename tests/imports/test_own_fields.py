"""Fields of the business's own, and the card's new ones, from a file into the register and back."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer, CustomerTag
from customers.changes.services import change_set_undo
from customers.fields.models import CustomField, GuestFieldValue, StayFieldValue
from customers.history.models import Stay
from imports import services
from imports.models import ImportRun
from imports.selectors import own_fields
from imports.services import sources
from imports.store import store_remove
from tests.cast import Cast, House
from tests.customers.exporting import written
from tests.factories import CustomerFactory, CustomFieldFactory, EmailFactory, GuestFieldValueFactory
from tests.imports.files import booking, guest, write
from tests.imports.loading import load, reasons, would

LEVELS = [{"key": "gold", "label": "Gull"}, {"key": "silver", "label": "Sølv"}]


@pytest.fixture
def house(cast: Cast) -> House:
    """Fjordstuen with fields of every kind."""
    with business_scope(cast.fjordstuen.pk):
        for key, label, kind, options in (
            ("nickname", "Kallenavn", "text", []),
            ("points", "Poeng", "number", []),
            ("joined", "Medlem siden", "date", []),
            ("level", "Nivå", "choice", LEVELS),
            ("dog", "Har hund", "yes_no", []),
        ):
            CustomFieldFactory(key=key, label=label, kind=kind, options=options)
        CustomFieldFactory(key="parking", label="Parkering", kind="yes_no", target="stay")
    return cast.fjordstuen


def values(house: House, **of: Any) -> dict[str, Any]:
    """Field key → the filled column of a guest's only values."""
    with business_scope(house.pk):
        rows = GuestFieldValue.objects.filter(**of).select_related("field")
        return {
            row.field.key: row.text or next((v for v in (row.number, row.date, row.flag) if v is not None), None)
            for row in rows
        }


def test_values_of_every_kind_by_key_or_name(house: House, tmp_path: Path) -> None:
    columns = {"Kallenavn": "Kalle", "points": "1 234,5", "Medlem siden": "17.5.2024", "NIVÅ": "gull", "dog": "nei"}
    run = load(house, tmp_path / "a.csv", [guest(**columns)])
    assert values(house) == {
        "nickname": "Kalle",
        "points": Decimal("1234.5"),
        "joined": dt.date(2024, 5, 17),
        "level": "gold",
        "dog": False,
    }
    assert run.counts["guests"]["created"] == 1 and run.unread == []
    assert [column for column, _meaning in run.extras] == list(columns)


def test_a_value_that_is_none_is_named_and_the_row_goes_in(house: House, tmp_path: Path) -> None:
    rows = [guest(points="many", dog="perhaps", level="Bronze", joined="31.2.2024", nickname="Kalle")]
    run = load(house, tmp_path / "a.csv", rows)
    assert values(house) == {"nickname": "Kalle"}
    assert {(line, column, value, reason) for line, column, value, reason in reasons(house, run)} == {
        (2, "points", "many", "own_value"),
        (2, "dog", "perhaps", "own_value"),
        (2, "level", "Bronze", "own_value"),
        (2, "joined", "31.2.2024", "own_value"),
    }


def test_the_pages_say_what_would_be_right(house: House, tmp_path: Path) -> None:
    run = load(house, tmp_path / "a.csv", [guest(level="Bronze", dog="yes")])
    client = Client()
    client.force_login(house.admin.user)
    page = client.get(f"/b/fjordstuen/import/{run.pk}/").content.decode()
    assert "Gull, Sølv" in page and "Bronze" in page
    sheet = client.get(f"/b/fjordstuen/import/{run.pk}/problems.csv").content.decode()
    assert "Gull, Sølv" in sheet


def test_the_same_file_twice_changes_nothing(house: House, tmp_path: Path) -> None:
    rows = [guest(points="12", level="Sølv", why_us="The view"), guest(email="b@berg.no", given_name="Bo", points="3")]
    assert would(house, tmp_path / "a.csv", rows)["guests"]["created"] == 2
    load(house, tmp_path / "a.csv", rows)
    assert would(house, tmp_path / "a.csv", rows)["guests"]["unchanged"] == 2
    again = load(house, tmp_path / "a.csv", rows)
    assert again.counts["guests"] == {"created": 0, "updated": 0, "unchanged": 2, "invalid": 0}


def test_what_is_exported_comes_back_unchanged(house: House, tmp_path: Path) -> None:
    columns = {"points": "1234.5", "level": "gold", "dog": "no", "joined": "2024-05-17", "nickname": "=Kalle; +47"}
    load(house, tmp_path / "a.csv", [guest(**columns, deal_breakers="Noise\nand dogs", why_us="'=1")])
    before = values(house)
    exported = tmp_path / "export.csv"
    written(house, exported)
    with business_scope(house.pk):
        source = services.source_open(path=exported, fields=own_fields(language=house.business.language))
        tally = services.tryout(business=house.business, source=source).tally
    assert tally.counts()["guests"] == {"created": 0, "updated": 0, "unchanged": 1, "invalid": 0}
    assert len(source.plan.own) == 5
    assert values(house) == before


def test_a_guest_list_overwrites_and_an_empty_value_never_does(house: House, tmp_path: Path) -> None:
    load(house, tmp_path / "a.csv", [guest(points="12", level="Sølv", why_us="The view")])
    changed = [guest(points="13", level="", why_us="")]
    assert would(house, tmp_path / "b.csv", changed)["guests"]["updated"] == 1
    run = load(house, tmp_path / "b.csv", changed)
    assert run.counts["guests"]["updated"] == 1
    assert values(house) == {"points": 13, "level": "silver"}
    with business_scope(house.pk):
        assert Customer.objects.get().why_us == "The view"


def test_later_rows_of_a_guest_fill_what_is_missing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [guest(points="1", level=""), guest(points="2", level="gold"), guest(points="3", level="silver")]
    for batch in (100, 1):
        monkeypatch.setattr(sources, "BATCH_ROWS", batch)
        run = load(house, tmp_path / f"{batch}.csv", rows)
        assert values(house) == {"points": 1, "level": "gold"}
    assert run.counts["guests"] == {"created": 0, "updated": 0, "unchanged": 1, "invalid": 0}


def test_bookings_fill_guests_and_decide_on_stays(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        known = CustomerFactory(given_name="Guest", family_name="Number1")
        EmailFactory(customer=known, value="guest1@berg.no")
        GuestFieldValueFactory(customer=known, field=CustomField.objects.get(key="points"), text="", number=5)
    load(house, tmp_path / "a.csv", [booking(1, points="9", nickname="Nr 1", Parkering="ja")])
    assert values(house, customer=known) == {"points": 5, "nickname": "Nr 1"}
    rows = [booking(1, points="9", nickname="Nr 1", Parkering="nei")]
    assert would(house, tmp_path / "b.csv", rows)["stays"]["updated"] == 1
    run = load(house, tmp_path / "b.csv", rows)
    assert (run.counts["stays"]["updated"], run.counts["guests"]["unchanged"]) == (1, 1)
    with business_scope(house.pk):
        assert StayFieldValue.objects.get().flag is False


def test_undoing_the_import_takes_the_values_back(house: House, tmp_path: Path) -> None:
    load(house, tmp_path / "a.csv", [guest(points="12", thanked="A cake")])
    run = load(house, tmp_path / "b.csv", [guest(points="13", level="gold", thanked="Two cakes")])
    bookings = load(house, tmp_path / "c.csv", [booking(1, Parkering="ja")])
    with business_scope(house.pk):
        for act in (bookings.change_set_id, run.change_set_id):
            assert act is not None
            change_set_undo(change_set_id=act)
        assert not StayFieldValue.objects.exists() and not Stay.objects.exists()
        assert Customer.objects.get().thanked == "A cake"
    assert values(house) == {"points": 12}


def test_a_field_that_was_put_away_is_no_target(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        CustomField.objects.filter(key="points").update(is_archived=True)
    run = load(house, tmp_path / "a.csv", [guest(points="12")])
    assert values(house) == {} and run.unread == ["points"]


def test_another_businesss_fields_are_no_target(house: House, cast: Cast, tmp_path: Path) -> None:
    run = load(cast.duinzicht, tmp_path / "a.csv", [guest(points="12")])
    assert run.unread == ["points"]


def test_a_restricted_card_is_left_as_it_is_and_its_stays_go_on(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        held = CustomerFactory(given_name="Guest", family_name="Number1", city="Oslo", is_restricted=True)
        EmailFactory(customer=held, value="guest1@berg.no", is_primary=True)
    row = {"email": "guest1@berg.no", "given_name": "Guest", "family_name": "Number1"}
    rows = [guest(**row, city="Bergen", points="3", tags="vip", phone="+4722334455")]
    assert would(house, tmp_path / "a.csv", rows)["guests"]["unchanged"] == 1
    run = load(house, tmp_path / "a.csv", rows)
    assert reasons(house, run) == [(2, "", "", "restricted")]
    load(house, tmp_path / "b.csv", [booking(1, points="4")])
    with business_scope(house.pk):
        assert Customer.objects.get(pk=held.pk).city == "Oslo"
        assert ContactPoint.objects.filter(customer=held).count() == 1
        assert not CustomerTag.objects.exists() and not GuestFieldValue.objects.exists()
        assert Stay.objects.count() == 1


def test_the_upload_page_knows_the_fields(house: House, tmp_path: Path) -> None:
    client = Client()
    client.force_login(house.admin.user)
    path = write(tmp_path / "a.csv", [guest(points="12", Allergies="Nuts")])
    with path.open("rb") as stream:
        client.post("/b/fjordstuen/import/upload/", {"file": stream})
    with business_scope(house.pk):
        run = ImportRun.objects.get()
        field = CustomField.objects.get(key="points")
    services.run_check(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        run.refresh_from_db()
    assert run.extras == [["points", f"own.guest.{field.pk}"], ["Allergies", "sensitive.allergies"]]
    page = client.get(f"/b/fjordstuen/import/{run.pk}/").content.decode()
    assert "Poeng" in page and "Allergies" in page
    store_remove(run.upload)
