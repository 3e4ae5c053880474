"""Files of the shapes that people bring, small, made anew by each test."""

import csv
from collections.abc import Iterable
from pathlib import Path

BOOKING = {
    "row_id": "1",
    "hotel": "Resort Hotel",
    "is_canceled": "0",
    "lead_time": "10",
    "arrival_date_year": "2015",
    "arrival_date_month": "July",
    "arrival_date_week_number": "27",
    "arrival_date_day_of_month": "1",
    "stays_in_weekend_nights": "2",
    "stays_in_week_nights": "3",
    "adults": "2",
    "children": "1",
    "babies": "1",
    "meal": "BB",
    "country": "GBR",
    "market_segment": "Online TA",
    "distribution_channel": "TA/TO",
    "reserved_room_type": "A",
    "assigned_room_type": "C",
    "deposit_type": "No Deposit",
    "agent": "304",
    "customer_type": "Transient",
    "adr": "75.5",
    "reservation_status": "Check-Out",
    "reservation_status_date": "06-07-15",
    "name": "Jan van der Berg",
    "email": "Jan@Berg.no",
    "phone-number": "22 33 44 55",
    "credit_card": "************4322",
}
"""One row of a hotel's booking list."""

GUEST = {
    "id": "7",
    "kind": "person",
    "given_name": "Åse",
    "family_name": "Sørensen",
    "company": "",
    "organisation_number": "",
    "email": "ase@fjord.no",
    "phone": "+4722334455",
    "language": "nb",
    "street": "Storgata 1",
    "postal_code": "0155",
    "city": "Oslo",
    "country": "NO",
    "birth_date": "1962-05-17",
    "source": "walk_in",
    "first_contact": "2020-02-01",
    "tags": "vip; Likes jazz",
    "note": "Quiet room\nplease",
}
"""One row of a guest list as Innkeeper exports it."""


def booking(number: int, **changes: str) -> dict[str, str]:
    """A booking of a guest of its own."""
    own = {
        "row_id": str(number),
        "name": f"Guest Number{number}",
        "email": f"guest{number}@berg.no",
        "phone-number": "",
    }
    return BOOKING | own | changes


def guest(**changes: str) -> dict[str, str]:
    """A guest without a number."""
    return GUEST | {"id": ""} | changes


def write(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    """A comma separated file of rows of one shape."""
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
