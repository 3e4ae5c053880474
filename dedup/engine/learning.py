"""Learning without labels: how often strangers agree is counted, the rest is found by expectation and maximisation."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dedup.engine.comparisons import Comparison, Levels, Side, compare, plan
from dedup.engine.kinds import Kind
from dedup.engine.model import CLASSES, Model
from dedup.engine.table import Table

SAMPLE = 300_000
ROUNDS = 30
PRIOR_STRENGTH = 40.0
Rows = NDArray[np.int64]

_MATCH: Mapping[int, tuple[float, ...]] = {
    2: (0.93, 0.07),
    3: (0.85, 0.07, 0.08),
    4: (0.82, 0.07, 0.05, 0.06),
    5: (0.74, 0.08, 0.06, 0.05, 0.07),
    6: (0.74, 0.08, 0.07, 0.04, 0.02, 0.05),
}
_RELATED_SHARED: Mapping[int, tuple[float, ...]] = {
    2: (0.8, 0.2),
    3: (0.6, 0.05, 0.35),
    4: (0.6, 0.1, 0.1, 0.2),
    5: (0.6, 0.06, 0.04, 0.05, 0.25),
    6: (0.6, 0.06, 0.04, 0.02, 0.03, 0.25),
}


def learned(table: Table, left: Rows, right: Rows) -> Model:
    """A model of a register, from random pairs (strangers) and its candidate pairs."""
    comparisons = plan(table.fields)
    model = Model(
        table.fields,
        {name: {} for name in CLASSES},
        (1e-6, 1e-6, 1.0),
        frequencies={one.name: _frequencies(table, one) for one in comparisons if one.by_frequency},
        rows=table.size,
    )
    other = _strangers(table, comparisons)
    return fitted(model, table, left, right, compare(comparisons, Side(table, left), Side(table, right)), other)


def fitted(
    model: Model,
    table: Table,
    left: Rows,
    right: Rows,
    levels: Sequence[Levels],
    other: Mapping[str, tuple[float, ...]],
) -> Model:
    """The model with the chances that explain the candidate pairs best."""
    comparisons = model.comparisons
    total = max(pairs_in(table), 1)
    starting = _started(comparisons, other)
    model = Model(model.fields, starting, (1e-6, 1e-6, 1.0), model.frequencies, model.ignored, model.rows)
    rarity = np.zeros(len(left))
    for one, found in zip(comparisons, levels, strict=True):
        if one.by_frequency:
            rarity += model.rarity(one, found, Side(table, left), Side(table, right))
    binned = np.clip(np.rint(rarity), -15, 48).astype(np.int64) + 15
    key = model.pattern(levels) * 64 + binned
    distinct, counts = np.unique(key, return_counts=True)
    bits = (distinct % 64 - 15).astype(np.float64)
    seen = model.levels_of(distinct // 64)
    chances = {name: {key: np.array(row) for key, row in rows.items()} for name, rows in starting.items()}
    anchors = {name: {key: row.copy() for key, row in rows.items()} for name, rows in chances.items()}
    expected = np.array([max(0.1 * table.size, 1.0), max(0.1 * table.size, 1.0), float(total)])
    for _ in range(ROUNDS):
        logs = np.zeros((3, len(distinct)))
        for at, name in enumerate(CLASSES):
            logs[at] = np.log2(expected[at] / total)
            for one, found in zip(comparisons, seen, strict=True):
                logs[at] += np.append(np.log2(chances[name][one.name]), 0.0)[found]
        logs[2] -= bits
        logs -= logs.max(axis=0)
        share = np.exp2(logs)
        share *= counts / share.sum(axis=0)
        expected = np.array([max(share[0].sum(), 0.5), max(share[1].sum(), 0.5), float(total)])
        for at, name in enumerate(CLASSES[:2]):
            for one, found in zip(comparisons, seen, strict=True):
                if name == "related" and one.personal:
                    continue
                known = found >= 0
                size = len(one.levels)
                row = np.bincount(found[known], share[at][known], minlength=size).astype(np.float64)
                row = row + PRIOR_STRENGTH * anchors[name][one.name]
                chances[name][one.name] = row / row.sum()
    return Model(
        model.fields,
        {name: {key: tuple(map(float, row)) for key, row in rows.items()} for name, rows in chances.items()},
        (float(expected[0] / total), float(expected[1] / total), 1.0),
        model.frequencies,
        model.ignored,
        model.rows,
    )


def pairs_in(table: Table) -> int:
    """How many pairs of rows there are: of different sources, where registers are linked."""
    if table.source is None:
        return table.size * (table.size - 1) // 2
    counts = np.bincount(table.source)
    return int((table.size**2 - (counts.astype(np.int64) ** 2).sum()) // 2)


def _frequencies(table: Table, one: Comparison) -> dict[str, float]:
    column = table.columns[one.columns[0]]
    shares = column.shares()
    return dict(zip(column.texts, shares.tolist(), strict=True))


def _strangers(table: Table, comparisons: Sequence[Comparison]) -> dict[str, tuple[float, ...]]:
    """How often two cards taken at random have each level; exact agreement is counted over the whole register."""
    random = np.random.default_rng(7)
    size = min(SAMPLE, max(pairs_in(table), 1))
    left = random.integers(0, max(table.size, 1), size if table.size else 0)
    right = random.integers(0, max(table.size, 1), size if table.size else 0)
    apart = left != right
    found = compare(comparisons, Side(table, left[apart]), Side(table, right[apart]))
    chances = {}
    for one, levels in zip(comparisons, found, strict=True):
        width = len(one.levels)
        counted = np.bincount(levels[levels >= 0], minlength=width).astype(np.float64)
        chance = (counted + 0.2) / (counted.sum() + 0.2 * width)
        exact = float((table.columns[one.columns[0]].shares() ** 2).sum())
        if one.kind is not Kind.EMAIL:
            chance[0] = max(exact, 1e-7)
        chances[one.name] = tuple(chance / chance.sum())
    return chances


def _started(
    comparisons: Sequence[Comparison], other: Mapping[str, tuple[float, ...]]
) -> dict[str, dict[str, tuple[float, ...]]]:
    match = {one.name: _MATCH[len(one.levels)] for one in comparisons}
    related = {one.name: other[one.name] if one.personal else _RELATED_SHARED[len(one.levels)] for one in comparisons}
    return {"match": match, "related": related, "other": dict(other)}
