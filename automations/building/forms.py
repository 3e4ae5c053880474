"""Forms of the parts of an automation; each says what it holds as JSON of a definition."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from automations.building.labels import ACTS, TRIGGERS
from automations.building.naming import Names
from automations.building.services import NAME_MAX
from automations.definition import DATES, EXPIRES_HOURS, NOBODY_YET, Do, Trigger, Until, Who
from automations.definition.schema import DAYS_MAX
from customers.conditions.names import locale
from customers.consent.labels import LABELS as CONSENTS
from customers.fields.models import CustomField
from customers.fields.values import value_read

Choices = Sequence[tuple[str, Any]]
_T = Trigger
_NARROWS: Final[Mapping[str, tuple[Trigger, ...]]] = {
    "tag": (_T.TAG_ADDED,),
    "segment": (_T.SEGMENT_ENTERED,),
    "product": (_T.PURCHASE,),
    "template": (_T.MESSAGE_OPENED, _T.MESSAGE_CLICKED),
    "consent": (_T.CONSENT_GIVEN,),
    "field": (_T.DATE,),
    "yearly": (_T.DATE,),
    "name": (_T.EVENT,),
    "months": (_T.AFTER_LAST_STAY,),
    "side": (_T.DATE, _T.INVOICE_DUE),
    "days": tuple(kind for kind in Trigger if kind in DATES),
    "at": tuple(kind for kind in Trigger if kind in DATES),
    "who": (
        *(_T.STAY_BOOKED, _T.STAY_CHANGED, _T.STAY_CANCELLED, _T.CHECKED_IN, _T.CHECKED_OUT, _T.NO_SHOW),
        *(_T.BEFORE_ARRIVAL, _T.AFTER_DEPARTURE),
    ),
}
"""Of which triggers each input is asked."""
_PLACES: Final = (*_NARROWS["who"], _T.AFTER_LAST_STAY)


class PartForm(forms.Form):
    """A part of a definition. ``shown_for``: inputs that belong to some values of another one (``data-reveal``)."""

    shown_for: ClassVar[Mapping[str, str]] = {}

    def __init__(self, posted: Any = None, *, names: Names, given: Mapping[str, Any]) -> None:
        super().__init__(posted, initial=self.initial_of(given))
        self.names, self.given = names, given
        self.prepare()

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the inputs hold of a part."""
        return dict(given)

    def prepare(self) -> None:
        """Fill in what there is to choose."""

    def value(self) -> dict[str, Any]:
        """The part as it is now. After ``is_valid``."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}

    @property
    def lines(self) -> list[tuple[forms.BoundField, str]]:
        """Every input with the condition under which it is shown."""
        return [(self[name], self.shown_for.get(name, "")) for name in self.fields]

    def choose(self, name: str, choices: Mapping[int, Any], nothing: str) -> None:
        """What an input offers; what it holds and is gone stays to be seen."""
        held = self.initial.get(name)
        offered = [("", nothing), *((str(pk), str(label)) for pk, label in choices.items())]
        if held and held not in choices:
            offered.append((str(held), "–"))
        self.fields[name].choices = offered  # type: ignore[attr-defined]


class NameForm(forms.Form):
    """What it is called."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_MAX)


def _id_field(label: Any, **more: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, coerce=int, empty_value=None, required=False, **more)


def _number(label: Any, most: int = DAYS_MAX, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=most, required=False, **more)


def _clock() -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    return forms.TimeField(label=gettext_lazy("At"), required=False, widget=widget)


