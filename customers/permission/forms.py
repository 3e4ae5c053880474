"""Forms of the contact rules."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.permission.services import REASON_MAX


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
