"""The fields of a card that two cards agree or differ in, as the register keeps them: one bit each, for ever."""

from collections.abc import Iterable
from typing import Final

FIELDS: Final = (
    "given_name",
    "family_name",
    "company_name",
    "organisation_number",
    "emails",
    "phones",
    "street",
    "postal_code",
    "city",
    "country",
    "birth_date",
    "external_ids",
    "kind",
)
"""In the order of their bits: a new one goes to the end."""


def bits(names: Iterable[str]) -> int:
    """The fields as one number. What is no field of a card counts for nothing."""
    wanted = set(names)
    return sum(1 << place for place, name in enumerate(FIELDS) if name in wanted)


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are fields of a card, in the fields' order."""
    wanted = set(names)
    return tuple(name for name in FIELDS if name in wanted)


def names(number: int) -> tuple[str, ...]:
    """The fields that a number stands for, in their order."""
    return tuple(name for place, name in enumerate(FIELDS) if number >> place & 1)
