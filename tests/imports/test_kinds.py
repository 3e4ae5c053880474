"""Lists of invoices, purchases and consents: known again, changed by the file, written for the right guest."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.changes.services import change_set_undo
from customers.consent.models import ConsentState
from customers.facts.models import CustomerFacts
from customers.history.models import Invoice, Product, Purchase, Stay
from imports.models import ImportRun
from imports.services import sources
from tests.cast import House
from tests.factories import CustomerFactory, EmailFactory, ExternalIdFactory, InvoiceFactory, StayFactory
from tests.imports.loading import load, reasons, would


def invoice(number: str, **changes: str) -> dict[str, str]:
    own = {
        "Invoice number": number,
        "Invoice date": "2024-05-01",
        "Due date": "2024-05-15",
        "Paid on": "",
        "Amount": "1 200,50",
        "Currency": "NOK",
        "E-mail": f"guest{number}@berg.no",
        "Name": f"Guest Number{number}",
        "Booking reference": "",
    }
    return own | changes


def purchase(number: str, **changes: str) -> dict[str, str]:
    own = {
        "Purchase number": number,
        "Bought on": "2024-05-01",
        "Product": "Spa hour",
        "Quantity": "2",
        "Amount": "400",
        "E-mail": "ase@fjord.no",
        "Name": "Åse Sørensen",
    }
    return own | changes


def outcomes(run: ImportRun, name: str) -> tuple[int, ...]:
    return tuple(run.counts[name][outcome] for outcome in ("created", "updated", "unchanged", "invalid"))


@pytest.mark.parametrize("rows_a_batch", [1, 5_000])
def test_invoices_are_known_by_their_number(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_a_batch: int
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    with business_scope(house.pk):
        ase = CustomerFactory(given_name="Åse", family_name="Sørensen")
        EmailFactory(customer=ase, value="ase@fjord.no")
        stay = StayFactory(reference="B-77")
        typed = InvoiceFactory(customer=ase, number="F-3", amount=Decimal(10), paid_on=None, external_system="")
    rows = [
        invoice("F-1", Name="Åse Sørensen", **{"E-mail": "ase@fjord.no", "Booking reference": "B-77"}),
        invoice("F-2", **{"Paid on": "2024-05-20"}),
        invoice("F-3", Name="Somebody Else", **{"E-mail": "else@berg.no"}),
        invoice("F-2"),
        invoice("", Amount="1"),
        invoice("F-4", Amount="much"),
    ]
    tried = would(house, tmp_path / "a.csv", rows)
    run = load(house, tmp_path / "a.csv", rows)
    assert run.counts == tried
    assert outcomes(run, "invoices") == (2, 1, 0, 3)
    assert outcomes(run, "guests") == (1, 0, 1, 0)
    told = {(line, reason) for line, _column, _value, reason in reasons(house, run)}
    assert {(5, "repeated"), (6, "no_number"), (7, "invoice_amount")} <= told
    with business_scope(house.pk):
        first, second = (Invoice.objects.get(number=number) for number in ("F-1", "F-2"))
        assert (first.customer_id, first.stay_id, first.amount) == (ase.pk, stay.pk, Decimal("1200.50"))
        assert (first.issued_on, first.due_on, first.paid_on) == (dt.date(2024, 5, 1), dt.date(2024, 5, 15), None)
        assert second.paid_on == dt.date(2024, 5, 20)
        typed.refresh_from_db()
        assert (typed.amount, typed.customer_id) == (Decimal("1200.50"), ase.pk), "its guest stays its guest"
    again = load(house, tmp_path / "a.csv", rows)
    assert outcomes(again, "invoices") == (0, 0, 3, 3)
    paid = load(house, tmp_path / "a.csv", [invoice("F-1", Currency="", **{"Paid on": "2024-06-01"})])
    assert outcomes(paid, "invoices") == (0, 1, 0, 0)
    with business_scope(house.pk):
        first.refresh_from_db()
        assert (first.paid_on, first.currency) == (dt.date(2024, 6, 1), "NOK")
        change_set_undo(change_set_id=paid.change_set_id or 0)
        change_set_undo(change_set_id=run.change_set_id or 0)
        assert list(Invoice.objects.values_list("number", "amount")) == [("F-3", Decimal(10))]
        assert list(Customer.objects.all()) == [ase]


def test_an_invoice_that_is_called_paid_has_a_day_of_payment(house: House, tmp_path: Path) -> None:
    rows = [invoice("F-1"), invoice("F-2")]
    rows = [{name: value for name, value in row.items() if name != "Paid on"} | {"Paid": ""} for row in rows]
    load(house, tmp_path / "a.csv", rows)
    rows[0]["Paid"] = "yes"
    rows.append({**rows[1], "Invoice number": "F-3", "Paid": "yes"})
    run = load(house, tmp_path / "a.csv", rows)
    assert outcomes(run, "invoices") == (1, 1, 1, 0)
    with business_scope(house.pk):
        days = dict(Invoice.objects.values_list("number", "paid_on"))
    assert days["F-1"] == dt.datetime.now(house.business.zone).date(), "on the day one learned of it"
    assert (days["F-2"], days["F-3"]) == (None, dt.date(2024, 5, 15))
    assert outcomes(load(house, tmp_path / "a.csv", rows), "invoices") == (0, 0, 3, 0)


@pytest.mark.parametrize("rows_a_batch", [1, 5_000])
def test_purchases_are_known_by_their_number(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_a_batch: int
) -> None:
    monkeypatch.setattr(sources, "BATCH_ROWS", rows_a_batch)
    with business_scope(house.pk):
        spa = Product.objects.create(name="Spa Hour")
    rows = [purchase("1"), purchase("2", Product="Bicycle", Amount="150"), purchase("2")]
    assert (run := load(house, tmp_path / "a.csv", rows)).counts["purchases"]["created"] == 2
    assert outcomes(run, "purchases") == (2, 0, 0, 1)
    with business_scope(house.pk):
        ase = Customer.objects.get()
        first, second = Purchase.objects.order_by("id")
        assert (first.product_id, first.quantity, first.amount) == (spa.pk, Decimal(2), Decimal(400))
        assert second.product is not None and second.product.name == "Bicycle"
        assert CustomerFacts.objects.get(customer_id=ase.pk).value == Decimal(550)
    changed = load(house, tmp_path / "a.csv", [purchase("1", Amount="450"), rows[1]])
    assert outcomes(changed, "purchases") == (0, 1, 1, 0)


def test_the_same_purchases_without_a_number_are_the_same(house: House, tmp_path: Path) -> None:
    row = purchase("1")
    del row["Purchase number"]
    rows = [row, row, row | {"Amount": "90"}]
    assert outcomes(load(house, tmp_path / "a.csv", rows), "purchases") == (3, 0, 0, 0)
    assert outcomes(load(house, tmp_path / "a.csv", rows), "purchases") == (0, 0, 3, 0)


def test_a_guest_may_be_told_by_a_number_alone_that_is_known(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        ase = CustomerFactory(given_name="Åse", family_name="Sørensen")
    rows: list[dict[str, Any]] = [
        {"Customer number": "K-1", "Invoice number": "1", "Amount": "10"},
        {"Customer number": "K-2", "Invoice number": "2", "Amount": "10"},
    ]
    first = load(house, tmp_path / "a.csv", rows)
    assert outcomes(first, "invoices") == (0, 0, 0, 2)
    assert [row[3] for row in reasons(house, first)] == ["unknown_number"] * 2
    with business_scope(house.pk):
        assert Customer.objects.count() == 1
        system = first.layout.get("system") or sources.source_open(path=tmp_path / "a.csv").plan.system
        ExternalIdFactory(customer=ase, system=system, value="K-1")
    second = load(house, tmp_path / "a.csv", rows)
    assert outcomes(second, "invoices") == (1, 0, 0, 1)
    with business_scope(house.pk):
        assert Invoice.objects.get().customer_id == ase.pk


def test_an_unsubscribe_is_said_to_every_card_with_the_address(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        cards = [CustomerFactory(given_name=name) for name in ("Åse", "Bo")]
        for card in cards:
            EmailFactory(customer=card, value="ase@fjord.no")
    rows = [{"Email Address": "ASE@fjord.no", "UNSUB_TIME": "2024-05-01 10:00:00"}]
    run = load(house, tmp_path / "unsubscribed.csv", rows)
    assert run.kind == "consents" and run.counts["consents"]["withdrawn"] == 2
    with business_scope(house.pk):
        assert {state.customer_id: state.granted for state in ConsentState.objects.all()} == {
            card.pk: False for card in cards
        }
        assert Customer.objects.count() == 2
    assert load(house, tmp_path / "unsubscribed.csv", rows).counts["consents"]["withdrawn"] == 0


def test_an_address_that_nobody_has_is_remembered_as_unsubscribed(house: House, tmp_path: Path) -> None:
    rows = [{"Email Address": "new@fjord.no", "UNSUB_TIME": "2024-05-01 10:00:00"}]
    run = load(house, tmp_path / "unsubscribed.csv", rows)
    assert run.counts["guests"]["created"] == 1
    with business_scope(house.pk):
        assert not ConsentState.objects.get().granted


def test_an_address_that_bounced_is_not_written_to_any_more(house: House, tmp_path: Path) -> None:
    with business_scope(house.pk):
        card = CustomerFactory(given_name="Åse", family_name="Sørensen")
        EmailFactory(customer=card, value="ase@fjord.no")
    rows = [{"Email Address": "ase@fjord.no", "CLEAN_TIME": "2024-05-01 10:00:00", "CLEAN_CAMPAIGN_TITLE": "May"}]
    assert would(house, tmp_path / "cleaned.csv", rows)["guests"]["updated"] == 1
    run = load(house, tmp_path / "cleaned.csv", rows)
    assert run.counts["guests"]["updated"] == 1
    with business_scope(house.pk):
        assert ContactPoint.objects.get().state == "bounced"
        assert CustomerFacts.objects.get().email_state == "bounced"
    assert load(house, tmp_path / "cleaned.csv", rows).counts["guests"]["unchanged"] == 1
    with business_scope(house.pk):
        change_set_undo(change_set_id=run.change_set_id or 0)
        assert ContactPoint.objects.get().state == "ok"
        assert not Stay.objects.exists()
