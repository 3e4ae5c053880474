"""How values other than names are compared: numbers, dates, addresses, texts."""

from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from dedup.engine.sides import Values
from dedup.engine.table import Column
from dedup.engine.vocabulary import Vocabulary

NUMBER_LEVELS = ("same", "typo", "different")
DATE_LEVELS = ("same", "typo", "part", "near", "different")
TEXT_LEVELS = ("same", "words", "typo", "similar", "different")
CATEGORY_LEVELS = ("same", "different")
HOUSE_LEVELS = ("same", "digits", "different")
WORDS = 6
WORDS_AT_ONCE = 100_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def number(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """One digit wrong, missing or two swapped: a typo."""
    return np.where(_near(a, b, 1), 1, 2)


def date(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """A typo: one digit, or day and month crossed. A part: two of day, month and year agree. Near: each by a little."""
    near = _near(a, b, 1)
    found = np.where(near, 1, 4).astype(np.int8)
    rest = np.flatnonzero(~near)
    if not len(rest):
        return found
    one, other = _dates(a, rest), _dates(b, rest)
    whole = (one[0] > 0) & (other[0] > 0)
    year, month, day = (mine == theirs for mine, theirs in zip(one, other, strict=True))
    crossed = year & (one[1] == other[2]) & (one[2] == other[1])
    years, months, days = (np.abs(mine - theirs) for mine, theirs in zip(one, other, strict=True))
    close = np.isin(years, (0, 1, 10)) & (months <= 1) & ((days <= 2) | (days == 10))
    found[rest[whole & close]] = 3
    found[rest[whole & (year.astype(int) + month + day >= 2)]] = 2
    found[rest[whole & crossed]] = 1
    return found


def _dates(values: Values, where: NDArray[Any]) -> tuple[NDArray[np.int32], ...]:
    def parted() -> NDArray[np.int32]:
        return np.array(
            [
                (int(text[:4]), int(text[4:6]), int(text[6:])) if len(text) == 8 and text.isdigit() else (0, 0, 0)
                for text in [*values.column.texts, ""]
            ],
            np.int32,
        )

    parts = values.column.derived("dates", parted)[values.codes[where]]
    return parts[:, 0], parts[:, 1], parts[:, 2]


def text(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """Words: those of one among those of the other. Else by letters."""
    found = np.full(len(a.codes), 4, np.int8)
    similar = process.cpdist(a.texts(), b.texts(), scorer=JaroWinkler.similarity, dtype=np.float32, score_cutoff=0.8)
    found[similar >= 0.82] = 3
    found[similar >= 0.92] = 2
    found[a.of(_joined(a.column)) == b.of(_joined(b.column))] = 1
    for start in range(0, len(found), WORDS_AT_ONCE):
        part = slice(start, start + WORDS_AT_ONCE)
        mine, theirs = _words(a.column)[a.codes[part]], _words(b.column)[b.codes[part]]
        among = np.ones(len(mine), bool), np.ones(len(mine), bool)
        for inside, (one, other) in zip(among, ((mine, theirs), (theirs, mine)), strict=True):
            for word in one.T:
                inside &= (word == 0) | (other == word[:, None]).any(axis=1)
        found[part][among[0] | among[1]] = 1
    return found


def _joined(column: Column) -> NDArray[np.uint64]:
    return column.hashed("joined", lambda one: one.replace(" ", ""))


def _words(column: Column) -> NDArray[np.uint32]:
    """Hashes of the first words of each distinct value, 0 after the last: uint32[values, WORDS]."""

    def hashed() -> NDArray[np.uint32]:
        every = [text.split()[:WORDS] for text in column.texts]
        numbers: dict[str, int] = {}
        found = np.zeros((len(every), WORDS), np.uint32)
        for at, words in enumerate(every):
            for place, word in enumerate(words):
                number = numbers.get(word)
                if number is None:
                    number = numbers[word] = crc32(word.encode("utf-8", "surrogatepass")) | 1
                found[at, place] = number
        return found

    return column.derived("words", hashed)


def house(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """Digits: the number is the same, the letter after it is not."""

    def digits(values: Values) -> NDArray[Any]:
        return values.of(values.column.hashed("digits", lambda one: one.rstrip(_LETTERS) or one))

    return np.where(digits(a) == digits(b), 1, 2)


def category(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """Unequal is different."""
    return np.ones(len(a.codes), np.int8)


def _near(a: Values, b: Values, most: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (
        process.cpdist(a.texts(), b.texts(), scorer=OSA.distance, dtype=np.int32, score_cutoff=most) <= most
    )
    return found
