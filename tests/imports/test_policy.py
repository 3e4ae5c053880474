"""How a file and the register are brought together: filled, overwritten, or whatever is newest."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.card.models import Customer, CustomerTag
from customers.card.services import customer_update
from customers.changes.models import ChangeSet
from customers.changes.services import change_set_undo
from customers.fields.models import CustomField
from imports.policy import Policy, policy_of
from tests.cast import House
from tests.factories import CustomerFactory, CustomFieldFactory, EmailFactory, GuestFieldValueFactory
from tests.imports.files import booking, guest
from tests.imports.loading import load, reasons, would

CARD: dict[str, Any] = {
    "given_name": "Åse",
    "family_name": "Sørensen",
    "city": "Bergen",
    "street": "",
    "note": "Old note",
    "birth_date": None,
}


@pytest.fixture
def ase(house: House) -> Customer:
    """A guest whose card is three years old."""
    with business_scope(house.pk):
        card = CustomerFactory(**CARD, created_at=timezone.now() - dt.timedelta(days=3 * 365))
        EmailFactory(customer=card, value="ase@fjord.no")
    return card


def values(house: House, card: Customer, *names: str) -> tuple[Any, ...]:
    with business_scope(house.pk):
        card.refresh_from_db()
        return tuple(getattr(card, name) for name in names)


def edited(house: House, card: Customer, days_ago: int, **changes: Any) -> None:
    """Somebody edits the card, so many days ago."""
    with business_scope(house.pk):
        customer_update(business=house.business, customer_id=card.pk, values=changes)
        act = ChangeSet.objects.latest("id")
        at = timezone.now() - dt.timedelta(days=days_ago)
        ChangeSet.objects.filter(pk=act.pk).update(created_at=at, finished_at=at)


@pytest.mark.parametrize(
    ("update", "city", "street"), [("fill", "Bergen", "Storgata 1"), ("file", "Oslo", "Storgata 1")]
)
def test_fill_or_overwrite(house: House, ase: Customer, tmp_path: Path, update: str, city: str, street: str) -> None:
    rows = [guest(note="")]
    tried = would(house, tmp_path / "a.csv", rows, policy={"update": update})
    run = load(house, tmp_path / "a.csv", rows, policy={"update": update})
    assert run.counts == tried
    assert values(house, ase, "city", "street", "note") == (city, street, "Old note"), "nothing is ever emptied"


def test_bookings_may_overwrite_when_they_are_told_to(house: House, ase: Customer, tmp_path: Path) -> None:
    row = booking(1, name="Åse Sørensen", email="ase@fjord.no")
    load(house, tmp_path / "a.csv", [row])
    before = values(house, ase, "country")
    load(house, tmp_path / "b.csv", [row | {"country": "SWE", "row_id": "2"}])
    assert values(house, ase, "country") == before
    load(house, tmp_path / "c.csv", [row | {"country": "SWE", "row_id": "3"}], policy={"update": "file"})
    assert values(house, ase, "country") == ("SE",)


def test_the_newest_wins_field_by_field(house: House, ase: Customer, tmp_path: Path) -> None:
    edited(house, ase, 10, city="Ålesund")
    rows = [guest(changed_at=f"{timezone.localdate() - dt.timedelta(days=20)}", note="New note")]
    policy = {"update": "newest"}
    assert would(house, tmp_path / "a.csv", rows, policy=policy)["guests"]["updated"] == 1
    run = load(house, tmp_path / "a.csv", rows, policy=policy)
    assert values(house, ase, "city", "note") == ("Ålesund", "New note"), "the city was changed after the row"
    again = load(house, tmp_path / "a.csv", rows, policy=policy)
    assert again.counts["guests"]["unchanged"] == 1
    later = [row | {"changed_at": f"{timezone.localdate() - dt.timedelta(days=5)}"} for row in rows]
    load(house, tmp_path / "b.csv", later, policy=policy)
    assert values(house, ase, "city") == ("Oslo",)
    assert run.change_set_id is not None


def test_a_file_may_have_a_day_of_its_own(house: House, ase: Customer, tmp_path: Path) -> None:
    edited(house, ase, 10, city="Ålesund")
    day = timezone.localdate() - dt.timedelta(days=20)
    load(house, tmp_path / "a.csv", [guest()], policy={"update": "newest", "file_date": day.isoformat()})
    assert values(house, ase, "city") == ("Ålesund",)
    load(house, tmp_path / "b.csv", [guest()], policy={"update": "newest"})
    assert values(house, ase, "city") == ("Oslo",), "without one it is of the day it came in"


def test_what_was_changed_today_is_newer_than_a_file_of_today(house: House, ase: Customer, tmp_path: Path) -> None:
    edited(house, ase, 0, city="Ålesund")
    load(house, tmp_path / "a.csv", [guest()], policy={"update": "newest"})
    assert values(house, ase, "city") == ("Ålesund",)


def test_an_undone_change_is_no_change(house: House, ase: Customer, tmp_path: Path) -> None:
    edited(house, ase, 0, city="Ålesund")
    with business_scope(house.pk):
        change_set_undo(change_set_id=ChangeSet.objects.latest("id").pk)
    load(house, tmp_path / "a.csv", [guest()], policy={"update": "newest"})
    assert values(house, ase, "city") == ("Oslo",)


def test_of_several_rows_the_newest_stands(house: House, ase: Customer, tmp_path: Path) -> None:
    rows = [guest(changed_at="2024-05-01", city="Molde"), guest(changed_at="2025-05-01", city="Skien")]
    load(house, tmp_path / "a.csv", rows, policy={"update": "newest"})
    assert values(house, ase, "city") == ("Skien",)


@pytest.mark.parametrize(("days", "text"), [(20, "Jazz"), (5, "Rock")])
def test_own_fields_follow_the_newest(house: House, ase: Customer, tmp_path: Path, days: int, text: str) -> None:
    with business_scope(house.pk):
        field: CustomField = CustomFieldFactory(key="music", label="Music", kind="text", target="guest")
        GuestFieldValueFactory(customer=ase, field=field, text="Jazz")
        act = ChangeSet.objects.latest("id")
        at = timezone.now() - dt.timedelta(days=10)
        ChangeSet.objects.filter(pk=act.pk).update(created_at=at, finished_at=at)
    row = guest(changed_at=f"{timezone.localdate() - dt.timedelta(days=days)}", music="Rock")
    load(house, tmp_path / "a.csv", [row], policy={"update": "newest"})
    with business_scope(house.pk):
        assert ase.field_values.get(field=field).text == text


def test_every_guest_of_the_file_gets_the_tag(house: House, ase: Customer, tmp_path: Path) -> None:
    nine = "; ".join(f"T{n}" for n in range(9))
    rows = [guest(tags=""), guest(email="b@b.no", given_name="Bo", tags=nine)]
    policy = {"tag": " Old  system "}
    tried = would(house, tmp_path / "a.csv", rows, policy=policy)
    run = load(house, tmp_path / "a.csv", rows, policy=policy)
    assert run.counts == tried
    with business_scope(house.pk):
        assert [row.tag.name for row in CustomerTag.objects.filter(customer=ase)] == ["Old system"]
    assert [(line, value, reason) for line, _column, value, reason in reasons(house, run) if reason == "tags"] == [
        (4, "Old system", "tags")
    ]
    assert load(house, tmp_path / "a.csv", rows, policy=policy).counts["guests"]["updated"] == 0


def test_policies_are_read_and_written() -> None:
    policy = Policy("newest", "none", "Words", "Form", "Tag", dt.date(2024, 5, 1))
    assert policy_of(policy.as_json()) == policy
    assert policy_of({}) == Policy()
    assert policy_of({}, kind="guests", format_key="guest_list").update == "file"
    assert policy_of({}, kind="bookings", format_key="guest_list").update == "fill"
    for wrong in ({"update": "x"}, {"consents": "all"}, {"wording": 1}, {"file_date": "soon"}):
        with pytest.raises(ValueError, match=r"\S"):
            policy_of(wrong)
