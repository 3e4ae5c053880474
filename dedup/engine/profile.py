"""One card's normalised values, in the form they are stored and compared in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from dedup.engine import values
from dedup.engine.kinds import GIVEN_SUFFIX, GUEST_FIELDS, NUMBER_SUFFIX, Field, Kind

SEPARATOR = "\x1f"
"""Between the values of one column."""
VALUES_MAX = 6


class Profile(NamedTuple):
    """A card as it is compared: a text for each of ``columns(fields)``, empty where nothing is known.

    Several values of a column (``many``) stand with SEPARATOR between them, at most VALUES_MAX.
    """

    row: tuple[str, ...]

    @classmethod
    def of(cls, typed: Mapping[str, Sequence[str]], fields: Iterable[Field] = GUEST_FIELDS) -> "Profile":
        """The profile of a card's values as they were typed or stored; fields that are not given are empty."""
        fields = tuple(fields)
        numbered = any(field.kind is Kind.HOUSE_NUMBER for field in fields)
        country = next((one for field in fields if field.kind is Kind.COUNTRY for one in _typed(typed, field)), "")
        country = country.strip().upper() if len(country.strip()) == 2 else ""
        found: list[str] = []
        for field in fields:
            given = _typed(typed, field)
            if field.kind is Kind.FULL_NAME:
                found += values.full_name(given[0]) if given else ("", "")
            elif field.kind is Kind.STREET:
                name, number = values.street(given[0]) if given else ("", "")
                found += [f"{name} {number}".strip()] if numbered else [name, number]
            elif field.kind is Kind.PHONE:
                found.append(_joined(field, [values.phone(one, country) for one in given]))
            else:
                normalise = values.normaliser(field.kind)
                found.append(_joined(field, [normalise(one) for one in given]))
        return cls(tuple(text[: values.VALUE_LENGTH] for text in found))

    def as_row(self) -> tuple[str, ...]:
        """What to store: one text a column, in the order of ``columns(fields)``."""
        return self.row

    @classmethod
    def from_row(cls, row: Sequence[str]) -> "Profile":
        """The profile that ``as_row`` gave."""
        return cls(tuple(row))


def _typed(typed: Mapping[str, Sequence[str]], field: Field) -> list[str]:
    given = typed.get(field.name, ())
    return [given] if isinstance(given, str) and given else [one for one in given if one]


def _joined(field: Field, normal: list[str]) -> str:
    distinct = list(dict.fromkeys(one for one in normal if one))
    if not distinct:
        return ""
    return SEPARATOR.join(distinct[:VALUES_MAX]) if field.many else distinct[0]


__all__ = ["GIVEN_SUFFIX", "NUMBER_SUFFIX", "SEPARATOR", "Profile"]
