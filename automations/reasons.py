"""Why a journey ended, or why a step came as it did, in words."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import pgettext_lazy

from automations.models import Journey, JourneyStep
from messaging.outbox.labels import words

BY_HAND: Final = "hand"
"""Why a journey stopped: somebody stopped it."""
UNDONE: Final = "undone"
"""Why a journey stopped: its beginning was undone."""

REASONS: Final[Mapping[str, Any]] = {
    "only": pgettext_lazy("journey", "Did not match the filter when it was to begin"),
    "restricted": pgettext_lazy("journey", "The guest’s data may not be used"),
    "deceased": pgettext_lazy("journey", "Deceased"),
    "changed": pgettext_lazy("journey", "The day it was counted from is another one now"),
    "cancelled": pgettext_lazy("journey", "The stay was cancelled"),
    "booked": pgettext_lazy("journey", "The guest has booked"),
    "paid": pgettext_lazy("journey", "The invoice was paid"),
    "tag": pgettext_lazy("journey", "A tag was added or taken away"),
    "tag_added": pgettext_lazy("journey", "The tag was added"),
    "tag_removed": pgettext_lazy("journey", "The tag was taken away"),
    "matches": pgettext_lazy("journey", "The guest matches the filter for ending"),
    "condition": pgettext_lazy("journey", "A condition was not met"),
    "stopped": pgettext_lazy("journey", "Stopped by a step"),
    BY_HAND: pgettext_lazy("journey", "Stopped by hand"),
    UNDONE: pgettext_lazy("journey", "Its beginning was undone"),
    "circle": pgettext_lazy("journey", "Went round in a circle: ten times within a day"),
    "error": pgettext_lazy("journey", "Something went wrong that should not have"),
    "gone": pgettext_lazy("journey", "Something it names is gone"),
    "off": pgettext_lazy("journey", "The automation was turned off"),
    "same": pgettext_lazy("journey", "The guest was so already"),
    "full": pgettext_lazy("journey", "Carries nine tags, as many as a guest can"),
    "already": pgettext_lazy("journey", "Is on the way already"),
    "once": pgettext_lazy("journey", "Has been through it before"),
    "after": pgettext_lazy("journey", "Has been through it too lately"),
    "books": pgettext_lazy("journey", "The guest has booked"),
    "buys": pgettext_lazy("journey", "The guest has bought"),
    "pays": pgettext_lazy("journey", "The invoice was paid"),
    "answers": pgettext_lazy("journey", "The guest opened, followed or answered a message"),
    "tagged": pgettext_lazy("journey", "The guest got the tag"),
}
"""Why a journey ended or did not begin, and why a step had nothing to do; of a message that was not sent, what the
gate says."""
STATE_TONES: Final[Mapping[str, str]] = {
    Journey.State.PLANNED: "",
    Journey.State.RUNNING: "info",
    Journey.State.DONE: "ok",
    Journey.State.LEFT: "",
    Journey.State.GOAL: "ok",
    Journey.State.STOPPED: "warn",
    Journey.State.FAILED: "bad",
}
"""The colour of each state of a journey."""
OUTCOME_TONES: Final[Mapping[str, str]] = {
    JourneyStep.Outcome.DONE: "ok",
    JourneyStep.Outcome.YES: "",
    JourneyStep.Outcome.NO: "",
    JourneyStep.Outcome.REFUSED: "warn",
    JourneyStep.Outcome.LEFT: "",
    JourneyStep.Outcome.SKIPPED: "",
    JourneyStep.Outcome.FAILED: "bad",
}
"""The colour of each outcome of a step."""


def reason_words(code: str) -> str:
    """A reason in words; empty for none."""
    return str(REASONS[code]) if code in REASONS else words(code)
