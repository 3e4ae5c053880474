"""The level of one pair of values: what :mod:`dedup.engine.names`, ``measures`` and ``contacts`` say of many at once.

One new card meets a few dozen others: whole arrays would cost more to set up than so few pairs to compare. Both ways
give the same levels, which the tests hold them to.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import OSA, JaroWinkler

from dedup.engine.keys import family_core, first_word
from dedup.engine.kinds import Kind
from dedup.engine.measures import LETTERS
from dedup.engine.names import DIFFERENT, EQUIVALENT, INITIAL, SIMILAR, SIMILAR_FROM, TYPO, TYPO_FROM, further
from dedup.engine.words import nicknames
from dedup.engine.wordsets import WORDS

Level = Callable[[str, str], int]
IsCommon = Callable[[str], bool]
"""Whether a name is so common that it is hardly a mistyped other one."""
_KNOWN_MAX = 1 << 14
_jaro = JaroWinkler.similarity
_edits = OSA.distance


def _least(threshold: float) -> float:
    """The least similarity that is the threshold when both are rounded to 32 bits, as arrays hold them."""
    rounded = np.float32(threshold)
    return (float(rounded) + float(np.nextafter(rounded, np.float32(0)))) / 2


_NEAR, _SIMILAR, _TYPO = _least(0.6), _least(SIMILAR_FROM), _least(TYPO_FROM)


class _Name(NamedTuple):
    """A name's core, its letters, whether it has several words, whether its core is one letter."""

    core: str
    joined: str
    several: bool
    initial: bool


@lru_cache(maxsize=_KNOWN_MAX)
def _given(text: str) -> _Name:
    core = first_word(text)
    return _Name(core, text.replace(" ", ""), " " in text, len(core) == 1)


@lru_cache(maxsize=_KNOWN_MAX)
def _family(text: str) -> _Name:
    core = family_core(text)
    return _Name(core, text.replace(" ", ""), " " in text, len(core) == 1)


def one_edit(a: str, b: str) -> bool:
    """Whether a letter changed, added, missing, or swapped with its neighbour makes one text the other."""
    near = a[:3] == b[:3] or a[-3:] == b[-3:] or len(a) < 7 or len(b) < 7
    return near and bool(_edits(a, b, score_cutoff=1) <= 1)


def given(a: str, b: str, a_common: IsCommon, b_common: IsCommon) -> int:
    """The level of two unequal given names."""
    one, other = _given(a), _given(b)
    if one.initial or other.initial:
        return INITIAL if a[0] == b[0] else DIFFERENT
    same_core = one.core == other.core
    if (same_core and not (one.several and other.several)) or one.joined == other.joined:
        return EQUIVALENT
    if other.core in nicknames().get(one.core, ()):
        return EQUIVALENT
    found = _nearness(a, b, a_common, b_common)
    if found != TYPO and (one.several or other.several):
        if same_core:
            return further(a, b)
        if not set(a.split()[:WORDS]).isdisjoint(b.split()[:WORDS]):
            return SIMILAR
    return found


def family(a: str, b: str, a_common: IsCommon, b_common: IsCommon) -> int:
    """The level of two unequal family names."""
    one, other = _family(a), _family(b)
    if one.initial or other.initial:
        return INITIAL if a[0] == b[0] else DIFFERENT
    if one.core == other.core or one.joined == other.joined:
        return EQUIVALENT
    found = _nearness(a, b, a_common, b_common)
    if found != TYPO and (one.several or other.several):
        mine, theirs = set(one.core.split()[:WORDS]), set(other.core.split()[:WORDS])
        if mine <= theirs or theirs <= mine:
            return EQUIVALENT
        if not mine.isdisjoint(theirs):
            return SIMILAR
    return found


def _nearness(a: str, b: str, a_common: IsCommon, b_common: IsCommon) -> int:
    similar = _jaro(a, b, score_cutoff=0.6)
    if similar < _NEAR:
        return DIFFERENT
    edits, longest = _edits(a, b, score_cutoff=3), max(len(a), len(b))
    if edits <= (2 if longest > 6 else 1) or similar >= _TYPO:
        return SIMILAR if a_common(a) and b_common(b) else TYPO
    return SIMILAR if similar >= _SIMILAR or edits <= (longest + 1) // 3 else DIFFERENT


def _number(a: str, b: str) -> int:
    return 1 if one_edit(a, b) else 2


def _phone(a: str, b: str) -> int:
    return 2 if one_edit(a, b) else 3


def _house(a: str, b: str) -> int:
    return 1 if (a.rstrip(LETTERS) or a) == (b.rstrip(LETTERS) or b) else 2


def _category(a: str, b: str) -> int:
    return 1


def _email(a: str, b: str) -> int:
    if (a.rpartition("@")[0] or a) == (b.rpartition("@")[0] or b):
        return 4
    if a[:2] == b[:2] or a.partition("@")[0][-3:] == b.partition("@")[0][-3:]:
        edits = _edits(a, b, score_cutoff=6)
        if edits <= 2:
            return 5
        if edits <= min(6, max(len(a), len(b)) // 4):
            return 6
    return 7


def _text(a: str, b: str) -> int:
    if a.replace(" ", "") == b.replace(" ", ""):
        return 1
    if " " in a or " " in b:
        mine, theirs = set(a.split()[:WORDS]), set(b.split()[:WORDS])
        if mine <= theirs or theirs <= mine:
            return 1
    similar = _jaro(a, b, score_cutoff=0.8)
    return 2 if similar >= _TYPO else 3 if similar >= _SIMILAR else 4


@lru_cache(maxsize=_KNOWN_MAX)
def _parted(text: str) -> tuple[int, int, int]:
    whole = len(text) == 8 and text.isdigit()
    return (int(text[:4]), int(text[4:6]), int(text[6:])) if whole else (0, 0, 0)


def _date(a: str, b: str) -> int:
    if one_edit(a, b):
        return 1
    (year, month, day), (other_year, other_month, other_day) = _parted(a), _parted(b)
    if year == 0 or other_year == 0:
        return 4
    if year == other_year and month == other_day and day == other_month:
        return 1
    if (year == other_year) + (month == other_month) + (day == other_day) >= 2:
        return 2
    days = abs(day - other_day)
    close = abs(year - other_year) in (0, 1, 10) and abs(month - other_month) <= 1 and (days <= 2 or days == 10)
    return 3 if close else 4


LEVELS: dict[Kind, Level] = {
    Kind.COMPANY: _text,
    Kind.ORGANISATION: _number,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.STREET: _text,
    Kind.HOUSE_NUMBER: _house,
    Kind.POSTAL_CODE: _number,
    Kind.CITY: _text,
    Kind.REGION: _category,
    Kind.COUNTRY: _category,
    Kind.BIRTH_DATE: _date,
    Kind.NUMBER: _number,
    Kind.CATEGORY: _category,
    Kind.TEXT: _text,
}
"""The level of two unequal values of every kind but names, which are measured by what is common too."""
