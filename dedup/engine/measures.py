"""How values other than names are compared: numbers, dates, addresses, texts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler

from dedup.engine.letters import in_common, maybe_similar
from dedup.engine.sides import Values, distances, one_edit
from dedup.engine.table import Column
from dedup.engine.vocabulary import Vocabulary
from dedup.engine.wordsets import shared

NUMBER_LEVELS = ("same", "typo", "different")
DATE_LEVELS = ("same", "typo", "part", "near", "different")
TEXT_LEVELS = ("same", "words", "typo", "similar", "different")
CATEGORY_LEVELS = ("same", "different")
HOUSE_LEVELS = ("same", "digits", "different")
TYPO_FROM = 0.92
SIMILAR_FROM = 0.82
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def number(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """One digit wrong, missing or two swapped: a typo."""
    return np.where(one_edit(a, b), 1, 2)


def date(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """A typo: one digit, or day and month crossed. A part: two of day, month and year agree. Near: each by a little."""
    near = one_edit(a, b)
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
    maybe = np.flatnonzero(maybe_similar(a, b, in_common(a, b), SIMILAR_FROM))
    similar = distances(a.texts(maybe), b.texts(maybe), JaroWinkler.similarity, np.float32, 0.8)
    found[maybe[similar >= SIMILAR_FROM]] = 3
    found[maybe[similar >= TYPO_FROM]] = 2
    found[a.of(_joined(a.column)) == b.of(_joined(b.column))] = 1
    several = np.flatnonzero(a.of(_several(a.column)) | b.of(_several(b.column)))
    found[several[shared(a, b, several).within]] = 1
    return found


def _joined(column: Column) -> NDArray[np.uint64]:
    return column.hashed("joined", lambda one: one.replace(" ", ""))


def _several(column: Column) -> NDArray[np.bool_]:
    return column.derived("several", lambda: np.array([" " in text for text in column.texts], bool))


def house(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """Digits: the number is the same, the letter after it is not."""

    def digits(values: Values) -> NDArray[Any]:
        return values.of(values.column.hashed("digits", lambda one: one.rstrip(LETTERS) or one))

    return np.where(digits(a) == digits(b), 1, 2)


def category(a: Values, b: Values, words: Vocabulary) -> NDArray[Any]:
    """Unequal is different."""
    return np.ones(len(a.codes), np.int8)
