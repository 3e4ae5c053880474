"""Forms of the outbox: the times of messages, and what a member decides of those in doubt."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from messaging.gate.models import GateSettings

RETRY, SETTLE = "retry", "settle"
SEND, LEAVE = "send", "leave"


def _hour(name: str) -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=_label(name), widget=widget)


def _label(name: str) -> Any:
    return capfirst(GateSettings._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


class GateForm(forms.Form):
    """Quiet hours and caps."""

    open_from = _hour("open_from")
    open_until = _hour("open_until")
    cap_day = forms.IntegerField(label=_label("cap_day"), min_value=1, max_value=10)
    cap_week = forms.IntegerField(label=_label("cap_week"), min_value=1, max_value=50)

    def clean(self) -> dict[str, Any]:
        """Messages need an hour of the day."""
        values: dict[str, Any] = super().clean() or {}
        opened, closed = values.get("open_from"), values.get("open_until")
        if opened is not None and closed is not None and closed != dt.time(0) and opened >= closed:
            self.add_error("open_until", _("This must be later than the time before it; 00:00 is midnight."))
        return values
