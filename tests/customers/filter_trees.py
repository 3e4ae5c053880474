"""Random filters for tests: every field and operator of a catalogue, with values that a small register may hold."""

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from customers.filters import Catalogue, Condition, Field, Group, Period

TEXTS = st.sampled_from(["Bergen", "berg", "Oslo", "5", "50", "7321 AB", "Ål", "x"])
UNITS = st.sampled_from(["day", "week", "month", "quarter", "year"])
CALENDAR_UNITS = UNITS
DAYS = st.dates(dt.date(1940, 1, 1), dt.date(2030, 12, 31))


def periods(*, of_birthdays: bool = False) -> st.SearchStrategy[Period]:
    """Spans of every way; of birthdays those that end."""
    moving = st.sampled_from(["last", "next"] if of_birthdays else ["last", "next", "before"])
    ways = [
        st.builds(Period, moving, st.integers(0, 40), UNITS),
        st.builds(lambda way, unit: Period(way, unit=unit), st.sampled_from(["this", "previous"]), CALENDAR_UNITS),
    ]
    if not of_birthdays:
        ends = st.tuples(st.none() | DAYS, st.none() | DAYS).filter(any)
        ways.append(ends.map(lambda pair: _between(*pair)))
    return st.one_of(ways)


def _between(first: dt.date | None, until: dt.date | None) -> Period:
    if first and until and until < first:
        first, until = until, first
    return Period("between", first=first, until=until)


def _several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(tuple)


def _values(field: Field, operator: str, ids: dict[str, list[int]]) -> st.SearchStrategy[Any]:
    if operator in ("empty", "yes"):
        return st.none()
    if operator == "in":
        return periods(of_birthdays=field.kind == "birthday")
    if operator == "month":
        return _several(st.integers(1, 12))
    if operator == "top":
        return st.integers(1, 99)
    if field.kind in ("number", "money"):
        numbers = st.integers(0, 80).map(Decimal)
        if field.kind == "money":
            numbers = st.one_of(numbers, st.integers(0, 900_000).map(lambda n: Decimal(n) / 100))
        pair = st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair)))
        return pair if operator == "between" else numbers
    if field.kind in ("tags", "segment"):
        return _several(st.sampled_from(ids[field.kind]))
    if field.options is not None:
        return _several(st.sampled_from(field.options))
    if field.pattern is not None:
        codes = ["", "nl", "nb", "en-GB"] if field.key == "language" else ["", "NO", "NL", "DE"]
        return _several(st.sampled_from(codes))
    return _several(TEXTS)


@st.composite
def conditions(draw: st.DrawFn, catalogue: Catalogue, ids: dict[str, list[int]]) -> Condition:
    """One condition on any field; ``ids`` are those of tags, segments, properties and products to choose from."""
    keys = [key for key in catalogue if catalogue[key].kind != "segment" or ids.get("segment")]
    field = catalogue[draw(st.sampled_from(keys))]
    operator = draw(st.sampled_from(field.operators))
    value = draw(_values(field, operator, ids))
    period, where = None, []
    if field.rows is not None:
        period = draw(st.none() | periods())
        for name in sorted(field.rows.where):
            if draw(st.integers(0, 3)) == 0:
                choices = ids[name] if name in field.rows.ids else field.rows.options.get(name, ("web", "double", ""))
                where.append((name, draw(_several(st.sampled_from(choices)))))
    return Condition(field.key, operator, value, draw(st.booleans()), period, tuple(where))


def trees(catalogue: Catalogue, ids: dict[str, list[int]]) -> st.SearchStrategy[Group]:
    """Two-level trees of up to four rules a group."""
    one = conditions(catalogue, ids)
    match = st.sampled_from(["all", "any"])
    inner = st.builds(Group, match, st.lists(one, min_size=1, max_size=4).map(tuple), st.booleans())
    return st.builds(Group, match, st.lists(one | inner, max_size=4).map(tuple), st.booleans())
