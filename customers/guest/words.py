"""What tables say alike: reasons why a guest is not told a field, and own fields as the guest reads them."""

from collections.abc import Iterable, Sequence
from typing import Any

from customers.card.services import LEARNED
from customers.fields.models import FieldValue

OUR_OWN = "says who of the business wrote it, nothing of the guest"
SEARCH = "made from other fields, to be found and sorted by"


def field_values(rows: Iterable[FieldValue]) -> list[dict[str, Any]]:
    """Values of the business's own fields as the guest reads them."""
    from customers.fields.values import value_shown

    return [{"field": row.field.label, "value": value_shown(row.field, row)} for row in rows]


def gravest_state(states: Sequence[str]) -> str:
    """The state of an address that two cards have: what was learned the hard way stays known.

    >>> gravest_state(["ok", "opted_out"])
    'opted_out'
    """
    return str(next((state for state in LEARNED if state in states), states[0]))
