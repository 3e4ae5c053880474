"""Which cards are one guest, from pairs: average link, so that no chain of weak pairs joins strangers."""

import heapq
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from math import log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

UNKNOWN = -6.0
"""Bits of a pair that was not looked at, or is unlikely."""
MOST = 12.0
_APART = -1e9
Rows = NDArray[np.int64]


class Groups(NamedTuple):
    """``labels``: one for each row, the same for rows that are one guest: the smallest of them. ``joined``: of groups
    of three and more, the two parts that were joined at each step, and the mean weight between them."""

    labels: Rows
    joined: list[tuple[list[int], list[int], float]]


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
    """Join the two groups with the best mean weight between them, while it is ``least`` or more.

    ``apart``: pairs of rows that never stand in one group, int64[k, 2]. ``source``: pairs of one source say nothing.
    """
    strong = weight >= least
    whole = components(size, left[strong], right[strong])
    members = np.bincount(whole, minlength=size)
    labels = np.arange(size, dtype=np.int64)
    barred: Rows = np.zeros((0, 2), np.int64) if apart is None else apart.astype(np.int64)
    inside = whole[left] == whole[right]
    # A pair that has no other pair beside it needs no thought.
    alone = inside & strong & (members[whole[left]] == 2)
    if len(barred):
        low, high = barred.min(axis=1), barred.max(axis=1)
        alone &= ~np.isin(np.minimum(left, right) * size + np.maximum(left, right), low * size + high)
    labels[np.maximum(left, right)[alone]] = np.minimum(left, right)[alone]
    several = np.flatnonzero(inside & (members[whole[left]] > 2) & (weight > UNKNOWN))
    order = several[np.argsort(whole[left[several]], kind="stable")]
    kept = barred[whole[barred[:, 0]] == whole[barred[:, 1]]] if len(barred) else barred
    closed = {(min(a, b), max(a, b)) for a, b in kept.tolist()}
    joined: list[tuple[list[int], list[int], float]] = []
    starts = np.flatnonzero(np.diff(whole[left[order]], prepend=-1))
    edges = [*starts.tolist(), len(order)]
    a, b, bits = left[order].tolist(), right[order].tolist(), np.clip(weight[order], -MOST, MOST).tolist()
    for begin, end in pairwise(edges):
        steps = _joined(zip(a[begin:end], b[begin:end], bits[begin:end], strict=True), least, closed, source)
        for mine, other, _ in steps:
            every = [*mine, *other]
            labels[every] = min(every)
        joined += steps
    return Groups(labels, joined)


def _joined(
    pairs: Iterable[tuple[int, int, float]], least: float, closed: set[tuple[int, int]], source: Rows | None
) -> list[tuple[list[int], list[int], float]]:
    links: dict[int, dict[int, tuple[float, int]]] = {}
    heap: list[tuple[float, int, int]] = []
    for a, b, bits in pairs:
        found = _APART if (min(a, b), max(a, b)) in closed else bits
        links.setdefault(a, {})[b] = links.setdefault(b, {})[a] = (found, 1)
        if found >= least:
            heap.append((-found, a, b))
    for a, b in closed:
        if a in links and b in links:
            links[a][b] = links[b][a] = (_APART, 1)
    heapq.heapify(heap)
    members: dict[int, list[int]] = {row: [row] for row in links}
    steps = []

    def between(one: list[int], other: list[int]) -> int:
        """How many pairs there are between two groups."""
        if source is None:
            return len(one) * len(other)
        mine, theirs = Counter(source[one].tolist()), Counter(source[other].tolist())
        return len(one) * len(other) - sum(count * theirs[each] for each, count in mine.items())

    while heap:
        bits, a, b = heapq.heappop(heap)
        if a not in members or b not in members:
            continue
        total, known = links[a][b]
        every = between(members[a], members[b])
        now = (total + UNKNOWN * (every - known)) / every
        if now < -bits - 1e-6:
            if now >= least:
                heapq.heappush(heap, (-now, a, b))
            continue
        if len(links[a]) < len(links[b]):
            a, b = b, a
        steps.append((members[a], members[b], now))
        members[a] = members[a] + members.pop(b)
        del links[a][b]
        for c, (sum_c, known_c) in links.pop(b).items():
            if c == a:
                continue
            sum_a, known_a = links[a].get(c, (0.0, 0))
            links[a][c] = links[c][a] = (sum_a + sum_c, known_a + known_c)
            del links[c][b]
            every = between(members[a], members[c])
            now = (sum_a + sum_c + UNKNOWN * (every - known_a - known_c)) / every
            if now >= least:
                heapq.heappush(heap, (-now, a, c))
    return steps


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
