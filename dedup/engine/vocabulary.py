"""How common values are in a register: a rare surname says more than Hansen."""

from collections.abc import Mapping
from functools import partial
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dedup.engine.arrays import distinct
from dedup.engine.keys import core_of
from dedup.engine.kinds import Field, Kind
from dedup.engine.table import Column, Table

VALUES_KEPT = 4_000
COMMON_ROWS = 4
COMMON_SHARE = 1e-4
KNOWN_MAX = 50_000
BELIEVED: Mapping[Kind, tuple[float, float]] = {
    Kind.GIVEN: (2e-3, 200),
    Kind.FAMILY: (5e-4, 200),
    Kind.COMPANY: (1e-4, 300),
    Kind.ORGANISATION: (1e-6, 2000),
    Kind.EMAIL: (1e-6, 2000),
    Kind.PHONE: (1e-6, 2000),
    Kind.STREET: (1e-4, 300),
    Kind.HOUSE_NUMBER: (1e-2, 50),
    Kind.POSTAL_CODE: (1e-3, 200),
    Kind.CITY: (1e-2, 50),
    Kind.REGION: (0.2, 10),
    Kind.COUNTRY: (0.2, 10),
    Kind.BIRTH_DATE: (6e-5, 2000),
    Kind.NUMBER: (1e-6, 2000),
    Kind.CATEGORY: (0.2, 10),
    Kind.TEXT: (1e-3, 100),
}
"""How often a stranger has a given value, and how many rows that belief counts for."""
CORED = frozenset((Kind.GIVEN, Kind.FAMILY))
"""Names are counted by their cores."""
Shares = NDArray[np.float64]


