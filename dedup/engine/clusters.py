"""Which cards are one guest, from pairs: average link, so that no chain of weak pairs joins strangers."""

from math import log2
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.engine.arrays import first_of_each

UNKNOWN = -6.0
"""Bits of a pair that was not looked at, or is unlikely."""
MOST = 12.0
IMPLIED_MOST = 2_000_000
_APART = -1e9
Rows = NDArray[np.int64]
Bits = NDArray[np.float64]


class Groups(NamedTuple):
    """``labels``: one for each row, the same for rows that are one guest: the smallest of them. ``pairs``: int64[k, 2],
    rows that came into one group with others, and ``bits``, the mean weight at which their parts were joined."""

    labels: Rows
    pairs: Rows
    bits: NDArray[np.float32]


class _Links(NamedTuple):
    """Between groups ``a`` < ``b``: the sum of known weights and how many are known."""

    a: Rows
    b: Rows
    total: Bits
    known: Bits


def bits_of(threshold: float) -> float:
    """The weight of a probability."""
    return log2(threshold / (1.0 - threshold)) if 0 < threshold < 1 else 0.0


def groups(
    size: int,
    left: Rows,
    right: Rows,
    weight: NDArray[np.float32],
    least: float,
    apart: Rows | None = None,
    source: Rows | None = None,
) -> Groups:
    """Join groups with the best mean weight between them, while it is ``least`` or more.

    Two groups that are each other's best are joined, all of these at once: average link gives the same groups so as
    one by one, best first. ``apart``: pairs of rows that never stand in one group, int64[k, 2]. ``source``: pairs of
    one source say nothing.
    """
    labels = np.arange(size, dtype=np.int64)
    strong = weight >= least
    whole = components(size, left[strong], right[strong])
    inside = np.flatnonzero((whole[left] == whole[right]) & (weight > UNKNOWN))
    a, b = np.minimum(left[inside], right[inside]), np.maximum(left[inside], right[inside])
    total, known = np.clip(weight[inside], -MOST, MOST).astype(np.float64), np.ones(len(inside))
    if apart is not None and len(apart):
        a, b = np.append(a, apart.min(axis=1)), np.append(b, apart.max(axis=1))
        total, known = np.append(total, np.full(len(apart), _APART)), np.append(known, np.ones(len(apart)))
    links = _gathered(a, b, total, known, size)
    members = np.ones(size)
    sources = None
    if source is not None:
        sources = np.zeros((size, int(source.max(initial=0)) + 1))
        sources[np.arange(size), source] = 1
    pairs: list[Rows] = []
    bits: list[NDArray[np.float32]] = []
    made = 0
    while len(links.a):
        every = members[links.a] * members[links.b]
        if sources is not None:
            every -= (sources[links.a] * sources[links.b]).sum(axis=1)
        mean = (links.total + UNKNOWN * (every - links.known)) / np.maximum(every, 1.0)
        chosen = _each_others_best(links, mean, least, size)
        if not len(chosen):
            break
        one, other = links.a[chosen], links.b[chosen]
        if made < IMPLIED_MOST:
            implied, of = _across(labels, one, other, members)
            pairs.append(implied)
            bits.append(mean[chosen][of].astype(np.float32))
            made += len(of)
        to = np.arange(size, dtype=np.int64)
        to[other] = one
        labels = to[labels]
        members[one] += members[other]
        if sources is not None:
            sources[one] += sources[other]
        a, b = to[links.a], to[links.b]
        between = a != b
        low, high = np.minimum(a, b)[between], np.maximum(a, b)[between]
        links = _gathered(low, high, links.total[between], links.known[between], size)
    found = np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int64)
    return Groups(labels, found, np.concatenate(bits) if bits else np.zeros(0, np.float32))


def _gathered(a: Rows, b: Rows, total: Bits, known: Bits, size: int) -> _Links:
    """Links of which each pair of groups has one."""
    if not len(a):
        return _Links(a, b, total, known)
    key = a * np.int64(size) + b
    order = np.argsort(key)
    start = np.flatnonzero(first_of_each(key[order]))
    at = order[start]
    return _Links(a[at], b[at], np.add.reduceat(total[order], start), np.add.reduceat(known[order], start))


def _each_others_best(links: _Links, mean: Bits, least: float, size: int) -> Rows:
    """The links that are the best of both their groups, of ``least`` or more."""
    enough = np.flatnonzero(mean >= least)
    enough = enough[np.argsort(mean[enough], kind="stable")]
    best = np.full(size, -1, np.int64)
    ends = np.stack([links.a[enough], links.b[enough]], axis=1).ravel()
    # The last one written stays: the best.
    best[ends] = np.repeat(enough, 2)
    return enough[(best[links.a[enough]] == enough) & (best[links.b[enough]] == enough)]


def _across(labels: Rows, one: Rows, other: Rows, members: Bits) -> tuple[Rows, NDArray[Any]]:
    """Pairs of rows between groups that are being joined, int64[k, 2], and which joining each is of.

    Two single rows are left out: their pair is known.
    """
    several = np.flatnonzero(members[one] * members[other] > 1)
    if not len(several):
        return np.zeros((0, 2), np.int64), np.zeros(0, np.int64)
    order = np.argsort(labels, kind="stable")
    ordered = labels[order]
    start_a, start_b = np.searchsorted(ordered, one[several]), np.searchsorted(ordered, other[several])
    width = members[other[several]].astype(np.int64)
    counts = members[one[several]].astype(np.int64) * width
    pair = np.repeat(np.arange(len(several)), counts)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows_a, rows_b = order[start_a[pair] + within // width[pair]], order[start_b[pair] + within % width[pair]]
    return np.stack([np.minimum(rows_a, rows_b), np.maximum(rows_a, rows_b)], axis=1), several[pair]


def components(size: int, left: Rows, right: Rows) -> Rows:
    """A label for each of ``size`` rows: the smallest row that it is connected to."""
    label = np.arange(size, dtype=np.int64)
    while True:
        low = np.minimum(label[left], label[right])
        high = np.maximum(label[left], label[right])
        apart = low != high
        if not apart.any():
            return label
        np.minimum.at(label, high[apart], low[apart])
        while (label != label[label]).any():
            label = label[label]
