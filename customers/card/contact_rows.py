"""The rows of e-mail addresses and phone numbers in a form of the card."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.card.services import ContactValues
from customers.normalise import normalise_email, normalise_phone

SPARE_ROWS = 2
"""How many more contact fields of a kind a form offers when asked."""
ROWS_MAX = 30
LABELS = {"email": (_("E-mail"), _("Other e-mail")), "phone": (_("Phone"), _("Other phone"))}


class ContactRows:
    """Rows ``email_0 …`` of one kind within a form, and ``email_primary``, which names the row that is the primary one.

    Without it, or where that row is empty, the first filled row is.
    """

    def __init__(self, kind: str, form: forms.BaseForm, values: list[str], *, more: bool = False) -> None:
        self.kind, self.form, self.known = kind, form, values
        posted = sum(1 for name in form.data if name.startswith(f"{kind}_") and name[6:].isdecimal())
        rows = max(len(values) + 1, posted)
        # What is on the card stays in the form, or saving would take it off.
        rows = max(min(rows + SPARE_ROWS if more else rows, ROWS_MAX), len(values))
        self.names = [f"{kind}_{row}" for row in range(rows)]
        self.primary_name = f"{kind}_primary"
        for row, name in enumerate(self.names):
            attributes = {"autocomplete": "off", "inputmode": "email" if kind == "email" else "tel", "dir": "auto"}
            form.fields[name] = forms.CharField(
                label=LABELS[kind][row > 0], max_length=254, required=False, widget=forms.TextInput(attrs=attributes)
            )
            form.initial[name] = values[row] if row < len(values) else ""
        form.fields[self.primary_name] = self._choice()
        form.initial[self.primary_name] = self.names[0]

    def _choice(self) -> forms.Field:
        """Which one to use, for a page that does not show it beside the rows: only where there are several."""
        choices = [(name, value) for name, value in zip(self.names, self.known, strict=False)]
        return forms.CharField(
            label=_("The e-mail you use") if self.kind == "email" else _("The phone you use"),
            required=False,
            widget=forms.RadioSelect(choices=choices) if len(choices) > 1 else forms.HiddenInput(),
        )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Each row's bound field, and whether it is the primary one, for the page."""
        primary = self._primary(self.form.data if self.form.is_bound else self.form.initial)
        return [{"field": self.form[name], "name": name, "is_primary": name == primary} for name in self.names]

    def check(self, cleaned: Mapping[str, Any], country: str) -> None:
        """Tell beside its row what is not an address or number; what was accepted once, by a file, may stay."""
        for name in self.names:
            value = (cleaned.get(name) or "").strip()
            if not value or value in self.known:
                continue
            if self.kind == "email" and normalise_email(value).normalised is None:
                self.form.add_error(name, _("This is not an e-mail address. Write it like name@example.com."))
            if self.kind == "phone" and normalise_phone(value, country).e164 is None:
                self.form.add_error(
                    name, _("This is not a phone number. Write it with its country code, for example +47 912 34 567.")
                )

    def typed(self, data: Mapping[str, Any]) -> list[str]:
        """The rows as they were typed, empty ones between filled ones among them."""
        values = [str(data.get(name, "")) for name in self.names]
        while values and not values[-1].strip():
            values.pop()
        return values

    def filled(self, cleaned: Mapping[str, Any]) -> list[str]:
        """The values as typed, the primary one first, blanks and repetitions left out."""
        primary = self._primary(cleaned)
        names = sorted(self.names, key=lambda name: name != primary)
        return list(dict.fromkeys(value for name in names if (value := (cleaned.get(name) or "").strip())))

    def _primary(self, values: Mapping[str, Any]) -> str:
        wanted = values.get(self.primary_name) or ""
        if wanted in self.names and (values.get(wanted) or "").strip():
            return str(wanted)
        return next((name for name in self.names if (values.get(name) or "").strip()), self.names[0])


def contacts_filled(rows: Mapping[str, ContactRows], cleaned: Mapping[str, Any]) -> ContactValues:
    """What the rows of both kinds hold."""
    return ContactValues(rows["email"].filled(cleaned), rows["phone"].filled(cleaned))
