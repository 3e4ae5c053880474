"""One card's normalised values, in the form they are stored and compared in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from dedup.engine import values
from dedup.engine.kinds import GIVEN_SUFFIX, GUEST_FIELDS, NUMBER_SUFFIX, Field, Kind

SEPARATOR = "\x1f"
"""Between the values of one column."""
VALUES_MAX = 6
KNOWN_MAX = 100_000
_NOTHING = {1: ("",), 2: ("", "")}


class Profile(NamedTuple):
    """A card as it is compared: a text for each of ``columns(fields)``, empty where nothing is known.

    Several values of a column (``many``) stand with SEPARATOR between them, at most VALUES_MAX.
    """

    row: tuple[str, ...]

    @classmethod
    def of(cls, typed: Mapping[str, Sequence[str]], fields: Iterable[Field] = GUEST_FIELDS) -> "Profile":
        """The profile of a card's values as they were typed or stored; fields that are not given are empty."""
        return cls(Normaliser(tuple(fields)).row(typed))

    def as_row(self) -> tuple[str, ...]:
        """What to store: one text a column, in the order of ``columns(fields)``."""
        return self.row

    @classmethod
    def from_row(cls, row: Sequence[str]) -> "Profile":
        """The profile that ``as_row`` gave."""
        return cls(tuple(row))


class Normaliser:
    """Brings cards' values into their normal form. What it has met lately it knows by heart: values repeat."""

    def __init__(self, fields: tuple[Field, ...]) -> None:
        self._fields = fields
        self._numbered = any(field.kind is Kind.HOUSE_NUMBER for field in fields)
        self._country = next((field.name for field in fields if field.kind is Kind.COUNTRY), "")
        self._known: list[dict[tuple[str, str], tuple[str, ...]]] = [{} for _ in fields]

    def row(self, typed: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """The row of one card (``Profile.as_row``)."""
        found: list[str] = []
        country = ""
        if self._country:
            countries = typed.get(self._country)
            country = (countries if isinstance(countries, str) else countries[0]).strip().upper() if countries else ""
        for field, known in zip(self._fields, self._known, strict=True):
            given = typed.get(field.name)
            if not given:
                found += _NOTHING[self._width(field)]
                continue
            texts = (given,) if isinstance(given, str) else given
            if len(texts) == 1:
                found += self._normal(field, texts[0], country, known)
            else:
                every = [self._normal(field, text, country, known)[0] for text in texts if text]
                found.append(_joined(field, every)) if self._width(field) == 1 else found.extend(
                    self._normal(field, texts[0], country, known)
                )
        return tuple(found)

    def column(self, field: Field, texts: Sequence[str], columns: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
        """The normal forms of a whole column of values, of each row a tuple; ``columns``: the others, by field."""
        if field.kind is Kind.PHONE and self._country:
            asked = [(text, place.strip().upper()) for text, place in zip(texts, columns[self._country], strict=True)]
            known = {pair: self._made(field, *pair) if pair[0] else _NOTHING[1] for pair in set(asked)}
            return [known[pair] for pair in asked]
        nothing = _NOTHING[self._width(field)]
        made = {text: self._made(field, text, "") if text else nothing for text in set(texts)}
        return [made[text] for text in texts]

    def _width(self, field: Field) -> int:
        return 2 if field.kind is Kind.FULL_NAME or (field.kind is Kind.STREET and not self._numbered) else 1

    def _normal(
        self, field: Field, text: str, country: str, known: dict[tuple[str, str], tuple[str, ...]]
    ) -> tuple[str, ...]:
        place = country if field.kind is Kind.PHONE else ""
        normal = known.get((text, place))
        if normal is None:
            if len(known) > KNOWN_MAX:
                known.clear()
            normal = known[text, place] = self._made(field, text, place)
        return normal

    def _made(self, field: Field, text: str, country: str) -> tuple[str, ...]:
        return tuple(one[: values.VALUE_LENGTH] for one in self._formed(field, text, country))

    def _formed(self, field: Field, text: str, country: str) -> tuple[str, ...]:
        if field.kind is Kind.FULL_NAME:
            return values.full_name(text)
        if field.kind is Kind.STREET:
            name, number = values.street(text)
            return (f"{name} {number}".strip(),) if self._numbered else (name, number)
        if field.kind is Kind.PHONE:
            return (values.phone(text, country if len(country) == 2 else ""),)
        return (values.normaliser(field.kind)(text),)


def _joined(field: Field, normal: list[str]) -> str:
    distinct = list(dict.fromkeys(one for one in normal if one))
    if not distinct:
        return ""
    return SEPARATOR.join(distinct[:VALUES_MAX]) if field.many else distinct[0]


__all__ = ["GIVEN_SUFFIX", "NUMBER_SUFFIX", "SEPARATOR", "Profile"]
