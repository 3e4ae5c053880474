"""Which cards are one guest, from pairs: average link, so that no chain of weak pairs joins strangers."""

import heapq
from math import log2

import numpy as np
from numpy.typing import NDArray

UNKNOWN = -6.0
"""Bits of a pair that was not looked at or is unlikely."""
MOST = 12.0


def clusters(
    size: int,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    weight: NDArray[np.float32],
    threshold: float,
    apart: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """A label for each of ``size`` rows: the two clusters with the best mean weight are joined, while it is enough.

    ``apart``: pairs of rows that never stand in one cluster.
    """
    least = log2(threshold / (1.0 - threshold)) if 0 < threshold < 1 else 0.0
    label = np.arange(size, dtype=np.int64)
    links: dict[int, dict[int, tuple[float, int]]] = {}
    kept = weight > UNKNOWN
    clipped = np.clip(weight[kept], -MOST, MOST).tolist()
    heap: list[tuple[float, int, int]] = []
    for a, b, bits in zip(left[kept].tolist(), right[kept].tolist(), clipped, strict=True):
        links.setdefault(a, {})[b] = (bits, 1)
        links.setdefault(b, {})[a] = (bits, 1)
        if bits >= least:
            heap.append((-bits, a, b))
    if apart is not None:
        for a, b in apart.tolist():
            links.setdefault(a, {})[b] = (-1e9, 1)
            links.setdefault(b, {})[a] = (-1e9, 1)
    heapq.heapify(heap)
    members: dict[int, list[int]] = {}
    gone: set[int] = set()

    def mean(a: int, b: int) -> float:
        total, known = links[a][b]
        every = len(members.get(a, (a,))) * len(members.get(b, (b,)))
        return (total + UNKNOWN * (every - known)) / every

    while heap:
        bits, a, b = heapq.heappop(heap)
        if a in gone or b in gone or b not in links[a]:
            continue
        now = mean(a, b)
        if abs(-bits - now) > 1e-6:
            if now >= least:
                heapq.heappush(heap, (-now, a, b))
            continue
        if len(links[a]) < len(links[b]):
            a, b = b, a
        members[a] = [*members.get(a, [a]), *members.pop(b, [b])]
        gone.add(b)
        del links[a][b]
        for c, (total, known) in links.pop(b).items():
            if c == a:
                continue
            before, seen = links[a].get(c, (0.0, 0))
            links[a][c] = links[c][a] = (before + total, seen + known)
            del links[c][b]
            if (now := mean(a, c)) >= least:
                heapq.heappush(heap, (-now, a, c))
    for rows in members.values():
        label[rows] = min(rows)
    return label


def components(size: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
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
