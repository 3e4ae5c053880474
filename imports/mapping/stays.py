"""Stays from a batch: dates from whatever columns tell them, status, amount."""

import datetime as dt
from decimal import Decimal
from typing import Final

from imports.mapping import values
from imports.mapping.cards import without_card_numbers
from imports.mapping.columns import Columns
from imports.mapping.meanings import WHO
from imports.mapping.records import content_id, currencies, record_ids
from imports.mapping.rows import LIMITS, Context, Interpreted, PartRow, StayRow

_ROLES: Final = ("guest", "booker", "payer", "agent")


def read_stays(columns: Columns, context: Context, result: Interpreted) -> list[dt.date | None]:
    """Add the batch's stays to `result`; returns each row's first contact: when it was booked, else the arrival."""
    properties = [text or context.property for text in columns.texts("stay.property", limit=LIMITS["property"])]
    arrivals = _arrivals(columns)
    departures = _departures(columns, arrivals)
    ids = _ids(columns, properties, arrivals, departures)
    for at in range(len(columns)):
        if not ids[at]:
            columns.report(at, "stay.id", "", "no_key")
        if not properties[at]:
            columns.report(at, "stay.property", "", "no_property")
    nights = [
        (departure - arrival).days if arrival and departure else 0
        for arrival, departure in zip(arrivals, departures, strict=True)
    ]
    booked = _booked(columns, arrivals)
    amounts = _amounts(columns, nights)
    money = currencies(columns, context, "stay.currency", _amount_of(columns))
    fields = zip(
        columns.lines,
        ids,
        properties,
        _statuses(columns, context, departures),
        arrivals,
        departures,
        columns.texts("stay.unit", limit=LIMITS["unit"]),
        columns.texts("stay.unit_type", limit=LIMITS["unit_type"]),
        columns.summed("stay.adults", values.whole, "value_number"),
        columns.summed("stay.children", values.whole, "value_number"),
        columns.texts("stay.reference", limit=LIMITS["reference"]),
        columns.texts("stay.channel", limit=LIMITS["channel"]),
        amounts,
        [currency if amount is not None else "" for currency, amount in zip(money, amounts, strict=True)],
        booked,
        [without_card_numbers(text) for text in columns.texts("stay.note", limit=LIMITS["stay_note"])],
        strict=True,
    )
    rows = list(fields)
    before = len(columns.left_out)
    for at, row in enumerate(rows):
        if at not in columns.left_out:
            result.stays.append(StayRow(*row))
    result.parts += _parts(columns)
    result.invalid_stays += before
    return [on or arrival for on, arrival in zip(booked, arrivals, strict=True)]


def _ids(
    columns: Columns,
    properties: list[str],
    arrivals: list[dt.date | None],
    departures: list[dt.date | None],
) -> list[str]:
    """The stay's id in the other system; every column it is made of must be filled.

    A file without one is told by the booking's reference, a row without that by its place, days and guest.
    """
    if columns.has("stay.id"):
        return record_ids(columns, "stay.id")
    parts = [columns.texts(meaning) for meaning in ("stay.unit", *WHO)]
    references = columns.texts("stay.reference", limit=LIMITS["external_id"])
    stays = zip(properties, map(str, arrivals), map(str, departures), *parts, strict=True)
    return [reference or content_id(stay) for reference, stay in zip(references, stays, strict=True)]


def _arrivals(columns: Columns) -> list[dt.date | None]:
    if columns.has("stay.arrival"):
        arrivals = columns.dates("stay.arrival", "date")
        texts = columns.texts("stay.arrival")
        meaning = "stay.arrival"
    else:
        years, months, days = (columns.texts(f"stay.arrival_{part}") for part in ("year", "month", "day"))
        texts = [" ".join(parts) for parts in zip(days, months, years, strict=True)]
        meaning = "stay.arrival_month"
        known: dict[str, dt.date | None] = {}
        for text, year, month, day in zip(texts, years, months, days, strict=True):
            if text not in known:
                known[text] = _date_of_parts(year, month, day)
        arrivals = [known[text] for text in texts]
    for at, arrival in enumerate(arrivals):
        if arrival is None and not (columns.has("stay.arrival") and texts[at]):
            columns.report(at, meaning, texts[at], "date")
    return arrivals


