"""Pairs of rows of two tables, and the comparing of their values: each distinct pair of values once."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from dedup.engine.arrays import speakers
from dedup.engine.table import Codes, Column, Table
from dedup.engine.vocabulary import Vocabulary

Levels = NDArray[np.int8]
Rows = NDArray[np.int64]
NULL = -1
FEW = 2_000
MANY = 30_000
CELLS = 40_000_000
PARALLEL = 20_000
"""Fewer pairs, or pairs of more values, are measured without looking for those that are there twice."""


class Side(NamedTuple):
    """Rows of a table, one for each pair."""

    table: Table
    rows: Rows


class Values(NamedTuple):
    """Values of a column, one for each pair of distinct values."""

    column: Column
    codes: NDArray[np.int64]

    def texts(self, where: NDArray[Any] | None = None) -> NDArray[Any]:
        """The values as an array of texts."""
        every = self.column.derived("objects", lambda: np.array([*self.column.texts, ""], object))
        found: NDArray[Any] = every[self.codes if where is None else self.codes[where]]
        return found

    def of(self, by_value: NDArray[Any]) -> NDArray[Any]:
        """What holds for each distinct value."""
        found: NDArray[Any] = by_value[self.codes]
        return found


def distances(a: NDArray[Any], b: NDArray[Any], scorer: Any, dtype: Any, cutoff: float) -> NDArray[Any]:
    """What a scorer of rapidfuzz says of each pair of texts; many pairs by all cores."""
    workers = -1 if len(a) > PARALLEL else 1
    found: NDArray[Any] = process.cpdist(a, b, scorer=scorer, dtype=dtype, score_cutoff=cutoff, workers=workers)
    return found


def one_edit(a: Values, b: Values) -> NDArray[np.bool_]:
    """Whether a letter changed, added, missing, or swapped with its neighbour makes one text of a pair the other.

    Such texts of seven letters and more have their first three or their last three in common: others are not measured.
    """

    def part(values: Values, name: str, of: Callable[[str], str]) -> NDArray[Any]:
        return values.of(values.column.hashed(name, of))

    near = part(a, "head", _head) == part(b, "head", _head)
    near |= part(a, "tail", _tail) == part(b, "tail", _tail)
    near |= a.of(_short(a.column)) | b.of(_short(b.column))
    where = np.flatnonzero(near)
    near[where] = distances(a.texts(where), b.texts(where), OSA.distance, np.int32, 1) <= 1
    return near


def _head(text: str) -> str:
    return text[:3]


def _tail(text: str) -> str:
    return text[-3:]


def _short(column: Column) -> NDArray[np.bool_]:
    return column.derived("short", lambda: np.array([len(text) < 7 for text in column.texts], bool))


Measure = Callable[[Values, Values, Vocabulary], NDArray[Any]]


def by_values(name: str, left: Side, right: Side, measure: Measure, words: Vocabulary) -> Levels:
    """Levels of pairs: 0 where the values are equal, what ``measure`` says where not, NULL where one is missing.

    Of cards with several values the best pair of values counts.
    """
    a, b = left.table.columns[name], right.table.columns[name]
    if not a.texts or not b.texts:
        return np.full(len(left.rows), NULL, np.int8)
    levels = _levels(a, a.codes[left.rows], b, b.codes[right.rows], measure, words)
    if len(a.more_rows) or len(b.more_rows):
        _several(a, b, left, right, levels, measure, words)
    return levels


def across(name: str, other: str, left: Side, right: Side, measure: Measure, words: Vocabulary) -> Levels:
    """Levels of the first values of one column on the left against another on the right."""
    a, b = left.table.columns[name], right.table.columns[other]
    return _levels(a, a.codes[left.rows], b, b.codes[right.rows], measure, words)


def _levels(a: Column, mine: Codes, b: Column, other: Codes, measure: Measure, words: Vocabulary) -> Levels:
    if not a.texts or not b.texts:
        return np.full(len(mine), NULL, np.int8)
    levels = np.zeros(len(mine), np.int8)
    # Of two numbers one is negative: no value.
    missing = (mine | other) < 0
    differ = mine != other if a is b else a.hashed()[mine] != b.hashed()[other]
    unequal = np.flatnonzero(differ & ~missing)
    levels[missing] = NULL
    if len(unequal):
        one, two = mine[unequal].astype(np.int64), other[unequal].astype(np.int64)
        if a is b:
            one, two = np.minimum(one, two), np.maximum(one, two)
        levels[unequal] = _distinct(a, one, b, two, measure, words)
    return levels


def _distinct(a: Column, one: Rows, b: Column, two: Rows, measure: Measure, words: Vocabulary) -> NDArray[Any]:
    """What ``measure`` says of each pair of values, asked once for each distinct pair where that pays."""
    width = len(b.texts)
    cells = len(a.texts) * width
    if len(one) < FEW or (cells > CELLS and max(len(a.texts), width) > MANY):
        return measure(Values(a, one), Values(b, two), words)
    asked = speakers((one * width + two).view(np.uint64))
    distinct = np.flatnonzero(asked == np.arange(len(asked), dtype=np.int32))
    found = np.empty(len(asked), np.int8)
    found[distinct] = measure(Values(a, one[distinct]), Values(b, two[distinct]), words)
    return found[asked]


def _several(
    a: Column, b: Column, left: Side, right: Side, levels: Levels, measure: Measure, words: Vocabulary
) -> None:
    """Better the levels of pairs with several values by the best of all combinations, in place."""
    counts_a, counts_b = _counts(a, left.table.size), _counts(b, right.table.size)
    mine, other = counts_a[left.rows], counts_b[right.rows]
    at = np.flatnonzero((mine * other > 1) & (levels != 0))
    if not len(at):
        return
    mine, other = mine[at], other[at]
    every = mine * other
    pair = np.repeat(np.arange(len(at)), every)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(every) - every, every)
    one = _nth(a, left.rows[at][pair], within // other[pair])
    two = _nth(b, right.rows[at][pair], within % other[pair])
    found = _levels(a, one, b, two, measure, words)
    best = np.full(len(at), 127, np.int8)
    np.minimum.at(best, pair, found)
    levels[at] = best


def _counts(column: Column, size: int) -> NDArray[np.int64]:
    def counted() -> NDArray[np.int64]:
        return (column.codes >= 0).astype(np.int64) + np.bincount(column.more_rows, minlength=size)

    return column.derived("counts", counted)


def _nth(column: Column, rows: NDArray[Any], nth: NDArray[Any]) -> Codes:
    codes = column.codes[rows].copy()
    further = np.flatnonzero(nth > 0)
    if len(further):
        start = np.searchsorted(column.more_rows, rows[further])
        codes[further] = column.more_codes[start + nth[further] - 1]
    return codes
