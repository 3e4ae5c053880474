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
from customers.card.choices import country_choices, country_name, language_choices
from customers.card.contact_rows import ContactRows, contacts_filled
from customers.card.models import Customer, Tag
from customers.card.services import CARD_FIELDS, ContactValues, contacts_of
from customers.fields.forms import OwnFields, seen_read
from customers.fields.models import CustomField
from customers.fields.selectors import FieldLine, field_list, guest_values
from customers.fields.values import date_read
from customers.normalise import normalise_organisation_number, normalise_postal_code, organisation_number_shown

ORGANISATION_REFUSALS = {
    ("length", "NO"): _("A Norwegian organisation number has nine digits, for example 923 609 016."),
    ("length", "DK"): _("A Danish CVR number has eight digits, for example 13 58 56 28."),
    ("length", "NL"): _("A Dutch KvK number has eight digits, for example 12345678."),
    ("length", "SE"): _("A Swedish organisation number has ten digits, for example 556036-0793."),
    "length": _("This organisation number is too short or too long."),
    "check_digit": _(
        "The check digit does not fit: one digit is wrong, or two have changed places. Compare it with an invoice."
    ),
    "format": _("This is not an organisation number. Write its digits, and the letters of a VAT number."),
}
"""What is wrong with an organisation number, by reason and country."""


class ReaderDateField(forms.DateField):
    """A date as people write it, day first or in ISO form; an impossible one is named."""

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return super().to_python(value)
        read = date_read(str(value).strip(), years=range(1, 10_000))
        if read.error:
            raise ValidationError(read.error, code="invalid")
        return read.date


