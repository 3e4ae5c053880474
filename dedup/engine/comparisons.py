"""How values of two cards are compared: each comparison gives one of a few ordered levels."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from dedup.engine.keys import family_core, first_word, local_letters
from dedup.engine.kinds import NUMBER_SUFFIX, Field, Kind, columns
from dedup.engine.table import Codes, Column, Table
from dedup.engine.words import nicknames

Levels = NDArray[np.int8]
Rows = NDArray[np.int64]
NULL = -1


class Side(NamedTuple):
    """Rows of a table, one for each pair."""

    table: Table
    rows: Rows


class Comparison(NamedTuple):
    """A comparison: of which columns, its levels from best to worst, and whether a household shares the value.

    ``frequent`` levels say more when the value is rare.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...]
    levels: tuple[str, ...]
    personal: bool
    by_frequency: bool


NAME_LEVELS = ("same", "equivalent", "typo", "initial", "similar", "different")
EMAIL_LEVELS = ("same_owned", "same", "same_other", "local", "typo", "different")
NUMBER_LEVELS = ("same", "typo", "different")
DATE_LEVELS = ("same", "typo", "part", "different")
TEXT_LEVELS = ("same", "words", "typo", "similar", "different")
CATEGORY_LEVELS = ("same", "different")
HOUSE_LEVELS = ("same", "digits", "different")

_LEVELS: dict[Kind, tuple[str, ...]] = {
    Kind.GIVEN: NAME_LEVELS,
    Kind.FAMILY: NAME_LEVELS,
    Kind.COMPANY: TEXT_LEVELS,
    Kind.ORGANISATION: NUMBER_LEVELS,
    Kind.EMAIL: EMAIL_LEVELS,
    Kind.PHONE: NUMBER_LEVELS,
    Kind.STREET: TEXT_LEVELS,
    Kind.HOUSE_NUMBER: HOUSE_LEVELS,
    Kind.POSTAL_CODE: NUMBER_LEVELS,
    Kind.CITY: TEXT_LEVELS,
    Kind.REGION: CATEGORY_LEVELS,
    Kind.COUNTRY: CATEGORY_LEVELS,
    Kind.BIRTH_DATE: DATE_LEVELS,
    Kind.NUMBER: NUMBER_LEVELS,
    Kind.CATEGORY: CATEGORY_LEVELS,
    Kind.TEXT: TEXT_LEVELS,
}
_PERSONAL = frozenset((Kind.GIVEN, Kind.BIRTH_DATE, Kind.NUMBER))


def plan(fields: Sequence[Field]) -> tuple[Comparison, ...]:
    """The comparisons of cards with these fields."""
    return tuple(
        Comparison(
            field.name,
            field.kind,
            (field.name,),
            _LEVELS[field.kind],
            field.kind in _PERSONAL,
            field.kind not in (Kind.NUMBER, Kind.ORGANISATION, Kind.EMAIL, Kind.PHONE),
        )
        for field in columns(fields)
    )


def compare(comparisons: Sequence[Comparison], left: Side, right: Side) -> list[Levels]:
    """The level of each pair in each comparison, int8[pairs], NULL where either value is missing."""
    found = {}
    for one in comparisons:
        found[one.name] = _COMPARE[one.kind](one, left, right)
    _swapped(comparisons, left, right, found)
    return [found[one.name] for one in comparisons]


def _codes(one: Comparison, side: Side) -> tuple[Column, Codes]:
    column = side.table.columns[one.columns[0]]
    return column, column.codes[side.rows]


def _by_values(
    one: Comparison, left: Side, right: Side, measure: Callable[[list[str], list[str]], NDArray[Any]], worst: int
) -> Levels:
    """Levels by distinct pairs of values: 0 for equal ones, ``measure`` for the others, each pair measured once."""
    a, mine = _codes(one, left)
    b, other = _codes(one, right)
    levels = _measured(a, mine, b, other, measure, worst)
    if len(a.more_rows) or len(b.more_rows):
        _several(a, b, left, right, levels, measure, worst)
    return levels


