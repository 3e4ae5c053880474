"""Placeholders in a text: ``{guest.given_name}``, or ``{guest.given_name|dear guest}`` with what stands there if not.

Spaces, capitals and doubled braces do not matter: ``{{ Guest.Given_name }}`` is the same. A brace that belongs to no
placeholder is a brace.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "guest.given_name": "text",
        "guest.family_name": "text",
        "guest.name": "text",
        "guest.company": "text",
        "guest.email": "text",
        "guest.phone": "text",
        "guest.city": "text",
        "guest.country": "country",
        "stay.arrival": "date",
        "stay.departure": "date",
        "stay.nights": "number",
        "stay.guests": "number",
        "stay.adults": "number",
        "stay.children": "number",
        "stay.room": "text",
        "stay.room_type": "text",
        "stay.reference": "text",
        "stay.amount": "money",
        "property.name": "text",
        "business.name": "text",
        "business.address": "text",
        "invoice.number": "text",
        "invoice.issued": "date",
        "invoice.due": "date",
        "invoice.amount": "money",
        "unsubscribe_link": "link",
        "preferences_link": "link",
    }
)
"""Every placeholder there is in every business, with what kind of value it stands for."""
OWN: Final = ("guest.own.", "stay.own.")
"""What the names of a business's own fields begin with; the field's key follows."""
_PLACEHOLDER = re.compile(
    r"\{\{\s*(?P<name2>[A-Za-z]\w*(?:\.\w+)*)\s*(?:\|(?P<fallback2>[^{}\n]*))?\}\}"
    r"|\{\s*(?P<name>[A-Za-z]\w*(?:\.\w+)*)\s*(?:\|(?P<fallback>[^{}\n]*))?\}",
    re.ASCII,
)


class Placeholder(NamedTuple):
    """A place to be filled; ``fallback`` is what stands there without a value, ``None`` where nothing was said."""

    name: str
    fallback: str | None = None

    def __str__(self) -> str:
        return f"{{{self.name}}}" if self.fallback is None else f"{{{self.name}|{self.fallback}}}"


@lru_cache(1024)
def parse(text: str) -> tuple[str | Placeholder, ...]:
    """A text as its words and its placeholders, in their order; neighbouring words are one, none are empty."""
    parts: list[str | Placeholder] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        if found.start() > end:
            parts.append(text[end : found.start()])
        parts.append(read(found))
        end = found.end()
    if end < len(text):
        parts.append(text[end:])
    return tuple(parts)


def read(found: re.Match[str]) -> Placeholder:
    """The placeholder that a match of :data:`PATTERN` is."""
    name = (found["name"] or found["name2"]).lower()
    fallback = found["fallback"] if found["name"] else found["fallback2"]
    return Placeholder(name, fallback.strip() if fallback is not None else None)


PATTERN: Final = _PLACEHOLDER
"""Finds placeholders, for readers of larger grammars."""


def placeholders_in(text: str) -> Iterator[Placeholder]:
    """The placeholders of a text, in their order."""
    return (part for part in parse(text) if isinstance(part, Placeholder))


def is_known(name: str) -> bool:
    """Whether there is such a placeholder; of a business's own fields any name may be one."""
    return name in NAMES or any(name.startswith(prefix) and len(name) > len(prefix) for prefix in OWN)
