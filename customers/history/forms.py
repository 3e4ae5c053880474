"""Forms of a guest's history."""

import json
from typing import Any

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Property
from customers.fields.forms import OwnFields, seen_read
from customers.fields.models import CustomField
from customers.fields.selectors import FieldLine, field_list, stay_values
from customers.history.models import Activity, Stay
from customers.history.services import STAY_FIELDS

CURRENCIES = ("NOK", "DKK", "SEK", "EUR", "GBP", "USD", "CHF", "PLN", "ISK")


def _python(column: Any, value: Any) -> Any:
    """A value of ``seen`` as the stay holds it; a reference by its id."""
    return int(value) if column.is_relation else column.to_python(value)


class ActivityForm(forms.Form):
    """A note, a call or a visit."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[(kind.value, kind.label) for kind in (Activity.Kind.NOTE, Activity.Kind.CALL, Activity.Kind.VISIT)],
    )
    text = forms.CharField(label=_("Note"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_kind(self) -> Activity.Kind:
        return Activity.Kind(self.cleaned_data["kind"] or Activity.Kind.NOTE)


class StayForm(forms.ModelForm):
    """A stay: booked, changed or moved. Fields of the business's own are ``own_<key>``.

    ``seen`` carries the values the editor started from, so that two editors never overwrite each other unawares.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Stay
        fields = (
            "property",
            "arrival",
            "departure",
            "unit",
            "unit_type",
            "adults",
            "children",
            "reference",
            "channel",
            "amount",
            "currency",
            "note",
        )
        widgets = {
            "arrival": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "departure": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "note": forms.Textarea(attrs={"rows": 2}),
            "adults": forms.NumberInput(attrs={"min": 1, "max": 500}),
            "children": forms.NumberInput(attrs={"min": 0, "max": 500}),
            "amount": forms.NumberInput(attrs={"min": 0, "step": "0.01", "inputmode": "decimal"}),
        }

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        properties = Property.objects.order_by("name", "id")
        self.fields["property"] = forms.ModelChoiceField(properties, label=_("Property"), empty_label=None)
        first = list(dict.fromkeys([self.instance.currency or business.currency, business.currency, *CURRENCIES]))
        self.fields["currency"] = forms.ChoiceField(
            label=_("Currency"), required=False, choices=[(code, code) for code in first]
        )
        self.own = OwnFields(self._own_lines())
        self.own.add_to(self)
        if self.instance.pk:
            values = {name: getattr(self.instance, name) for name in STAY_FIELDS}
            self.initial["seen"] = json.dumps({"values": values, "own": self.own.seen}, cls=DjangoJSONEncoder)

    def _own_lines(self) -> list[FieldLine]:
        if self.instance.pk:
            return stay_values(stay_id=self.instance.pk)
        return [FieldLine(field, None) for field in field_list(target=CustomField.Target.STAY)]

    @property
    def own_fields(self) -> list[Any]:
        """The business's own fields, bound, for the page."""
        return self.own.bound(self)

    def own_values(self) -> dict[str, str]:
        """The values of the business's own fields, by field key."""
        return self.own.values(self)

    def clean_seen(self) -> dict[str, Any]:
        """The values the editor started from, in Python types; nothing when the field was tampered with."""
        try:
            seen = json.loads(self.cleaned_data["seen"] or "{}")
            columns = {name: Stay._meta.get_field(name.removesuffix("_id")) for name in STAY_FIELDS}
            values = {name: _python(columns[name], value) for name, value in seen["values"].items()}
            return {"values": values, "own": seen_read(seen.get("own"))}
        except (ValueError, KeyError, TypeError, LookupError, AttributeError, forms.ValidationError):
            return {}

    def clean_adults(self) -> int:
        return self._count("adults", at_least=1)

    def clean_children(self) -> int:
        return self._count("children", at_least=0)

    def _count(self, name: str, at_least: int) -> int:
        value = int(self.cleaned_data[name])
        if not at_least <= value <= 500:
            raise forms.ValidationError(_("Write a number from %(least)d to 500."), params={"least": at_least})
        return value

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        arrival, departure = cleaned.get("arrival"), cleaned.get("departure")
        if arrival and departure and departure < arrival:
            self.add_error(
                "departure", _("The departure is before the arrival. Choose the arrival day or a later one.")
            )
        if arrival and departure and (departure - arrival).days > 1000:
            self.add_error("departure", _("This stay is longer than 1,000 nights. Check the year."))
        amount = cleaned.get("amount")
        if amount is not None and amount < 0:
            self.add_error("amount", _("An amount cannot be negative."))
        self.own.check(self)
        return cleaned

    def values(self) -> dict[str, Any]:
        """The stay's fields for the services."""
        values = {name: self.cleaned_data[name] for name in self.Meta.fields if name != "property"}
        return {**values, "property_id": self.cleaned_data["property"].pk}
