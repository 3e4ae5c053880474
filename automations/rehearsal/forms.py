"""The forms of a dry run and of a trial."""

import datetime as dt
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

PAST: Final = "past"
COMING: Final = "coming"
OWN: Final = "own"
DAYS: Final = 30


class SpanForm(forms.Form):
    """Which days."""

    span = forms.ChoiceField(
        label=_("Which days"),
        choices=[
            (PAST, _("The last 30 days")),
            (COMING, _("The coming 30 days")),
            (OWN, _("Other days")),
        ],
        widget=forms.RadioSelect,
    )
    first = forms.DateField(
        label=pgettext_lazy("day", "From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label=pgettext_lazy("day", "To"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        """Both days where they are wanted."""
        values = super().clean() or {}
        if values.get("span") == OWN:
            for name in ("first", "last"):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _("Choose a day."))
        return values

    def days(self, today: dt.date) -> tuple[dt.date, dt.date]:
        """The first day and the last."""
        match self.cleaned_data["span"]:
            case "past":
                return today - dt.timedelta(days=DAYS), today - dt.timedelta(days=1)
            case "coming":
                return today, today + dt.timedelta(days=DAYS - 1)
        return self.cleaned_data["first"], self.cleaned_data["last"]


class SendForm(forms.Form):
    """Where the messages of a trial go: one's own addresses."""

    email = forms.CharField(label=_("E-mails to"), max_length=254, required=False)
    sms = forms.CharField(label=_("SMS to"), max_length=40, required=False)

    def __init__(self, *args: Any, channels: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("email", "sms"):
            if name not in channels:
                del self.fields[name]
