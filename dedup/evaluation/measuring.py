"""How well pairs and groups fit the truth."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.engine import Found

Rows = NDArray[np.int64]


class Measures(NamedTuple):
    """Shares of one: of pairs at the proposed threshold, of the best threshold, of groups, of the certain band."""

    rows: int
    true_pairs: int
    precision: float
    recall: float
    f1: float
    best_f1: float
    best_threshold: float
    cluster_precision: float
    cluster_recall: float
    cluster_f1: float
    certain_pairs: int
    certain_precision: float


def numbered(values: Sequence[str]) -> Rows:
    """A number for each distinct value; every empty one is its own."""
    known: dict[str, int] = {}
    found = np.empty(len(values), np.int64)
    for at, value in enumerate(values):
        found[at] = known.setdefault(value, len(known)) if value.strip() else -1
    empty = found < 0
    found[empty] = len(known) + np.arange(int(empty.sum()))
    return found


def true_pairs(truth: Rows, sources: Rows | None = None) -> int:
    """How many pairs of rows are the same: of different sources, where there are sources."""
    pairs = _pairs(truth)
    if sources is not None:
        pairs -= _pairs(truth * (int(sources.max(initial=0)) + 1) + sources)
    return pairs


def _pairs(labels: Rows) -> int:
    counts = np.unique(labels, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def measured(found: Found, truth: Rows, sources: Rows | None = None) -> Measures:
    """Measure what was found against the truth: pairs that were never looked at count as missed."""
    every = true_pairs(truth, sources)
    right = truth[found.left] == truth[found.right]
    hits = np.cumsum(right)
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + every) if len(hits) else np.zeros(1)
    # A threshold cannot part pairs of one weight.
    ends = np.flatnonzero(np.append(found.weight[1:] != found.weight[:-1], True)) if len(hits) else np.zeros(1, int)
    best = ends[f1[ends].argmax()]
    proposed = found.probability >= found.model.propose
    certain = found.probability >= found.model.certain
    groups = found.clusters()
    grouped, both = true_pairs(groups, sources), true_pairs(groups * (len(truth) + 1) + truth, sources)
    true_hits = int(right[proposed].sum())
    return Measures(
        rows=len(truth),
        true_pairs=every,
        precision=_share(true_hits, int(proposed.sum())),
        recall=_share(true_hits, every),
        f1=_share(2 * true_hits, int(proposed.sum()) + every),
        best_f1=float(f1[best]),
        best_threshold=float(found.probability[best]) if len(hits) else 1.0,
        cluster_precision=_share(both, grouped),
        cluster_recall=_share(both, every),
        cluster_f1=_share(2 * both, grouped + every),
        certain_pairs=int(certain.sum()),
        certain_precision=_share(int(right[certain].sum()), int(certain.sum())),
    )


def _share(part: int, whole: int) -> float:
    """A share; of nothing, all is right."""
    return part / whole if whole else 1.0
