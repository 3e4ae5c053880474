"""Forms of a guest's history."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Business, Property
from customers.history.models import Activity, Stay

CURRENCIES = ("NOK", "DKK", "SEK", "EUR", "GBP", "USD", "CHF", "PLN", "ISK")


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
    """A stay: booked, changed or moved."""

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
        return cleaned

    def values(self) -> dict[str, Any]:
        """The stay's fields for the services."""
        values = {name: self.cleaned_data[name] for name in self.Meta.fields if name != "property"}
        return {**values, "property_id": self.cleaned_data["property"].pk}
