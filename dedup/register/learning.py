"""What decisions teach: the business's own weights, and how well the thresholds do here."""

from dataclasses import dataclass

from dedup.register.models import MatchSettings

ENOUGH = 50
"""Decisions from which the engine learns, and precision and recall are told."""


@dataclass(frozen=True)
class Estimates:
    """How well the engine does in this register, as far as decisions tell.

    ``precision``: of the matches proposed, the share that are the same guest; ``recall``: of the double registrations
    the engine compared, the share that it proposes; each with the limits of 95 % (``*_low``, ``*_high``). ``None``
    while there are fewer than :data:`ENOUGH` decisions. ``certain_precision`` is of the second threshold.
    ``learned_from`` is how many decisions the weights in use were taught by; 0: they are learned from the register
    alone.
    """

    decisions: int = 0
    same: int = 0
    different: int = 0
    needed: int = ENOUGH
    learned_from: int = 0
    precision: float | None = None
    precision_low: float | None = None
    precision_high: float | None = None
    recall: float | None = None
    recall_low: float | None = None
    recall_high: float | None = None
    certain_precision: float | None = None
    certain_low: float | None = None

    @property
    def enough(self) -> bool:
        """Whether there are enough decisions to tell."""
        return self.same + self.different >= self.needed


def estimates() -> Estimates:
    """How well the engine does here, as it was reckoned when it last learned."""
    settings = MatchSettings.objects.first()
    return Estimates(**(settings.estimates if settings else {}))
