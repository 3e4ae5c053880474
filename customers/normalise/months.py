"""The names of months, as people and files write them."""

from functools import cache
from typing import Final

from babel.dates import get_month_names

_SPOKEN: Final = ("en", "nb", "da", "nl", "sv", "de")


def month_named(name: str) -> int | None:
    """The number of a month from its name, in full or abbreviated, in any language of the interface, Swedish or German.

    >>> month_named("Mai"), month_named("sept."), month_named("Maandag")
    (5, 9, None)
    """
    return _names().get(name.casefold().rstrip("."))


@cache
def _names() -> dict[str, int]:
    names = {}
    for language in _SPOKEN:
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, locale=language).items():
                names[name.casefold().rstrip(".")] = number
    return names