def _date_of_parts(year: str, month: str, day: str) -> dt.date | None:
    in_year, in_month, on_day = values.whole(year), values.month(month), values.whole(day)
    if in_year is None or in_month is None or on_day is None:
        return None
    return values.date_of(in_year, in_month, on_day)


def _departures(columns: Columns, arrivals: list[dt.date | None]) -> list[dt.date | None]:
    if not columns.has("stay.departure"):
        return _after(arrivals, columns.summed("stay.nights", values.whole, "number"))
    departures = columns.dates("stay.departure", "date")
    texts = columns.texts("stay.departure")
    if columns.has("stay.nights") and not all(texts):
        later = _after(arrivals, columns.summed("stay.nights", values.whole, "number"))
        departures = [own if text else night for own, text, night in zip(departures, texts, later, strict=True)]
    for at, (arrival, departure) in enumerate(zip(arrivals, departures, strict=True)):
        if arrival and departure and departure < arrival:
            columns.report(at, "stay.departure", departure.isoformat(), "date")
        elif departure is None and not texts[at]:
            columns.report(at, "stay.departure", "", "date")
    return departures


def _after(arrivals: list[dt.date | None], nights: list[int]) -> list[dt.date | None]:
    return [
        arrival + dt.timedelta(days=stay) if arrival else None for arrival, stay in zip(arrivals, nights, strict=True)
    ]


def _booked(columns: Columns, arrivals: list[dt.date | None]) -> list[dt.date | None]:
    if columns.has("stay.booked_on"):
        return columns.dates("stay.booked_on", "value_date")
    leads = columns.parsed("stay.lead_days", values.whole, "number_empty")
    return [
        arrival - dt.timedelta(days=lead) if arrival is not None and lead is not None else None
        for arrival, lead in zip(arrivals, leads, strict=True)
    ]


def _statuses(columns: Columns, context: Context, departures: list[dt.date | None]) -> list[str]:
    """The status as the file says it; where only a yes or no tells of cancelling, past stays took place."""
    cancelled = columns.worded("stay.cancelled", values.yes_no, "choice", False)
    if not columns.has("stay.status"):
        return [
            "cancelled" if gone else "checked_out" if departure and departure <= context.today else "booked"
            for gone, departure in zip(cancelled, departures, strict=True)
        ]
    statuses = columns.chosen("stay.status", "status")
    texts = columns.texts("stay.status")
    both = f"{columns.plan.names('stay.cancelled')}, {columns.plan.names('stay.status')}"
    for at, (status, gone) in enumerate(zip(statuses, cancelled, strict=True)):
        if not status:
            statuses[at] = "cancelled" if gone else "booked"
        elif gone is not None and status and gone != (status == "cancelled") and status != "no_show":
            columns.report_between(at, both, f"{int(gone)}, {texts[at]}", "contradiction")
    return statuses


def _parts(columns: Columns) -> list[PartRow]:
    """The parts that rows name, as `guest; payer`; a word that is none is reported."""
    if not columns.has("stay.roles"):
        return []
    found = []
    for at, text in enumerate(columns.texts("stay.roles")):
        words = {word for part in text.split(";") if (word := part.strip().casefold())}
        if words - set(_ROLES):
            columns.report(at, "stay.roles", text, "choice")
        elif words:
            found.append(PartRow(columns.lines[at], *(role in words for role in _ROLES)))
    return found


def _amount_of(columns: Columns) -> str:
    return "stay.amount" if columns.has("stay.amount") else "stay.rate"


def _amounts(columns: Columns, nights: list[int]) -> list[Decimal | None]:
    meaning = _amount_of(columns)
    parsed = columns.parsed(meaning, lambda text: _not_negative(values.amount(text, columns.plan.decimal)), "amount")
    factors = [1] * len(nights) if meaning == "stay.amount" else nights
    return [
        values.cents(value * factor) if value is not None else None
        for value, factor in zip(parsed, factors, strict=True)
    ]


def _not_negative(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value >= 0 else None
