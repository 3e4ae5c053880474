"""Forms of the contact rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.card.models import ContactPoint
from customers.permission.models import Suppression
from customers.permission.services import REASON_MAX
from customers.permission.suppressing import address_normal


class RestrictionForm(forms.Form):
    """Why the processing of a guest's data is restricted, or no longer."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What the guest asked for, or what is to be settled. It is kept in the log."),
    )

    def __init__(self, *args: Any, is_restricted: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_restricted:
            self.fields["reason"].label = _("Why it is lifted")
            self.fields["reason"].help_text = _("What was settled. It is kept in the log.")


class AddressForm(forms.Form):
    """An e-mail address or a phone number, as anybody writes it. Valid, it knows the ``kind`` and the normal form."""

    address = forms.CharField(
        label=_("E-mail address or phone number"),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("A number without a country code is read as one of your country."),
    )
    kind = ""
    normalised = ""

    def clean_address(self) -> str:
        """What it is in its normal form."""
        typed = str(self.cleaned_data["address"])
        self.kind = (ContactPoint.Kind.EMAIL if "@" in typed else ContactPoint.Kind.PHONE).value
        try:
            self.normalised = address_normal(kind=self.kind, value=typed)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return typed


class LiftForm(forms.Form):
    """Why an address that nothing is sent to is let go again."""

    of = forms.ChoiceField(choices=Suppression.Reason.choices)
    reason = forms.CharField(
        label=_("Why it is allowed again"),
        max_length=REASON_MAX,
        help_text=_("For example: the mailbox works again. It is kept in the log."),
    )
