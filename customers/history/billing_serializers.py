"""Purchases, invoices, products and staff tasks as the API takes and gives them."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import Day, Flag, Id, Money, Strict, Text, refuse
from customers.history.billing_forms import InvoiceForm, PurchaseForm
from customers.history.models import Invoice, Product, Purchase, Todo
from customers.history.serializers import FormChecked, Marked, OfGuest, Versioned, example
from customers.history.services.parts import takes_part
from customers.history.todo_forms import TodoForm


class OfStay(FormChecked):
    """What may belong to a stay of its guest."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        row = self.context.get("row")
        guest_id = row.customer_id if row else attrs.get("guest_id")
        stay_id = attrs.get("stay_id")
        if stay_id is not None and guest_id and not takes_part(customer_id=guest_id, stay_id=stay_id):
            refuse({"stay_id": [_("This is not a stay of the guest.")]})
        return super().validate(attrs)


class InvoiceOut(serializers.ModelSerializer):
    """What was billed to a guest, and when it was paid. A credit note has a negative amount."""

    guest_id = Id(source="customer_id", read_only=True)
    stay_id = Id(read_only=True, allow_null=True)
    state = serializers.SerializerMethodField(help_text="As of today: paid, due or overdue.")

    class Meta:
        model = Invoice
        fields = (
            "id",
            "version",
            "guest_id",
            "stay_id",
            "number",
            "issued_on",
            "due_on",
            "paid_on",
            "amount",
            "currency",
            "state",
            "note",
            "external_system",
            "external_id",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field({"type": "string", "enum": Invoice.State.values})
    def get_state(self, invoice: Invoice) -> str:
        return str(invoice.state_on(timezone.localdate()).value)


class InvoicePage(serializers.Serializer):
    """One page of invoices, in the order they were added."""

    items = InvoiceOut(many=True)
    next = serializers.URLField(allow_null=True)


class InvoiceBase(OfStay):
    """What may be written on an invoice."""

    form_class = InvoiceForm

    stay_id = Id(required=False, allow_null=True)
    number = Text(60, required=False)
    issued_on = Day(required=False)
    due_on = Day(required=False, allow_null=True)
    paid_on = Day(required=False, allow_null=True)
    amount = Money(required=False)
    currency = Text(3, required=False, help_text="ISO 4217; the business's own unless told.")
    note = Text(500, required=False)

    def form(self, data: dict[str, Any], row: Any) -> forms.ModelForm:
        data.pop("stay_id", None)
        return InvoiceForm(data, instance=row, business=self.context["business"], customer_id=0)


@example("invoice", {"guest_id": 1, "number": "F-2041", "amount": "4350.00", "issued_on": "2026-07-13"})
class InvoiceIn(InvoiceBase, Marked):
    """A new invoice."""

    guest_id = Id()
    number = Text(60, allow_blank=False)
    amount = Money()


@example("paid", {"paid_on": "2026-07-20", "version": 1})
class InvoiceChange(InvoiceBase, Versioned):
    """What is to change on an invoice; what is left out stays."""


class InvoiceQuery(OfGuest):
    """Which invoices to list."""

    number = Text(60, required=False, help_text="Invoices with exactly this number.")
    is_paid = serializers.BooleanField(required=False, allow_null=True, default=None)


class PurchaseOut(serializers.ModelSerializer):
    """What a guest bought beside nights. `amount` is what all of it cost, in `currency`."""

    guest_id = Id(source="customer_id", read_only=True)
    stay_id = Id(read_only=True, allow_null=True)
    property_id = Id(read_only=True, allow_null=True)
    product_id = Id(read_only=True, allow_null=True)

    class Meta:
        model = Purchase
        fields = (
            "id",
            "version",
            "guest_id",
            "stay_id",
            "property_id",
            "product_id",
            "description",
            "quantity",
            "amount",
            "currency",
            "bought_on",
            "reference",
            "external_system",
            "external_id",
            "created_at",
        )
        read_only_fields = fields


class PurchasePage(serializers.Serializer):
    """One page of purchases, in the order they were added."""

    items = PurchaseOut(many=True)
    next = serializers.URLField(allow_null=True)


class PurchaseBase(OfStay):
    """What may be written on a purchase: a product, or words for what is none."""

    form_class = PurchaseForm
    references = {"product": "product_id", "property": "property_id"}

    stay_id = Id(required=False, allow_null=True)
    property_id = Id(required=False, allow_null=True)
    product_id = Id(required=False, allow_null=True)
    description = Text(200, required=False)
    quantity = Money(10, required=False)
    amount = Money(required=False, allow_null=True)
    currency = Text(3, required=False, help_text="ISO 4217; the business's own unless told.")
    bought_on = Day(required=False)
    reference = Text(60, required=False)

    def form(self, data: dict[str, Any], row: Any) -> forms.ModelForm:
        data.pop("stay_id", None)
        return PurchaseForm(data, instance=row, business=self.context["business"], customer_id=0)


@example(
    "purchase",
    {"guest_id": 1, "description": "Spa hour", "quantity": "2", "amount": "900.00", "bought_on": "2026-07-11"},
)
class PurchaseIn(PurchaseBase, Marked):
    """A new purchase."""

    guest_id = Id()


@example("amount", {"amount": "850.00", "version": 1})
class PurchaseChange(PurchaseBase, Versioned):
    """What is to change on a purchase; what is left out stays."""


class PurchaseQuery(OfGuest):
    """Which purchases to list."""

    product = Id(required=False, help_text="Purchases of this product.")


class ProductOut(serializers.ModelSerializer):
    """Something the business sells beside nights."""

    class Meta:
        model = Product
        fields = ("id", "name", "code", "is_archived")
        read_only_fields = fields


class ProductPage(serializers.Serializer):
    """Every product there is."""

    items = ProductOut(many=True)


@example("product", {"name": "Spa hour", "code": "SPA"})
class ProductIn(Strict):
    """A new product."""

    name = Text(120, allow_blank=False)
    code = Text(40, required=False, help_text="What it is called at the till or in the booking system.")


class TodoOut(serializers.ModelSerializer):
    """A staff task: what somebody must do, by when, for which guest or property if for one."""

    guest_id = Id(source="customer_id", read_only=True, allow_null=True)
    property_id = Id(read_only=True, allow_null=True)
    assignee_id = Id(read_only=True, allow_null=True)
    is_done = serializers.SerializerMethodField()

    class Meta:
        model = Todo
        fields = (
            "id",
            "version",
            "guest_id",
            "property_id",
            "assignee_id",
            "title",
            "note",
            "due_on",
            "is_done",
            "done_at",
            "done_by",
            "origin",
            "actor",
            "created_at",
        )
        read_only_fields = fields

    def get_is_done(self, todo: Todo) -> bool:
        return todo.done_at is not None


class TodoPage(serializers.Serializer):
    """One page of staff tasks, in the order they were given."""

    items = TodoOut(many=True)
    next = serializers.URLField(allow_null=True)


class TodoBase(FormChecked):
    """What may be written on a staff task."""

    form_class = TodoForm
    references = {"assignee": "assignee_id", "property": "property_id"}

    guest_id = Id(required=False, allow_null=True)
    property_id = Id(required=False, allow_null=True)
    assignee_id = Id(required=False, allow_null=True, help_text="The member it is for.")
    title = Text(200, required=False)
    note = Text(2000, required=False)
    due_on = Day(required=False, allow_null=True)

    def form(self, data: dict[str, Any], row: Any) -> forms.ModelForm:
        return TodoForm(data, instance=row)


@example("task", {"guest_id": 1, "title": "Call about the cot", "due_on": "2026-07-09"})
class TodoIn(TodoBase):
    """A new staff task."""

    title = Text(200, allow_blank=False)


@example("done", {"is_done": True})
class TodoChange(TodoBase, Versioned):
    """What is to change on a staff task; what is left out stays."""

    is_done = Flag(required=False)


class TodoQuery(OfGuest):
    """Which staff tasks to list."""

    is_done = serializers.BooleanField(required=False, allow_null=True, default=None)
