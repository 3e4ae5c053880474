"""Languages and countries to choose from, by their names in the reader's language."""

from functools import cache

from babel import Locale
from django.utils.translation import get_language

LANGUAGES = [
    "nb",
    "nn",
    "da",
    "sv",
    "fi",
    "is",
    "nl",
    "de",
    "en",
    "fr",
    "es",
    "it",
    "pt",
    "pl",
    "cs",
    "sk",
    "hu",
    "ro",
    "bg",
    "el",
    "tr",
    "ru",
    "uk",
    "et",
    "lv",
    "lt",
    "sl",
    "hr",
    "sr",
    "ar",
    "he",
    "fa",
    "hi",
    "zh",
    "ja",
    "ko",
    "th",
    "vi",
    "id",
]
"""ISO 639-1 codes of the languages guests usually speak; a file may bring any other."""

NEIGHBOURS = ("NO", "DK", "SE", "NL", "DE", "GB")
"""Listed first: where most guests of the business live."""


def language_choices() -> list[tuple[str, str]]:
    """(code, name), the most usual first."""
    names = _locale(get_language() or "en").languages
    return [(code, _capital(names.get(code, code))) for code in LANGUAGES]


def country_choices(home: str = "") -> list[tuple[str, str]]:
    """(code, name): the business's own country, its neighbours, then the rest by name."""
    names = _countries(get_language() or "en")
    first = list(dict.fromkeys([home, *NEIGHBOURS] if home in names else NEIGHBOURS))
    return [(code, names[code]) for code in first] + [item for item in names.items() if item[0] not in first]


def country_name(code: str) -> str:
    """A country's name in the reader's language; the code itself for one that has none."""
    return _countries(get_language() or "en").get(code, code)


@cache
def _countries(language: str) -> dict[str, str]:
    territories = _locale(language).territories
    places = {code: name for code, name in territories.items() if len(code) == 2 and code.isalpha()}
    for unassigned in ("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"):
        places.pop(unassigned, None)
    return dict(sorted(places.items(), key=lambda item: item[1].casefold()))


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language, sep="-")


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
