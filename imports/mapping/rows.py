"""What a row of a file becomes: typed values of a guest, their contact points and tags, and a stay."""

import datetime as dt
from collections.abc import Collection
from copy import copy
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Final, NamedTuple

from imports.problems import Problem

# The longest text each field can hold.
LIMITS: Final = {
    "given_name": 200,
    "family_name": 200,
    "company_name": 200,
    "prefix": 30,
    "organisation_number": 20,
    "street": 200,
    "postal_code": 16,
    "city": 100,
    "note": 4000,
    "why_us": 1000,
    "thanked": 1000,
    "deal_breakers": 1000,
    "sensitive": 1000,
    "proof": 200,
    "contact": 254,
    "tag": 40,
    "property": 120,
    "unit": 20,
    "unit_type": 40,
    "channel": 40,
    "reference": 60,
    "stay_note": 500,
    "external_id": 120,
    "wording": 2000,
    "number": 60,
    "product": 120,
    "code": 40,
    "description": 200,
}


class Context(NamedTuple):
    """What the business adds to a file: `country` of phones without code, `language` whose alphabet sorts names.

    `currency` is an explicit choice for amounts that name none, else the format's own holds, else `home_currency`.
    `property` is where stays are that name no property: the business's only one. `today` (in the business's time zone
    `zone`) tells past stays without a status from coming ones.
    """

    country: str
    language: str
    today: dt.date
    home_currency: str = ""
    currency: str = ""
    zone: dt.tzinfo = dt.UTC
    property: str = ""


class GuestRow(NamedTuple):
    """A guest as one row tells of them. `number` is the row's own id of the guest, `digest` stands for the row.

    `changed_at` is when the file says that the row was last changed; None: it does not say.
    """

    line: int
    number: str
    digest: str
    kind: str
    given_name: str
    family_name: str
    company_name: str
    organisation_number: str
    language: str
    nationality: str
    birth_date: dt.date | None
    street: str
    postal_code: str
    city: str
    country: str
    source: str
    note: str
    why_us: str
    thanked: str
    deal_breakers: str
    first_contact: dt.date | None
    sort_key: str
    identity_key: str
    search_tokens: str
    changed_at: dt.datetime | None = None


class ContactRow(NamedTuple):
    """A contact point of a row's guest. `matches` is what must be equal for two to be one; empty: it proves nothing."""

    line: int
    position: int
    kind: str
    value: str
    normalised: str
    national: str
    state: str
    matches: str


class StayRow(NamedTuple):
    """A stay as one row tells of it."""

    line: int
    external_id: str
    property: str
    status: str
    arrival: dt.date
    departure: dt.date
    unit: str
    unit_type: str
    adults: int
    children: int
    reference: str
    channel: str
    amount: Decimal | None
    currency: str
    booked_on: dt.date | None
    note: str


class PartRow(NamedTuple):
    """What part the guest of a row has in its stay, where the file says so; at least one is true."""

    line: int
    is_guest: bool
    is_booker: bool
    is_payer: bool
    is_agent: bool


class InvoiceRow(NamedTuple):
    """An invoice as one row tells of it; the row's guest is who was billed. `amount` is never None.

    `external_id` is the number, unless the file has an id beside it. `stay` is the booking's reference or id, empty
    where none is named. `is_paid`: what the file says where it has no day of payment; None: nothing.
    """

    line: int
    external_id: str
    number: str
    issued_on: dt.date | None
    due_on: dt.date | None
    paid_on: dt.date | None
    is_paid: bool | None
    amount: Decimal
    currency: str
    stay: str
    note: str


class PurchaseRow(NamedTuple):
    """Something that a row's guest bought. Without an id of its own `external_id` is made of what the row says.

    `stay` is the booking's reference or id, `property` and `product` are names, empty where none is named.
    """

    line: int
    external_id: str
    bought_on: dt.date | None
    product: str
    code: str
    description: str
    quantity: Decimal
    amount: Decimal | None
    currency: str
    property: str
    stay: str
    reference: str


class TagRow(NamedTuple):
    """A tag of a row's guest."""

    line: int
    position: int
    tag: str


class FieldRow(NamedTuple):
    """A value of a field of the business's own, on a row's guest or stay, in the column of its kind."""

    line: int
    field_id: int
    text: str
    number: Decimal | None
    date: dt.date | None
    flag: bool | None


class ConsentRow(NamedTuple):
    """A yes or no of a row's guest. `at` is when they decided; None: the file does not say. `source`: how, in words;
    `wording`: the words they agreed to, as far as the file has them.

    A day without a time is its beginning for a yes and its end for a no, so that a no of the same day holds.
    """

    line: int
    column: str
    purpose: str
    channel: str
    granted: bool
    at: dt.datetime | None
    source: str
    wording: str = ""


@dataclass(frozen=True, slots=True)
class DetailRow:
    """A sensitive detail of a row's guest. Kept in memory alone, and never shown by accident."""

    line: int
    column: str
    kind: str
    text: str = field(repr=False)


@dataclass(slots=True)
class Interpreted:
    """A batch, interpreted. Rows that were left out stand only in `problems` and in the two counts.

    Every row of `stays`, `invoices` and `purchases` has a row of `guests` of the same line. `invalid_records` are rows
    whose invoice or purchase was left out.
    """

    guests: list[GuestRow] = field(default_factory=list)
    contacts: list[ContactRow] = field(default_factory=list)
    tags: list[TagRow] = field(default_factory=list)
    stays: list[StayRow] = field(default_factory=list)
    parts: list[PartRow] = field(default_factory=list)
    invoices: list[InvoiceRow] = field(default_factory=list)
    purchases: list[PurchaseRow] = field(default_factory=list)
    guest_fields: list[FieldRow] = field(default_factory=list)
    stay_fields: list[FieldRow] = field(default_factory=list)
    consents: list[ConsentRow] = field(default_factory=list)
    details: list[DetailRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    invalid_guests: int = 0
    invalid_stays: int = 0
    invalid_records: int = 0

    def without(self, lines: Collection[int]) -> "Interpreted":
        """The batch without these rows; what was left out stays counted."""
        rest = copy(self)
        for each in fields(self):
            rows = getattr(self, each.name)
            if isinstance(rows, list):
                setattr(rest, each.name, [row for row in rows if row.line not in lines])
        return rest

    def add(self, other: "Interpreted") -> None:
        """Take the rows and counts of another batch in."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def __bool__(self) -> bool:
        return bool(self.guests or self.problems or self.invalid_guests or self.invalid_stays or self.invalid_records)
