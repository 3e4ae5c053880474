"""Spans of days that move with the calendar: the last six months, this year, the next thirty days. Pure."""

import datetime as dt
from calendar import isleap, monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, get_args

Way = Literal["last", "next", "this", "previous", "before", "between"]
Unit = Literal["day", "week", "month", "quarter", "year"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
NUMBER_MAX: Final = 1_200
FIRST_DAY, LAST_DAY = dt.date(1, 1, 1), dt.date(9999, 12, 31)


class Span(NamedTuple):
    """From ``first`` to ``last``, both included; ``None`` is open."""

    first: dt.date | None
    last: dt.date | None

    def holds(self, day: dt.date | None) -> bool:
        """Whether a day lies in it; no day never does."""
        return day is not None and (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Period:
    """When, seen from a day.

    ``last`` and ``next``: up to ``number`` units away, that day included. ``this`` and ``previous``: the calendar's
    week (from Monday), month, quarter or year. ``before``: longer ago than ``number`` units, so that ``last`` and
    ``before`` share no day and leave none of the past out. ``between``: from ``first`` until ``until``, either may be
    open.
    """

    way: Way
    number: int = 0
    unit: Unit = "day"
    first: dt.date | None = None
    until: dt.date | None = None

    def span(self, today: dt.date) -> Span:
        """The days meant on ``today``."""
        match self.way:
            case "last":
                return Span(shifted(today, self.unit, -self.number), today)
            case "next":
                return Span(today, shifted(today, self.unit, self.number))
            case "before":
                edge = shifted(today, self.unit, -self.number)
                return Span(None, edge - dt.timedelta(days=1) if edge > FIRST_DAY else edge)
            case "this":
                return _calendar(today, self.unit)
            case "previous":
                return _calendar(_whole(today, self.unit).first - dt.timedelta(days=1), self.unit)
            case "between":
                return Span(self.first, self.until)

    def as_json(self) -> dict[str, Any]:
        """As a tree's JSON holds it."""
        if self.way == "between":
            ends = (("from", self.first), ("until", self.until))
            return {name: day.isoformat() for name, day in ends if day is not None}
        if self.way in ("this", "previous"):
            return {self.way: self.unit}
        return {self.way: self.number, "unit": self.unit}


def period_read(data: Mapping[str, Any]) -> Period:
    """A period from a tree's JSON, of which the schema has seen the shape. Raises ``ValueError`` for no real day."""
    for way in ("last", "next", "before"):
        if way in data:
            return Period(way, int(data[way]), data["unit"])
    for calendar in ("this", "previous"):
        if calendar in data:
            return Period(calendar, unit=data[calendar])
    first, until = (dt.date.fromisoformat(data[end]) if data.get(end) else None for end in ("from", "until"))
    if first is not None and until is not None and until < first:
        first, until = until, first
    return Period("between", first=first, until=until)


def shifted(day: dt.date, unit: Unit, number: int) -> dt.date:
    """The day ``number`` units later, or earlier; the month's last day where it is too short."""
    try:
        if unit in ("day", "week"):
            return day + dt.timedelta(days=number * (7 if unit == "week" else 1))
        months = day.year * 12 + day.month - 1 + number * {"month": 1, "quarter": 3, "year": 12}[unit]
        year, month = divmod(months, 12)
        return day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError):
        return FIRST_DAY if number < 0 else LAST_DAY


class _Whole(NamedTuple):
    first: dt.date
    last: dt.date


def _calendar(day: dt.date, unit: Unit) -> Span:
    return Span(*_whole(day, unit))


def _whole(day: dt.date, unit: Unit) -> _Whole:
    if unit == "day":
        return _Whole(day, day)
    if unit == "week":
        monday = day - dt.timedelta(days=day.weekday())
        return _Whole(monday, monday + dt.timedelta(days=6))
    if unit == "year":
        return _Whole(day.replace(month=1, day=1), day.replace(month=12, day=31))
    months = 3 if unit == "quarter" else 1
    month = (day.month - 1) // months * months + 1
    end = month + months - 1
    return _Whole(day.replace(month=month, day=1), day.replace(month=end, day=monthrange(day.year, end)[1]))


def birthday_ranges(span: Span) -> list[tuple[int, int]]:
    """The birthdays of a closed span, as ranges of month times a hundred plus day, both ends included.

    Who was born on 29 February has their birthday on the 28th where the year has no 29th.
    """
    if span.first is None or span.last is None or (span.last - span.first).days >= 365:
        return [(101, 1231)]
    first, last = span.first, span.last
    start, end = first.month * 100 + first.day, last.month * 100 + last.day
    if (last.month, last.day) == (2, 28) and not isleap(last.year):
        end = 229
    return [(start, end)] if first.year == last.year else [(start, 1231), (101, end)]
