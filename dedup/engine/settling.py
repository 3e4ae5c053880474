"""What the other cards tell of a pair: two cards that each match a third are proposed together, or neither."""

import numpy as np
from numpy.typing import NDArray

from dedup.engine.clusters import UNKNOWN, Groups
from dedup.engine.table import Table

IMPLIED_MOST = 2_000_000
Rows = NDArray[np.int64]


def settled(
    grouped: Groups, left: Rows, right: Rows, weight: NDArray[np.float32], least: float, table: Table
) -> tuple[Rows, NDArray[np.float32]]:
    """(further pairs int64[k, 2], weights of the given pairs and of these).

    A pair inside a group has at least the mean weight its two parts were joined at. One that its groups speak against
    has the mean weight between them.
    """
    size = np.int64(table.size)
    final = weight.copy()
    labels = grouped.labels
    low, high = np.minimum(labels[left], labels[right]), np.maximum(labels[left], labels[right])
    contradicted = np.flatnonzero((weight >= least) & (low != high))
    if len(contradicted):
        members = np.bincount(labels, minlength=table.size)
        between = low * size + high
        wanted, where = np.unique(between[contradicted], return_inverse=True)
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
    pairs, bits = _inside(grouped, table)
    if not len(pairs):
        return np.zeros((0, 2), np.int64), final
    given = left * size + right
    order = np.argsort(given)
    at = np.searchsorted(given[order], pairs)
    at[at == len(given)] = 0
    known = given[order][at] == pairs
    place = order[at[known]]
    final[place] = np.maximum(final[place], bits[known])
    further = pairs[~known]
    return np.stack([further // size, further % size], axis=1), np.append(final, bits[~known])


def _inside(grouped: Groups, table: Table) -> tuple[Rows, NDArray[np.float32]]:
    """All pairs inside groups of three and more, and the mean weight at which each was joined."""
    pairs: list[Rows] = []
    bits: list[NDArray[np.float32]] = []
    made = 0
    for mine, other, mean in grouped.joined:
        if made > IMPLIED_MOST:
            break
        one, two = np.repeat(mine, len(other)), np.tile(other, len(mine))
        if table.source is not None:
            apart = table.source[one] != table.source[two]
            one, two = one[apart], two[apart]
        pairs.append(np.minimum(one, two).astype(np.int64) * table.size + np.maximum(one, two))
        bits.append(np.full(len(one), mean, np.float32))
        made += len(one)
    if not pairs:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    return np.concatenate(pairs), np.concatenate(bits)
