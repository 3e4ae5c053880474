"""Invoices, purchases and products by API."""

from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.history.models import Invoice, Purchase
from tests.api.calling import Caller
from tests.cast import Cast
from tests.factories import CustomerFactory, InvoiceFactory, ProductFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory()


@pytest.fixture
def invoice(guest: Customer) -> dict[str, Any]:
    return {"guest_id": guest.pk, "number": "F-1", "amount": "1450.50", "issued_on": "2026-01-02"}


@pytest.fixture
def purchase(guest: Customer) -> dict[str, Any]:
    return {"guest_id": guest.pk, "description": "Spa hour", "amount": "450", "bought_on": "2026-01-02"}


class TestInvoices:
    def test_billed_and_paid(self, caller: Caller, cast: Cast, invoice: dict[str, Any]) -> None:
        made = caller.post("invoices/", {**invoice, "due_on": "2026-01-16"})
        assert made.status == 201, made.text
        assert (made.body["amount"], made.body["currency"], made.body["state"]) == ("1450.50", "NOK", "overdue")
        path = f"invoices/{made.body['id']}/"
        paid = caller.patch(path, {"paid_on": "2026-01-10", "version": made.body["version"]})
        assert (paid.status, paid.body["state"], paid.body["number"]) == (200, "paid", "F-1"), paid.text
        assert caller.get(path).body == paid.body
        assert caller.patch(path, {"note": "x"}, if_match='"1"').code == "changed_meanwhile"
        with business_scope(cast.fjordstuen.pk):
            assert set(ChangeSet.objects.filter(title__contains="nvoice").values_list("actor", flat=True)) == {
                "Booking system"
            }

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"number": ""}, "number"),
            ({"amount": "a lot"}, "amount"),
            ({"amount": "1e400"}, "amount"),
            ({"amount": None}, "amount"),
            ({"currency": "QQQ"}, "currency"),
            ({"due_on": "2025-12-31"}, "due_on"),
            ({"issued_on": None}, "issued_on"),
            ({"stay_id": 999999}, "stay_id"),
            ({"guest_id": 999999}, "guest_id"),
            ({"external_system": "till"}, "external_id"),
            ({"total": 1}, "total"),
        ],
    )
    def test_refusals_name_the_field(
        self, caller: Caller, cast: Cast, invoice: dict[str, Any], values: dict[str, Any], field: str
    ) -> None:
        answer = caller.post("invoices/", {**invoice, **values})
        assert (answer.status, answer.code) == (422, "invalid"), answer.text
        assert field in answer.errors
        with business_scope(cast.fjordstuen.pk):
            assert not Invoice.objects.exists()

    def test_for_a_stay_of_the_guest_and_no_other(
        self, caller: Caller, cast: Cast, guest: Customer, invoice: dict[str, Any]
    ) -> None:
        with business_scope(cast.fjordstuen.pk):
            mine, other = StayParticipantFactory(customer=guest).stay_id, StayFactory().pk
        made = caller.post("invoices/", {**invoice, "stay_id": mine})
        assert made.body["stay_id"] == mine
        assert "stay_id" in caller.post("invoices/", {**invoice, "stay_id": other}).errors
        assert "stay_id" in caller.patch(f"invoices/{made.body['id']}/", {"stay_id": other}).errors
        assert caller.patch(f"invoices/{made.body['id']}/", {"stay_id": None}).body["stay_id"] is None

    def test_the_same_id_twice(self, caller: Caller, cast: Cast, invoice: dict[str, Any]) -> None:
        outside = {"external_system": "till", "external_id": "77"}
        assert caller.post("invoices/", {**invoice, **outside}).body["external_id"] == "77"
        assert caller.post("invoices/", {**invoice, **outside}).code == "external_id_taken"
        with business_scope(cast.fjordstuen.pk):
            assert Invoice.objects.count() == 1

    def test_listed(self, caller: Caller, cast: Cast, guest: Customer, invoice: dict[str, Any]) -> None:
        mine = caller.post("invoices/", {**invoice, "paid_on": "2026-01-03"}).body["id"]
        with business_scope(cast.fjordstuen.pk):
            other = InvoiceFactory().pk

        def found(query: str) -> list[int]:
            return [each["id"] for each in caller.get(f"invoices/?{query}").body["items"]]

        assert found("") == [mine, other]
        assert found(f"guest={guest.pk}") == found("number=F-1") == found("is_paid=true") == [mine]
        assert found("is_paid=false") == [other]
        assert "is_paid" in caller.get("invoices/?is_paid=perhaps").errors


class TestPurchases:
    def test_bought_and_changed(self, caller: Caller, purchase: dict[str, Any]) -> None:
        made = caller.post("purchases/", purchase)
        assert made.status == 201, made.text
        assert (made.body["quantity"], made.body["amount"], made.body["currency"]) == ("1.00", "450.00", "NOK")
        path = f"purchases/{made.body['id']}/"
        changed = caller.patch(path, {"quantity": "2.5"})
        assert (changed.status, changed.body["quantity"]) == (200, "2.50"), changed.text
        assert caller.get(path).body == changed.body
        assert caller.patch(path, {"amount": None, "version": 1}).code == "changed_meanwhile"

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"description": ""}, "description"),
            ({"quantity": "0"}, "quantity"),
            ({"amount": "-1"}, "amount"),
            ({"product_id": 999999}, "product_id"),
            ({"property_id": 999999}, "property_id"),
            ({"stay_id": 999999}, "stay_id"),
            ({"guest_id": 999999}, "guest_id"),
        ],
    )
    def test_refusals_name_the_field(
        self, caller: Caller, cast: Cast, purchase: dict[str, Any], values: dict[str, Any], field: str
    ) -> None:
        answer = caller.post("purchases/", {**purchase, **values})
        assert (answer.status, answer.code) == (422, "invalid"), answer.text
        assert field in answer.errors
        with business_scope(cast.fjordstuen.pk):
            assert not Purchase.objects.exists()

    def test_of_a_product(self, caller: Caller, cast: Cast, purchase: dict[str, Any]) -> None:
        with business_scope(cast.fjordstuen.pk):
            product = ProductFactory().pk
        made = caller.post("purchases/", {**purchase, "description": "", "product_id": product})
        assert made.body["product_id"] == product
        assert [each["id"] for each in caller.get(f"purchases/?product={product}").body["items"]] == [made.body["id"]]
        assert caller.get("purchases/?product=999999").body["items"] == []


def test_products(caller: Caller) -> None:
    made = caller.post("products/", {"name": "Spa hour", "code": "SPA"})
    assert made.status == 201
    assert caller.get("products/").body["items"] == [made.body]
    again = caller.post("products/", {"name": "Spa hour"})
    assert (again.status, again.code) == (409, "product_exists")
    assert "name" in caller.post("products/", {"code": "X"}).errors
