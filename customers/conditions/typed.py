"""Conditions as they are typed: ``tag:vip -tag:problem stays>=3 last<2024-06-01``. Pure.

Which words there are, and what their values mean, is handed in: a table of :class:`Word` in the reader's language. What
is not understood stays search text, so that nobody has to know that there are operators.
"""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, NamedTuple

from customers.filters import Condition, Period
from customers.filters.schema import AMOUNT_MAX, TEXT_MAX
from customers.normalise.letters import fold

Kind = Literal["values", "ready", "text", "number", "money", "date", "born", "birthday"]
TYPED_MAX: Final = 20
"""Conditions of one text."""
PREFIX: Final = 2
"""So many letters of a name are enough where they leave no doubt."""


@dataclass(frozen=True)
class Word:
    """A word before the sign.

    ``values``: names (folded) with what a condition on ``field`` holds. ``ready``: names with whole conditions. The
    other kinds read what stands behind the sign, unless it is a name in ``values``, there with a whole condition; of
    ``born`` a month is a birthday.
    """

    kind: Kind
    field: str = ""
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    operator: str = "any_of"


Words = Mapping[str, Word]
"""By the folded word."""


class Typed(NamedTuple):
    """What a text says: its conditions in order, and the search text that is left."""

    conditions: tuple[Condition, ...]
    text: str


_TOKEN: Final = re.compile(r'(?<!\S)(-?)([^\W\d]\w*)(>=|<=|[:=<>])((?:"[^"]*"|[^\s"])+)(?!\S)')
_PART: Final = re.compile(r'(?:"[^"]*"|[^,"])+')
_DAY: Final = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", re.ASCII)
_RELATIVE: Final = re.compile(r"(\d{1,3})([dwmy])", re.ASCII)
_UNITS: Final[Mapping[str, Any]] = {"d": "day", "w": "week", "m": "month", "y": "year"}


def typed_read(text: str, words: Words) -> Typed:
    """Read a text.

    >>> typed_read("kari stays>=3", {"stays": Word("number", "stays")}).text
    'kari'
    """
    found: list[Condition] = []

    def take(match: re.Match[str]) -> str:
        minus, word, sign, value = match.groups()
        known = words.get(_folded(word))
        condition = _condition(known, sign, value) if known and len(found) < TYPED_MAX else None
        if condition is None:
            return match[0]
        found.append(replace(condition, negated=condition.negated != bool(minus)))
        return ""

    rest = _TOKEN.sub(take, text)
    return Typed(tuple(found), " ".join(rest.split()) if found else text)


def has_operators(text: str) -> bool:
    """Whether a text may hold typed conditions at all."""
    return _TOKEN.search(text) is not None


def _folded(name: str) -> str:
    return fold(name).replace(" ", "")


def names_folded(names: Mapping[str, Any]) -> dict[str, Any]:
    """A table of values by the folded form of their names; the first of two that fold alike wins."""
    found: dict[str, Any] = {}
    for name, value in names.items():
        found.setdefault(_folded(name), value)
    return found


def _condition(word: Word, sign: str, written: str) -> Condition | None:
    if word.kind in ("values", "ready", "text"):
        parts = [part.replace('"', "").strip() for part in _PART.findall(written)]
        return _named(word, parts) if sign in ":=" and parts and all(parts) else None
    value = written.replace('"', "").strip()
    if sign in ":=" and (ready := _value(word.values, value)) is not None:
        return ready
    return _READ[word.kind](word.field, sign, value)


def _named(word: Word, parts: list[str]) -> Condition | None:
    if word.kind == "text":
        if any(len(part) > TEXT_MAX for part in parts):
            return None
        starts = all(part.endswith("*") for part in parts)
        texts = tuple(part.rstrip("*") if starts else part for part in parts)
        return Condition(word.field, "starts_with" if starts else "is", texts) if all(texts) else None
    values = tuple(_value(word.values, part) for part in parts)
    if any(value is None for value in values):
        return None
    if word.kind == "ready":
        return values[0] if len(values) == 1 else None
    return Condition(word.field, word.operator, tuple(dict.fromkeys(values)))


