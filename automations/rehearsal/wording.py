"""What a rehearsal came to, in words."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy, pgettext_lazy

from automations.models import DryRun
from automations.rehearsal.occasion import NO_DATE, NO_INVOICE, NO_STAY, PASSED
from automations.rehearsal.ways import OUT

PROBLEMS: Final[Mapping[str, Any]] = {
    "busy": gettext_lazy("Somebody else was at work on the same guests. Try again in a moment."),
    "many": gettext_lazy("More than 50,000 journeys would begin in these days. Choose fewer days."),
    "definition": gettext_lazy("Something that it names is gone. Look at the automation again."),
    "error": gettext_lazy(
        "Something went wrong that should not have. It was written down for those who look after it."
    ),
}
"""Why a dry run failed."""
NOTES: Final[Mapping[str, Any]] = {
    NO_STAY: gettext_lazy("This guest has no stay that it could be about. It is tried as if it began now."),
    NO_INVOICE: gettext_lazy("This guest has no unpaid invoice. It is tried as if it began now."),
    NO_DATE: gettext_lazy("The day it counts from is not known of this guest. It is tried as if it began now."),
    PASSED: gettext_lazy("Its moment has passed for this guest. It is tried as if it began now."),
}
"""What a trial began with instead."""
_OUTCOMES: Final[Mapping[str, Any]] = {
    "done": pgettext_lazy("dry run", "Would be done"),
    "yes": pgettext_lazy("step", "Yes"),
    "no": pgettext_lazy("step", "No"),
    "refused": pgettext_lazy("dry run", "Would not be sent"),
    "left": pgettext_lazy("dry run", "Nothing to do"),
    "failed": pgettext_lazy("dry run", "Would fail"),
    "skipped": pgettext_lazy("step", "Skipped by hand"),
}
_SENT: Final = pgettext_lazy("dry run", "Would be sent")
_WAITED: Final = pgettext_lazy("dry run", "Waited")
_STATES: Final[Mapping[str, Any]] = {
    "planned": pgettext_lazy("dry run", "Would still be to come"),
    "running": pgettext_lazy("dry run", "Would still be under way"),
    "done": pgettext_lazy("dry run", "Would come to its end"),
    "left": pgettext_lazy("dry run", "Would leave early"),
    "goal": pgettext_lazy("dry run", "Would reach the goal"),
    "stopped": pgettext_lazy("dry run", "Would stop"),
    "failed": pgettext_lazy("dry run", "Would fail"),
}
_OUT: Final = pgettext_lazy("dry run", "Would not begin")
_TONES: Final = {"refused": "warn", "failed": "bad", "goal": "ok", "out": "warn"}


def problem_words(run: DryRun) -> str:
    """Why a dry run failed; empty where it did not."""
    return str(PROBLEMS.get(run.problem, run.problem))


def outcome_words(outcome: str, *, is_message: bool = False, is_wait: bool = False) -> str:
    """What a step came to."""
    if outcome == "done" and (is_message or is_wait):
        return str(_SENT if is_message else _WAITED)
    return str(_OUTCOMES.get(outcome, outcome))


def state_words(state: str) -> str:
    """How a journey ended."""
    return str(_OUT if state == OUT else _STATES.get(state, state))


def tone(outcome: str) -> str:
    """The colour of an outcome."""
    return _TONES.get(outcome, "neutral")
