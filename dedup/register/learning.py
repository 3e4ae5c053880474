"""What decisions teach: the business's own weights, and how well the thresholds do here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Final, NamedTuple

import numpy as np
from django.db import connection

from accounts.tenancy import require_business_id
from dedup.engine import Model
from dedup.register.models import MatchSettings
from dedup.register.settings import settings_get

ENOUGH: Final = 50
"""Decisions from which the engine learns, and precision and recall are told."""
_STRENGTH: Final = 4.0
"""How many decisions what the engine itself believes of a band counts as."""
_CUTS: Final = (0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999)

# Of two cards the newest word counts. "The same" counts while the two are one card: an undone merge was a mistake.
_SAID: Final = """
    SELECT d.pattern, d.weight, d.taught, d.verdict = 'same'
    FROM dedup_decision d
    LEFT JOIN customers_cardlineage a ON a.business_id = d.business_id AND a.absorbed_id = d.left_id
    LEFT JOIN customers_cardlineage b ON b.business_id = d.business_id AND b.absorbed_id = d.right_id
    WHERE d.business_id = %s AND NOT d.is_withdrawn AND d.verdict IN ('same', 'different')
      AND d.pattern IS NOT NULL AND d.weight IS NOT NULL
      AND (d.verdict = 'same') = (coalesce(a.survivor_id, d.left_id) = coalesce(b.survivor_id, d.right_id))
    ORDER BY d.id
"""


class Said(NamedTuple):
    """A decision: the levels of the pair, its weight when it was decided and how much of that was taught, and whether
    the two were the same."""

    pattern: int
    weight: float
    taught: float
    same: bool


@dataclass(frozen=True)
class Estimates:
    """How well the engine does in this register, as far as decisions tell.

    ``precision``: of the matches proposed, the share that are the same guest; ``recall``: of the double registrations
    that the engine found at all, the share that it proposes; each with the limits of 95 % (``*_low``, ``*_high``).
    ``certain_precision`` is that of the second threshold. All are ``None`` while there are fewer than ``needed``
    decisions. ``learned_from`` is how many decisions the weights in use were taught by; 0: they were learned from the
    register alone.
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
        return self.decisions >= self.needed


class Band(NamedTuple):
    """Matches of about one probability: how many there are, what the engine believes, and what people said."""

    low: float
    matches: int
    believed: float
    same: int
    different: int

    def share(self) -> tuple[float, float]:
        """The share of them that are one guest, and its variance: a beta distribution that begins with what the engine
        believes."""
        yes, no = self.same + _STRENGTH * self.believed, self.different + _STRENGTH * (1 - self.believed)
        total = yes + no
        return yes / total, yes * no / (total * total * (total + 1))


def said() -> list[Said]:
    """The decisions that stand and that a pair of levels is known of."""
    with connection.cursor() as cursor:
        cursor.execute(_SAID, [require_business_id()])
        return [Said(*row) for row in cursor.fetchall()]


def taught_of(learned: Model) -> tuple[Model, int]:
    """The model with what people decided, where they have decided enough, and how many decisions that were; else as it
    was learned, and 0."""
    decisions = said()
    if len(decisions) < ENOUGH:
        return learned, 0
    patterns = np.array([one.pattern for one in decisions], np.int64)
    weights = np.array([one.weight - one.taught for one in decisions])
    return learned.taught(patterns, np.array([one.same for one in decisions], bool), weights), len(decisions)


def is_due(settings: MatchSettings) -> bool:
    """Whether enough was decided since the model was made; ``dedup_follow_due`` asks the same."""
    return settings.untaught >= max(10, settings.taught_by // 5) and settings.taught_by + settings.untaught >= ENOUGH


def estimates() -> Estimates:
    """How well the engine does here, by all that was decided until now."""
    settings, decisions = settings_get(), said()
    same = sum(one.same for one in decisions)
    known = Estimates(
        decisions=len(decisions), same=same, different=len(decisions) - same, learned_from=settings.taught_by
    )
    if not known.enough:
        return known
    bands = _bands(sorted({*_CUTS, settings.propose, settings.certain}), decisions)
    proposed = [band for band in bands if band.low >= settings.propose]
    certain = [band for band in bands if band.low >= settings.certain]
    true, spread = _sum(proposed)
    all_true, all_spread = _sum(bands)
    count = sum(band.matches for band in proposed)
    precision = _limits(true, spread, count)
    recall = _limits(true, spread + all_spread, all_true)
    sure_true, sure_spread = _sum(certain)
    sure = _limits(sure_true, sure_spread, sum(band.matches for band in certain))
    return replace(
        known,
        precision=precision[0],
        precision_low=precision[1],
        precision_high=precision[2],
        recall=recall[0],
        recall_low=recall[1],
        recall_high=recall[2],
        certain_precision=sure[0],
        certain_low=sure[1],
    )


def _bands(cuts: Sequence[float], decisions: Sequence[Said]) -> list[Band]:
    """The matches by probability, those decided among them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT width_bucket(probability, %s::float8[]) AS band, count(*), avg(probability) FROM dedup_match"
            " WHERE business_id = %s AND state <> 'gone' GROUP BY 1",
            [list(cuts), require_business_id()],
        )
        found = {band: (count, believed) for band, count, believed in cursor.fetchall()}
    chances = 1 / (1 + np.exp2(-np.array([one.weight for one in decisions])))
    places = np.searchsorted(np.array(cuts), chances, side="right")
    bands = []
    for band, low in enumerate(cuts, start=1):
        count, believed = found.get(band, (0, 0.0))
        here = [one.same for one, place in zip(decisions, places.tolist(), strict=True) if place == band]
        bands.append(Band(low, max(count, len(here)), believed or low, sum(here), len(here) - sum(here)))
    return bands


def _sum(bands: Sequence[Band]) -> tuple[float, float]:
    """How many matches of these bands are one guest, and the variance of that."""
    shares = [(band.matches, *band.share()) for band in bands]
    return sum(n * share for n, share, _var in shares), sum(n * n * variance for n, _share, variance in shares)


def _limits(true: float, variance: float, count: float) -> tuple[float | None, float | None, float | None]:
    if count <= 0:
        return None, None, None
    share, off = true / count, 1.96 * sqrt(variance) / count
    return min(1.0, share), max(0.0, share - off), min(1.0, share + off)
