"""Pieces of forms: names, countries, passwords."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.countries import COUNTRY_OF, country_choices
from accounts.models import Property

PASSWORD_HINT = _("At least 10 characters. A short sentence is easy to remember and hard to guess.")


def validate_no_link(value: str) -> None:
    """Refuse web addresses in names: names stand in messages we send to others."""
    if "://" in value or "www." in value.lower():
        raise ValidationError(_("Write a name without a web address."), code="link")


class NameField(forms.CharField):
    """The name of a person, business or property: one line, no web address."""

    default_validators = [validate_no_link]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 120)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """Runs of white space, line breaks among them, are one space."""
        value = super().to_python(value)
        return " ".join(value.split()) if isinstance(value, str) else value


class CountryField(forms.ChoiceField):
    """A country by its ISO code; the reader's language proposes one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("Country"),
            choices=lambda: [("", "—"), *country_choices()],
            initial=lambda: COUNTRY_OF.get((get_language() or "")[:2], ""),
            **kwargs,
        )
        self.widget.attrs["autocomplete"] = "country"


class KindField(forms.ChoiceField):
    """What kind of property it is."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Kind"))
        super().__init__(choices=Property.Kind.choices, initial=Property.Kind.HOTEL, **kwargs)


class Plain:
    """For django-allauth's forms: our labels and hints, and no placeholders, which vanish while one types."""

    labels: dict[str, Any] = {}
    hints: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        for name, field in fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")


class OnePassword(Plain):
    """A new password is typed once: browsers remember it, and a link by e-mail replaces it."""

    labels = {"password1": _("New password"), "oldpassword": _("Current password")}
    hints = {"password1": PASSWORD_HINT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]  # type: ignore[attr-defined]
