"""How a guest list is sorted, and the place in it where a page begins. Pure.

A place is the sorted value and the id of the row before (or after) the page: pages stay right while guests come and
go, and the thousandth is as quick as the first.
"""

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Value = str | int | None
Kind = Literal["text", "number", "date"]


@dataclass(frozen=True)
class Order:
    """A sorted column of the facts. Guests without a value stand last whichever way it is sorted."""

    name: str
    column: str
    kind: Kind
    nullable: bool = False
    descending: bool = False

    @property
    def parameter(self) -> str:
        """The order as an address holds it: ``-last`` is descending."""
        return f"-{self.name}" if self.descending else self.name


_ORDERS: Final = {
    "name": Order("name", "sort_key", "text"),
    "first": Order("first", "first_contact", "date"),
    "last": Order("last", "last_stay", "date", nullable=True),
    "stays": Order("stays", "stays", "number"),
    "value": Order("value", "value_minor", "number"),
}
DEFAULT: Final = _ORDERS["name"]


def read_order(parameter: str) -> Order | None:
    """The order an address names: ``name``, ``-last`` …; ``None`` when there is no such order."""
    order = _ORDERS.get(parameter.removeprefix("-"))
    if order is None or not parameter.startswith("-"):
        return order
    return Order(order.name, order.column, order.kind, order.nullable, descending=True)


class Place(NamedTuple):
    """A row's place in an order: its value (dates as ISO texts, ``None`` where there is none) and its id."""

    value: Value
    id: int


def write_place(place: Place) -> str:
    """A place as an address holds it."""
    packed = json.dumps([place.value, place.id], separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def read_place(text: str, order: Order) -> Place | None:
    """The place an address holds; ``None`` when it is none of this order."""
    try:
        value, customer_id = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        return None
    if type(customer_id) is not int or not 0 < customer_id < 2**63:
        return None
    return Place(value, customer_id) if _fits(value, order) else None


def _fits(value: object, order: Order) -> bool:
    if value is None:
        return order.nullable
    if order.kind == "number":
        return type(value) is int and abs(value) < 2**63
    if not isinstance(value, str) or "\x00" in value or not value.isprintable() or len(value) > 400:
        return False
    if order.kind == "text":
        return True
    try:
        return dt.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
