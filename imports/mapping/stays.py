"""Stays from a batch: dates from whatever columns tell them, status, amount."""

import datetime as dt
import hashlib
from decimal import Decimal

from imports.mapping import values
from imports.mapping.columns import Columns
from imports.mapping.rows import LIMITS, Context, Interpreted, StayRow

_CANCELLED_WORDS = {
    "1": True,
    "true": True,
    "yes": True,
    "y": True,
    "0": False,
    "false": False,
    "no": False,
    "n": False,
}


def read_stays(columns: Columns, context: Context, result: Interpreted) -> list[dt.date | None]:
    """Add the batch's stays to `result`; returns each row's first contact: when it was booked, else the arrival."""
    ids = _ids(columns)
    properties = columns.texts("stay.property", limit=LIMITS["property"])
    for at in range(len(columns)):
        if not ids[at]:
            columns.report(at, "stay.id", "", "no_key")
        if not properties[at]:
            columns.report(at, "stay.property", "", "no_property")
    arrivals = _arrivals(columns)
    departures = _departures(columns, arrivals)
    nights = [
        (departure - arrival).days if arrival and departure else 0
        for arrival, departure in zip(arrivals, departures, strict=True)
    ]
    booked = _booked(columns, arrivals)
    amounts = _amounts(columns, nights)
    currencies = _currencies(columns, context)
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
        [currency if amount is not None else "" for currency, amount in zip(currencies, amounts, strict=True)],
        booked,
        columns.notes("stay.note", LIMITS["stay_note"]),
        strict=True,
    )
    rows = list(fields)
    before = len(columns.left_out)
    for at, row in enumerate(rows):
        if at not in columns.left_out:
            result.stays.append(StayRow(*row))
    result.invalid_stays += before
    return [on or arrival for on, arrival in zip(booked, arrivals, strict=True)]


def _ids(columns: Columns) -> list[str]:
    """The stay's id in the other system; every column it is made of must be filled."""
    ids = []
    for cells in columns.each("stay.id"):
        joined = "/".join(cells) if cells and all(cells) else ""
        if len(joined) > LIMITS["external_id"]:
            digest = hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            joined = joined[: LIMITS["external_id"] - 33] + "/" + digest
        ids.append(joined)
    return ids


def _arrivals(columns: Columns) -> list[dt.date | None]:
    if columns.has("stay.arrival"):
        arrivals = columns.parsed("stay.arrival", values.date, "date")
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
    if columns.has("stay.departure"):
        departures = columns.parsed("stay.departure", values.date, "date")
        for at, (arrival, departure) in enumerate(zip(arrivals, departures, strict=True)):
            if arrival and departure and departure < arrival:
                columns.report(at, "stay.departure", departure.isoformat(), "date")
        return departures
    nights = columns.summed("stay.nights", values.whole, "number")
    return [
        arrival + dt.timedelta(days=stay) if arrival else None for arrival, stay in zip(arrivals, nights, strict=True)
    ]


def _booked(columns: Columns, arrivals: list[dt.date | None]) -> list[dt.date | None]:
    if columns.has("stay.booked_on"):
        return columns.parsed("stay.booked_on", values.date, "value_date")
    leads = columns.parsed("stay.lead_days", values.whole, "number_empty")
    return [
        arrival - dt.timedelta(days=lead) if arrival is not None and lead is not None else None
        for arrival, lead in zip(arrivals, leads, strict=True)
    ]


def _statuses(columns: Columns, context: Context, departures: list[dt.date | None]) -> list[str]:
    """The status as the file says it; where only a yes or no tells of cancelling, past stays took place."""
    cancelled = columns.parsed("stay.cancelled", lambda text: _CANCELLED_WORDS.get(text.casefold()), "choice")
    if not columns.has("stay.status"):
        return [
            "cancelled" if gone else "checked_out" if departure and departure <= context.today else "booked"
            for gone, departure in zip(cancelled, departures, strict=True)
        ]
    statuses = columns.chosen("stay.status", "status")
    texts = columns.texts("stay.status")
    both = f"{columns.plan.names('stay.cancelled')}, {columns.plan.names('stay.status')}"
    for at, (status, gone) in enumerate(zip(statuses, cancelled, strict=True)):
        if not status and not texts[at]:
            statuses[at] = "cancelled" if gone else "booked"
        elif gone is not None and status and gone != (status == "cancelled") and status != "no_show":
            columns.report_between(at, both, f"{int(gone)}, {texts[at]}", "contradiction")
    return statuses


def _amounts(columns: Columns, nights: list[int]) -> list[Decimal | None]:
    meaning = "stay.amount" if columns.has("stay.amount") else "stay.rate"
    parsed = columns.parsed(meaning, lambda text: _not_negative(values.amount(text)), "amount")
    factors = [1] * len(nights) if meaning == "stay.amount" else nights
    return [
        values.cents(value * factor) if value is not None else None
        for value, factor in zip(parsed, factors, strict=True)
    ]


def _not_negative(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value >= 0 else None


def _currencies(columns: Columns, context: Context) -> list[str]:
    default = context.currency or columns.plan.format.currency or context.home_currency
    if not columns.has("stay.currency"):
        return [default] * len(columns)
    codes = columns.parsed("stay.currency", values.currency, "choice")
    return [code or default for code in codes]
