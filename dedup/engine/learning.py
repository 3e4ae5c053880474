"""Learning without labels: how often strangers agree is counted, the rest is found by expectation and maximisation."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dedup.engine.classes import AGREES, CLASSES, DIFFERS, MATCH, OTHER, anchors, chance_of, parents
from dedup.engine.clusters import components
from dedup.engine.comparisons import Comparison, compare, plan
from dedup.engine.kinds import Kind
from dedup.engine.model import Model, probability
from dedup.engine.sides import Levels, Side
from dedup.engine.table import Table
from dedup.engine.vocabulary import Vocabulary

SAMPLE = 60_000
WITHIN = 6_000
ROUNDS = 25
STRENGTH = 40.0
"""Pairs that what is believed beforehand counts for."""
PERSONAL_STRENGTH = 0.5
"""The same for what a guest's own fields say of a match, as a share of the matches."""
LIFT = 1.3
KNOWN = 200
STRANGERS = 0.3
"""Of pairs that agree in something, so many have to be strangers to tell how these agree otherwise."""
SURE = 7.0
Rows = NDArray[np.int64]
Bits = NDArray[np.float64]
_FAINT = 1e-7


def learned(table: Table, left: Rows, right: Rows) -> Model:
    """A model of a register, from random pairs (strangers) and its candidate pairs."""
    words = Vocabulary.of(table)
    comparisons = plan(table.fields)
    strangers = _Strangers(table, comparisons, words)
    other = strangers.chances(words)
    chances = {name: anchors(comparisons, name, other, chance_of(table.fields)) for name in CLASSES}
    depends = parents(comparisons)
    model = Model(
        table.fields, chances, {name: depends if name != OTHER else {} for name in CLASSES}, (1e-6,) * 3 + (1.0,), words
    )
    a, b = Side(table, left), Side(table, right)
    levels = model.compare(a, b)
    rarity = [np.rint(model.rarity(one, found, a, b)) for one, found in zip(comparisons, levels, strict=True)]
    model = _fitted(model, table, levels, rarity)
    # Guests who are there several times make their values look common: each counts once from here on.
    sure = model.weigh(levels, a, b) >= SURE
    labels = components(table.size, left[sure], right[sure])
    model = replace(model, words=Vocabulary.of(table, labels))
    other = strangers.chances(model.words, labels)
    model = replace(model, chances={**model.chances, OTHER: other})
    rarity = [np.rint(model.rarity(one, found, a, b)) for one, found in zip(comparisons, levels, strict=True)]
    model = _fitted(model, table, levels, rarity)
    tied, chance = _tied(model, table, other)
    if tied:
        model = replace(
            model,
            chances={**model.chances, OTHER: {**model.chances[OTHER], **chance}},
            parents={**model.parents, OTHER: tied},
        )
        model = _fitted(model, table, levels, rarity)
    return model


