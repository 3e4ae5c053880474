"""Purchases, invoices and products: written, changed, removed, paid, undone, and counted into the guest's value."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import localize

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import Change, ChangeSet
from customers.changes.selectors import act_view
from customers.changes.services import change_set_undo
from customers.facts.models import CustomerFacts
from customers.history.models import Invoice, Product, Purchase, Stay
from customers.history.services import (
    InvoiceRefused,
    ProductRefused,
    PurchaseRefused,
    invoice_add,
    invoice_pay,
    invoice_update,
    product_add,
    product_archive,
    product_update,
    purchase_add,
    purchase_remove,
    purchase_update,
)
from tests.cast import Cast, House
from tests.factories import (
    CustomerFactory,
    InvoiceFactory,
    ProductFactory,
    PurchaseFactory,
    StayFactory,
    StayParticipantFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate(timezone=ZoneInfo("Europe/Oslo"))
"""Today where the businesses of these tests are."""


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.reception.user)
    return client


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory(given_name="Ada", family_name="Lind")


def card(guest: Customer) -> str:
    return f"/b/fjordstuen/guests/{guest.pk}/"


def value(guest: Customer) -> tuple[str, str]:
    facts = CustomerFacts.objects.get(customer_id=guest.pk)
    return str(facts.value), facts.currency


# -- purchases ----------------------------------------------------------------------------------------------------


def test_a_purchase_is_one_change_counts_and_can_be_undone(fjordstuen: House) -> None:
    guest = CustomerFactory(given_name="Ada", family_name="Lind")
    product = ProductFactory(name="Sauna")
    bought, act = purchase_add(
        business=fjordstuen.business,
        customer_id=guest.pk,
        values={"product_id": product.pk, "amount": Decimal("450"), "quantity": Decimal(2), "bought_on": TODAY},
        member=fjordstuen.reception,
    )
    assert (bought.currency, act.actor) == ("NOK", str(fjordstuen.reception))
    assert act_view(change_set_id=act.pk).sentence == "New purchase by Ada Lind"
    assert value(guest) == ("450.00", "NOK")
    change = purchase_update(purchase_id=bought.pk, values={"amount": Decimal("500")}, member=fjordstuen.reception)
    assert change is not None and value(guest) == ("500.00", "NOK")
    assert purchase_update(purchase_id=bought.pk, values={"amount": Decimal("500.00")}) is None
    removed = purchase_remove(purchase_id=bought.pk, member=fjordstuen.reception)
    assert value(guest) == ("0.00", "")
    change_set_undo(change_set_id=removed.pk)
    assert value(guest) == ("500.00", "NOK")
    change_set_undo(change_set_id=change.pk)
    assert value(guest) == ("450.00", "NOK")
    change_set_undo(change_set_id=act.pk)
    assert not Purchase.objects.exists() and value(guest) == ("0.00", "")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "what was bought"),
        ({"description": " "}, "what was bought"),
        ({"description": "x", "quantity": Decimal(0)}, "more than nothing"),
        ({"description": "x", "amount": Decimal("-1")}, "cannot be negative"),
        ({"product_id": 2**40}, "not among yours"),
        ({"description": "x", "property_id": 2**40}, "not one of yours"),
        ({"description": "x", "stay_id": "other"}, "not a stay of the guest"),
    ],
)
def test_purchases_that_are_refused(fjordstuen: House, values: dict[str, Any], words: str) -> None:
    guest = CustomerFactory()
    if values.get("stay_id") == "other":
        values = {**values, "stay_id": StayParticipantFactory().stay_id}
    with pytest.raises(PurchaseRefused, match=words):
        purchase_add(business=fjordstuen.business, customer_id=guest.pk, values=values)
    kept = PurchaseFactory(customer=guest, product=None, description="Wine")
    changed = {"description": "", **values}
    with pytest.raises(PurchaseRefused):
        purchase_update(purchase_id=kept.pk, values=changed)
    assert Purchase.objects.count() == 1
    with pytest.raises(Customer.DoesNotExist):
        purchase_add(business=fjordstuen.business, customer_id=2**40, values={"description": "x"})


def purchase_form(**changes: str) -> dict[str, str]:
    form = {"description": "Wine", "quantity": "1", "amount": "320", "currency": "NOK", "bought_on": "2026-03-01"}
    return {**form, "product": "", "stay": "", "reference": "", **changes}


def test_the_desk_writes_changes_and_removes_a_purchase(cast: Cast, desk: Client, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        stay = StayFactory(status=Stay.Status.CHECKED_IN, arrival=TODAY, departure=TODAY + dt.timedelta(days=1))
        StayParticipantFactory(stay=stay, customer=guest)
        product = ProductFactory(name="Bicycle for a day")
        ProductFactory(name="Old thing", is_archived=True)
    page = desk.get(f"{card(guest)}purchases/new/")
    assert page.context["form"].initial["stay"] == stay.pk, "who is in house buys during the stay"
    assert "Bicycle for a day" in page.text and "Old thing" not in page.text
    data = purchase_form(product=str(product.pk), stay=str(stay.pk), description="")
    assert desk.post(f"{card(guest)}purchases/new/", data).headers["Location"] == card(guest)
    with business_scope(cast.fjordstuen.pk):
        bought = Purchase.objects.get()
        product_archive(product_id=product.pk, archived=True)
    assert (bought.stay_id, bought.product_id, str(bought.amount)) == (stay.pk, product.pk, "320.00")
    shown = desk.get(card(guest)).text
    assert "Bicycle for a day" in shown and "/purchases/new/" in shown
    page = desk.get(f"{card(guest)}purchases/{bought.pk}/")
    assert "Bicycle for a day" in page.text, "a purchase keeps its archived product"
    data |= {"amount": "400", "quantity": "2"}
    assert desk.post(f"{card(guest)}purchases/{bought.pk}/", data).status_code == 302
    with business_scope(cast.fjordstuen.pk):
        bought.refresh_from_db()
        assert (str(bought.amount), str(bought.quantity)) == ("400.00", "2.00")
    assert "× " in desk.get(card(guest)).text
    desk.post(f"{card(guest)}purchases/{bought.pk}/remove/")
    with business_scope(cast.fjordstuen.pk):
        assert not Purchase.objects.exists()
        removed = ChangeSet.objects.latest("id")
    assert f"/b/fjordstuen/changes/{removed.pk}/undo/" in desk.get(card(guest)).text
    desk.post(f"/b/fjordstuen/changes/{removed.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        assert Purchase.objects.get().pk == bought.pk


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"description": ""}, "description", "Choose a product"),
        ({"quantity": "0"}, "quantity", "more than nothing"),
        ({"amount": "-1"}, "amount", "negative"),
        ({"amount": "lots"}, "amount", "number"),
        ({"bought_on": "2026-02-30"}, "bought_on", "valid date"),
        ({"stay": "999"}, "stay", "valid choice"),
        ({"description": "x" * 300}, "description", "200"),
    ],
)
def test_bad_purchases_are_told_beside_the_field(
    cast: Cast, desk: Client, guest: Customer, wrong: dict[str, str], field: str, words: str
) -> None:
    answer = desk.post(f"{card(guest)}purchases/new/", purchase_form(reference="KEEP-1", **wrong))
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert "KEEP-1" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert not Purchase.objects.exists()


def test_another_guests_purchase_or_invoice_is_not_found(cast: Cast, desk: Client, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        bought, bill = PurchaseFactory(), InvoiceFactory()
    for path in (f"purchases/{bought.pk}/", f"invoices/{bill.pk}/"):
        assert desk.get(card(guest) + path).status_code == 404
    for path in (f"purchases/{bought.pk}/remove/", f"invoices/{bill.pk}/paid/"):
        assert desk.post(card(guest) + path).status_code == 404


def test_marketing_sees_and_does_not_write(cast: Cast, client: Client, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        bill = InvoiceFactory(customer=guest, number="F-77")
    client.force_login(cast.fjordstuen.marketing.user)
    shown = client.get(card(guest)).text
    assert "F-77" in shown and "Mark paid" not in shown and "/invoices/new/" not in shown
    for path in ("purchases/new/", "invoices/new/", f"invoices/{bill.pk}/paid/"):
        assert client.post(card(guest) + path).status_code == 403


# -- invoices -----------------------------------------------------------------------------------------------------


def invoice_form(**changes: str) -> dict[str, str]:
    form = {"number": "F-1", "amount": "2450.50", "currency": "NOK", "issued_on": "2026-03-01", "due_on": "2026-03-15"}
    return {**form, "paid_on": "", "stay": "", "note": "", **changes}


def test_an_invoice_is_issued_paid_in_one_click_and_opened_again(cast: Cast, desk: Client, guest: Customer) -> None:
    assert desk.post(f"{card(guest)}invoices/new/", invoice_form()).headers["Location"] == card(guest)
    with business_scope(cast.fjordstuen.pk):
        bill = Invoice.objects.get()
        assert value(guest) == ("0.00", ""), "what is billed has been bought already"
    shown = desk.get(card(guest)).text
    assert "Invoice F-1" in shown and "Overdue" in shown and "Mark paid" in shown
    desk.post(f"{card(guest)}invoices/{bill.pk}/paid/")
    with business_scope(cast.fjordstuen.pk):
        bill.refresh_from_db()
        assert bill.paid_on == timezone.localdate(timezone=cast.fjordstuen.business.zone)
        paid = ChangeSet.objects.latest("id")
        assert act_view(change_set_id=paid.pk).sentence == "Invoice of Ada Lind paid"
    shown = desk.get(card(guest)).text
    assert "Mark paid" not in shown and "Overdue" not in shown and ">Paid<" in shown
    assert "paid already" in desk.post(f"{card(guest)}invoices/{bill.pk}/paid/", follow=True).text
    desk.post(f"/b/fjordstuen/changes/{paid.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        bill.refresh_from_db()
        assert bill.paid_on is None
    desk.post(f"{card(guest)}invoices/{bill.pk}/", invoice_form(paid_on="2026-03-10", note="Bank"))
    desk.post(f"{card(guest)}invoices/{bill.pk}/paid/", {"open": "1"})
    with business_scope(cast.fjordstuen.pk):
        bill.refresh_from_db()
        assert (bill.paid_on, bill.note) == (None, "Bank")


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"number": ""}, "number", "required"),
        ({"amount": ""}, "amount", "required"),
        ({"due_on": "2026-02-01"}, "due_on", "before it was issued"),
        ({"issued_on": "soon"}, "issued_on", "valid date"),
        ({"amount": "99999999999999"}, "amount", "12 digits"),
        ({"currency": "ZZZ"}, "currency", "valid choice"),
    ],
)
def test_bad_invoices_are_told_beside_the_field(
    cast: Cast, desk: Client, guest: Customer, wrong: dict[str, str], field: str, words: str
) -> None:
    answer = desk.post(f"{card(guest)}invoices/new/", invoice_form(note="Kept as typed", **wrong))
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert "Kept as typed" in answer.text


def test_a_stale_form_does_not_reopen_a_paid_invoice(cast: Cast, desk: Client, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        bill = InvoiceFactory(customer=guest, paid_on=None, note="")
    page = f"{card(guest)}invoices/{bill.pk}/"
    seen = dict(desk.get(page).context["form"].initial)
    stale = {name: seen[name] or "" for name in seen} | {"note": "By post"}
    desk.post(f"{page}paid/")
    answer = desk.post(page, stale)
    form = answer.context["form"]
    assert answer.status_code == 422 and "A colleague has changed this meanwhile." in answer.text
    assert form.errors["paid_on"] == [f"Your colleague's: {localize(TODAY)}"]
    assert form.errors["note"] == ["Your colleague's: empty"]
    assert set(form.errors) == {"__all__", "paid_on", "note"} and form["note"].value() == "By post"
    with business_scope(cast.fjordstuen.pk):
        bill.refresh_from_db()
        assert (bill.paid_on, bill.note) == (TODAY, "")
    # The form that came back holds the newer version: saving it is done knowingly.
    assert desk.post(page, {**stale, "version": form["version"].value()}).status_code == 302
    with business_scope(cast.fjordstuen.pk):
        bill.refresh_from_db()
        assert (bill.paid_on, bill.note) == (None, "By post")


def test_two_editors_of_one_purchase(cast: Cast, desk: Client, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        bought = PurchaseFactory(customer=guest, description="Firewood", product=None)
    page = f"{card(guest)}purchases/{bought.pk}/"
    seen = dict(desk.get(page).context["form"].initial)
    mine = {name: "" if seen[name] is None else seen[name] for name in seen}
    assert desk.post(page, {**mine, "reference": "B-7"}).status_code == 302
    assert desk.post(page, {**mine, "reference": "B-7"}).status_code == 302, "nothing would be lost"
    answer = desk.post(page, {**mine, "reference": "C-8"})
    assert answer.status_code == 422 and "Your colleague&#x27;s: B-7" in answer.text


def test_two_members_mark_one_invoice_paid(fjordstuen: House) -> None:
    bill = InvoiceFactory()
    first = invoice_pay(invoice_id=bill.pk, paid_on=TODAY, member=fjordstuen.reception)
    assert first is not None
    assert invoice_pay(invoice_id=bill.pk, paid_on=TODAY + dt.timedelta(days=1), member=fjordstuen.admin) is None
    bill.refresh_from_db()
    assert bill.paid_on == TODAY


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"number": " "}, "number"),
        ({"amount": None}, "amount"),
        ({"due_on": dt.date(2020, 1, 1)}, "before it was issued"),
        ({"stay_id": 2**40}, "not a stay of the guest"),
    ],
)
def test_invoices_that_are_refused(fjordstuen: House, values: dict[str, Any], words: str) -> None:
    bill = InvoiceFactory()
    with pytest.raises(InvoiceRefused, match=words):
        invoice_update(invoice_id=bill.pk, values=values)
    good = {"number": "F-2", "amount": Decimal(1), "issued_on": TODAY}
    with pytest.raises(InvoiceRefused, match=words):
        invoice_add(business=fjordstuen.business, customer_id=bill.customer_id, values={**good, **values})
    credit, _act = invoice_add(
        business=fjordstuen.business, customer_id=bill.customer_id, values={**good, "amount": Decimal("-20")}
    )
    assert (credit.amount, credit.currency) == (Decimal("-20"), "NOK")
    assert Change.objects.filter(record="invoice", row_id=credit.pk).count() == 1


# -- products -----------------------------------------------------------------------------------------------------


def test_products_are_set_up_renamed_and_archived(cast: Cast, client: Client) -> None:
    client.force_login(cast.fjordstuen.admin.user)
    page = "/b/fjordstuen/settings/products/"
    assert client.post(page, {"name": " Sauna ", "code": "S1"}).headers["Location"] == page
    with business_scope(cast.fjordstuen.pk):
        product = Product.objects.get()
    assert (product.name, product.code) == ("Sauna", "S1")
    refused = client.post(page, {"name": "Sauna", "code": ""})
    assert refused.status_code == 422 and "already a product called" in refused.text
    assert client.post(page, {"name": "", "code": ""}).status_code == 422
    assert client.post(f"{page}{product.pk}/", {"name": "Badstue", "code": "S1"}).status_code == 302
    assert "Badstue" in client.get(page).text
    client.post(f"{page}{product.pk}/archive/")
    assert "Archived" in client.get(page).text
    client.post(f"{page}{product.pk}/archive/", {"restore": "1"})
    with business_scope(cast.fjordstuen.pk):
        product.refresh_from_db()
    assert (product.name, product.is_archived) == ("Badstue", False)
    client.force_login(cast.fjordstuen.reception.user)
    for path in (page, f"{page}{product.pk}/", f"{page}{product.pk}/archive/"):
        assert client.post(path).status_code == 403


def test_products_that_are_refused(fjordstuen: House) -> None:
    product_add(name="Sauna", code="S1")
    other = product_add(name="Wine")
    for name, code, words in (("", "", "called"), ("Sauna", "", "already"), ("Beer", "S1", "another product")):
        with pytest.raises(ProductRefused, match=words):
            product_add(name=name, code=code)
        with pytest.raises(ProductRefused, match=words):
            product_update(product_id=other.pk, name=name, code=code)
    assert set(Product.objects.values_list("name", flat=True)) == {"Sauna", "Wine"}


def test_products_of_two_businesses_are_apart(cast: Cast) -> None:
    for house in (cast.fjordstuen, cast.duinzicht):
        with business_scope(house.pk):
            product_add(name="Sauna", code="S1")
            assert Product.objects.count() == 1


def test_value_in_another_business_is_untouched(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        there = CustomerFactory()
    with business_scope(cast.fjordstuen.pk):
        PurchaseFactory()
    with business_scope(cast.duinzicht.pk):
        assert value(there) == ("0.00", "")
        assert Business.objects.get(pk=cast.duinzicht.pk).currency == "EUR"
