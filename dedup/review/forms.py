"""The form of the settings of duplicates."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dedup.register.models import MatchSettings
from dedup.register.services import SettingsRefused

LOWEST, HIGHEST = 5, 99.99


class Percent(forms.DecimalField):
    """A probability as people type it, 5 to 99.99 percent; kept as a number from 0 to 1."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.NumberInput(attrs={"step": "any", "min": LOWEST, "max": HIGHEST, "inputmode": "decimal"})
        super().__init__(max_digits=4, decimal_places=2, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """As a share of a hundred; what was typed stays as it was typed."""
        return f"{100 * value:.4g}" if isinstance(value, float) else value


class MatchSettingsForm(forms.Form):
    """From when on two cards are shown as a pair, and from when on they may be merged by themselves."""

    propose = Percent(
        label=_("Propose from, in percent"),
        help_text=_("Pairs that are at least this likely to be one guest stand in the list."),
    )
    certain = Percent(
        label=_("Certain from, in percent"),
        help_text=_("From here on a pair may be merged without anybody looking, if that is switched on."),
    )
    automatic = forms.BooleanField(
        label=_("Merge certain pairs by themselves"),
        required=False,
        help_text=_(
            "Couples and families are never merged this way. Every merge stands in the history and can be undone."
        ),
    )

    @staticmethod
    def told(settings: MatchSettings) -> dict[str, Any]:
        """The settings as the form shows them."""
        return {"propose": settings.propose, "certain": settings.certain, "automatic": settings.automatic}

    def values(self) -> dict[str, Any]:
        """The settings as the service takes them."""
        given = self.cleaned_data
        return {
            "propose": float(given["propose"]) / 100,
            "certain": float(given["certain"]) / 100,
            "automatic": given["automatic"],
        }

    def refuse(self, refused: SettingsRefused) -> None:
        """Put a refusal beside its fields."""
        for name, text in refused.errors.items():
            self.add_error(name, text)
