"""Forms of the card."""

import json
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Business
from customers.card.choices import country_choices, language_choices
from customers.card.models import Customer, Tag
from customers.card.services import CARD_FIELDS, ContactValues, contacts_of
from customers.normalise import normalise_email, normalise_phone

SPARE_ROWS = 2
"""How many contact fields of a kind a form offers at least: one to fill, one to add."""


class GuestForm(forms.ModelForm):
    """New guest, and edit. E-mails and phones are rows ``email_0 …``, ``phone_0 …``; the first filled one is primary.

    ``seen`` carries the values the editor started from, so that two editors never overwrite each other unawares.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Customer
        fields = (
            "kind",
            "given_name",
            "family_name",
            "company_name",
            "organisation_number",
            "language",
            "nationality",
            "birth_date",
            "street",
            "postal_code",
            "city",
            "country",
            "source",
            "note",
        )
        widgets = {
            "kind": forms.RadioSelect,
            "birth_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "note": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.business = business
        self.conflicts: list[dict[str, Any]] = []
        """What a colleague changed meanwhile: ``name, label, mine, theirs``; filled by the view."""
        self.own_names: list[str] = []
        """Names of the form's fields that are the business's own."""
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            required=False,
            choices=[("", _("Not known")), *self._and_current(language_choices(), "language")],
        )
        for name in ("nationality", "country"):
            self.fields[name] = forms.ChoiceField(
                label=self.fields[name].label,
                required=False,
                choices=[("", _("Not known")), *self._and_current(country_choices(business.country), name)],
            )
        self.fields["source"] = forms.ChoiceField(
            label=_("Where they came from"), required=False, choices=Customer.Source.choices
        )
        contacts = contacts_of(customer=self.instance) if self.instance.pk else ContactValues()
        self.email_names = self._rows("email", (_("E-mail"), _("Other e-mail")), contacts.emails)
        self.phone_names = self._rows("phone", (_("Phone"), _("Other phone")), contacts.phones)
        self.initial["seen"] = self._remember(contacts)

    def _and_current(self, choices: list[tuple[str, str]], name: str) -> list[tuple[str, str]]:
        """Keep a value that a file brought and the list does not know."""
        value = getattr(self.instance, name, "")
        return choices if not value or value in dict(choices) else [(value, value), *choices]

    def _rows(self, kind: str, labels: tuple[Any, Any], values: list[str]) -> list[str]:
        posted = sum(1 for name in self.data if name.startswith(f"{kind}_") and name[6:].isdigit())
        names = [f"{kind}_{row}" for row in range(min(max(len(values) + 1, SPARE_ROWS, posted), 30))]
        for row, name in enumerate(names):
            attributes = {"autocomplete": "off", "inputmode": "email" if kind == "email" else "tel"}
            self.fields[name] = forms.CharField(
                label=labels[row > 0], max_length=254, required=False, widget=forms.TextInput(attrs=attributes)
            )
            self.initial[name] = values[row] if row < len(values) else ""
        return names

    def _remember(self, contacts: ContactValues) -> str:
        if not self.instance.pk:
            return ""
        values = {name: getattr(self.instance, name) for name in CARD_FIELDS}
        return json.dumps(
            {"values": values, "emails": contacts.emails, "phones": contacts.phones}, cls=DjangoJSONEncoder
        )

    def clean_birth_date(self) -> date | None:
        value: date | None = self.cleaned_data["birth_date"]
        if value is not None and value > timezone.localdate():
            raise ValidationError(_("This date is in the future. Write the day the guest was born."))
        if value is not None and value.year < 1890:
            raise ValidationError(_("This date is too long ago. Leave it empty when you do not know it."))
        return value

    def clean_seen(self) -> dict[str, Any]:
        """The values the editor started from, in Python types; nothing when the field was tampered with."""
        try:
            seen = json.loads(self.cleaned_data["seen"] or "{}")
            values = {name: Customer._meta.get_field(name).to_python(value) for name, value in seen["values"].items()}  # type: ignore[union-attr]
            return {"values": values, "contacts": ContactValues(list(seen["emails"]), list(seen["phones"]))}
        except (ValueError, KeyError, TypeError, LookupError, ValidationError):
            return {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(name) for name in ("given_name", "family_name", "company_name")):
            company = cleaned.get("kind") == Customer.Kind.COMPANY
            self.add_error(
                "company_name" if company else "given_name",
                _("Write the company's name.") if company else _("Write at least one name."),
            )
        elif cleaned.get("kind") == Customer.Kind.COMPANY and not cleaned.get("company_name"):
            self.add_error("company_name", _("Write the company's name."))
        known = contacts_of(customer=self.instance) if self.instance.pk else ContactValues()
        for name in self.email_names:
            value = (cleaned.get(name) or "").strip()
            # What was accepted once, by a file for example, may stay as it was typed.
            if value and value not in known.emails and normalise_email(value).normalised is None:
                self.add_error(name, _("This is not an e-mail address. Write it like name@example.com."))
        for name in self.phone_names:
            value = (cleaned.get(name) or "").strip()
            if value and value not in known.phones and normalise_phone(value, self.business.country).e164 is None:
                self.add_error(
                    name, _("This is not a phone number. Write it with its country code, for example +47 912 34 567.")
                )
        return cleaned

    def contacts(self) -> ContactValues:
        """The e-mail addresses and phones as typed, blanks and repetitions left out."""

        def filled(names: list[str]) -> list[str]:
            return list(
                dict.fromkeys(value for name in names if (value := (self.cleaned_data.get(name) or "").strip()))
            )

        return ContactValues(filled(self.email_names), filled(self.phone_names))

    def values(self) -> dict[str, Any]:
        """The card's fields."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class TagForm(forms.Form):
    """A label of the business's own."""

    name = forms.CharField(label=_("New tag"), max_length=Tag._meta.get_field("name").max_length)
