"""Automations that run, as their pages show them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import formats
from automations.building.course import course_of
from automations.building.labels import ICONS
from automations.building.naming import Names
from automations.building.shown import moment_words
from automations.definition import Definition, Step
from automations.models import Automation, Journey, JourneyStep
from automations.reasons import OUTCOME_TONES, STATE_TONES, reason_words
from automations.watching.ahead import Ahead
from automations.watching.selectors import Counts, StepCounts
from automations.watching.services import UNSKIPPED
from automations.words import step_words
from customers.conditions.names import locale

TROUBLES: Final[Mapping[str, Any]] = {
    "gone": gettext_lazy(
        "Something that begins it is gone: nobody enters until you choose something else and publish."
    ),
    "circle": gettext_lazy(
        "Guests go round in a circle: what it does, or another automation, begins it again and again. Who entered ten"
        " times within a day stays outside until the next."
    ),
}
_ARMS: Final = {"yes": gettext_lazy("If so"), "no": gettext_lazy("If not")}
_Outcome = JourneyStep.Outcome


@dataclass(frozen=True)
class Figure:
    """A number that leads to the guests it counts."""

    words: str
    number: int
    url: str
    tone: str = ""


@dataclass(frozen=True)
class StepLine:
    """A step with its numbers. ``why`` says of what did not come about for what reasons."""

    number: str
    label: str
    words: str
    icon: str
    figures: Sequence[Figure] = ()
    why: Sequence[Figure] = ()
    arms: Sequence[tuple[str, Sequence["StepLine"]]] = field(default_factory=tuple)


@dataclass(frozen=True)
class DoneLine:
    """A step that is behind a guest. ``url`` leads to the message, where one was written."""

    words: str
    icon: str
    outcome: str
    tone: str
    why: str
    at: dt.datetime
    url: str = ""


@dataclass(frozen=True)
class AheadLine:
    """A step to come. ``can_skip``: a member may let the guest go past it."""

    pk: str
    words: str
    icon: str
    at: dt.datetime | None
    arm: str
    depth: int
    is_maybe: bool
    is_now: bool
    can_skip: bool


class Overview:
    """The page of one automation that has been on."""

    def __init__(self, automation: Automation, definition: Definition, counts: Counts, names: Names, slug: str) -> None:
        self.automation, self.definition, self.counts, self.names = automation, definition, counts, names
        self.url = reverse("automation_journeys", kwargs={"slug": slug, "automation_id": automation.pk})

    @property
    def steps(self) -> Sequence[StepLine]:
        """The steps in their order."""
        course = {pk: moment_words(moment) for pk, moment in course_of(self.definition).items()}
        return self._row(self.definition.steps, course, "")

    @property
    def others(self) -> list[StepLine]:
        """Steps that only earlier versions had, at which guests stand or stood."""
        known = {step.id for step in self.definition.walk()} | {""}
        return [
            StepLine("", "", _("A step of an earlier version"), "history", self._figures(pk, told), self._why(pk, told))
            for pk, told in sorted(self.counts.steps.items())
            if pk not in known
        ]

    @property
    def before(self) -> Figure | None:
        """Those who have not come to the first step yet."""
        told = self.counts.steps.get("")
        if told is None or not told.waiting:
            return None
        number = self.counts.states.get(Journey.State.PLANNED, 0)
        words = ngettext("%(shown)s guest will begin", "%(shown)s guests will begin", told.waiting)
        state = {"state": Journey.State.PLANNED.value} if number == told.waiting else {}
        return Figure(words % {"shown": _shown(told.waiting)}, told.waiting, self._link(**state), "info")

    @property
    def ended(self) -> list[Figure]:
        """Why journeys ended before the last step."""
        found = [
            Figure(reason_words(reason), number, self._link(state=state, reason=reason))
            for state, reasons in self.counts.reasons.items()
            for reason, number in reasons.items()
            if state != Journey.State.GOAL
        ]
        return sorted(found, key=lambda each: (-each.number, each.words))

    @property
    def states(self) -> list[Figure]:
        """How many are in each state."""
        wanted = (Journey.State.RUNNING, Journey.State.PLANNED, Journey.State.DONE, Journey.State.LEFT)
        states = [*wanted, *((Journey.State.GOAL,) if self.definition.goal else ())]
        states += [each for each in (Journey.State.STOPPED, Journey.State.FAILED) if self.counts.states.get(each)]
        return [
            Figure(
                str(state.label), self.counts.states.get(state, 0), self._link(state=state.value), STATE_TONES[state]
            )
            for state in states
        ]

    @property
    def trouble(self) -> str:
        """What is wrong with it, so that nobody enters or not everybody; empty where nothing is."""
        code = self.automation.trouble
        return str(TROUBLES.get(code, reason_words(code))) if code else ""

    def _row(self, steps: Sequence[Step], course: Mapping[str, str], head: str) -> list[StepLine]:
        found = []
        for place, step in enumerate(steps, 1):
            told, number = self.counts.steps.get(step.id, StepCounts()), f"{head}{place}"
            arms = [
                (str(label), self._row(getattr(step, arm), course, f"{number}."))
                for arm, label in _ARMS.items()
                if getattr(step, arm)
            ]
            found.append(
                StepLine(
                    number,
                    course.get(step.id, ""),
                    step_words(step, self.names),
                    ICONS[step.do],
                    self._figures(step.id, told),
                    self._why(step.id, told),
                    arms,
                )
            )
        return found

    def _figures(self, pk: str, told: StepCounts) -> list[Figure]:
        found = []
        if told.waiting:
            words = ngettext("%(shown)s waits here", "%(shown)s wait here", told.waiting)
            found.append(Figure(words % {"shown": _shown(told.waiting)}, told.waiting, self._link(step=pk), "info"))
        for outcome in _Outcome:
            if number := told.number(outcome):
                words = f"{outcome.label}: {_shown(number)}"
                found.append(Figure(words, number, self._link(step=pk, outcome=outcome.value), OUTCOME_TONES[outcome]))
        return found

    def _why(self, pk: str, told: StepCounts) -> list[Figure]:
        found = [
            Figure(reason_words(reason), number, self._link(step=pk, outcome=outcome, reason=reason))
            for outcome, reasons in told.reasons.items()
            for reason, number in reasons.items()
        ]
        return sorted(found, key=lambda each: (-each.number, each.words))

    def _link(self, **query: str) -> str:
        return f"{self.url}?{urlencode(query)}" if query else self.url


def done_lines(
    steps: Sequence[JourneyStep], definition: Definition | None, names: Names, *, slug: str
) -> list[DoneLine]:
    """Steps behind a guest, in their order."""
    found = []
    for each in steps:
        step = definition.step(each.step) if definition is not None else None
        outcome = _Outcome(each.outcome)
        url = ""
        if each.message_id is not None:
            url = reverse("outbox_message", kwargs={"slug": slug, "message_id": each.message_id})
        found.append(
            DoneLine(
                step_words(step, names) if step is not None else _("A step of an earlier version"),
                ICONS[step.do] if step is not None else "history",
                str(outcome.label),
                OUTCOME_TONES[outcome],
                reason_words(each.reason),
                each.at,
                url,
            )
        )
    return found


def ahead_lines(ahead: Sequence[Ahead], names: Names) -> list[AheadLine]:
    """Steps to come, in their order."""
    return [
        AheadLine(
            each.step.id,
            step_words(each.step, names),
            ICONS[each.step.do],
            each.at,
            str(_ARMS[each.arm]) if each.arm else "",
            each.depth,
            each.is_maybe,
            each.is_now,
            each.step.do not in UNSKIPPED,
        )
        for each in ahead
    ]


def _shown(number: int) -> str:
    return formats.count(number, locale())
