"""Learning from decisions: small corrections to what levels say, held near what was learned without labels.

A logistic model of the decisions with one number a level and one for all, beside the weight that the pairs had by
themselves. What few decisions speak of stays as it was: a correction has to earn its place (a normal prior, ridge). How
firmly corrections are held is what tells decisions best that were kept aside; where no correction clearly does,
nothing is corrected.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dedup.engine.model import Model

STRENGTHS = (16.0, 8.0, 4.0, 2.0, 1.0)
"""How firmly corrections are held: tried from the firmest."""
FOLDS = 10
CLEARLY = 2.5
"""Standard errors by which corrected weights have to tell decisions kept aside better than uncorrected ones."""
LEAST = 2.0
"""Nats by which they have to tell them better altogether."""
MOST = 6.0
ROUNDS = 50
_CLIP = 12.0
Bits = NDArray[np.float64]
Said = NDArray[np.bool_]


def taught(model: Model, patterns: NDArray[np.int64], same: Said, weights: Bits | None = None) -> Model:
    """The model after decisions: patterns of pairs, and whether each was one guest.

    ``weights``: what the pairs had in the register, less what was taught before (``Model.correction``); without them
    what the untaught model gives pairs of these patterns whose values are neither rare nor common. Corrections taught
    before are made anew, not added to.
    """
    plain = replace(model, bits={}, bias=0.0, decisions=0)
    if not len(patterns):
        return plain
    offset = np.clip(plain.usual(patterns) if weights is None else weights, -_CLIP, _CLIP) * np.log(2)
    shown, places = _shown(plain, patterns)
    aside = np.random.default_rng(3).permutation(len(same)) % FOLDS
    before = _surprise(offset, same)
    tried = [(_surprise(_foretold(shown, same, offset, aside, strength), same), strength) for strength in STRENGTHS]
    after, strength = min(tried, key=lambda one: float(one[0].sum()))
    gained = before - after
    if gained.sum() > max(LEAST, CLEARLY * float(gained.std()) * len(gained) ** 0.5):
        bits = np.clip(_fitted(shown, same, offset, strength) / np.log(2), -MOST, MOST)
    else:
        bits = np.zeros(shown.shape[1])
    return replace(
        plain,
        bits={name: tuple(bits[start:end].tolist()) for name, (start, end) in places.items()},
        bias=float(bits[-1]),
        decisions=len(patterns),
    )


def _foretold(shown: Bits, same: Said, offset: Bits, aside: NDArray[np.int64], strength: float) -> Bits:
    """The log odds of each decision, by what the others teach: each tenth of them by the rest."""
    found = offset.copy()
    for fold in range(FOLDS):
        mine = aside == fold
        found[mine] += shown[mine] @ _fitted(shown[~mine], same[~mine], offset[~mine], strength)
    return found


def _fitted(shown: Bits, same: Said, offset: Bits, strength: float) -> Bits:
    """The corrections that make the decisions likeliest: Newton's method, each step halved until it betters them."""

    def loss(found: Bits) -> float:
        return float(_surprise(offset + shown @ found, same).sum() + strength / 2 * (found**2).sum())

    found = np.zeros(shown.shape[1])
    held = strength * np.eye(shown.shape[1])
    now = loss(found)
    for _ in range(ROUNDS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(offset + shown @ found, -40, 40)))
        curve = (shown.T * (chance * (1.0 - chance))) @ shown + held
        step = np.linalg.solve(curve, shown.T @ (chance - same) + strength * found)
        length = 1.0
        while length > 1e-3 and loss(found - length * step) > now:
            length /= 2
        found = found - length * step
        before, now = now, loss(found)
        if before - now < 1e-6:
            break
    return found


def _surprise(odds: Bits, same: Said) -> Bits:
    """Minus the log of the chance that each decision had, by its log odds."""
    found: Bits = np.logaddexp(0.0, np.where(same, -odds, odds))
    return found


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
