"""The form of a call or visit logged by hand."""

from datetime import datetime

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.history.models import Activity

LOGGED = (Activity.Kind.CALL, Activity.Kind.VISIT, Activity.Kind.EMAIL, Activity.Kind.NOTE)


class LogForm(forms.Form):
    """What happened with a guest, and when it did, in the business's own time."""

    kind = forms.ChoiceField(label=_("What"), choices=[(kind.value, kind.label) for kind in LOGGED])
    at = forms.DateTimeField(
        label=_("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    text = forms.CharField(label=_("What was said"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}))

    def clean_at(self) -> datetime:
        at: datetime = self.cleaned_data["at"]
        if at > timezone.now():
            raise forms.ValidationError(_("This moment is still to come. Write when it happened."))
        if at.year < 1990:
            raise forms.ValidationError(_("This is too long ago. Check the year."))
        return at

    def clean_kind(self) -> Activity.Kind:
        return Activity.Kind(self.cleaned_data["kind"])
