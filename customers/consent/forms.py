"""Forms of consents and their wordings."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms.business import LANGUAGE_NAMES
from accounts.models import Business
from customers.consent.labels import BY_KEY, LABELS
from customers.consent.models import ConsentEvent
from customers.consent.ready import ready_text
from customers.consent.selectors import WordingLine
from customers.consent.services import PROOF_MAX

Source = ConsentEvent.Source
TOLD = (Source.DESK, Source.PHONE, Source.PAPER, Source.EMAIL, Source.FORM)
"""How a guest tells a member; the other sources record by themselves."""
EARLIEST = dt.date(1990, 1, 1)


class ConsentForm(forms.Form):
    """A decision of a guest as a member records it: which consent, how it was told, when, and what shows it."""

    consent = forms.ChoiceField(label=_("Consent"), choices=[(key, LABELS[consent]) for key, consent in BY_KEY.items()])
    act = forms.ChoiceField(
        label=_("Decision"),
        choices=ConsentEvent.Act.choices,
        initial=ConsentEvent.Act.GRANTED,
        widget=forms.RadioSelect,
    )
    source = forms.ChoiceField(
        label=_("How the guest told us"), choices=[(each.value, each.label) for each in TOLD], initial=Source.DESK
    )
    day = forms.DateField(
        label=_("Day"),
        required=False,
        help_text=_("Empty: now."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    proof = forms.CharField(
        label=_("Proof"),
        required=False,
        max_length=PROOF_MAX,
        help_text=_("What shows it: where the paper lies, who took the call."),
    )

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The card has other forms with fields of these names.
        self.auto_id = "consent_%s"
        self.business = business

    def clean_day(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["day"]
        if day is not None and day > timezone.localdate(timezone=self.business.zone):
            raise ValidationError(_("This date is in the future. Write the day the guest decided."))
        if day is not None and day < EARLIEST:
            raise ValidationError(_("This date is too long ago. Write the day the guest decided."))
        return day

    def values(self) -> dict[str, Any]:
        """The arguments of ``consent_record``. A day that is over counts from its beginning for a grant, to its end
        for a withdrawal: of two decisions on that day the stricter one holds."""
        purpose, channel = BY_KEY[self.cleaned_data["consent"]]
        granted = self.cleaned_data["act"] == ConsentEvent.Act.GRANTED
        day, at = self.cleaned_data["day"], None
        if day is not None and day < timezone.localdate(timezone=self.business.zone):
            at = dt.datetime.combine(day, dt.time.min if granted else dt.time.max, tzinfo=self.business.zone)
        return {
            "purpose": purpose,
            "channel": channel,
            "granted": granted,
            "source": self.cleaned_data["source"],
            "at": at,
            "proof": self.cleaned_data["proof"].strip(),
        }


class WordingForm(forms.Form):
    """A consent's text in each of the business's languages; ``seen`` is the version the writer started from."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, business: Business, line: WordingLine, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = line.current.version if line.current else 0
        names = dict(LANGUAGE_NAMES)
        self.codes = [str(code) for code in business.languages or [business.language]]
        self.ready: dict[str, str] = {}
        for code in self.codes:
            proposal = ready_text(key=line.key, language=code, business=business.name)
            written = line.current.texts.get(code, "") if line.current else proposal
            if proposal and not written:
                self.ready[code] = proposal
            self.fields[f"text_{code}"] = forms.CharField(
                label=names.get(code, code),
                required=False,
                max_length=4000,
                widget=forms.Textarea(attrs={"rows": 5, "lang": code}),
            )
            self.initial[f"text_{code}"] = written

    def clean_seen(self) -> int:
        """0 for what is no version: then any there is counts as newer."""
        seen: str = self.cleaned_data["seen"]
        return int(seen) if seen.isdecimal() and len(seen) < 10 else 0

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.get(f"text_{code}", "").strip() for code in self.codes):
            self.add_error(f"text_{self.codes[0]}", _("Write the text in at least one language."))
        return cleaned

    def texts(self) -> dict[str, str]:
        """``{language: text}``."""
        return {code: self.cleaned_data[f"text_{code}"] for code in self.codes}

    def rows(self) -> list[dict[str, Any]]:
        """The text fields, each with the ready text it could begin with."""
        return [{"field": self[f"text_{code}"], "code": code, "ready": self.ready.get(code, "")} for code in self.codes]
