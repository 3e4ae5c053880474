"""The form of a guest's sensitive details."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.sensitive.models import SensitiveDetail
from customers.sensitive.services import TEXT_MAX

Kind = SensitiveDetail.Kind
_HINTS = {
    Kind.ALLERGIES: _("Shown at the top of the card."),
    Kind.FOOD: _("For example vegetarian, no pork, eats early."),
    Kind.WISHES: _("For example a quiet room, step-free access."),
}


class SensitiveForm(forms.Form):
    """One field a kind. ``seen`` carries the texts the editor started from; ``closed`` kinds cannot be opened now and
    are left alone."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, texts: dict[str, str], closed: set[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conflicts: list[dict[str, Any]] = []
        self.kinds = [kind for kind in Kind.values if kind not in closed]
        for kind in self.kinds:
            self.fields[kind] = forms.CharField(
                label=Kind(kind).label,
                required=False,
                max_length=TEXT_MAX,
                help_text=_HINTS.get(Kind(kind), ""),
                widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
            )
            self.initial[kind] = texts.get(kind, "")
            if kind == self.kinds[0]:
                self.fields[kind].widget.attrs["autofocus"] = True
        self.initial["seen"] = json.dumps({kind: texts.get(kind, "") for kind in self.kinds})

    def clean_seen(self) -> dict[str, str] | None:
        """The texts the editor started from; ``None`` when the field was tampered with."""
        try:
            seen = json.loads(self.cleaned_data["seen"] or "null")
        except ValueError:
            return None
        return {str(kind): str(text) for kind, text in seen.items()} if isinstance(seen, dict) else None

    def values(self) -> dict[str, str]:
        """Kind → text as typed."""
        return {kind: self.cleaned_data[kind] for kind in self.kinds}