def _fitted(model: Model, table: Table, levels: Sequence[Levels], rarity: Sequence[Bits]) -> Model:
    """The model with the chances that explain the candidate pairs best; those among strangers stay."""
    comparisons = model.comparisons
    total = max(pairs_in(table), 1)
    random = [
        sum(
            (bits for one, bits in zip(comparisons, rarity, strict=True) if one.kind in model.chance[name]),
            np.zeros(len(levels[0])),
        )
        for name in CLASSES
    ]
    key = model.pattern(levels)
    steps = [np.clip(bits, -15, 48).astype(np.int64) + 15 for bits in random[1:]]
    packed = (steps[0] * 64 + steps[1]) * 64 + steps[2]
    order = np.lexsort((packed, key))
    key, packed = key[order], packed[order]
    new = np.ones(len(key), bool)
    new[1:] = (key[1:] != key[:-1]) | (packed[1:] != packed[:-1])
    at = np.flatnonzero(new)
    counts = np.diff(np.append(at, len(key))).astype(np.float64)
    seen = [found[order[at]] for found in levels]
    packed = packed[at]
    bits = [np.zeros(len(at)), packed // 4096 - 15.0, packed // 64 % 64 - 15.0, packed % 64 - 15.0]
    believed = {name: anchors(comparisons, name, model.chances[OTHER], model.chance) for name in CLASSES[:-1]}
    chances = {
        **{name: {k: v.copy() for k, v in rows.items()} for name, rows in believed.items()},
        OTHER: dict(model.chances[OTHER]),
    }
    states = {name: [model.states(name, one, seen) for one in comparisons] for name in CLASSES}
    some = max(0.1 * table.size, 1.0)
    expected = np.array([some, some, some, float(total)])
    strangers = np.zeros(len(at))
    for one, found, state in zip(comparisons, seen, states[OTHER], strict=True):
        strangers += _looked_up(chances[OTHER][one.name], state, found)
    for _ in range(ROUNDS):
        logs = np.zeros((len(CLASSES), len(at)))
        for row, name in enumerate(CLASSES):
            logs[row] = np.log2(expected[row] / total) - bits[row]
            if name == OTHER:
                logs[row] += strangers
                continue
            for one, found, state in zip(comparisons, seen, states[name], strict=True):
                logs[row] += _looked_up(chances[name][one.name], state, found)
        logs -= logs.max(axis=0)
        share = np.exp2(logs)
        share *= counts / share.sum(axis=0)
        sums = share.sum(axis=1)
        expected = np.array([*np.maximum(sums[:-1], 0.5), float(total)])
        for row, name in enumerate(CLASSES[:-1]):
            for one, found, state in zip(comparisons, seen, states[name], strict=True):
                if one.kind in model.chance[name]:
                    continue
                size = len(one.levels)
                known = found >= 0
                weighed = np.bincount(state[known] * size + found[known], share[row][known], minlength=3 * size)
                counted: Bits = weighed.reshape(3, size).astype(np.float64)
                strength = np.full(3, STRENGTH)
                if name == MATCH and one.kind in model.chance[CLASSES[2]]:
                    strength = np.maximum(strength, PERSONAL_STRENGTH * counted.sum(axis=1))
                counted = counted + strength[:, None] * believed[name][one.name]
                chances[name][one.name] = counted / counted.sum(axis=1, keepdims=True)
    return replace(model, chances=chances, priors=(*(expected[:-1] / total).tolist(), 1.0))


def _looked_up(chances: NDArray[np.float64], state: NDArray[np.int64], found: Levels) -> Bits:
    flat = np.concatenate([np.log2(chances), np.zeros((3, 1))], axis=1).ravel()
    return flat[state * (chances.shape[1] + 1) + np.where(found < 0, chances.shape[1], found)]


def pairs_in(table: Table) -> int:
    """How many pairs of rows there are: of different sources, where registers are linked."""
    if table.source is None:
        return table.size * (table.size - 1) // 2
    counts = np.bincount(table.source)
    return int((table.size**2 - (counts.astype(np.int64) ** 2).sum()) // 2)


class _Strangers:
    """Cards taken at random, two at a time, and how they compare."""

    def __init__(self, table: Table, comparisons: Sequence[Comparison], words: Vocabulary) -> None:
        random = np.random.default_rng(7)
        size = min(SAMPLE, max(pairs_in(table), 1)) if table.size else 0
        left, right = random.integers(0, max(table.size, 1), size), random.integers(0, max(table.size, 1), size)
        apart = left != right
        self.left, self.right = left[apart], right[apart]
        self._comparisons = comparisons
        self._levels = compare(comparisons, Side(table, self.left), Side(table, self.right), words)

    def chances(self, words: Vocabulary, labels: Rows | None = None) -> dict[str, NDArray[np.float64]]:
        """How often they have each level; the same value: counted over the whole register. ``labels``: of guests."""
        apart = np.ones(len(self.left), bool) if labels is None else labels[self.left] != labels[self.right]
        found = {}
        for one, seen in zip(self._comparisons, self._levels, strict=True):
            chance = _shares(seen[apart], one)
            if one.kind not in (Kind.EMAIL, Kind.PHONE):
                chance[0] = max(words.whole[one.name], _FAINT)
            found[one.name] = np.stack([chance / chance.sum()] * 3)
        return found


def _shares(seen: Levels, one: Comparison, weights: Bits | None = None) -> Bits:
    width = len(one.levels)
    known = seen >= 0
    counted = np.bincount(seen[known], None if weights is None else weights[known], minlength=width).astype(np.float64)
    shares: Bits = (counted + 0.2) / (counted.sum() + 0.2 * width)
    return shares


def _tied(
    model: Model, table: Table, other: dict[str, NDArray[np.float64]]
) -> tuple[dict[str, str], dict[str, NDArray[np.float64]]]:
    """Which comparisons agree more often among strangers who agree in another one, and how often then.

    Cards of one town have one country; Danish names live in Denmark.
    """
    random = np.random.default_rng(11)
    comparisons = model.comparisons
    agreeing = {one.name: model.words.agreeing(one.name) for one in comparisons}
    best: dict[str, tuple[float, str, NDArray[np.float64]]] = {}
    for parent in comparisons:
        column = table.columns[parent.name]
        if not 0 < agreeing[parent.name] < 0.5:
            continue
        left, right = _within(column.codes, random)
        if len(left) < 200:
            continue
        a, b = Side(table, left), Side(table, right)
        levels = model.compare(a, b)
        stranger = 1.0 - probability(model.weigh(levels, a, b)).astype(np.float64)
        if stranger.sum() < max(200, STRANGERS * len(left)):
            continue
        for one, seen in zip(comparisons, levels, strict=True):
            if one.name == parent.name or agreeing[one.name] <= agreeing[parent.name]:
                continue
            if stranger[seen >= 0].sum() < KNOWN:
                continue
            chance = _shares(seen, one, stranger)
            usual = other[one.name][0]
            top = one.agreeing
            lift = float(chance[:top].sum() / usual[:top].sum())
            if lift > LIFT and lift > best.get(one.name, (0.0,))[0]:
                best[one.name] = (lift, parent.name, chance)
    chances = {}
    for name, (_, _, chance) in best.items():
        rows = other[name].copy()
        rows[AGREES] = chance
        rows[DIFFERS] = other[name][0]
        chances[name] = rows
    return {name: parent for name, (_, parent, _) in best.items()}, chances


def _within(codes: NDArray[np.int32], random: np.random.Generator) -> tuple[Rows, Rows]:
    """Random pairs of rows that have the same value."""
    rows = np.flatnonzero(codes >= 0)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    if len(rows) < 2:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    counts = np.bincount(codes[rows]).astype(np.int64)
    starts = np.cumsum(counts) - counts
    pairs = counts * (counts - 1)
    if not pairs.sum():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    drawn = random.choice(len(counts), min(WITHIN, int(pairs.sum())), p=pairs / pairs.sum())
    first = (random.random(len(drawn)) * counts[drawn]).astype(np.int64)
    step = 1 + (random.random(len(drawn)) * (counts[drawn] - 1)).astype(np.int64)
    second = (first + step) % counts[drawn]
    return rows[starts[drawn] + first], rows[starts[drawn] + second]
