"""The form of the page of preferences."""

import datetime as dt
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.formats import language_name
from portal.selectors import Preferences

MONTHS: Final = (1, 3, 6, 12)
SHOWN: Final = "words-"
"""Before a consent's key: which words stood beside it on the page."""
KEPT: Final = "kept"
"""The pause that holds already stays as it is."""


class PreferencesForm(forms.Form):
    """What the business may send, whether because of earlier stays, in which language, and from when on."""

    language = forms.ChoiceField()
    pause = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, preferences: Preferences, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preferences = preferences
        self.choices = {choice.key: choice for choice in preferences.choices}
        for key in self.choices:
            self.fields[key] = forms.BooleanField(required=False)
        self.fields["offers"] = forms.BooleanField(required=False)
        self.languages = [(code, language_name(code, None).capitalize()) for code, _label in settings.LANGUAGES]
        self.fields["language"].choices = self.languages  # type: ignore[attr-defined]
        self.pauses: list[tuple[str, str]] = [("", str(_("No pause")))]
        if preferences.paused_until:
            until = date_format(preferences.paused_until, "DATE_FORMAT")
            self.pauses.append((KEPT, str(_("Until %(date)s") % {"date": until})))
        self.pauses += [(str(n), ngettext("For %(n)d month", "For %(n)d months", n) % {"n": n}) for n in MONTHS]
        self.fields["pause"].choices = self.pauses  # type: ignore[attr-defined]
        self.spoken = language

    def consents(self) -> dict[tuple[str, str], bool]:
        """What is ticked, by purpose and channel, of what there was to choose."""
        return {
            (one.purpose, one.channel): bool(self.cleaned_data[key])
            for key, one in self.choices.items()
            if not one.is_closed
        }

    def clean(self) -> dict[str, Any]:
        """Somebody consents to the words that stood on their page; with others now they are asked again."""
        cleaned = super().clean() or self.cleaned_data
        for key, one in self.choices.items():
            is_new = bool(cleaned.get(key)) and not one.granted and one.can_be_granted
            if is_new and self.data.get(f"{SHOWN}{key}") != one.shown:
                self.add_error(
                    key,
                    _("These words have changed since the page was opened. Read them, and keep your choices again."),
                )
        return cleaned

    def paused_until(self) -> dt.date | None:
        """The day a pause ends; ``None`` for none."""
        chosen = self.cleaned_data["pause"]
        if chosen == KEPT:
            return self.preferences.paused_until
        return months_later(timezone.localdate(), int(chosen)) if chosen else None


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day of a later month, or the month's last: the 31st of May and one month is the 30th of June."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return dt.date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("unreachable")
