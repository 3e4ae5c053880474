"""Texts as sets of words: which are among another's."""

from array import array
from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from dedup.engine.sides import Values
from dedup.engine.table import Column

WORDS = 6
AT_ONCE = 100_000


class Shared(NamedTuple):
    """Of pairs of texts: whether all words of one are among the other's; whether they share any."""

    within: NDArray[np.bool_]
    some: NDArray[np.bool_]


def shared(a: Values, b: Values, where: NDArray[np.int64], core: Callable[[str], str] | None = None) -> Shared:
    """How the words of pairs ``where`` overlap; ``core``: of what part of the texts. The first WORDS count."""
    within, some = np.zeros(len(where), bool), np.zeros(len(where), bool)
    if not len(where):
        return Shared(within, some)
    every_a, every_b = _words(a.column, core), _words(b.column, core)
    for start in range(0, len(where), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        mine, theirs = every_a[a.codes[where[part]]], every_b[b.codes[where[part]]]
        mine_within, theirs_within = np.ones(len(mine), bool), np.zeros(theirs.shape, bool)
        for word in mine.T:
            met = (theirs == word[:, None]) & (word != 0)[:, None]
            theirs_within |= met
            mine_within &= met.any(axis=1) | (word == 0)
        some[part] = theirs_within.any(axis=1)
        within[part] = mine_within | (theirs_within | (theirs == 0)).all(axis=1)
    return Shared(within, some)


def _words(column: Column, core: Callable[[str], str] | None) -> NDArray[np.uint32]:
    """Hashes of the first words of each distinct value, 0 after the last: uint32[values, words]."""

    def hashed() -> NDArray[np.uint32]:
        numbers: dict[str, int] = {}
        rows, places, words = array("q"), array("q"), array("q")
        for at, text in enumerate(column.texts):
            for place, word in enumerate((core(text) if core else text).split()[:WORDS]):
                number = numbers.get(word)
                if number is None:
                    number = numbers[word] = crc32(word.encode("utf-8", "surrogatepass")) | 1
                rows.append(at)
                places.append(place)
                words.append(number)
        found = np.zeros((len(column.texts), max(places, default=0) + 1), np.uint32)
        found[rows, places] = words
        return found

    return column.derived(f"words {core.__name__ if core else ''}", hashed)
