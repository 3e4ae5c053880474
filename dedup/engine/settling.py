"""What the other cards tell of a pair: two cards that each match a third are proposed together, or neither."""

import numpy as np
from numpy.typing import NDArray

from dedup.engine.arrays import numbered
from dedup.engine.clusters import UNKNOWN, Groups
from dedup.engine.table import Table

Rows = NDArray[np.int64]


def settled(
    grouped: Groups,
    left: Rows,
    right: Rows,
    weight: NDArray[np.float32],
    least: float,
    table: Table,
    apart: Rows | None = None,
) -> tuple[Rows, NDArray[np.float32]]:
    """(further pairs int64[k, 2], weights of the given pairs and of these).

    A pair inside a group has at least the mean weight its two parts were joined at. One that its groups speak against
    has the mean weight between them.
    """
    size = np.int64(table.size)
    final = weight.copy()
    labels = grouped.labels
    low, high = np.minimum(labels[left], labels[right]), np.maximum(labels[left], labels[right])
    between = low * size + high
    against = (weight >= least) & (low != high)
    if apart is not None and len(apart):
        # Which of two cards that people keep apart is the third one, people have to say too: both stay proposed.
        one, other = labels[apart[:, 0]], labels[apart[:, 1]]
        against &= ~np.isin(between, np.minimum(one, other) * size + np.maximum(one, other))
    contradicted = np.flatnonzero(against)
    if len(contradicted):
        members = np.bincount(labels, minlength=table.size)
        wanted, where = numbered(between[contradicted])
        at = np.searchsorted(wanted, between)
        at[at == len(wanted)] = 0
        same = wanted[at] == between
        sums = np.bincount(at[same], np.clip(weight[same], -12.0, 12.0), minlength=len(wanted))
        known = np.bincount(at[same], minlength=len(wanted))
        every = (members[wanted // size] * members[wanted % size]).astype(np.float64)
        if table.source is not None:
            every = np.maximum(known, 1.0)
        mean = (sums + UNKNOWN * (every - known)) / every
        final[contradicted] = np.minimum(final[contradicted], np.minimum(mean[where], least - 0.01))
    pairs, bits = grouped.pairs, grouped.bits
    if table.source is not None:
        linked = table.source[pairs[:, 0]] != table.source[pairs[:, 1]]
        pairs, bits = pairs[linked], bits[linked]
    if not len(pairs):
        return np.zeros((0, 2), np.int64), final
    implied = pairs[:, 0] * size + pairs[:, 1]
    given = left * size + right
    order = np.argsort(given)
    at = np.searchsorted(given[order], implied)
    at[at == len(given)] = 0
    known = given[order][at] == implied
    place = order[at[known]]
    final[place] = np.maximum(final[place], bits[known])
    return pairs[~known], np.append(final, bits[~known])
