"""What the values of a column look like: enough to tell a wrong name of a column from a right one."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from customers.normalise import split_place
from imports.mapping import dates, values
from imports.mapping.cards import without_card_numbers
from imports.mapping.headers import known_words

SHARE: Final = 0.5
"""What half of a column's filled cells are, the column is."""
STRONG: Final = 0.8
FEW: Final = 5
"""So many filled cells at least say something against a name."""
_LOOKED_AT: Final = 400
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_PHONE = re.compile(r"(?:[^\W\d_]+\.?:?\s*)?\+?[\d\s()./-]{5,24}(?:[;,/|\n].*)?")
_DATED: Final = re.compile(r".*(?:_on|_at|_date|\.date|first_contact|\.arrival|\.departure)$")
_AMOUNTS: Final = re.compile(r".*\.(?:amount|price|rate|quantity)$")
_COUNTS: Final = re.compile(r"stay\.(?:nights|adults|children|lead_days|arrival_year|arrival_day)$")
_YES: Final = re.compile(r"consent\.(?:newsletter\.(?:email|sms)|profiling|sensitive|tracking)$|stay\.cancelled$")


def is_dated(meaning: str) -> bool:
    """Whether a meaning's values are dates."""
    return _DATED.match(meaning) is not None


def is_amount(meaning: str) -> bool:
    """Whether a meaning's values are amounts with decimals."""
    return _AMOUNTS.match(meaning) is not None


def contradicts(meaning: str, cells: Sequence[str]) -> bool:
    """Whether the filled cells of a column are for the most part nothing that this meaning can hold."""
    test = _test(meaning)
    return test is not None and len(cells) >= FEW and _share(test, cells) < SHARE


def is_code_and_city(cells: Sequence[str]) -> bool:
    """Whether the filled cells of a column are a postal code and a city each, for the most part at least."""
    return not cells or _share(lambda cell: all(split_place(cell)), cells) >= STRONG


def looks_like(cells: Sequence[str]) -> str:
    """The meaning that the cells alone speak for, of those that can be told without a name; empty for none."""
    if len(cells) >= 2:
        for meaning, test in _TELLING.items():
            if _share(test, cells) >= STRONG:
                return meaning
    return ""


def samples(header: Sequence[str], rows: Sequence[Sequence[str]], n: int = 3) -> list[tuple[str, ...]]:
    """Of each column the first `n` distinct values, on one line, shortened, with payment cards masked."""
    found = []
    for place in range(len(header)):
        distinct: dict[str, None] = {}
        for row in rows:
            cell = " ".join(row[place].split()) if place < len(row) else ""
            if cell:
                distinct[without_card_numbers(cell if len(cell) <= 60 else cell[:59] + "…")] = None
            if len(distinct) == n:
                break
        found.append(tuple(distinct))
    return found


def filled(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    """The filled cells of a column, long ones cut: their beginning tells what they are."""
    return [cell for row in rows if place < len(row) and (cell := row[place][:_LOOKED_AT].strip().removeprefix("'"))]


def _share(test: Callable[[str], bool], cells: Sequence[str]) -> float:
    return sum(map(test, cells)) / len(cells)


def _is_email(cell: str) -> bool:
    return _EMAIL.search(cell) is not None


def _is_phone(cell: str) -> bool:
    return _PHONE.fullmatch(cell) is not None and not _is_date(cell) and sum(map(str.isdigit, cell)) >= 8


def _may_be_phone(cell: str) -> bool:
    return sum(map(str.isdigit, cell)) >= 5 and "@" not in cell


def _is_date(cell: str) -> bool:
    return any(dates.moment(cell, order) is not None for order in dates.ALL)


def _is_short(cell: str) -> bool:
    return len(cell) <= 20


def _is_amount(cell: str) -> bool:
    return values.amount(cell) is not None


def _is_whole(cell: str) -> bool:
    return values.whole(cell) is not None


def _is_yes(cell: str) -> bool:
    # Files have words of their own for yes and no, dates and long texts are none.
    return len(cell) <= 24 and "@" not in cell and not _is_date(cell) and sum(map(str.isdigit, cell)) < 5


def _is_country(cell: str) -> bool:
    return values.country(cell) is not None


def _is_kind(cell: str) -> bool:
    return cell.casefold() in known_words()["guest.kind"]


def _is_language(cell: str) -> bool:
    return values.language(cell) is not None


_TESTS: Final[Mapping[str, Callable[[str], bool]]] = {
    "guest.email": _is_email,
    "guest.phone": _may_be_phone,
    "guest.country": _is_country,
    "guest.nationality": _is_country,
    "guest.language": _is_language,
    "guest.kind": _is_kind,
    "guest.postal_code": _is_short,
}
_TELLING: Final[Mapping[str, Callable[[str], bool]]] = {
    "guest.email": _is_email,
    "guest.phone": _is_phone,
    "guest.country": lambda cell: len(cell) > 3 and _is_country(cell),
}


def _test(meaning: str) -> Callable[[str], bool] | None:
    if is_dated(meaning):
        return _is_date
    if is_amount(meaning):
        return _is_amount
    if _COUNTS.match(meaning):
        return _is_whole
    if _YES.match(meaning):
        return _is_yes
    return _TESTS.get(meaning)
