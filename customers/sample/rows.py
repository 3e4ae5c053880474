"""What a batch of sample guests consists of: its columns, a guest in the making, and COPY's text format."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from customers.sample.names import Address, Number

Row = tuple[str, ...]
NULL: Final = r"\N"
"""How COPY writes a missing value; the data files hold no backslash, tab or line end."""
YES: Final = "t"
NO: Final = "f"

CUSTOMER: Final = (
    "n", "kind", "given_name", "family_name", "company_name", "organisation_number", "language", "nationality",
    "birth_date", "street", "postal_code", "city", "country", "source", "note", "first_contact", "created_at",
    "sort_key", "identity_key", "search_tokens",
)  # fmt: skip
CONTACT: Final = ("customer", "kind", "value", "normalised", "national", "state", "is_primary")
TAG: Final = ("customer", "tag", "slot")
STAY: Final = (
    "n", "property", "status", "arrival", "departure", "unit", "unit_type", "adults", "children", "reference",
    "channel", "amount", "currency", "booked_on", "note", "created_at",
)  # fmt: skip
PARTICIPANT: Final = ("stay", "customer", "is_guest", "is_booker", "is_payer", "is_agent")
ACTIVITY: Final = ("customer", "kind", "at", "text", "member", "is_pinned")
PURCHASE: Final = (
    "customer", "stay", "product", "description", "quantity", "amount", "currency", "bought_on", "created_at",
)  # fmt: skip
INVOICE: Final = (
    "customer", "stay", "number", "issued_on", "due_on", "paid_on", "amount", "currency", "created_at",
)  # fmt: skip
TASK: Final = ("customer", "title", "due_on", "assignee", "done_at", "member", "created_at")
CONSENT: Final = ("customer", "purpose", "channel", "act", "at", "source", "language")
GUEST_VALUE: Final = ("customer", "field", "text", "number", "date", "flag")
STAY_VALUE: Final = ("stay", "field", "text", "number", "date", "flag")
RELATION: Final = ("customer", "other", "kind")
"""Columns of the rows of a batch. ``n`` counts its guests and stays from 1; ``customer`` and ``stay`` name them by it.

``property`` is the place's position in the profile, ``member`` and ``assignee`` that among the staff, ``tag`` a tag's
code or name, ``product`` a product's name, ``field`` an own field's target and key.
"""


@dataclass(slots=True)
class Card:
    """A guest in the making. ``person`` is the same number on every card of one human being or company."""

    n: int
    person: int
    language: str
    given: str = ""
    family: str = ""
    company: str = ""
    is_company: bool = False
    organisation_number: str = ""
    birth_date: str = NULL
    address: Address | None = None
    country: str = ""
    source: str = ""
    email: str = ""
    phone: Number | None = None
    first: int | None = None
    """Day of the first contact, counted from today."""
    stays: int = 0
    no_shows: int = 0


class Batch(NamedTuple):
    """Rows of each table, in the column orders above; ``persons[i]`` is who the guest ``n = i + 1`` is."""

    customers: list[Row]
    contacts: list[Row]
    tags: list[Row]
    stays: list[Row]
    participants: list[Row]
    activities: list[Row]
    persons: list[int]
    purchases: list[Row]
    invoices: list[Row]
    tasks: list[Row]
    consents: list[Row]
    guest_values: list[Row]
    stay_values: list[Row]
    relations: list[Row]


def rendered(rows: Sequence[Row]) -> str:
    """Rows in PostgreSQL's text format for COPY."""
    return "".join(["\t".join(row) + "\n" for row in rows])
