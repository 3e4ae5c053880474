"""What was learned of a register: how much each level of each comparison says.

Three kinds of pairs: one guest twice (match), people who belong together (related: a couple, a family, colleagues) and
strangers (other). I. Fellegi, A. Sunter, A theory for record linkage, 1969, with a third class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.engine.comparisons import NULL, Comparison, Levels, Side, plan
from dedup.engine.kinds import Field, Kind
from dedup.engine.table import Column, Table

VALUES_KEPT = 5_000
PROPOSE = 0.5
CERTAIN = 0.995
CLASSES = ("match", "related", "other")
_FREQUENCY_MOST = 7.0
_WEIGHT_MOST = 40.0
Bits = NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """``chances[class][comparison]``: how often pairs of a class have each level. ``priors``: share of all pairs that
    are of each class. ``frequencies``: how common values are. ``bits``: what decisions taught, for each level."""

    fields: tuple[Field, ...]
    chances: Mapping[str, Mapping[str, tuple[float, ...]]]
    priors: tuple[float, float, float]
    frequencies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    ignored: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rows: int = 0
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
    def _tables(self) -> dict[str, tuple[Bits, Bits, Bits]]:
        """log2 of the chances by comparison, one row more at the end for NULL."""
        return {
            one.name: tuple(  # type: ignore[misc]
                np.append(np.log2(np.array(self.chances[name][one.name])), 0.0) for name in CLASSES
            )
            for one in self.comparisons
        }

    def weigh(self, levels: Sequence[Levels], left: Side, right: Side) -> NDArray[np.float32]:
        """log2 of the odds that each pair is one guest."""
        size = len(left.rows)
        match = np.full(size, np.log2(self.priors[0]))
        related = np.full(size, np.log2(self.priors[1]))
        other = np.full(size, np.log2(self.priors[2]))
        taught = np.full(size, self.bias)
        for one, found in zip(self.comparisons, levels, strict=True):
            m, r, u = self._tables[one.name]
            match += m[found]
            related += r[found]
            other += u[found]
            if one.by_frequency:
                other -= self.rarity(one, found, left, right)
            if one.name in self.bits:
                taught += np.append(np.array(self.bits[one.name]), 0.0)[found]
        weight = match - np.logaddexp2(related, other) + taught
        return np.clip(weight, -_WEIGHT_MOST, _WEIGHT_MOST).astype(np.float32)

    def rarity(self, one: Comparison, found: Levels, left: Side, right: Side) -> Bits:
        """Bits that an agreement says more (or less) because the value is rare (or common)."""
        common = self._common(one.name)
        mine = self._shares(one, left)
        gained = np.log2(common / np.maximum(mine, 1e-9))
        exact = np.where(found == 0, gained, 0.0)
        near = np.flatnonzero((found == 1) | (found == 2))
        if len(near):
            theirs = self._shares(one, right)
            exact[near] = 0.5 * np.minimum(np.log2(common / np.maximum(np.maximum(mine, theirs)[near], 1e-9)), 4.0)
        return np.clip(exact, -_FREQUENCY_MOST, _FREQUENCY_MOST)

    def _common(self, name: str) -> float:
        """The chance that two strangers share a value exactly."""
        return float(self.chances["other"][name][0])

    def _shares(self, one: Comparison, side: Side) -> Bits:
        column: Column = side.table.columns[one.columns[0]]
        known = self.frequencies.get(one.name, {})
        least = 1.5 / max(self.rows, 2)

        def looked_up() -> Bits:
            return np.array([known.get(text, least) for text in column.texts] + [least])

        return column.derived(f"shares {id(self.frequencies)}", looked_up)[column.codes[side.rows]]

    def pattern(self, levels: Sequence[Levels]) -> NDArray[np.int64]:
        """The levels of all comparisons as one number a pair."""
        code = np.zeros(len(levels[0]) if levels else 0, np.int64)
        for one, found in zip(self.comparisons, levels, strict=True):
            code = code * (len(one.levels) + 1) + (found.astype(np.int64) + 1)
        return code

    def levels_of(self, patterns: NDArray[np.int64]) -> list[Levels]:
        """The levels that ``pattern`` made one number of."""
        rest = np.asarray(patterns, np.int64).copy()
        found: list[Levels] = []
        for one in reversed(self.comparisons):
            width = len(one.levels) + 1
            found.append((rest % width - 1).astype(np.int8))
            rest //= width
        return found[::-1]

    def as_json(self) -> dict[str, Any]:
        """What to store: the most common values of each field are kept, others count as rare."""
        return {
            "version": 1,
            "fields": [[one.name, one.kind.value, one.many] for one in self.fields],
            "chances": {name: {key: list(row) for key, row in rows.items()} for name, rows in self.chances.items()},
            "priors": list(self.priors),
            "frequencies": {name: _most(shares) for name, shares in self.frequencies.items()},
            "ignored": {name: sorted(values) for name, values in self.ignored.items()},
            "rows": self.rows,
            "bits": {name: list(row) for name, row in self.bits.items()},
            "bias": self.bias,
            "decisions": self.decisions,
            "propose": self.propose,
            "certain": self.certain,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Model":
        """The model that ``as_json`` gave."""
        match, related, other = stored["priors"]
        return cls(
            fields=tuple(Field(name, Kind(kind), many) for name, kind, many in stored["fields"]),
            chances={name: {key: tuple(row) for key, row in rows.items()} for name, rows in stored["chances"].items()},
            priors=(match, related, other),
            frequencies=stored["frequencies"],
            ignored={name: frozenset(values) for name, values in stored["ignored"].items()},
            rows=stored["rows"],
            bits={name: tuple(row) for name, row in stored["bits"].items()},
            bias=stored["bias"],
            decisions=stored["decisions"],
            propose=stored["propose"],
            certain=stored["certain"],
        )

    @staticmethod
    def learned(table: Table, left: NDArray[np.int64], right: NDArray[np.int64]) -> "Model":
        """A model learned without labels from a register and its candidate pairs."""
        from dedup.engine.learning import learned

        return learned(table, left, right)

    def taught(self, patterns: Sequence[int] | NDArray[np.int64], same: Sequence[bool] | NDArray[np.bool_]) -> "Model":
        """This model after decisions about pairs with these patterns."""
        from dedup.engine.teaching import taught

        return taught(self, np.asarray(patterns, np.int64), np.asarray(same, bool))

    def with_thresholds(self, *, propose: float, certain: float) -> "Model":
        """This model with other thresholds, probabilities both."""
        return replace(self, propose=propose, certain=certain)


def probability(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probability of odds of ``2 ** weight``."""
    return (1.0 / (1.0 + np.exp2(-weight.astype(np.float64)))).astype(np.float32)


def _most(shares: Mapping[str, float]) -> dict[str, float]:
    kept = sorted(shares.items(), key=lambda one: (-one[1], one[0]))[:VALUES_KEPT]
    return {value: round(share, 9) for value, share in kept}


__all__ = ["CLASSES", "NULL", "Model", "probability"]