class GuestForm(forms.ModelForm):
    """New guest, and edit. E-mails and phones are rows ``email_0 …``, ``phone_0 …``; ``email_primary`` and
    ``phone_primary`` name the row to use, else the first filled one is. Fields of the business's own are ``own_<key>``.

    ``seen`` carries the values the editor started from, so that two editors never overwrite each other unawares.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Customer
        fields = tuple(name for name in CARD_FIELDS if name != "first_contact")
        field_classes = {"birth_date": ReaderDateField}
        widgets = {
            "kind": forms.RadioSelect(attrs={"data-renew": True}),
            "birth_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "note": forms.Textarea(attrs={"rows": 3}),
            "why_us": forms.Textarea(attrs={"rows": 2}),
            "thanked": forms.Textarea(attrs={"rows": 2}),
            "deal_breakers": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, business: Business, more: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.business = business
        self.conflicts: list[dict[str, Any]] = []
        """What a colleague changed meanwhile: ``name, label, mine, theirs``; filled by the view."""
        self.before = {name: getattr(self.instance, name) for name in CARD_FIELDS}
        """The card as it stands; checking the form changes ``instance``."""
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
        for name in ("given_name", "family_name", "company_name", "street", "city", "note"):
            self.fields[name].widget.attrs["dir"] = "auto"
        for name in ("given_name", "family_name", "company_name"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        if not self.is_bound and not self.instance.pk:
            # A new card begins with writing; a form that came back begins with what is wrong.
            self.fields["given_name"].widget.attrs["autofocus"] = True
        self.initial["organisation_number"] = organisation_number_shown(
            self.before["organisation_number"], self.before["country"] or business.country
        )
        contacts = contacts_of(customer=self.instance) if self.instance.pk else ContactValues()
        self.contact_rows = {
            kind: ContactRows(kind, self, values, more=more == kind)
            for kind, values in (("email", contacts.emails), ("phone", contacts.phones))
        }
        self.own = OwnFields(self._own_lines())
        self.own.add_to(self)
        self.own_names = self.own.names
        """Names of the form's fields that are the business's own."""
        self.initial["seen"] = self._remember(contacts)

    def rearranged(self, more: str) -> "GuestForm":
        """The form as it was filled, unchecked, with more rows of a kind (``email`` or ``phone``)."""
        filled = {name: self.data.get(name, "") for name in self.fields}
        form = type(self)(instance=self.instance, business=self.business, more=more)
        # Whoever asks for other fields is writing already.
        form.fields["given_name"].widget.attrs.pop("autofocus", None)
        form.initial.update({name: value for name, value in filled.items() if name in form.fields})
        # As many rows as were filled, and some more.
        for kind, rows in self.contact_rows.items():
            form.contact_rows[kind] = ContactRows(kind, form, rows.typed(self.data), more=more == kind)
            form.initial[f"{kind}_primary"] = filled[f"{kind}_primary"]
        return form

    def _own_lines(self) -> list[FieldLine]:
        if self.instance.pk:
            return guest_values(customer_id=self.instance.pk)
        return [FieldLine(field, None) for field in field_list(target=CustomField.Target.GUEST)]

    def _and_current(self, choices: list[tuple[str, str]], name: str) -> list[tuple[str, str]]:
        """Keep a value that a file brought and the list does not know."""
        value = getattr(self.instance, name, "")
        return choices if not value or value in dict(choices) else [(value, value), *choices]

    def _remember(self, contacts: ContactValues) -> str:
        if not self.instance.pk:
            return ""
        seen = {"values": self.before, "emails": contacts.emails, "phones": contacts.phones, "own": self.own.seen}
        return json.dumps(seen, cls=DjangoJSONEncoder)

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
            contacts = ContactValues(list(seen["emails"]), list(seen["phones"]))
            return {"values": values, "contacts": contacts, "own": seen_read(seen.get("own"))}
        except (ValueError, KeyError, TypeError, LookupError, AttributeError, ValidationError):
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
        for rows in self.contact_rows.values():
            rows.check(cleaned, self.business.country)
        self._check_organisation_number(cleaned)
        self._check_postal_code(cleaned)
        self.own.check(self)
        return cleaned

    def _check_organisation_number(self, cleaned: dict[str, Any]) -> None:
        """Checked by the rules of the card's country, or the business's; an odd one from a file may stay."""
        typed, before = cleaned.get("organisation_number") or "", self.before["organisation_number"]
        if "organisation_number" not in self.fields or not typed:
            return
        if typed in (before, self.initial["organisation_number"]):
            cleaned["organisation_number"] = before
            return
        read = normalise_organisation_number(typed, cleaned.get("country") or self.business.country)
        if read.number is not None:
            cleaned["organisation_number"] = read.number
            return
        refusal = ORGANISATION_REFUSALS.get((read.reason, read.country)) or ORGANISATION_REFUSALS[read.reason]
        self.add_error("organisation_number", refusal)

    def _check_postal_code(self, cleaned: dict[str, Any]) -> None:
        """Written as the card's country writes it; an odd one from a file may stay."""
        typed, country = cleaned.get("postal_code") or "", cleaned.get("country") or ""
        if "postal_code" not in self.fields or (typed, country) == (self.before["postal_code"], self.before["country"]):
            return
        read = normalise_postal_code(typed, country)
        if read.code is not None:
            cleaned["postal_code"] = read.code
            return
        self.add_error(
            "postal_code",
            _("A postal code in %(country)s looks like this: %(example)s.")
            % {"country": country_name(country), "example": read.example},
        )

    def contacts(self) -> ContactValues:
        """The e-mail addresses and phones as typed, primary ones first, blanks and repetitions left out."""
        return contacts_filled(self.contact_rows, self.cleaned_data)

    def values(self) -> dict[str, Any]:
        """The card's fields."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    @property
    def own_fields(self) -> list[Any]:
        """The business's own fields, bound, for the page."""
        return self.own.bound(self)

    def own_values(self) -> dict[str, str]:
        """The values of the business's own fields, by field key."""
        return self.own.values(self)


class TagForm(forms.Form):
    """A label of the business's own."""

    name = forms.CharField(label=_("New tag"), max_length=Tag._meta.get_field("name").max_length)
