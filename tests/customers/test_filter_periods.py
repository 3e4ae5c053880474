"""Spans of days that move with the calendar."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.filters import Period, Span
from customers.filters.period import FIRST_DAY, LAST_DAY, UNITS, birthday_ranges, period_read, shifted

D = dt.date
TODAY = D(2026, 11, 22)  # a Sunday

SPANS = [
    (Period("last", 6, "month"), D(2026, 5, 22), TODAY),
    (Period("last", 0, "day"), TODAY, TODAY),
    (Period("last", 2, "week"), D(2026, 11, 8), TODAY),
    (Period("last", 1, "quarter"), D(2026, 8, 22), TODAY),
    (Period("next", 30, "day"), TODAY, D(2026, 12, 22)),
    (Period("next", 1, "year"), TODAY, D(2027, 11, 22)),
    (Period("before", 6, "month"), None, D(2026, 5, 21)),
    (Period("this", unit="day"), TODAY, TODAY),
    (Period("this", unit="week"), D(2026, 11, 16), TODAY),
    (Period("this", unit="month"), D(2026, 11, 1), D(2026, 11, 30)),
    (Period("this", unit="quarter"), D(2026, 10, 1), D(2026, 12, 31)),
    (Period("this", unit="year"), D(2026, 1, 1), D(2026, 12, 31)),
    (Period("previous", unit="day"), D(2026, 11, 21), D(2026, 11, 21)),
    (Period("previous", unit="week"), D(2026, 11, 9), D(2026, 11, 15)),
    (Period("previous", unit="month"), D(2026, 10, 1), D(2026, 10, 31)),
    (Period("previous", unit="quarter"), D(2026, 7, 1), D(2026, 9, 30)),
    (Period("previous", unit="year"), D(2025, 1, 1), D(2025, 12, 31)),
    (Period("between", first=D(2025, 5, 1)), D(2025, 5, 1), None),
    (Period("between", until=D(2025, 5, 1)), None, D(2025, 5, 1)),
]


@pytest.mark.parametrize(("period", "first", "last"), SPANS, ids=[str(p.as_json()) for p, _first, _last in SPANS])
def test_span(period: Period, first: dt.date | None, last: dt.date | None) -> None:
    assert period.span(TODAY) == Span(first, last)
    assert period_read(period.as_json()) == period


@pytest.mark.parametrize(
    ("day", "unit", "number", "expected"),
    [
        (D(2024, 2, 29), "year", -1, D(2023, 2, 28)),
        (D(2026, 3, 31), "month", -1, D(2026, 2, 28)),
        (D(2026, 1, 31), "month", 1, D(2026, 2, 28)),
        (D(2026, 11, 22), "year", -5_000, FIRST_DAY),
        (D(2026, 11, 22), "year", 9_000, LAST_DAY),
        (D(2026, 11, 22), "week", 10**6, LAST_DAY),
    ],
)
def test_shifted_to_the_months_end_and_the_calendars(day: dt.date, unit: str, number: int, expected: dt.date) -> None:
    assert shifted(day, unit, number) == expected  # type: ignore[arg-type]


@given(st.dates(D(1990, 1, 1), D(2100, 1, 1)), st.integers(0, 500), st.sampled_from(UNITS))
def test_last_and_before_share_out_the_past(today: dt.date, number: int, unit: str) -> None:
    last = Period("last", number, unit).span(today)  # type: ignore[arg-type]
    before = Period("before", number, unit).span(today)  # type: ignore[arg-type]
    assert last.first is not None and before.last is not None
    assert last.first - before.last == dt.timedelta(days=1)


@given(st.dates(D(1990, 1, 1), D(2100, 1, 1)), st.sampled_from(UNITS))
def test_previous_ends_where_this_begins(today: dt.date, unit: str) -> None:
    this, previous = (Period(way, unit=unit).span(today) for way in ("this", "previous"))  # type: ignore[arg-type]
    assert this.holds(today) and this.first is not None and previous.last is not None
    assert this.first - previous.last == dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("first", "last", "ranges"),
    [
        (D(2026, 2, 1), D(2026, 2, 28), [(201, 229)]),
        (D(2024, 2, 1), D(2024, 2, 28), [(201, 228)]),
        (D(2026, 12, 20), D(2027, 1, 5), [(1220, 1231), (101, 105)]),
        (D(2026, 1, 1), D(2026, 12, 31), [(101, 1231)]),
        (D(2026, 3, 1), D(2027, 3, 1), [(101, 1231)]),
    ],
)
def test_birthdays_of_a_span(first: dt.date, last: dt.date, ranges: list[tuple[int, int]]) -> None:
    assert birthday_ranges(Span(first, last)) == ranges


def test_ends_the_wrong_way_round_are_turned() -> None:
    assert period_read({"from": "2026-05-01", "until": "2025-05-01"}) == Period(
        "between", first=D(2025, 5, 1), until=D(2026, 5, 1)
    )
