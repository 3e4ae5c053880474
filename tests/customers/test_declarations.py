"""Every table and field that knows something of a guest is declared: a new one without an entry fails here."""

import dataclasses

import pytest
from django.apps import apps
from django.db.models import UniqueConstraint

from accounts.tenancy import business_scope
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer
from customers.conditions.selectors import filter_catalogue
from customers.declarations import TECHNICAL, Erase, GuestTable, Merge, guest_tables, impersonal_tables
from customers.export.copy import guest_copy
from customers.history.timeline import KINDS
from tests.cast import Cast
from tests.furniture import furnish

TABLES = guest_tables()
OF_A_GUEST = [table for table in TABLES if table.guest]
CARD_COLUMNS = {"customer", "customer_id", "guest_id", "other"}


def fields_of(table: GuestTable) -> set[str]:
    return {field.name for field in table.table._meta.local_concrete_fields} - TECHNICAL


def undeclared(table: GuestTable) -> set[str]:
    return fields_of(table) - set(table.told) - set(table.untold)


def named(table: GuestTable) -> str:
    return table.model


def test_every_table_of_a_business_is_declared_once() -> None:
    ours = {model._meta.label for model in apps.get_models() if issubclass(model, TenantModel)}
    declared = [table.model for table in TABLES]
    assert len(declared) == len(set(declared))
    assert set(declared) & set(impersonal_tables()) == set()
    assert ours - set(declared) - set(impersonal_tables()) == set()
    assert set(declared) | set(impersonal_tables()) == ours


def test_a_table_that_points_at_a_card_is_no_impersonal_one() -> None:
    for label in impersonal_tables():
        fields = apps.get_model(label)._meta.local_concrete_fields
        assert {field.name for field in fields} & CARD_COLUMNS == set(), label
        assert not any(isinstance(field, TenantForeignKey) and field.related_model is Customer for field in fields)


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_every_field_is_told_or_its_silence_explained(table: GuestTable) -> None:
    assert undeclared(table) == set()
    assert set(table.told) | set(table.untold) <= fields_of(table)
    assert set(table.told) & set(table.untold) == set()
    assert all(table.untold.values())


def test_a_field_without_an_entry_is_noticed() -> None:
    card = next(table for table in TABLES if table.model == "customers.Customer")
    forgetful = dataclasses.replace(card, told=tuple(name for name in card.told if name != "why_us"))
    assert undeclared(forgetful) == {"why_us"}


@pytest.mark.parametrize("table", TABLES, ids=named)
def test_what_becomes_of_its_rows_is_said_whole(table: GuestTable) -> None:
    assert set(table.blanked) <= set(table.told)
    assert bool(table.blanked) == (table.erase is Erase.BLANK)
    assert table.because or table.erase is not Erase.KEEP
    assert bool(table.join_on) == (table.merge is Merge.JOIN)
    assert (table.merge is Merge.DERIVED) == (table.erase is Erase.DERIVED)


@pytest.mark.parametrize("table", OF_A_GUEST, ids=named)
def test_rows_that_would_meet_their_like_are_joined(table: GuestTable) -> None:
    """Moved to a card that has the same already, a row would break the key that says so."""
    keys = [each for each in table.table._meta.constraints if isinstance(each, UniqueConstraint)]
    meeting = [
        key
        for key in keys
        if {"customer", "customer_id"} & set(key.fields) and key.condition is None and table.apart not in key.fields
    ]
    if meeting:
        assert table.merge in (Merge.JOIN, Merge.DERIVED)


def test_every_kind_of_the_timeline_is_declared() -> None:
    assert {table.timeline for table in TABLES if table.timeline} == {kind.name for kind in KINDS}


@pytest.mark.django_db
def test_every_field_of_filters_is_declared_once(cast: Cast) -> None:
    """Fields of the business's own stand as ``own`` and ``stay_own``."""
    with business_scope(cast.fjordstuen.pk):
        known = {"own", "stay_own"} | {key for key, field in filter_catalogue().items() if field.own is None}
    declared = [name for table in TABLES for name in table.filters]
    assert sorted(declared) == sorted(known)


@pytest.mark.django_db
@pytest.mark.parametrize("table", OF_A_GUEST, ids=named)
def test_rows_are_found_from_the_card(cast: Cast, table: GuestTable) -> None:
    furnished = furnish(cast.fjordstuen, "Fjellrype")
    with business_scope(cast.fjordstuen.pk):
        rows = list(table.rows_of(furnished["customer_id"]))
        if table.model != "accounts.AuditEntry":  # the furnished entry is of no card
            assert rows


@pytest.mark.django_db
def test_the_guests_copy_holds_every_text_told(cast: Cast) -> None:
    """A canary stands in every text of the furnished card."""
    furnished = furnish(cast.fjordstuen, "Fjellrype")
    furnish(cast.duinzicht, "Zilverkanarie")
    with business_scope(cast.fjordstuen.pk):
        copy = guest_copy(customer_id=furnished["customer_id"], opened={"allergies": "Nuts"})
        expected = {
            (str(table.table._meta.verbose_name_plural), name)
            for table in OF_A_GUEST
            for name in table.told
            if table.read is None
            for row in table.rows_of(furnished["customer_id"])
            if getattr(row, name) == "Fjellrype"
        }
    found = {
        (label, name)
        for label, rows in copy.items()
        for row in rows
        for name, value in row.items()
        if value == "Fjellrype"
    }
    assert len(expected) > 15
    assert expected <= found
    assert "Zilverkanarie" not in str(copy)
    assert {"kind": "allergies", "text": "Nuts"} in copy["sensitive details"]
    assert {"field": "Fjellrype", "value": "Fjellrype"} in copy["fields of guests"]
