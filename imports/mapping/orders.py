"""What values tell of the way a file writes dates and amounts, and what they leave open."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from customers.normalise import fold
from imports.mapping import dates
from imports.mapping.formats import named
from imports.mapping.layout import Layout, Order
from imports.mapping.looks import filled, is_amount, is_dated
from imports.mapping.questions import Question

_EXAMPLES: Final = 3
_LIKE_THOUSANDS = re.compile(r"^[^\d]*[1-9]\d{0,2}([.,])\d{3}[^\d]*$")
_DECIMALS = re.compile(r"\d([.,])(?:\d{1,2}|\d{4,}|-+)[^\d]*$")


def told_by_values(
    layout: Layout, header: Sequence[str], sample: Sequence[Sequence[str]], *, language: str
) -> tuple[Layout, list[Question]]:
    """The layout with the order of dates and the decimal sign that the values show, and what they do not show.

    A column all of whose dates can be read day first and month first is told by the other columns; where none tells
    it is asked, and day first until then.
    """
    columns = {
        column: (reading.meaning, filled(sample, place))
        for reading in layout.readings
        for column in reading.columns
        if (place := _place(header, column)) is not None
    }
    orders, unsure = _orders(layout, {c: (m, v) for c, (m, v) in columns.items() if is_dated(m)})
    decimal, more = _decimal(layout, {c: (m, v) for c, (m, v) in columns.items() if is_amount(m)}, language)
    years = _years({c: (m, v) for c, (m, v) in columns.items() if m == "guest.birth_date"}, orders)
    now = dt.datetime.now(dt.UTC).year % 100
    return (
        replace(
            layout,
            dates_of={**orders, **layout.dates_of},
            decimal=layout.decimal or decimal,
            years_of={**{question.column: now for question in years}, **layout.years_of},
        ),
        unsure + years + more,
    )


def _orders(layout: Layout, columns: dict[str, tuple[str, list[str]]]) -> tuple[dict[str, Order], list[Question]]:
    found: dict[str, Order] = {}
    open_columns: list[Question] = []
    for column, (meaning, cells) in columns.items():
        distinct = list(dict.fromkeys(cells))
        order = _order_of(distinct)
        if order is not None:
            found[column] = order
            continue
        doubtful = [cell for cell in distinct if dates.is_ambiguous(cell)]
        if doubtful and column not in layout.dates_of:
            open_columns.append(Question("dates", column, meaning, tuple(doubtful[:_EXAMPLES]), ("dmy", "mdy")))
    shown = set(found.values())
    if len(shown) == 1:
        told = next(iter(shown))
        return found | {question.column: told for question in open_columns}, []
    return found, open_columns


def _order_of(cells: Iterable[str]) -> Order | None:
    """The order that dates show: the one in which all can be read, if some cannot be read in another."""
    possible = [dates.orders(cell) for cell in cells]
    readable = [each for each in possible if each]
    for order in dates.ALL:
        if (
            readable
            and any(len(each) < len(dates.ALL) for each in readable)
            and all(order in each for each in readable)
        ):
            others = [other for other in dates.ALL[:2] if other != order and all(other in each for each in readable)]
            if not others:
                return order
    return None


def _years(columns: dict[str, tuple[str, list[str]]], orders: Mapping[str, Order]) -> list[Question]:
    """Dates of birth whose years of two digits may be of either century."""
    now = dt.datetime.now(dt.UTC).year % 100
    found: list[Question] = []
    for column, (meaning, cells) in columns.items():
        years = {cell: dates.years_open(cell, orders.get(column, "dmy")) for cell in dict.fromkeys(cells)}
        doubtful = [cell for cell, year in years.items() if year is not None and year <= now]
        if doubtful:
            found.append(Question("years", column, meaning, tuple(doubtful[:_EXAMPLES]), (str(now), "0")))
    return found


def _decimal(layout: Layout, columns: dict[str, tuple[str, list[str]]], language: str) -> tuple[str, list[Question]]:
    """The decimal sign that amounts show; asked where all that have a sign look like thousands."""
    doubtful: list[Question] = []
    for column, (meaning, cells) in columns.items():
        signs = {shown.group(1) for cell in cells if (shown := _DECIMALS.search(cell))}
        if len(signs) == 1:
            return signs.pop(), []
        unclear = [cell for cell in dict.fromkeys(cells) if _LIKE_THOUSANDS.match(cell)]
        if unclear and not signs and not layout.decimal:
            doubtful.append(Question("decimal", column, meaning, tuple(unclear[:_EXAMPLES]), (",", ".")))
    return ("." if language == "en" else ",") if doubtful else "", doubtful


def _place(header: Sequence[str], column: str) -> int | None:
    if column in header:
        return list(header).index(column)
    return named(header).get(fold(column))
