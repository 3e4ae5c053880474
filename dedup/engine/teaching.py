"""Learning from decisions: small corrections to what levels say, held near what was learned without labels.

A logistic model of the decisions with one number a level and one for all, beside the weight that the model gives by
itself. What few decisions speak of stays as it was: a correction has to earn its place (a normal prior, ridge).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dedup.engine.model import Model

LEVEL_STRENGTH = 1.0
BIAS_STRENGTH = 0.2
MOST = 6.0
ROUNDS = 25
_CLIP = 12.0
Bits = NDArray[np.float64]


def taught(model: Model, patterns: NDArray[np.int64], same: NDArray[np.bool_], weights: Bits | None = None) -> Model:
    """The model after decisions: patterns of pairs, and whether each was one guest.

    ``weights``: what the untaught model gave the pairs; without them what it gives pairs of these patterns whose values
    are neither rare nor common. Corrections taught before are made anew, not added to.
    """
    plain = replace(model, bits={}, bias=0.0, decisions=0)
    if not len(patterns) or same.all() or not same.any():
        return plain
    offset = np.clip(plain.usual(patterns) if weights is None else weights, -_CLIP, _CLIP) * np.log(2)
    shown, places = _shown(plain, patterns)
    strength = np.full(shown.shape[1], LEVEL_STRENGTH)
    strength[-1] = BIAS_STRENGTH
    found = np.zeros(shown.shape[1])
    for _ in range(ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-(offset + shown @ found)))
        slope = shown.T @ (chance - same) + strength * found
        curve = (shown.T * (chance * (1.0 - chance))) @ shown + np.diag(strength)
        step = np.linalg.solve(curve, slope)
        found -= step
        if np.abs(step).max() < 1e-4:
            break
    bits = np.clip(found / np.log(2), -MOST, MOST)
    return replace(
        plain,
        bits={name: tuple(bits[start:end].tolist()) for name, (start, end) in places.items()},
        bias=float(bits[-1]),
        decisions=len(patterns),
    )


def _shown(model: Model, patterns: NDArray[np.int64]) -> tuple[Bits, dict[str, tuple[int, int]]]:
    """A column of noughts and ones for each level of each comparison, and one of ones; and where each begins."""
    columns, places, start = [], {}, 0
    for one, found in zip(model.comparisons, model.levels_of(patterns), strict=True):
        width = len(one.levels)
        columns.append((found[:, None] == np.arange(width)).astype(np.float64))
        places[one.name] = (start, start + width)
        start += width
    columns.append(np.ones((len(patterns), 1)))
    return np.concatenate(columns, axis=1), places
