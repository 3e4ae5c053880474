"""Learning without labels: how often strangers agree is counted, the rest is found by expectation and maximisation."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dedup.engine.arrays import signature, speakers
from dedup.engine.chunks import by_chunks
from dedup.engine.classes import AGREES, CLASSES, COLLEAGUES, DIFFERS, MATCH, OTHER, anchors, parents
from dedup.engine.clusters import components
from dedup.engine.comparisons import PLACES, Comparison, compare, plan
from dedup.engine.hashing import mix
from dedup.engine.kinds import Kind
from dedup.engine.model import NAMES, Chances, Model, probability
from dedup.engine.sides import Levels, Side
from dedup.engine.table import Table
from dedup.engine.vocabulary import Vocabulary

SAMPLE = 40_000
WITHIN = 6_000
ROUNDS = 25
SETTLED = 0.01
DOUBTFUL = 0.5
FEWEST = 0.005
"""Matches for each card that are there whatever is seen: the class does not die out."""
PAIRS = 1_000_000
"""Of more candidate pairs a sample is learned from."""
STEP = 2.0
"""Bits of rarity that patterns are told apart by."""
STRENGTH = 40.0
"""Pairs that what is believed beforehand counts for."""
PERSONAL_STRENGTH = 0.5
"""The same for what a guest's own fields say of a match, as a share of the matches."""
LIFT = 1.3
KNOWN = 200
SHARED = frozenset((Kind.GIVEN, Kind.FAMILY, Kind.CATEGORY, Kind.TEXT, *PLACES))
"""What strangers share by the thousand: other values of such pairs tell how strangers agree. Those who share a number
or an address of their own are hardly strangers."""
DIFFERENT_MOST = 0.08
"""Of a match's names, no more than this differ altogether: else it is a class of something else."""
STRANGERS = 0.3
"""Of pairs that agree in something, so many have to be strangers to tell how these agree otherwise."""
SURE = 7.0
Rows = NDArray[np.int64]
Bits = NDArray[np.float64]
_FAINT = 1e-7


def learned(table: Table, left: Rows, right: Rows) -> Model:
    """A model of a register, from random pairs (strangers) and its candidate pairs."""
    model = begun(table)
    return taught_by(model, table, left, right, model.compare(Side(table, left), Side(table, right)))


def begun(table: Table) -> Model:
    """A model that knows how common a register's values are, and compares as the learned one will."""
    comparisons = plan(table.fields)
    depends = parents(comparisons)
    return Model(
        table.fields,
        {name: {} for name in CLASSES},
        {name: depends if name != OTHER else {} for name in CLASSES},
        (1e-6,) * 3 + (1.0,),
        Vocabulary.of(table),
    )


def taught_by(model: Model, table: Table, left: Rows, right: Rows, levels: Sequence[Levels]) -> Model:
    """What a register's candidate pairs, of which the levels are known, teach a model that has begun."""
    comparisons = model.comparisons
    strangers = _Strangers(table, comparisons, model.words)
    other = strangers.chances(model.words)
    model = replace(model, chances={name: anchors(comparisons, name, other, model.chance) for name in CLASSES})
    sample = np.arange(len(left))
    if len(left) > PAIRS:
        sample = np.sort(np.random.default_rng(5).choice(len(left), PAIRS, replace=False))
    seen = [found[sample] for found in levels]
    a, b = Side(table, left[sample]), Side(table, right[sample])
    model = _Patterns(model, seen, a, b, len(left)).fitted(model, table)
    # Guests who are there several times make their values look common: each counts once from here on.
    sure = np.zeros(len(left), bool)
    first = model

    def weigh(part: slice) -> None:
        one, other = Side(table, left[part]), Side(table, right[part])
        sure[part] = first.weigh([each[part] for each in levels], one, other, least=SURE) >= SURE

    by_chunks(len(left), weigh)
    labels = components(table.size, left[sure], right[sure])
    model = replace(model, words=Vocabulary.of(table, labels, model.words.usual))
    other = strangers.chances(model.words, labels)
    model = replace(model, chances={**model.chances, OTHER: other})
    patterns = _Patterns(model, seen, a, b, len(left))
    model = patterns.fitted(model, table)
    tied, chance = _tied(model, table, other)
    if not tied:
        return model
    model = replace(
        model,
        chances={**model.chances, OTHER: {**model.chances[OTHER], **chance}},
        parents={**model.parents, OTHER: tied},
    )
    return patterns.fitted(model, table)


