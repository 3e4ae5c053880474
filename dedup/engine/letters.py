"""Which two texts may be similar, told by the letters they are made of: the others need no measuring."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dedup.engine.sides import Values
from dedup.engine.table import Column

Letters = NDArray[np.uint64]
BOOSTED_FROM = 0.7
"""Jaro and Winkler's similarity adds what beginnings have in common where the rest is at least so similar."""
BEGINNING = 0.4
"""The most that it adds, of what is left to 1."""
AT_ONCE = 20_000
_SLACK = 1e-6
_BITS = np.uint64(1) << np.arange(32, dtype=np.uint64)


def in_common(a: Values, b: Values) -> NDArray[np.int64]:
    """How many letters the texts of each pair have in common, at most."""
    mine, theirs = a.of(_letters(a.column)), b.of(_letters(b.column))
    only_mine, only_theirs = np.bitwise_count(mine & ~theirs), np.bitwise_count(theirs & ~mine)
    return np.minimum(lengths(a) - only_mine, lengths(b) - only_theirs)


def maybe_similar(a: Values, b: Values, common: NDArray[np.int64], least: float) -> NDArray[np.bool_]:
    """Whether Jaro and Winkler's similarity may be ``least``, of more than BOOSTED_FROM."""
    boosted = max((least - BEGINNING) / (1 - BEGINNING), BOOSTED_FROM)
    wanted = np.where(a.of(_begin(a.column)) == b.of(_begin(b.column)), 3 * boosted - 1, 3 * least - 1)
    mine, theirs = lengths(a), lengths(b)
    found: NDArray[np.bool_] = common * (mine + theirs) >= (wanted - _SLACK) * (mine * theirs)
    return found


def lengths(values: Values) -> NDArray[np.int64]:
    """How many letters each text has."""
    column = values.column
    return values.of(column.derived("lengths", lambda: np.array([len(text) for text in column.texts], np.int64)))


def _begin(column: Column) -> NDArray[np.int64]:
    return column.derived("begin", lambda: np.array([ord(text[0]) for text in column.texts], np.int64))


def _letters(column: Column) -> Letters:
    """Of each distinct text a bit for each letter that it has, and one for each that it has twice. Letters of one bit
    count as one letter."""

    def made() -> Letters:
        parts = [column.texts[at : at + AT_ONCE] for at in range(0, len(column.texts), AT_ONCE)]
        return np.concatenate([_made_of(part) for part in parts])

    return column.derived("made of", made)


def _made_of(texts: Sequence[str]) -> Letters:
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    counts = np.bincount(owner * 32 + (codes & np.uint32(31)), minlength=len(texts) * 32).reshape(-1, 32)
    once = (counts > 0) @ _BITS
    found: Letters = once | ((counts > 1) @ _BITS) << np.uint64(32)
    return found