def _value(values: Mapping[str, Any], name: str) -> Any:
    """The value of a name, or of the beginning of exactly one."""
    sought = _folded(name)
    if not sought:
        return None
    if sought in values:
        return values[sought]
    if len(sought) < PREFIX:
        return None
    near = {each: None for known, each in values.items() if known.startswith(sought)}
    return next(iter(near)) if len(near) == 1 else None


def _number(key: str, sign: str, written: str) -> Condition | None:
    number = _decimal(written)
    if number is None or number != number.to_integral_value():
        return None
    return _compared(key, sign, number, plain="equals")


def _money(key: str, sign: str, written: str) -> Condition | None:
    number = _decimal(written)
    if number is None or number != round(number, 2):
        return None
    return _compared(key, sign, number, plain="at_least")


def _compared(key: str, sign: str, number: Decimal, *, plain: str) -> Condition:
    operator, negated = {
        ">=": ("at_least", False),
        "<=": ("at_most", False),
        ">": ("at_most", True),
        "<": ("at_least", True),
    }.get(sign, (plain, False))
    return Condition(key, operator, number, negated)


def _decimal(written: str) -> Decimal | None:
    if not re.fullmatch(r"\d{1,13}([.,]\d{1,2})?", written, re.ASCII):
        return None
    try:
        number = Decimal(written.replace(",", "."))
    except InvalidOperation:  # pragma: no cover - the form has been seen
        return None
    return number if number <= AMOUNT_MAX else None


def _date(key: str, sign: str, written: str) -> Condition | None:
    relative = _RELATIVE.fullmatch(written)
    if relative is not None:
        # "last>6m" is longer ago than six months, "last<6m" is since then.
        number, unit = int(relative[1]), _UNITS[relative[2]]
        return Condition(key, "in", Period("before" if sign[0] == ">" else "last", number, unit))
    span = _span(written)
    if span is None:
        return None
    first, last = span
    after, before = {
        ">=": (first, None),
        ">": (_shifted(last, 1), None),
        "<=": (None, last),
        "<": (None, _shifted(first, -1)),
    }.get(sign, (first, last))
    return Condition(key, "in", Period("between", first=after, until=before)) if after or before else None


def _shifted(day: dt.date, days: int) -> dt.date | None:
    try:
        return day + dt.timedelta(days=days)
    except OverflowError:
        return None


def _span(written: str) -> tuple[dt.date, dt.date] | None:
    """The days of a year, a month (``2024-06``) or a day."""
    match = _DAY.fullmatch(written)
    named = _DAY_FIRST.fullmatch(written)
    if named is not None:
        day, month, year = (int(part) for part in named.groups())
    elif match is not None:
        year, month, day = (int(part) if part else 0 for part in match.groups())
    else:
        return None
    try:
        if day:
            return dt.date(year, month, day), dt.date(year, month, day)
        if month:
            first = dt.date(year, month, 1)
            after = dt.date(year + month // 12, month % 12 + 1, 1)
            return first, after - dt.timedelta(days=1)
        return dt.date(year, 1, 1), dt.date(year, 12, 31)
    except ValueError:
        return None


def _born(key: str, sign: str, written: str) -> Condition | None:
    """A month of birthdays (``born:05``), or a date of birth."""
    if len(written) <= 2:
        return _month(written) if sign in ":=" else None
    return None if _RELATIVE.fullmatch(written) else _date(key, sign, written)


def _month(written: str) -> Condition | None:
    number = int(written) if written.isascii() and written.isdecimal() and len(written) <= 2 else 0
    return Condition("birthday", "month", (number,)) if 1 <= number <= 12 else None


def _birthday(key: str, sign: str, written: str) -> Condition | None:
    if sign not in ":=":
        return None
    ahead = _RELATIVE.fullmatch(written)
    if ahead is not None:
        return Condition(key, "in", Period("next", int(ahead[1]), _UNITS[ahead[2]]))
    return _month(written)


_READ: Final[Mapping[str, Callable[[str, str, str], Condition | None]]] = {
    "number": _number,
    "money": _money,
    "date": _date,
    "born": _born,
    "birthday": _birthday,
}