class Vocabulary:
    """Shares of rows by column and core value (``keys.core_of``).

    A value that is not known counts as seen once; of a stored vocabulary, which keeps the most common values alone, as
    often as those that were left out (``rest``).
    """

    _made = count()

    def __init__(
        self, shares: Mapping[str, Mapping[str, float]], rows: int, usual: Mapping[str, frozenset[str]]
    ) -> None:
        self._name = next(self._made)
        self.known = shares
        self.rows = rows
        self.usual = usual
        self.whole: dict[str, float] = {}
        self._agreeing: dict[str, float] = {}
        self._bearers: dict[str, int] = {}
        self._rest: dict[str, float] = {}
        self._logs: dict[tuple[str, str], float] = {}
        self._letters: dict[str, dict[str, float]] = {}

    @classmethod
    def of(
        cls,
        table: Table,
        labels: NDArray[np.int64] | None = None,
        usual: Mapping[str, frozenset[str]] | None = None,
    ) -> "Vocabulary":
        """The vocabulary of a register. Rows of one label are one guest, whose values count once.

        ``usual``: which values are common, where that is known.
        """
        rows = table.size if labels is None else len(distinct(labels))
        shares: dict[str, dict[str, float]] = {}
        counted = {name: _counts(column, labels) for name, column in table.columns.items()}
        for name, column in table.columns.items():
            shares[name] = _cores(column, *counted[name])
        found = cls(shares, rows, usual or _usual(table, shares))
        for name, column in table.columns.items():
            counts, total = counted[name]
            found.whole[name] = _collisions(column, counts, total)
            found._bearers[name] = total
            if column.field.kind in CORED:
                found._agreeing[name] = sum(share**2 for share in shares[name].values())
            else:
                found._agreeing[name] = float(((counts / total) ** 2).sum())
                known = found._smoothed(column.field, np.append(counts / total, 0.0))
                column.derived(f"shares {found._name}", partial(_itself, known))
        return found

    def shares(self, column: Column) -> Shares:
        """The chance that a stranger has each distinct value of a column; one more at the end, for no value."""

        def looked_up() -> Shares:
            known, core = self.known.get(column.field.name, {}), core_of(column.field.kind)
            rest = self._rest.get(column.field.name, 0.0)
            shares = np.array([*(known.get(core(text), rest) for text in column.texts), 0.0])
            return self._smoothed(column.field, shares)

        return column.derived(f"shares {self._name}", looked_up)

    def _smoothed(self, field: Field, shares: Shares | float) -> Any:
        """Shares as they are seen, with what is believed beforehand."""
        usual, strength = BELIEVED[field.kind]
        bearers = self._bearers.get(field.name, self.rows)
        counts = np.maximum(shares * bearers - 0.5, 0.5)
        return (counts + usual * strength) / (bearers + strength)

    def logs(self, column: Column) -> Shares:
        """log2 of the shares."""
        return column.derived(f"logs {self._name}", lambda: np.log2(self.shares(column)))

    def log(self, field: Field, text: str) -> float:
        """log2 of the share of one value; empty for none."""
        known = self._logs.get((field.name, text))
        if known is None:
            if len(self._logs) > KNOWN_MAX:
                self._logs.clear()
            rest = self._rest.get(field.name, 0.0) if text else 0.0
            share = self.known.get(field.name, {}).get(core_of(field.kind)(text), rest)
            known = self._logs[field.name, text] = float(np.log2(self._smoothed(field, share)))
        return known

    def common(self, column: Column) -> NDArray[np.bool_]:
        """Whether each distinct value is so common that it is hardly a mistyped other one."""

        def looked_up() -> NDArray[np.bool_]:
            known, core = self.usual.get(column.field.name, frozenset()), core_of(column.field.kind)
            return np.array([*(core(text) in known for text in column.texts), False], bool)

        return column.derived(f"common {self._name}", looked_up)

    def initials(self, column: Column) -> Shares:
        """The share of rows whose value begins as each distinct value does; one more at the end, for no value."""

        def counted() -> Shares:
            letters = self.letters(column.field.name)
            return np.array([*(letters.get(text[:1], 0.01) for text in column.texts), 0.05])

        return column.derived(f"initials {self._name}", counted)

    def agreeing(self, name: str) -> float:
        """The chance that two cards taken at random have the same core value."""
        return self._agreeing.get(name, 0.0)

    def agreeing_letters(self, name: str) -> float:
        """The chance that two cards taken at random have values that begin alike."""
        return max(sum(share**2 for share in self.letters(name).values()), 0.01)

    def letters(self, name: str) -> Mapping[str, float]:
        """How often each first letter begins a value of a column."""
        letters = self._letters.get(name)
        if letters is None:
            letters = self._letters[name] = {}
            for text, share in self.known.get(name, {}).items():
                letters[text[:1]] = letters.get(text[:1], 0.0) + share
        return letters

    def as_json(self) -> dict[str, Any]:
        """The most common values of each column."""
        return {
            "rows": self.rows,
            "shares": {name: _most(known) for name, known in self.known.items()},
            "agreeing": self._agreeing,
            "bearers": self._bearers,
            "rest": {name: _rest(known) or self._rest.get(name, 0.0) for name, known in self.known.items()},
            "usual": {name: sorted(values) for name, values in self.usual.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Vocabulary":
        """The vocabulary that ``as_json`` gave."""
        usual = {name: frozenset(values) for name, values in stored["usual"].items()}
        found = cls(stored["shares"], stored["rows"], usual)
        found._agreeing, found._bearers = dict(stored["agreeing"]), dict(stored["bearers"])
        found._rest = dict(stored["rest"])
        return found


def _usual(table: Table, shares: Mapping[str, Mapping[str, float]]) -> dict[str, frozenset[str]]:
    """The names that at least so many rows have."""
    found = {}
    for name, column in table.columns.items():
        if column.field.kind in (Kind.GIVEN, Kind.FAMILY):
            least = max((COMMON_ROWS - 0.5) / max(table.size, 1), COMMON_SHARE)
            found[name] = frozenset(value for value, share in shares[name].items() if share >= least)
    return found


def _collisions(column: Column, counts: NDArray[np.int64], total: int) -> float:
    """The chance that two cards taken at random have the same value."""
    usual, strength = BELIEVED[column.field.kind]
    pairs = (counts.astype(np.float64) * (counts - 1)).sum()
    return float((pairs + usual * strength * 50) / (total * (total - 1.0) + strength * 50))


def _cores(column: Column, counts: NDArray[np.int64], total: int) -> dict[str, float]:
    """The share of each core value. Values of other columns than names that one card has are left out: they are many,
    and count as one that is not known."""
    if column.field.kind not in CORED:
        several = np.flatnonzero(counts > 1)
        return dict(zip([column.texts[at] for at in several], (counts[several] / total).tolist(), strict=True))
    core = core_of(column.field.kind)
    found: dict[str, float] = {}
    for text, bearers in zip(column.texts, counts.tolist(), strict=True):
        value = core(text)
        found[value] = found.get(value, 0.0) + bearers / total
    return found


def _itself(shares: Shares) -> Shares:
    return shares


def _counts(column: Column, labels: NDArray[np.int64] | None) -> tuple[NDArray[np.int64], int]:
    """How many guests have each distinct value, and how many have any."""
    rows, codes = column.entries()
    if labels is None:
        total = int((column.codes >= 0).sum())
    else:
        pairs = distinct(codes.astype(np.int64) * (int(labels.max(initial=0)) + 1) + labels[rows])
        codes = pairs // (int(labels.max(initial=0)) + 1)
        total = len(distinct(labels[column.codes >= 0]))
    return np.bincount(codes, minlength=len(column.texts)), max(total, 1)


def _most(shares: Mapping[str, float]) -> dict[str, float]:
    kept = sorted(shares.items(), key=lambda one: (-one[1], one[0]))[:VALUES_KEPT]
    return {value: float(f"{share:.4g}") for value, share in kept}


def _rest(shares: Mapping[str, float]) -> float:
    """How common the values that ``_most`` leaves out are, to one of those who have them."""
    left_out = np.sort(np.fromiter(shares.values(), np.float64, len(shares)))[::-1][VALUES_KEPT:]
    return float(f"{(left_out**2).sum() / left_out.sum():.4g}") if len(left_out) else 0.0
