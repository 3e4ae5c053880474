"""The form of an API key."""

from datetime import datetime, timedelta

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms.fields import NameField
from accounts.models import ApiKey

LIFETIMES = {
    "30": _("30 days"),
    "90": _("90 days"),
    "365": _("One year"),
    "": _("Until it is revoked"),
}
"""How many days a key may be valid."""


class KeyForm(forms.Form):
    """What a key is called, what it may do, and for how long."""

    name = NameField(
        label=_("What is it for?"),
        max_length=80,
        help_text=_("For example: booking system. What it changes is logged under this name."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=ApiKey.Scope.choices,
        initial=[ApiKey.Scope.READ, ApiKey.Scope.WRITE],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one thing the key may do.")},
    )
    valid_for = forms.ChoiceField(label=_("Valid for"), choices=list(LIFETIMES.items()), initial="365", required=False)

    def expires_at(self) -> datetime | None:
        """When the key ends; ``None`` for one without an end."""
        days = self.cleaned_data["valid_for"]
        return timezone.now() + timedelta(days=int(days)) if days else None
