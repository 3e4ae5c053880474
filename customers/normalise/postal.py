"""Postal codes and address lines by country. Sources: Universal Postal Union, see ``postal.toml``."""

import re
from functools import cache
from typing import Final, NamedTuple

from customers.normalise.lists import listed, table

CODE_LENGTH: Final = 16
_PARTS = {"9": "[0-9]", "A": "[A-Z]", "X": "[0-9A-Z]"}
_OPTIONAL = re.compile(r"[\s-]+")
# A code as countries write it before the place, with their letters or without: 0155, NL-1012 AB, SE-114 55, 00-950.
_CODE_FIRST = re.compile(r"((?:[A-Z]{1,3}[- ])?(?:\d{4} ?[A-Z]{2}|\d{3} \d{2}|\d{2}-\d{3}|\d{3,6}))(?:[ ,]+(\D.*))?")


class PostalResult(NamedTuple):
    """What became of a typed postal code: as the country writes it, or ``None`` and an example of what it writes."""

    code: str | None
    example: str = ""


def normalise_postal_code(typed: str, country: str) -> PostalResult:
    """A postal code as ``country`` (ISO 3166 alpha-2) writes it: spaces, hyphens, capitals and country letters mended.

    Of a country whose codes are not known the code stays as typed, with single spaces; so does an empty one.

    >>> normalise_postal_code("1012ab", "NL").code
    '1012 AB'
    >>> normalise_postal_code("155", "NO")
    PostalResult(code=None, example='0155')
    """
    text = " ".join(typed.split())
    known = _codes().get(country.upper())
    if known is None or not text:
        return PostalResult(text[:CODE_LENGTH])
    bare = text.upper()
    found = known.read(bare)
    for prefix in known.prefixes:
        if found is None and re.match(rf"{prefix}[\s-]", bare):
            found = known.read(bare[len(prefix) + 1 :])
    return PostalResult(found, "" if found else known.example)


def split_place(text: str) -> tuple[str, str]:
    """The postal code and the place of a text that has both, in this order; one without a code is a place.

    >>> split_place("1012 AB Amsterdam"), split_place("114 55 Stockholm"), split_place("Oslo")
    (('1012 AB', 'Amsterdam'), ('114 55', 'Stockholm'), ('', 'Oslo'))
    """
    typed = " ".join(text.split())
    found = _CODE_FIRST.fullmatch(typed)
    return (found[1], found[2] or "") if found else ("", typed)


def address_lines(*, street: str, postal_code: str, city: str, country: str) -> list[str]:
    """A postal address as the country writes it, line by line, without the country's name; empty lines left out."""
    where = country.upper()
    if where in listed("postal", "lines", "code_below_place"):
        lines = [street, city, postal_code]
    elif where in listed("postal", "lines", "place_before_code"):
        lines = [street, f"{city} {postal_code}"]
    else:
        lines = [street, f"{postal_code} {city}"]
    return [line.strip() for line in lines if line.strip()]


class _Codes(NamedTuple):
    """How a country writes its codes."""

    shapes: tuple[str, ...]
    example: str
    prefixes: tuple[str, ...]

    def read(self, text: str) -> str | None:
        """The text as a shape writes it; spaces and hyphens may be missing or stand for each other."""
        compact = _OPTIONAL.sub("", text)
        for shape in self.shapes:
            signs = _OPTIONAL.sub("", shape)
            pattern = "".join(_PARTS.get(sign, re.escape(sign)) for sign in signs)
            if not compact.isascii() or not re.fullmatch(pattern, compact):
                continue
            letters = iter(compact)
            return "".join(sign if sign in " -" else next(letters) for sign in shape)
        return None


@cache
def _codes() -> dict[str, _Codes]:
    prefixes = table("postal", "prefixes")
    return {
        country: _Codes(
            tuple(said["shapes"].split("|")),
            said["example"],
            tuple(dict.fromkeys([country, prefixes.get(country, country)])),
        )
        for country, said in table("postal", "codes").items()
    }
