"""Forms of purchases, invoices and products."""

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Property
from customers.history.forms import CURRENCIES
from customers.history.models import Invoice, Product, Purchase, Stay
from customers.history.selectors import product_list, stays_of
from customers.history.versions import VersionedForm

DAY = {"type": "date"}
MONEY = {"step": "0.01", "inputmode": "decimal"}


def currency_field(current: str, business: Business) -> forms.ChoiceField:
    """The currency in use first, the business's own next."""
    codes = list(dict.fromkeys([current or business.currency, business.currency, *CURRENCIES]))
    return forms.ChoiceField(label=_("Currency"), required=False, choices=[(code, code) for code in codes])


class StayChoice(forms.TypedChoiceField):
    """One of the guest's stays, or none; its value is the stay's id."""

    def __init__(self, *, customer_id: int, current: Stay | None) -> None:
        stays = {stay.pk: stay for stay in stays_of(customer_id=customer_id)}
        if current is not None:
            stays.setdefault(current.pk, current)
        choices = [
            (
                str(pk),
                f"{date_format(stay.arrival, 'SHORT_DATE_FORMAT')} – {date_format(stay.departure, 'SHORT_DATE_FORMAT')}"
                f" · {stay.property}",
            )
            for pk, stay in stays.items()
        ]
        super().__init__(
            label=_("For the stay"),
            required=False,
            coerce=int,
            empty_value=None,
            choices=[("", _("No stay")), *choices],
        )


class PurchaseForm(VersionedForm):
    """What a guest bought: a product, or words for what is none."""

    class Meta:
        model = Purchase
        fields = ("description", "quantity", "amount", "currency", "bought_on", "reference")
        widgets = {
            "bought_on": forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
            "quantity": forms.NumberInput(attrs={"min": 0, **MONEY}),
            "amount": forms.NumberInput(attrs={"min": 0, **MONEY}),
        }

    field_order = ("product", "description", "quantity", "amount", "currency", "bought_on", "stay", "property")

    def __init__(self, *args: Any, business: Business, customer_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.instance.product_id
        # What is archived is offered only to the purchase that has it.
        offered = [one for one in product_list() if not one.is_archived or one.pk == kept]
        self.products = {str(product.pk): product for product in offered}
        self.fields["product"] = forms.TypedChoiceField(
            label=_("Product"),
            required=False,
            coerce=int,
            empty_value=None,
            choices=[("", _("None of the list")), *((key, product.name) for key, product in self.products.items())],
        )
        self.fields["stay"] = StayChoice(customer_id=customer_id, current=self.instance.stay)
        self.fields["currency"] = currency_field(self.instance.currency, business)
        self.fields["amount"].label = _("Amount in all")
        properties = list(Property.objects.order_by("name", "id"))
        self.fields["property"] = forms.TypedChoiceField(
            label=_("Property"),
            required=False,
            coerce=int,
            empty_value=None,
            choices=[("", _("Not said")), *((str(place.pk), place.name) for place in properties)],
        )
        if len(properties) < 2:
            del self.fields["property"]
        if not self.products:
            del self.fields["product"]
        for name in ("product", "stay", "property"):
            if (value := getattr(self.instance, f"{name}_id")) is not None:
                self.initial[name] = value
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "description" not in self.errors and not cleaned.get("product") and not cleaned.get("description"):
            self.add_error("description", _("Choose a product or write what was bought."))
        if (quantity := cleaned.get("quantity")) is not None and quantity <= 0:
            self.add_error("quantity", _("The quantity must be more than nothing."))
        if (amount := cleaned.get("amount")) is not None and amount < 0:
            self.add_error("amount", _("An amount cannot be negative."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """The purchase's fields for the services."""
        chosen = {
            f"{name}_id": self.cleaned_data[name] for name in ("product", "stay", "property") if name in self.fields
        }
        return {**{name: self.cleaned_data[name] for name in self.Meta.fields}, **chosen}


class InvoiceForm(VersionedForm):
    """What was billed; a credit note has a negative amount."""

    class Meta:
        model = Invoice
        fields = ("number", "amount", "currency", "issued_on", "due_on", "paid_on", "note")
        widgets = {
            **{name: forms.DateInput(attrs=DAY, format="%Y-%m-%d") for name in ("issued_on", "due_on", "paid_on")},
            "amount": forms.NumberInput(attrs=MONEY),
        }

    field_order = ("number", "amount", "currency", "issued_on", "due_on", "paid_on", "stay", "note")

    def __init__(self, *args: Any, business: Business, customer_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stay"] = StayChoice(customer_id=customer_id, current=self.instance.stay)
        self.fields["currency"] = currency_field(self.instance.currency, business)
        if self.instance.stay_id is not None:
            self.initial["stay"] = self.instance.stay_id
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        issued, due = cleaned.get("issued_on"), cleaned.get("due_on")
        if issued and due and due < issued:
            self.add_error("due_on", _("The invoice is due before it was issued. Choose that day or a later one."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """The invoice's fields for the services."""
        return {
            **{name: self.cleaned_data[name] for name in self.Meta.fields},
            "stay_id": self.cleaned_data["stay"],
        }


class ProductForm(forms.ModelForm):
    """A product's name, and the code it has at the till or in the booking system."""

    class Meta:
        model = Product
        fields = ("name", "code")
