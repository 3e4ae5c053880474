"""Dates and moments as files write them, in the order that their column is known or told to have."""

import datetime as dt
import re
from functools import lru_cache
from typing import Final

from customers.normalise.months import month_named
from imports.mapping.layout import YEARS, Order

__all__ = ["ALL", "YEARS", "Order", "is_ambiguous", "moment", "month", "orders", "years_open"]

_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]+(.*))?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}:?\d{2}.*))?")
_PARTS = re.compile(r"(\d{1,2})\.?([./ -])\s?(\d{1,2})\.?\2\s?(\d{4}|\d{2}|'\d{2})\.?(?:,?[T ]+(?:kl\.? ?)?(.*))?")
_DAY_MONTH = re.compile(
    r"(\d{1,2})\.?[ -]?(?:de |of )?([^\W\d_]{3,})\.?,?[ -]?(\d{4}|\d{2})(?:,?[T ]+(?:kl\.? ?)?(.*))?"
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?:,?[T ]+(?:at )?(.*))?")
# "Født 01.02.1980", "f. 1.2.80", "fre. 17.05.2024", "born: 1 February 1980".
_BEFORE = re.compile(r"^[^\W\d_]+\.?[:,]?\s+(?=\S*\d)")
_TIME = re.compile(
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s?(am|pm|a\.m\.|p\.m\.)?\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?", re.I
)
Moment = dt.date | dt.datetime
ALL: Final[tuple[Order, ...]] = ("dmy", "mdy", "ymd")


@lru_cache(maxsize=1 << 16)
def moment(text: str, order: Order = "dmy", years: int = YEARS) -> Moment | None:
    """A date, or with its time a moment, with the offset from UTC where the text names one; None when it is neither.

    `order` holds where the text does not show its own; `years` of two digits up to this one are of this century.
    """
    if len(text) > 60:
        return None
    found = _read(text, order, years)
    if found is None and not text[:1].isdigit():
        found = _read(_BEFORE.sub("", text), order, years)
    return found


def _read(text: str, order: Order, years: int) -> Moment | None:
    if found := _ISO.fullmatch(text):
        year, _sign, mon, day, time = found.groups()
        return _at(_date(int(year), int(mon), int(day)), time)
    if found := _COMPACT.fullmatch(text):
        year, mon, day, time = found.groups()
        return _at(_date(int(year), int(mon), int(day)), time)
    if found := _PARTS.fullmatch(text):
        first, _sign, second, last, time = found.groups()
        return _at(_ordered(first, second, last.strip("'"), order, years), time)
    if found := _DAY_MONTH.fullmatch(text):
        day, name, year, time = found.groups()
        number = month(name)
        return _at(_date(_year(year, years), number, int(day)), time) if number else None
    if found := _MONTH_DAY.fullmatch(text):
        name, day, year, time = found.groups()
        number = month(name)
        return _at(_date(int(year), number, int(day)), time) if number else None
    return None


def _ordered(first: str, second: str, last: str, order: Order, years: int) -> dt.date | None:
    """Three numbers, the last of two or four digits; one that can be read in the told order alone is read so."""
    if order == "ymd" and len(last) == 2:
        return _date(_year(first, years), int(second), int(last))
    day, mon = (second, first) if order == "mdy" else (first, second)
    return _date(_year(last, years), int(mon), int(day))


def _year(text: str, years: int) -> int:
    if len(text) != 2:
        return int(text)
    return int(text) + (2000 if int(text) <= years else 1900)


def _date(year: int, mon: int, day: int) -> dt.date | None:
    """A date from 1900 to 2199; None when there is no such day."""
    if not 1900 <= year < 2200:
        return None
    try:
        return dt.date(year, mon, day)
    except ValueError:
        return None


def _at(day: dt.date | None, time: str | None) -> Moment | None:
    """The day, or the moment on it; a time that cannot be read is no time."""
    if day is None or not time:
        return day
    found = _TIME.fullmatch(time.strip())
    if found is None:
        return day
    hour, minute, second, half, zone = found.groups()
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    try:
        at = dt.datetime(day.year, day.month, day.day, hours, int(minute), int(second or 0))  # noqa: DTZ001
    except ValueError:
        return None
    return at.replace(tzinfo=_zone(zone)) if zone else at


def _zone(text: str) -> dt.tzinfo:
    if text[0] not in "+-":
        return dt.UTC
    digits = text[1:].replace(":", "")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-offset if text[0] == "-" else offset) if offset < dt.timedelta(hours=24) else dt.UTC


def orders(text: str) -> frozenset[Order]:
    """The orders in which a text is a date; empty when it is none, all when it shows its own."""
    return frozenset(order for order in ALL if moment(text, order) is not None)


def is_ambiguous(text: str) -> bool:
    """Whether a text is one date day first and another month first."""
    day_first, month_first = moment(text, "dmy"), moment(text, "mdy")
    return day_first is not None and month_first is not None and day_first != month_first


def years_open(text: str, order: Order = "dmy") -> int | None:
    """The year of two digits of a date that does not say its century."""
    bare = _BEFORE.sub("", text)
    if found := _PARTS.fullmatch(bare):
        year = found.group(4).strip("'")
        year = found.group(1) if order == "ymd" and len(year) == 2 else year
    elif found := _DAY_MONTH.fullmatch(bare):
        year = found.group(3)
    else:
        return None
    return int(year) if len(year) <= 2 else None


def month(text: str) -> int | None:
    """A month by number or by its name in any language of the interface, Swedish or German."""
    if text.isdecimal() and len(text) <= 2:
        return int(text) if 1 <= int(text) <= 12 else None
    return month_named(text)