class TriggerForm(PartForm):
    """What begins it."""

    kind = forms.ChoiceField(label=gettext_lazy("It begins"))
    months = _number(gettext_lazy("Months"), 60)
    days = _number(gettext_lazy("Days"))
    side = forms.ChoiceField(
        label=gettext_lazy("Before or after that day"),
        required=False,
        choices=[("after", pgettext_lazy("a day", "after")), ("before", pgettext_lazy("a day", "before"))],
    )
    at = _clock()
    tag = _id_field(gettext_lazy("Tag"))
    segment = _id_field(gettext_lazy("Segment"))
    product = _id_field(gettext_lazy("Product"))
    template = _id_field(gettext_lazy("Message"))
    consent = forms.ChoiceField(label=gettext_lazy("Consent"), required=False)
    field = forms.ChoiceField(label=gettext_lazy("Field"), required=False)
    yearly = forms.BooleanField(label=gettext_lazy("Every year on that day"), required=False)
    name = forms.CharField(
        label=gettext_lazy("Name of the event"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("As the other system calls it."),
    )
    who = forms.ChoiceField(
        label=gettext_lazy("For whom"),
        required=False,
        choices=[(Who.BOOKER.value, gettext_lazy("Who booked")), (Who.GUESTS.value, gettext_lazy("Every guest"))],
    )
    properties = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Only at"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    shown_for: ClassVar[Mapping[str, str]] = {
        **{name: "kind=" + "|".join(kinds) for name, kinds in _NARROWS.items()},
        "properties": "kind=" + "|".join(_PLACES),
    }

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Days have a direction, a consent is one choice."""
        days = given.get("days", 0)
        consent = ".".join(filter(None, (given.get("purpose"), given.get("channel"))))
        return {
            **given,
            "days": abs(days),
            "side": "before" if days < 0 else "after",
            "at": given.get("at", "10:00"),
            "consent": consent,
        }

    def prepare(self) -> None:
        """Names of the business's own things."""
        kinds = [(kind.value, label) for kind, label in TRIGGERS.items() if kind not in NOBODY_YET]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.choose("tag", self.names.filters.tags, _("Choose …"))
        self.choose("segment", self.names.filters.segments, _("Choose …"))
        self.choose("product", self.names.products, _("Any product"))
        templates = {pk: each for pk, each in self.names.templates.items() if not each.is_archived}
        self.choose("template", templates, _("Any message"))
        consents = [(f"{purpose}.{channel}".rstrip("."), label) for (purpose, channel), label in CONSENTS.items()]
        self.fields["consent"].choices = [("", _("Choose …")), *consents]  # type: ignore[attr-defined]
        dates = [(key, each.label) for key, each in self.names.fields.items() if each.kind == CustomField.Kind.DATE]
        self.fields["field"].choices = [("", _("Choose …")), *dates]  # type: ignore[attr-defined]
        places = self.names.filters.properties
        if len(places) > 1:
            self.fields["properties"].choices = list(places.items())  # type: ignore[attr-defined]
        else:
            del self.fields["properties"]

    def value(self) -> dict[str, Any]:
        """Only what the trigger is narrowed by."""
        told, kind = self.cleaned_data, Trigger(self.cleaned_data["kind"])
        asked = {name for name, kinds in _NARROWS.items() if kind in kinds}
        found: dict[str, Any] = {"kind": kind.value}
        for name in asked & {"tag", "segment", "product", "template", "field", "name", "months", "yearly", "who"}:
            if told.get(name):
                found[name] = told[name]
        if "days" in asked:
            found["days"] = (told["days"] or 0) * (-1 if "side" in asked and told["side"] == "before" else 1)
            found["at"] = f"{told['at'] or dt.time(10):%H:%M}"
        if "consent" in asked and told["consent"]:
            found["purpose"], _dot, channel = told["consent"].partition(".")
            found |= {"channel": channel} if channel else {}
        if found.get("who") == Who.BOOKER:
            del found["who"]
        if kind in _PLACES and told.get("properties"):
            found["properties"] = sorted(told["properties"])
        return found


