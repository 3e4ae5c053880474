"""What was learned of a register: how much each level of each comparison says.

Fellegi and Sunter's weights (A theory for record linkage, 1969) over four kinds of pairs instead of two: people who
belong together agree in much and are not one guest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dedup.engine.arrays import alike
from dedup.engine.classes import ABSENT, AGREES, CLASSES, DIFFERS, chance_of
from dedup.engine.comparisons import Comparison, compare, plan
from dedup.engine.kinds import Field, Kind
from dedup.engine.names import EQUIVALENT, INITIAL, SAME, TYPO
from dedup.engine.sides import NULL, Levels, Side
from dedup.engine.vocabulary import Vocabulary

if TYPE_CHECKING:
    from dedup.engine.single import Single

PROPOSE = 0.5
CERTAIN = 0.999
RARITY_LEAST, RARITY_MOST = -4.0, 8.0
WEIGHT_MOST = 40.0
FEW = 300
"""Of so few pairs it is not asked which look alike."""
NAMES = frozenset((Kind.GIVEN, Kind.FAMILY))
Bits = NDArray[np.float64]
Chances = Mapping[str, Mapping[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class Model:
    """``chances[class][comparison]``: how often pairs of a class have each level, a row for each state of the parent.
    ``parents[class]``: the comparison that another one depends on. ``priors``: the share of each class in all pairs.
    ``words``: how common values are. ``bits``: what decisions taught."""

    fields: tuple[Field, ...]
    chances: Chances
    parents: Mapping[str, Mapping[str, str]]
    priors: tuple[float, ...]
    words: Vocabulary
    bits: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    bias: float = 0.0
    decisions: int = 0
    propose: float = PROPOSE
    certain: float = CERTAIN

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparisons this model weighs, in the order of its patterns."""
        return plan(self.fields)

    @cached_property
    def chance(self) -> Mapping[str, frozenset[Kind]]:
        """What agrees within each class by chance alone."""
        return chance_of(self.fields)

    def compare(self, left: Side, right: Side) -> list[Levels]:
        """The levels of pairs in each of the comparisons, int8[pairs]."""
        return compare(self.comparisons, left, right, self.words)

    def weigh(
        self, levels: Sequence[Levels], left: Side, right: Side, *, least: float = -WEIGHT_MOST
    ) -> NDArray[np.float32]:
        """log2 of the odds that each pair is one guest, float32[pairs]; of one that cannot reach ``least``, less."""
        size = len(left.rows)
        weight = np.full(size, -WEIGHT_MOST, np.float32)
        at: NDArray[np.int64] | slice = slice(None)
        if size <= FEW:
            logs, taught = self._logs(levels)
        else:
            first, number = alike(levels)
            seen = [found[first] for found in levels]
            logs, taught = self._logs(seen)
            # What is rare adds to a weight; what agrees in nothing rare enough needs no closer look.
            agreeing = np.zeros(len(first))
            for one, found in zip(self.comparisons, seen, strict=True):
                agreeing += (found >= 0) & ((found < one.agreeing) | (one.kind in NAMES) & (found == INITIAL))
            best = logs[0] - np.logaddexp2.reduce(logs[1:]) + taught + RARITY_MOST * agreeing
            at = np.flatnonzero((best >= least)[number])
            logs, taught = logs[:, number[at]], taught[number[at]]
            left, right = Side(left.table, left.rows[at]), Side(right.table, right.rows[at])
        if not len(left.rows):
            return weight
        for place, (one, every) in enumerate(zip(self.comparisons, levels, strict=True)):
            found = every[at]
            if found.max() != NULL:
                logs -= self.by_chance[place][:, None] * self.rarity(one, found, left, right)
        weight[at] = np.clip(logs[0] + taught - np.logaddexp2.reduce(logs[1:]), -WEIGHT_MOST, WEIGHT_MOST)
        return weight

    def _logs(self, levels: Sequence[Levels]) -> tuple[Bits, Bits]:
        """log2 of the chances of each class, float64[classes, pairs], for pairs whose values are neither rare nor
        common; and the bits taught."""
        size = len(levels[0])
        logs = np.empty((len(CLASSES), size))
        logs[:] = np.log2(np.array(self.priors))[:, None]
        taught = np.full(size, self.bias)
        for place, (one, found) in enumerate(zip(self.comparisons, levels, strict=True)):
            if not size or found.max() == NULL:
                continue
            logs += self._said(place, levels)
            if one.name in self.bits:
                taught += np.append(np.array(self.bits[one.name]), 0.0)[found]
        return logs, taught

    def parts(self, at: int, levels: Sequence[Levels], left: Side, right: Side) -> Bits:
        """What comparison number ``at`` says of pairs under each class: log2 of the chance of what is seen,
        float64[classes, pairs]."""
        rarity = self.rarity(self.comparisons[at], levels[at], left, right)
        return self._said(at, levels) - self.by_chance[at][:, None] * rarity

    def _said(self, at: int, levels: Sequence[Levels]) -> Bits:
        """log2 of the chance that each class has the level seen, float64[classes, pairs]; 0 for NULL."""
        found = levels[at]
        said = []
        for parent, table in self.tables[at]:
            states = 0 if parent is None else _STATES[self.comparisons[parent].agreeing][levels[parent]]
            said.append(table[:, states, found])
        return said[0] if len(said) == 1 else np.concatenate(said)

    @cached_property
    def tables(self) -> list[list[tuple[int | None, Bits]]]:
        """For each comparison, by the parent that classes next to each other have: the parent's number, and log2 of
        the chances, float64[classes, states, levels + 1]. The last level's place is that of -1, NULL: 0."""
        found = []
        for one in self.comparisons:
            tables: list[tuple[int | None, Bits]] = []
            of_classes = [(self.parents[name].get(one.name), self.chances[name][one.name]) for name in CLASSES]
            for parent, following in groupby(of_classes, itemgetter(0)):
                logs = np.log2(np.stack([chances for _parent, chances in following]))
                table = np.concatenate([logs, np.zeros((*logs.shape[:2], 1))], axis=2)
                tables.append((self._places[parent] if parent else None, table))
            found.append(tables)
        return found

    @cached_property
    def by_chance(self) -> Bits:
        """Where a comparison agrees by chance alone in a class, 1, else 0: float64[comparisons, classes]."""
        return np.array([[float(one.kind in self.chance[name]) for name in CLASSES] for one in self.comparisons])

    def states(self, name: str, one: Comparison, levels: Sequence[Levels]) -> NDArray[np.int64]:
        """What the comparison's parent says of each pair."""
        parent = self.parents[name].get(one.name)
        if not parent:
            return np.zeros(len(levels[0]), np.int64)
        at = self._places[parent]
        return _STATES[self.comparisons[at].agreeing][levels[at]]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {one.name: at for at, one in enumerate(self.comparisons)}

    def rarity(self, one: Comparison, found: Levels, left: Side, right: Side) -> Bits:
        """Bits that an agreement says more (or less) among strangers because the value is rare (or common)."""
        bits = np.zeros(len(found))
        agreeing = np.flatnonzero((found >= 0) & (found < max(one.agreeing, 1)))
        named = one.kind in NAMES
        if len(agreeing):
            mean = max(self.words.agreeing(one.name), 1e-9)
            mine, other = self._shares(one, left, agreeing), self._shares(one, right, agreeing)
            gained = np.log2(mean) - np.maximum(mine, other)
            weaker = found[agreeing] > (EQUIVALENT if named else SAME)
            different = (found[agreeing] == EQUIVALENT) & (mine != other)
            bits[agreeing] = np.where(weaker | different, 0.5, 1.0) * gained
        if named:
            at = np.flatnonzero(found == INITIAL)
            if len(at):
                column = left.table.columns[one.name]
                letters = self.words.initials(column)
                shares = letters[column.codes[left.rows[at]]]
                bits[at] = np.log2(self._letters(one.name) / np.maximum(shares, 1e-4))
        return np.clip(bits, RARITY_LEAST, RARITY_MOST)

    def _letters(self, name: str) -> float:
        return self.words.agreeing_letters(name)

    def _shares(self, one: Comparison, side: Side, pairs: NDArray[np.int64]) -> Bits:
        column = side.table.columns[one.name]
        return self.words.logs(column)[column.codes[side.rows[pairs]]]

    def pattern(self, levels: Sequence[Levels]) -> NDArray[np.int64]:
        """The levels of all comparisons as one number a pair."""
        code = np.zeros(len(levels[0]) if levels else 0, np.int64)
        for one, found in zip(self.packed, levels, strict=False):
            code = code * (len(one.levels) + 1) + (found.astype(np.int64) + 1)
        return code

    @cached_property
    def singly(self) -> "Single":
        """This model for one new card at a time."""
        from dedup.engine.single import Single

        return Single(self)

    @cached_property
    def packed(self) -> tuple[Comparison, ...]:
        """The comparisons that a pattern has room for: all of a guest's, and of twenty columns and more most."""
        room, kept = 1, 0
        for one in self.comparisons:
            room *= len(one.levels) + 1
            if room >= 1 << 62:
                break
            kept += 1
        return self.comparisons[:kept]

    def levels_of(self, patterns: NDArray[np.int64]) -> list[Levels]:
        """The levels that ``pattern`` made one number of."""
        rest = np.asarray(patterns, np.int64).copy()
        found = [np.full(len(rest), NULL, np.int8) for _ in self.comparisons[len(self.packed) :]]
        for one in reversed(self.packed):
            width = len(one.levels) + 1
            found.append((rest % width - 1).astype(np.int8))
            rest //= width
        return found[::-1]

    def as_json(self) -> dict[str, Any]:
        """What to store: of each column the most common values are kept, others count as rare."""
        return {
            "version": 1,
            "fields": [[one.name, one.kind.value, one.many] for one in self.fields],
            "chances": {
                name: {key: [[float(f"{chance:.6g}") for chance in row] for row in rows] for key, rows in every.items()}
                for name, every in self.chances.items()
            },
            "parents": {name: dict(every) for name, every in self.parents.items()},
            "priors": list(self.priors),
            "words": self.words.as_json(),
            "bits": {name: list(row) for name, row in self.bits.items()},
            "bias": self.bias,
            "decisions": self.decisions,
            "propose": self.propose,
            "certain": self.certain,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Model":
        """The model that ``as_json`` gave."""
        return cls(
            fields=tuple(Field(name, Kind(kind), many) for name, kind, many in stored["fields"]),
            chances={
                name: {key: np.array(rows) for key, rows in every.items()} for name, every in stored["chances"].items()
            },
            parents=stored["parents"],
            priors=tuple(stored["priors"]),
            words=Vocabulary.from_json(stored["words"]),
            bits={name: tuple(row) for name, row in stored["bits"].items()},
            bias=stored["bias"],
            decisions=stored["decisions"],
            propose=stored["propose"],
            certain=stored["certain"],
        )

    def usual(self, patterns: NDArray[np.int64]) -> Bits:
        """log2 of the odds of pairs with these patterns, whose values are neither rare nor common."""
        logs, taught = self._logs(self.levels_of(patterns))
        weight: Bits = logs[0] - np.logaddexp2.reduce(logs[1:]) + taught
        return weight

    def correction(self, patterns: NDArray[np.int64]) -> Bits:
        """The bits that decisions have added to pairs with these patterns."""
        return self._logs(self.levels_of(patterns))[1]

    def taught(
        self,
        patterns: Sequence[int] | NDArray[np.int64],
        same: Sequence[bool] | NDArray[np.bool_],
        weights: Sequence[float] | NDArray[np.float64] | None = None,
    ) -> "Model":
        """This model after decisions about pairs with these patterns, and the weights they had less their
        ``correction``.

        Decisions are given all together each time; what was taught before is forgotten.
        """
        from dedup.engine.teaching import taught

        given = None if weights is None else np.asarray(weights, np.float64)
        return taught(self, np.asarray(patterns, np.int64), np.asarray(same, bool), given)

    def with_thresholds(self, *, propose: float, certain: float) -> "Model":
        """This model with other thresholds, probabilities both."""
        return replace(self, propose=propose, certain=certain)


def _state_table() -> list[NDArray[np.int64]]:
    """By how many levels agree: the state for each level, NULL at the end."""
    tables = []
    for agreeing in range(8):
        states = np.full(9, DIFFERS, np.int64)
        states[:agreeing] = AGREES
        states[NULL] = ABSENT
        tables.append(states)
    return tables


_STATES = _state_table()


def probability(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probability of odds of ``2 ** weight``."""
    return (1.0 / (1.0 + np.exp2(-weight.astype(np.float64)))).astype(np.float32)


__all__ = ["CLASSES", "NULL", "TYPO", "Model", "probability"]