def _measured(
    a: Column, mine: Codes, b: Column, other: Codes, measure: Callable[[list[str], list[str]], NDArray[Any]], worst: int
) -> Levels:
    levels = np.full(len(mine), NULL, np.int8)
    known = np.flatnonzero((mine >= 0) & (other >= 0))
    if not len(known):
        return levels
    mine, other = mine[known].astype(np.int64), other[known].astype(np.int64)
    if a is b:
        mine, other = np.minimum(mine, other), np.maximum(mine, other)
        equal = mine == other
    else:
        equal = a.hashed()[mine] == b.hashed()[other]
    found = np.zeros(len(known), np.int8)
    unequal = np.flatnonzero(~equal)
    if len(unequal):
        width = max(len(b.texts), 1)
        key = mine[unequal] * width + other[unequal]
        order = np.argsort(key)
        ordered = key[order]
        new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
        distinct = ordered[new]
        texts_a = a.derived("objects", lambda: np.array(a.texts, object))
        texts_b = b.derived("objects", lambda: np.array(b.texts, object))
        measured = measure(texts_a[distinct // width], texts_b[distinct % width]).astype(np.int8)
        spread = np.empty(len(key), np.int8)
        spread[order] = measured[np.cumsum(new) - 1]
        found[unequal] = spread
    levels[known] = found
    return levels


def _several(
    a: Column,
    b: Column,
    left: Side,
    right: Side,
    levels: Levels,
    measure: Callable[[list[str], list[str]], NDArray[Any]],
    worst: int,
) -> None:
    """Better the levels of pairs with several values by the best of all combinations, in place."""
    more_a = np.zeros(left.table.size, bool)
    more_a[a.more_rows] = True
    more_b = np.zeros(right.table.size, bool)
    more_b[b.more_rows] = True
    at = np.flatnonzero((more_a[left.rows] | more_b[right.rows]) & (levels != NULL))
    for where in at:
        mine = _all(a, int(left.rows[where]))
        other = _all(b, int(right.rows[where]))
        one, two = np.repeat(mine, len(other)), np.tile(other, len(mine))
        found = _measured(a, one, b, two, measure, worst)
        levels[where] = found.min()


def _all(column: Column, row: int) -> Codes:
    low, high = np.searchsorted(column.more_rows, [row, row + 1])
    return np.concatenate([column.codes[row : row + 1], column.more_codes[low:high]])


def _similarity(a: Any, b: Any, cutoff: float = 0.0) -> NDArray[np.float32]:
    return process.cpdist(a, b, scorer=JaroWinkler.similarity, dtype=np.float32, score_cutoff=cutoff, workers=1)


def _distance(a: Any, b: Any, most: int) -> NDArray[np.int32]:
    return process.cpdist(a, b, scorer=OSA.distance, dtype=np.int32, score_cutoff=most, workers=1)


def _given(a: Any, b: Any) -> NDArray[Any]:
    related = nicknames()
    nobody: frozenset[str] = frozenset()
    found = np.full(len(a), 5, np.int8)
    similar = _similarity(a, b)
    near = _distance(a, b, 1) <= 1
    found[similar >= 0.82] = 4
    found[(similar >= 0.92) | near] = 2
    for at, (one, other) in enumerate(zip(a, b, strict=True)):
        first, second = first_word(one), first_word(other)
        if len(first) == 1 or len(second) == 1:
            found[at] = 3 if first[0] == second[0] else 5
        elif first == second or second in related.get(first, nobody) or one.replace(" ", "") == other.replace(" ", ""):
            found[at] = 1
        elif (len(one) > len(first) or len(other) > len(second)) and set(one.split()) & set(other.split()):
            found[at] = 4
    return found


def _family(a: Any, b: Any) -> NDArray[Any]:
    found = np.full(len(a), 5, np.int8)
    similar = _similarity(a, b)
    near = _distance(a, b, 1) <= 1
    found[similar >= 0.82] = 4
    found[(similar >= 0.92) | near] = 2
    for at, (one, other) in enumerate(zip(a, b, strict=True)):
        if len(one) == 1 or len(other) == 1:
            found[at] = 3 if one[0] == other[0] else 5
        elif " " in one or " " in other:
            core, second = family_core(one), family_core(other)
            if (
                core == second
                or one.replace(" ", "") == other.replace(" ", "")
                or set(core.split()) & set(second.split())
            ):
                found[at] = 1
    return found


def _number(a: Any, b: Any) -> NDArray[Any]:
    return np.where(_distance(a, b, 1) <= 1, 1, 2)


def _date(a: Any, b: Any) -> NDArray[Any]:
    near = _distance(a, b, 1) <= 1
    found = np.where(near, 1, 3).astype(np.int8)
    for at, (one, other) in enumerate(zip(a, b, strict=True)):
        if near[at] or len(one) != 8 or len(other) != 8:
            continue
        if one[:4] == other[:4] and one[4:6] == other[6:] and one[6:] == other[4:6]:
            found[at] = 1
        elif one[4:] == other[4:] or one[:6] == other[:6] or (one[:4] == other[:4] and one[6:] == other[6:]):
            found[at] = 2
    return found


def _text(a: Any, b: Any) -> NDArray[Any]:
    found = np.full(len(a), 4, np.int8)
    similar = _similarity(a, b)
    found[similar >= 0.82] = 3
    found[similar >= 0.92] = 2
    for at, (one, other) in enumerate(zip(a, b, strict=True)):
        if " " in one or " " in other:
            words, others = set(one.split()), set(other.split())
            if words <= others or others <= words or one.replace(" ", "") == other.replace(" ", ""):
                found[at] = 1
    return found


def _house(a: Any, b: Any) -> NDArray[Any]:
    return np.fromiter(
        (1 if _leading(one) == _leading(other) else 2 for one, other in zip(a, b, strict=True)), np.int8, len(a)
    )


def _leading(text: str) -> str:
    return text.rstrip("abcdefghijklmnopqrstuvwxyz") or text


def _email(a: Any, b: Any) -> NDArray[Any]:
    near = _distance(a, b, 2) <= 2
    found = np.where(near, 4, 5).astype(np.int8)
    for at, (one, other) in enumerate(zip(a, b, strict=True)):
        if one.partition("@")[0] == other.partition("@")[0]:
            found[at] = 3
    return found


def _emails(one: Comparison, left: Side, right: Side) -> Levels:
    """As others; an address that both share is told apart by whose name it carries."""
    levels = _by_values(one, left, right, _email, 5)
    same = np.flatnonzero(levels == 0)
    if len(same):
        mine = _carried(one, left, same)
        other = _carried(one, right, same)
        levels[same] = np.where((mine == 1) & (other == 1), 0, np.where((mine == 1) ^ (other == 1), 2, 1))
        unknown = (mine < 0) | (other < 0)
        levels[same[unknown]] = np.where(((mine == 1) | (other == 1))[unknown], 0, 1)
    return levels


def _carried(one: Comparison, side: Side, pairs: Rows) -> NDArray[np.int8]:
    """Whether a row's given name stands in its address: 1 yes, 0 no, -1 not known."""

    def work_out() -> NDArray[np.int8]:
        emails = side.table.columns[one.columns[0]]
        given = next((c for c in side.table.columns.values() if c.field.kind is Kind.GIVEN), None)
        found = np.full(side.table.size, -1, np.int8)
        if given is None:
            return found
        letters = [local_letters(text) for text in emails.texts]
        firsts = [first_word(text) for text in given.texts]
        rows = np.flatnonzero((emails.codes >= 0) & (given.codes >= 0))
        for row in rows:
            first = firsts[given.codes[row]]
            if len(first) > 2:
                found[row] = first[:5] in letters[emails.codes[row]]
        return found

    return side.table.columns[one.columns[0]].derived("carried", work_out)[side.rows[pairs]]


def _plain(measure: Callable[[Any, Any], NDArray[Any]], worst: int) -> Callable[[Comparison, Side, Side], Levels]:
    return lambda one, left, right: _by_values(one, left, right, measure, worst)


def _category(one: Comparison, left: Side, right: Side) -> Levels:
    return _by_values(one, left, right, lambda a, b: np.ones(len(a), np.int8), 1)


def _swapped(comparisons: Sequence[Comparison], left: Side, right: Side, found: dict[str, Levels]) -> None:
    """Given and family name crossed: both are equivalent."""
    given = next((one for one in comparisons if one.kind is Kind.GIVEN), None)
    family = next((one for one in comparisons if one.kind is Kind.FAMILY), None)
    if given is None or family is None:
        return
    g, f = given.columns[0], family.columns[0]
    at = np.flatnonzero((found[given.name] > 1) & (found[family.name] > 1))
    if not len(at):
        return

    def hashed(side: Side, name: str) -> NDArray[np.uint64]:
        column = side.table.columns[name]
        values = column.hashed("core", lambda text: family_core(text) if name == f else first_word(text))
        return np.append(values, np.uint64(0))[column.codes[side.rows[at]]]

    crossed = (hashed(left, g) == hashed(right, f)) & (hashed(left, f) == hashed(right, g))
    found[given.name][at[crossed]] = 1
    found[family.name][at[crossed]] = 1


_COMPARE: dict[Kind, Callable[[Comparison, Side, Side], Levels]] = {
    Kind.GIVEN: _plain(_given, 5),
    Kind.FAMILY: _plain(_family, 5),
    Kind.COMPANY: _plain(_text, 4),
    Kind.ORGANISATION: _plain(_number, 2),
    Kind.EMAIL: _emails,
    Kind.PHONE: _plain(_number, 2),
    Kind.STREET: _plain(_text, 4),
    Kind.HOUSE_NUMBER: _plain(_house, 2),
    Kind.POSTAL_CODE: _plain(_number, 2),
    Kind.CITY: _plain(_text, 4),
    Kind.REGION: _category,
    Kind.COUNTRY: _category,
    Kind.BIRTH_DATE: _plain(_date, 3),
    Kind.NUMBER: _plain(_number, 2),
    Kind.CATEGORY: _category,
    Kind.TEXT: _plain(_text, 4),
}

__all__ = ["NUMBER_SUFFIX", "Comparison", "Side", "compare", "plan"]