class WaitForm(PartForm):
    """How long a step waits, or until when."""

    until = forms.ChoiceField(
        label=gettext_lazy("Wait"),
        choices=[
            (Until.DURATION.value, gettext_lazy("for a while")),
            (Until.TIME.value, gettext_lazy("until a time of day")),
            (Until.WEEKDAY.value, gettext_lazy("until a weekday")),
            (Until.DATE.value, gettext_lazy("until a date")),
            (Until.ARRIVAL.value, gettext_lazy("until a day around the arrival")),
            (Until.DEPARTURE.value, gettext_lazy("until a day around the departure")),
        ],
    )
    days = _number(gettext_lazy("Days"))
    hours = _number(gettext_lazy("Hours"), 1000)
    minutes = _number(gettext_lazy("Minutes"), 1000)
    side = TriggerForm.base_fields["side"]
    date = forms.DateField(
        label=gettext_lazy("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Weekdays"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    at = _clock()
    shown_for: ClassVar[Mapping[str, str]] = {
        "days": "until=duration|arrival|departure",
        "hours": "until=duration",
        "minutes": "until=duration",
        "side": "until=arrival|departure",
        "date": "until=date",
        "weekdays": "until=weekday",
        "at": "until=time|weekday|date|arrival|departure",
    }

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Of the wait; days have a direction."""
        wait = given.get("wait") or {"until": "duration"}
        days = wait.get("days", 0)
        return {**wait, "days": abs(days) or None, "side": "before" if days < 0 else "after"}

    def prepare(self) -> None:
        """Weekdays by name."""
        named = locale().days["stand-alone"]["wide"]
        self.fields["weekdays"].choices = [(day, str(named[day])) for day in range(7)]  # type: ignore[attr-defined]

    def value(self) -> dict[str, Any]:
        """Only what belongs to the way it waits."""
        told = self.cleaned_data
        until, wait = told["until"], {"until": told["until"]}
        asked = {name for name, shown in self.shown_for.items() if until in shown.partition("=")[2].split("|")}
        for name in asked & {"hours", "minutes", "weekdays"}:
            if told[name]:
                wait[name] = told[name]
        if "days" in asked and told["days"]:
            wait["days"] = told["days"] * (-1 if "side" in asked and told["side"] == "before" else 1)
        if "date" in asked and told["date"]:
            wait["date"] = told["date"].isoformat()
        if "at" in asked and told["at"] is not None:
            wait["at"] = f"{told['at']:%H:%M}"
        return {"wait": wait}


class MessageForm(PartForm):
    """Which template."""

    template = _id_field(gettext_lazy("Template"))
    expires = forms.IntegerField(
        label=gettext_lazy("Of use for so many hours"),
        min_value=1,
        max_value=720,
        help_text=gettext_lazy("What could not leave by then is not sent any more."),
    )

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """With the usual time."""
        return {"expires": EXPIRES_HOURS, **given}

    def prepare(self) -> None:
        """Templates of the channel."""
        channel = self.given.get("do")
        fits = {pk: t for pk, t in self.names.templates.items() if t.channel == channel and not t.is_archived}
        self.choose("template", fits, _("Choose …"))


class TagForm(PartForm):
    """Which tag."""

    tag = _id_field(gettext_lazy("Tag"))

    def prepare(self) -> None:
        """Tags by name."""
        self.choose("tag", self.names.filters.tags, _("Choose …"))


class FieldForm(PartForm):
    """Which field of the business's own, and what it is set to."""

    field = forms.ChoiceField(label=gettext_lazy("Field"), required=False)
    text = forms.CharField(
        label=gettext_lazy("Set to"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Empty takes the value away. Dates as 2026-05-17; yes or no in words."),
    )

    @classmethod
    def initial_of(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """The value as typed."""
        value = given.get("value")
        text = {True: _("Yes"), False: _("No")}[value] if isinstance(value, bool) else value
        return {"field": given.get("field", ""), "text": "" if text is None else text}

    def prepare(self) -> None:
        """Fields by name."""
        own = [(key, each.label) for key, each in self.names.fields.items()]
        self.fields["field"].choices = [("", _("Choose …")), *own]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The value must fit the field."""
        told = super().clean() or {}
        field = self.names.fields.get(told.get("field", ""))
        if field is not None:
            read = value_read(field.kind, told.get("text", ""), options=field.options)
            if read.error:
                self.add_error("text", read.error)
            number = None if read.number is None else float(read.number)
            date = read.date.isoformat() if read.date is not None else None
            self.read = next((each for each in (read.flag, number, date) if each is not None), read.text or None)
        return told

    def value(self) -> dict[str, Any]:
        """The value as JSON."""
        field = self.cleaned_data["field"]
        return {"field": field, "value": self.read} if field else {}


class TaskForm(PartForm):
    """What is to be done, by whom, until when."""

    title = forms.CharField(label=gettext_lazy("What is to be done"), max_length=200, required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    days = _number(gettext_lazy("Due after so many days"))
    assignee = _id_field(gettext_lazy("For"))

    def prepare(self) -> None:
        """Colleagues by name."""
        self.choose("assignee", self.names.members, _("Whoever is there"))


class WebhookForm(PartForm):
    """Which system is told."""

    webhook = _id_field(gettext_lazy("Where it goes"))

    def prepare(self) -> None:
        """Endpoints by name."""
        self.choose("webhook", self.names.webhooks, _("Choose …"))


STEP_FORMS: Final[Mapping[Do, type[PartForm]]] = {
    Do.WAIT: WaitForm,
    Do.EMAIL: MessageForm,
    Do.SMS: MessageForm,
    Do.TAG: TagForm,
    Do.UNTAG: TagForm,
    Do.FIELD: FieldForm,
    Do.TASK: TaskForm,
    Do.WEBHOOK: WebhookForm,
}
"""The form of each kind of step; those with conditions have the builder of filters, and one that stops has none."""
OFFERED: Final[Choices] = [(do.value, label) for do, label in ACTS.items()]
