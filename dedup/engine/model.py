"""What was learned of a register: how much each level of each comparison says.

Fellegi and Sunter's weights (A theory for record linkage, 1969) over four kinds of pairs instead of two: people who
belong together agree in much and are not one guest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.engine.arrays import alike
from dedup.engine.classes import ABSENT, AGREES, CLASSES, DIFFERS, chance_of
from dedup.engine.comparisons import Comparison, compare, plan
from dedup.engine.kinds import Field, Kind
from dedup.engine.names import EQUIVALENT, INITIAL, SAME, TYPO
from dedup.engine.sides import NULL, Levels, Side
from dedup.engine.vocabulary import Vocabulary

PROPOSE = 0.5
CERTAIN = 0.999
RARITY_LEAST, RARITY_MOST = -4.0, 8.0
_WEIGHT_MOST = 40.0
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
        self, levels: Sequence[Levels], left: Side, right: Side, *, least: float = -_WEIGHT_MOST
    ) -> NDArray[np.float32]:
        """log2 of the odds that each pair is one guest, float32[pairs]; of one that cannot reach ``least``, less."""
        size = len(left.rows)
        if not size:
            return np.zeros(0, np.float32)
        first, number = alike(levels)
        seen = [found[first] for found in levels]
        logs, taught = self._logs(seen)
        # What is rare adds to a weight; what agrees in nothing rare enough needs no closer look.
        agreeing = np.zeros(len(first))
        for one, found in zip(self.comparisons, seen, strict=True):
            agreeing += (found >= 0) & ((found < one.agreeing) | (one.kind in NAMES) & (found == INITIAL))
        best = logs[0] - np.logaddexp2.reduce(logs[1:]) + taught + RARITY_MOST * agreeing
        weight = np.full(size, -_WEIGHT_MOST, np.float32)
        at = np.flatnonzero((best >= least)[number])
        if not len(at):
            return weight
        number = number[at]
        a, b = Side(left.table, left.rows[at]), Side(right.table, right.rows[at])
        rarities = [np.zeros(len(at)) for _ in CLASSES]
        for one, found in zip(self.comparisons, levels, strict=True):
            rarity = self.rarity(one, found[at], a, b)
            for name, sums in zip(CLASSES, rarities, strict=True):
                if one.kind in self.chance[name]:
                    sums += rarity
        against = np.full(len(at), -np.inf)
        for log, rarity in zip(logs[1:], rarities[1:], strict=True):
            against = np.logaddexp2(against, log[number] - rarity)
        weight[at] = np.clip((logs[0] + taught)[number] - against, -_WEIGHT_MOST, _WEIGHT_MOST)
        return weight

    def _logs(self, levels: Sequence[Levels]) -> tuple[list[Bits], Bits]:
        """log2 of the chances of each class for pairs whose values are neither rare nor common; bits taught."""
        logs = []
        for name, prior in zip(CLASSES, self.priors, strict=True):
            log = np.full(len(levels[0]), np.log2(prior))
            for one, found in zip(self.comparisons, levels, strict=True):
                log += self._looked_up(name, one, found, levels)
            logs.append(log)
        taught = np.full(len(levels[0]), self.bias)
        for one, found in zip(self.comparisons, levels, strict=True):
            if one.name in self.bits:
                taught += np.append(np.array(self.bits[one.name]), 0.0)[found]
        return logs, taught

    def parts(self, at: int, levels: Sequence[Levels], left: Side, right: Side) -> list[Bits]:
        """What comparison number ``at`` says of pairs under each class: log2 of the chance of what is seen."""
        one, found = self.comparisons[at], levels[at]
        rarity = self.rarity(one, found, left, right)
        parts = []
        for name in CLASSES:
            part = self._looked_up(name, one, found, levels)
            parts.append(part - rarity if one.kind in self.chance[name] else part)
        return parts

    def _looked_up(self, name: str, one: Comparison, found: Levels, levels: Sequence[Levels]) -> Bits:
        """log2 of the chance of a level in a class, 0 for NULL."""
        width = len(one.levels)
        place = self.states(name, one, levels) * (width + 1) + np.where(found < 0, width, found)
        return self._tables[name][one.name][place]

    @cached_property
    def _tables(self) -> dict[str, dict[str, Bits]]:
        """log2 of the chances, flat; after each row of levels stands 0, for NULL (of the row that -1 falls into)."""
        found: dict[str, dict[str, Bits]] = {}
        for name in CLASSES:
            found[name] = {}
            for one in self.comparisons:
                rows = np.log2(self.chances[name][one.name])
                flat = np.concatenate([rows, np.zeros((3, 1))], axis=1).ravel()
                found[name][one.name] = flat
        return found

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
        for one, found in zip(self._packed, levels, strict=False):
            code = code * (len(one.levels) + 1) + (found.astype(np.int64) + 1)
        return code

    @cached_property
    def _packed(self) -> tuple[Comparison, ...]:
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
        found = [np.full(len(rest), NULL, np.int8) for _ in self.comparisons[len(self._packed) :]]
        for one in reversed(self._packed):
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

    def taught(
        self,
        patterns: Sequence[int] | NDArray[np.int64],
        same: Sequence[bool] | NDArray[np.bool_],
        weights: Sequence[float] | NDArray[np.float64] | None = None,
    ) -> "Model":
        """This model after decisions about pairs with these patterns (and weights, as this model gave them untaught).

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
