"""What an automation says, in the words of a hotelier: triggers, waits, steps, and why things came as they did."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts import formats
from automations.building.labels import (
    ACTS,
    TRIGGERS,
    Named,
    arrival_words,
    clock_words,
    departure_words,
    entry_words,
    exit_words,
    goal_words,
    weekday_words,
)
from automations.definition import Do, Start, Step, Trigger, Until, Wait, Who
from automations.reasons import OUTCOME_TONES, STATE_TONES, reason_words
from customers.consent.labels import LABELS as CONSENTS

__all__ = [
    "OUTCOME_TONES", "STATE_TONES", "duration_words", "entry_words", "exit_words", "goal_words", "reason_words",
    "step_words", "trigger_words", "wait_words",
]  # fmt: skip

_NARROWED: Final[Mapping[Trigger, Any]] = {
    Trigger.PURCHASE: gettext_lazy("When a guest buys %(what)s"),
    Trigger.TAG_ADDED: gettext_lazy("When the tag %(what)s is added"),
    Trigger.SEGMENT_ENTERED: gettext_lazy("When a guest enters the segment %(what)s"),
    Trigger.MESSAGE_OPENED: gettext_lazy("When a guest opens %(what)s"),
    Trigger.MESSAGE_CLICKED: gettext_lazy("When a guest follows a link in %(what)s"),
    Trigger.EVENT: gettext_lazy("When another system tells of “%(what)s”"),
}


def trigger_words(start: Start, names: Named) -> str:
    """A trigger as a sentence: "3 days before arrival, at 10:00"."""
    if start.is_date:
        said = _("%(when)s, at %(clock)s") % {"when": _DATED[start.kind](start, names), "clock": clock_words(start.at)}
    elif start.kind == Trigger.CONSENT_GIVEN and start.purpose:
        label = CONSENTS.get((start.purpose, start.channel)) or next(
            (str(text) for (purpose, _channel), text in CONSENTS.items() if purpose == start.purpose), start.purpose
        )
        said = _("When a guest consents: %(what)s") % {"what": label}
    elif start.kind in _NARROWED and names.of_trigger(start):
        said = str(_NARROWED[start.kind]) % {"what": names.of_trigger(start)}
    else:
        said = str(TRIGGERS[start.kind])
    if start.properties:
        said += " · " + ", ".join(names.property(pk) for pk in start.properties)
    if start.has_stay and start.who == Who.GUESTS:
        said += " · " + _("every guest of the stay")
    return said


def wait_words(wait: Wait) -> str:
    """A wait as a sentence: "Wait 2 days", "Wait until 10:00"."""
    clock = _(", at %(clock)s") % {"clock": clock_words(wait.at)} if wait.at is not None else ""
    match wait.until:
        case Until.DURATION:
            return _("Wait %(long)s") % {"long": duration_words(wait)}
        case Until.DATE:
            return _("Wait until %(day)s") % {"day": _day(wait.date)} + clock
        case Until.TIME:
            return _("Wait until %(clock)s") % {"clock": clock_words(wait.at) if wait.at is not None else "…"}
        case Until.WEEKDAY:
            days = _(" or ").join(weekday_words(day) for day in wait.weekdays) or "…"
            return _("Wait until the next %(days)s") % {"days": days} + clock
        case Until.ARRIVAL:
            return _("Wait until %(day)s") % {"day": arrival_words(wait.days)} + clock
    return _("Wait until %(day)s") % {"day": departure_words(wait.days)} + clock


def step_words(step: Step, names: Named) -> str:
    """A step as a sentence."""
    match step.do:
        case Do.WAIT:
            return wait_words(step.wait) if step.wait is not None else str(ACTS[Do.WAIT])
        case Do.ONLY_IF:
            return _("Go on only if: %(tree)s") % {"tree": names.tree(step.tree) or "…"}
        case Do.BRANCH:
            return _("If: %(tree)s") % {"tree": names.tree(step.tree) or "…"}
        case Do.EMAIL:
            return _("Send the e-mail “%(template)s”") % {"template": names.template(step.template)}
        case Do.SMS:
            return _("Send the SMS “%(template)s”") % {"template": names.template(step.template)}
        case Do.TAG:
            return _("Add the tag %(tag)s") % {"tag": names.tag(step.tag)}
        case Do.UNTAG:
            return _("Take the tag %(tag)s away") % {"tag": names.tag(step.tag)}
        case Do.FIELD:
            shown = {"field": names.field(step.field), "value": names.value(step.field, step.value)}
            return _("Set %(field)s to %(value)s") % shown
        case Do.TASK:
            told = _("Task: %(title)s") % {"title": step.title or "…"}
            return f"{told} · {names.member(step.assignee)}" if step.assignee is not None else told
        case Do.WEBHOOK:
            return _("Tell %(webhook)s") % {"webhook": names.webhook(step.webhook)}
    return str(ACTS[step.do])


def duration_words(wait: Wait) -> str:
    """How long: "2 days 3 hours"."""
    parts = []
    if wait.days:
        parts.append(ngettext("%(count)d day", "%(count)d days", wait.days) % {"count": wait.days})
    if wait.hours:
        parts.append(ngettext("%(count)d hour", "%(count)d hours", wait.hours) % {"count": wait.hours})
    if wait.minutes:
        parts.append(ngettext("%(count)d minute", "%(count)d minutes", wait.minutes) % {"count": wait.minutes})
    return " ".join(parts) or "…"


def _day(day: dt.date | None) -> str:
    return formats.day(day, formats.locale_for(get_language())) if day is not None else "…"


def _before_arrival(start: Start, names: Named) -> str:
    return arrival_words(-start.days)


def _after_departure(start: Start, names: Named) -> str:
    return departure_words(start.days)


def _after_last(start: Start, names: Named) -> str:
    parts = []
    if start.months:
        parts.append(ngettext("%(count)d month", "%(count)d months", start.months) % {"count": start.months})
    if start.days or not parts:
        parts.append(ngettext("%(count)d day", "%(count)d days", start.days) % {"count": start.days})
    return _("%(long)s after the last stay") % {"long": " ".join(parts)}


def _birthday(start: Start, names: Named) -> str:
    if not start.days:
        return _("On the birthday")
    told = ngettext("%(count)d day before the birthday", "%(count)d days before the birthday", start.days)
    return told % {"count": start.days}


def _date(start: Start, names: Named) -> str:
    return _around(start.days) % {"what": names.field(start.field)} + (" · " + _("every year") if start.yearly else "")


def _invoice(start: Start, names: Named) -> str:
    return _around(start.days) % {"what": _("the due date of an invoice")}


def _around(days: int) -> str:
    if not days:
        return _("On %(what)s")
    if days < 0:
        told = ngettext("%(count)d day before %%(what)s", "%(count)d days before %%(what)s", -days)
        return told % {"count": -days}
    return ngettext("%(count)d day after %%(what)s", "%(count)d days after %%(what)s", days) % {"count": days}


_DATED: Final[Mapping[Trigger, Callable[[Start, Named], str]]] = {
    Trigger.BEFORE_ARRIVAL: _before_arrival,
    Trigger.AFTER_DEPARTURE: _after_departure,
    Trigger.AFTER_LAST_STAY: _after_last,
    Trigger.BIRTHDAY: _birthday,
    Trigger.DATE: _date,
    Trigger.INVOICE_DUE: _invoice,
}
