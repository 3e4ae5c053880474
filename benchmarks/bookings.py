"""A bookings file of any length, in the columns that a known public export of two hotels' bookings has.

``python -m benchmarks.bookings ROWS FILE``. Names, addresses and numbers are made up; the same rows every time.
"""

import csv
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from customers.normalise import fold
from customers.sample.names import Draw, name_book, pick

COLUMNS = (
    "row_id", "hotel", "is_canceled", "lead_time", "arrival_date_year", "arrival_date_month",
    "arrival_date_week_number", "arrival_date_day_of_month", "stays_in_weekend_nights", "stays_in_week_nights",
    "adults", "children", "babies", "meal", "country", "market_segment", "distribution_channel", "is_repeated_guest",
    "previous_cancellations", "previous_bookings_not_canceled", "reserved_room_type", "assigned_room_type",
    "booking_changes", "deposit_type", "agent", "days_in_waiting_list", "customer_type", "adr",
    "required_car_parking_spaces", "total_of_special_requests", "reservation_status", "reservation_status_date", "name",
    "email", "phone-number", "credit_card",
)  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_COUNTRIES = (
    ("PRT",) * 61 + ("ESP",) * 11 + ("GBR",) * 6 + ("FRA",) * 5 + ("ITA", "ITA", "ITA", "DEU", "DEU", "IRL", "NLD")
)
_SEGMENTS = (
    ("Online TA", "TA/TO"), ("Online TA", "TA/TO"), ("Offline TA/TO", "TA/TO"), ("Groups", "TA/TO"),
    ("Direct", "Direct"), ("Corporate", "Corporate"),
)  # fmt: skip
_FIRST = date(2015, 7, 1)


def booking_rows(count: int) -> Iterator[list[str]]:
    """The rows below the header. One in forty is of a guest who has booked before, with the same name and address."""
    draw = random.Random("bookings").random
    book = name_book("en")
    known: list[tuple[str, str]] = []
    for number in range(1, count + 1):
        if known and draw() < 0.025:
            name, email = pick(known, draw)
        else:
            given, family = book.given(draw, male=draw() < 0.5), book.family(draw)
            name = f"{given} {family}"
            local = f"{fold(given).replace(' ', '')}.{fold(family).replace(' ', '')}"
            email = f"{local.title()}{number}@{pick(('mail', 'inbox', 'post'), draw)}.example"
            known.append((name, email))
            if len(known) > 500:
                known.pop(int(draw() * 500))
        yield _booking(number, name, email, draw)


def _booking(number: int, name: str, email: str, draw: Draw) -> list[str]:
    arrival = _FIRST + timedelta(days=int(draw() * 790))
    nights = 1 + int(draw() * draw() * 9)
    departure = arrival + timedelta(days=nights)
    weekend = sum((arrival + timedelta(days=night)).weekday() in (4, 5) for night in range(nights))
    way, lead = draw(), int(300 * draw() * draw())
    status = "Check-Out" if way < 0.6 else "Canceled" if way < 0.985 else "No-Show"
    ended = departure if status == "Check-Out" else arrival - timedelta(days=int(draw() * lead))
    segment, channel = pick(_SEGMENTS, draw)
    phone = f"{int(draw() * 800) + 200}-{int(draw() * 800) + 200}-{int(draw() * 10_000):04d}"
    room = pick("AAAADDE", draw)
    return [
        str(number), pick(("Resort Hotel", "City Hotel"), draw), str(int(status != "Check-Out")), str(lead),
        str(arrival.year), _MONTHS[arrival.month - 1], str(arrival.isocalendar().week), str(arrival.day), str(weekend),
        str(nights - weekend), pick("1222223", draw), pick("000000012", draw), pick("0000000001", draw),
        pick(("BB", "BB", "HB", "SC"), draw), pick(_COUNTRIES, draw), segment, channel, "0", "0", "0", room, room,
        pick("0000001", draw), pick(("No Deposit",) * 8 + ("Non Refund",), draw), pick(("", "1", "9", "240"), draw),
        "0", pick(("Transient", "Transient", "Transient-Party"), draw), str(round(40 + draw() * 160, 2)),
        pick("00000001", draw), pick("0001", draw), status, ended.strftime("%d-%m-%y"), name, email, phone,
        f"{'*' * 12}{int(draw() * 10_000):04d}",
    ]  # fmt: skip


def bookings_write(path: Path, count: int) -> None:
    """Write a file of so many bookings, comma-separated, UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(booking_rows(count))


if __name__ == "__main__":
    bookings_write(Path(sys.argv[2]), int(sys.argv[1]))