class _Patterns:
    """Candidate pairs that look alike, counted: EM works on these."""

    def __init__(self, model: Model, levels: Sequence[Levels], left: Side, right: Side, every: int) -> None:
        """``every``: how many pairs these stand for."""
        self.comparisons = model.comparisons
        size = len(left.rows)
        rarity = [model.rarity(one, found, left, right) for one, found in zip(self.comparisons, levels, strict=True)]
        key = signature(levels)
        steps = []
        for name in CLASSES[1:]:
            bits = np.zeros(size)
            for one, rare in zip(self.comparisons, rarity, strict=True):
                if one.kind in model.chance[name]:
                    bits += rare
            steps.append(np.clip(np.rint(bits / STEP), -7, 24).astype(np.int64) + 7)
        packed = (steps[0] * 32 + steps[1]) * 32 + steps[2]
        hashed = mix(key * np.uint64(0x9E3779B97F4A7C15) + packed.astype(np.uint64))
        asked = speakers(hashed)
        at = np.flatnonzero(asked == np.arange(size, dtype=np.int32))
        self.counts = np.bincount(asked, minlength=size)[at] * (every / max(size, 1))
        self.levels = [found[at] for found in levels]
        packed = packed[at]
        self.bits = [
            np.zeros(len(at)),
            (packed // 1024 - 7.0) * STEP,
            (packed // 32 % 32 - 7.0) * STEP,
            (packed % 32 - 7.0) * STEP,
        ]

    def fitted(self, model: Model, table: Table) -> Model:
        """The model with the chances that explain the pairs best; those among strangers stay."""
        total = max(pairs_in(table), 1)
        believed = {name: anchors(self.comparisons, name, model.chances[OTHER], model.chance) for name in CLASSES[:-1]}
        chances = {name: {key: row.copy() for key, row in rows.items()} for name, rows in believed.items()}
        places = {
            name: [
                model.states(name, one, self.levels) * (len(one.levels) + 1)
                + np.where(found < 0, len(one.levels), found)
                for one, found in zip(self.comparisons, self.levels, strict=True)
            ]
            for name in CLASSES
        }
        logs = np.zeros((len(CLASSES), len(self.counts)))
        logs[-1] = -self.bits[-1]
        for one, place in zip(self.comparisons, places[OTHER], strict=True):
            logs[-1] += _flat(model.chances[OTHER][one.name])[place]
        strangers = logs[-1].copy()
        some, fewest = max(0.1 * table.size, 1.0), FEWEST * table.size
        expected = np.array([some, some, some, float(total)])
        for _ in range(ROUNDS):
            before = expected
            for row, name in enumerate(CLASSES[:-1]):
                logs[row] = np.log2(expected[row] / total) - self.bits[row]
                for one, place in zip(self.comparisons, places[name], strict=True):
                    logs[row] += _flat(chances[name][one.name])[place]
            logs[-1] = strangers
            share = np.exp2(logs - logs.max(axis=0))
            share /= share.sum(axis=0)
            # Many faint chances would outweigh the few pairs that are matches: those alone teach what matches are.
            share[0, share[0] < DOUBTFUL] = 0.0
            share *= self.counts
            expected = np.array([*np.maximum(share.sum(axis=1)[:-1], 0.5), float(total)])
            expected[0] += fewest
            for row, name in enumerate(CLASSES[:-1]):
                for one, place in zip(self.comparisons, places[name], strict=True):
                    if one.kind not in model.chance[name]:
                        self._learn(one, name, place, share[row], believed, chances, model)
            if np.abs(np.log2(expected[:-1] / before[:-1])).max() < SETTLED:
                break
        return replace(
            model,
            chances={**chances, OTHER: model.chances[OTHER]},
            priors=(*(expected[:-1] / total).tolist(), 1.0),
        )

    def _learn(
        self,
        one: Comparison,
        name: str,
        place: NDArray[np.int64],
        share: Bits,
        believed: Chances,
        chances: dict[str, dict[str, Bits]],
        model: Model,
    ) -> None:
        """How often pairs of a class have each level of one comparison, by what this round takes them for."""
        width = len(one.levels) + 1
        counted = np.bincount(place, share, minlength=3 * width).reshape(3, width)[:, :-1]
        strength = np.full(3, STRENGTH)
        if name == MATCH and one.kind in model.chance[COLLEAGUES]:
            strength = np.maximum(strength, PERSONAL_STRENGTH * counted.sum(axis=1))
        counts = counted + strength[:, None] * believed[name][one.name]
        found = counts / counts.sum(axis=1, keepdims=True)
        if name == MATCH and one.kind in NAMES:
            different = np.minimum(found[:, -1:], DIFFERENT_MOST)
            found[:, :-1] *= (1 - different) / found[:, :-1].sum(axis=1, keepdims=True)
            found[:, -1:] = different
        chances[name][one.name] = found


def _flat(chances: NDArray[np.float64]) -> Bits:
    """log2 of the chances, after each row of levels 0 for NULL."""
    return np.concatenate([np.log2(chances), np.zeros((3, 1))], axis=1).ravel()


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
    asked = []
    for parent in comparisons:
        if parent.kind in SHARED and 0 < agreeing[parent.name] < 0.5:
            left, right = _within(table.columns[parent.name].codes, random)
            if len(left) >= 200:
                asked.append((parent, left, right))
    if not asked:
        return {}, {}
    a = Side(table, np.concatenate([left for _parent, left, _right in asked]))
    b = Side(table, np.concatenate([right for _parent, _left, right in asked]))
    levels = model.compare(a, b)
    strange = 1.0 - probability(model.weigh(levels, a, b)).astype(np.float64)
    best: dict[str, tuple[float, str, NDArray[np.float64]]] = {}
    start = 0
    for parent, left, _right in asked:
        part = slice(start, start + len(left))
        start += len(left)
        stranger = strange[part]
        if stranger.sum() < max(200, STRANGERS * len(left)):
            continue
        for one, every in zip(comparisons, levels, strict=True):
            if one.name == parent.name or agreeing[one.name] <= agreeing[parent.name]:
                continue
            seen = every[part]
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
