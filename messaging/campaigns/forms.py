"""Forms of the steps of a campaign: whom, what, when."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts import formats
from customers.conditions.names import locale
from customers.segments.models import Segment
from customers.segments.selectors import segment_list
from messaging.campaigns.models import HOLDOUT_MAX, Campaign
from messaging.texts.selectors import template_list


class WhomForm(forms.Form):
    """What it is called, and which segment gets it."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For you and your colleagues; guests do not see it.")
    )
    segment = forms.TypedChoiceField(label=_("Segment"), coerce=int, empty_value=None, required=False)
    holdout = forms.IntegerField(
        label=_("Hold out"),
        min_value=0,
        max_value=HOLDOUT_MAX,
        required=False,
        help_text=_("Percent of the guests, drawn at random, who get nothing: beside them you see what it brought."),
    )

    def __init__(self, *args: Any, chosen: int = 0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = _("The guests you chose") if chosen else _("Choose a segment")
        choices = [("", first), *((str(each.pk), _with_number(each)) for each in segment_list())]
        self.fields["segment"].choices = choices  # type: ignore[attr-defined]

    def clean_holdout(self) -> int:
        """Nothing typed is nobody."""
        return self.cleaned_data.get("holdout") or 0


def _with_number(segment: Segment) -> str:
    """A segment with how many were in it when it was counted last."""
    if segment.members is None:
        return segment.title
    return f"{segment.title} · {formats.count(segment.members, locale())}"


class WhatForm(forms.Form):
    """Which template."""

    template = forms.TypedChoiceField(label=_("Template"), coerce=int, empty_value=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.templates = list(template_list())
        choices = [(str(each.pk), each.name) for each in self.templates]
        self.fields["template"].choices = choices  # type: ignore[attr-defined]


class WhenForm(forms.Form):
    """At once, on a day, or on each guest's morning; guests of some ``languages`` at a time of their own."""

    timing = forms.ChoiceField(label=_("When"), choices=Campaign.Timing.choices, widget=forms.RadioSelect)
    day = forms.DateField(
        label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    hour = forms.TimeField(
        label=_("Time"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    result_days = forms.IntegerField(
        label=_("Count stays and revenue for"),
        min_value=1,
        max_value=365,
        help_text=_("Days after it began in which what guests book and buy is counted."),
    )

    def __init__(self, *args: Any, languages: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages = languages
        kept = self.initial.get("hours") or {}
        for code in languages:
            self.fields[_own_hour(code)] = forms.TimeField(
                label=capfirst(formats.language_name(code, locale())),
                required=False,
                initial=kept.get(code),
                widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            )

    @property
    def own_hours(self) -> list[forms.BoundField]:
        """The times of their own, one a language."""
        return [self[_own_hour(code)] for code in self.languages]

    @property
    def has_own_hours(self) -> bool:
        """Whether any language has one, or something is wrong with one."""
        return any(bound.value() or bound.errors for bound in self.own_hours)

    def values(self) -> dict[str, Any]:
        """What was decided, as the services take it."""
        told = self.cleaned_data
        hours = {code: told.get(_own_hour(code)) for code in self.languages}
        return {name: told[name] for name in ("timing", "day", "hour", "result_days")} | {"hours": hours}

    def clean(self) -> dict[str, Any]:
        """A day and a time where they are needed."""
        values = super().clean() or {}
        if values.get("timing") not in (None, Campaign.Timing.NOW):
            for name, message in (("day", _("Say on which day.")), ("hour", _("Say at what time."))):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, message)
        return values


def _own_hour(language: str) -> str:
    return f"hour_{language}"


class TestForm(forms.Form):
    """Where a test goes: one's own address is filled in."""

    address = forms.CharField(label=_("Send a test to"), max_length=254)
