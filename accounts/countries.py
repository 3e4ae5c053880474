"""What a business starts with by its country, and lists of countries, currencies and time zones to choose from.

Names come from the Unicode CLDR by way of Babel, in the reader's language.
"""

import zoneinfo
from functools import cache
from typing import NamedTuple

import pycountry
from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies
from django.utils.translation import get_language

LANGUAGE_OF = {"NO": "nb", "SJ": "nb", "DK": "da", "GL": "da", "FO": "da", "NL": "nl", "BE": "nl", "SR": "nl"}
"""Country → the interface language its businesses usually want; English elsewhere."""

COUNTRY_OF = {"nb": "NO", "da": "DK", "nl": "NL"}
"""Interface language → the country it is most likely read in."""

ZONE_OF = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "MX": "America/Mexico_City",
    "NZ": "Pacific/Auckland",
    "PT": "Europe/Lisbon",
    "US": "America/New_York",
}
"""Countries with several time zones: the one most people live in, where the alphabet would pick another."""

SHARED_CURRENCIES = {"XAF", "XCD", "XCG", "XOF", "XPF"}
"""Currencies of several countries. The other codes in X are metals, funds and tests."""


class CountryDefaults(NamedTuple):
    """ISO 4217 currency, IANA time zone and interface language of a new business."""

    currency: str
    time_zone: str
    language: str


@cache
def country_defaults(country: str) -> CountryDefaults:
    """What a business in ``country`` (ISO 3166-1 alpha-2) starts with; euros, Amsterdam and English where unknown."""
    # CLDR and ISO 4217 are not renewed on the same day when a country changes its money.
    currencies = [code for code in get_territory_currencies(country) if code in _currency_codes()] or ["EUR"]
    zones = sorted(set(get_global("territory_zones").get(country, [])) & dict(time_zone_choices()).keys())
    zone = ZONE_OF.get(country) or (zones[0] if zones else "Europe/Amsterdam")
    return CountryDefaults(currencies[0], zone, LANGUAGE_OF.get(country, "en"))


def country_choices() -> list[tuple[str, str]]:
    """``(alpha-2, name)`` of every country, the four home markets first, then by name in the reader's language."""
    return _countries(_language())


def currency_choices() -> list[tuple[str, str]]:
    """``(ISO 4217, name)`` of every currency in use, by code."""
    return _currencies(_language())


@cache
def time_zone_choices() -> list[tuple[str, str]]:
    """``(IANA name, shown)`` of every place-named time zone."""
    names = (name for name in zoneinfo.available_timezones() if "/" in name)
    skipped = ("Etc/", "SystemV/", "US/", "posix/", "right/")
    return [(name, name.replace("_", " ")) for name in sorted(names) if not name.startswith(skipped)]


def _language() -> str:
    return (get_language() or "en").split("-")[0]


@cache
def _countries(language: str) -> list[tuple[str, str]]:
    names = Locale.parse(language).territories
    codes = [country.alpha_2 for country in pycountry.countries]
    first = [code for code in ("NO", "DK", "NL", "SE") if code in codes]
    rest = sorted((code for code in codes if code not in first), key=lambda code: str(names.get(code, code)))
    return [(code, str(names.get(code, code))) for code in first + rest]


@cache
def _currencies(language: str) -> list[tuple[str, str]]:
    names = Locale.parse(language).currencies
    return [(code, f"{code} · {names.get(code, code)}") for code in _currency_codes()]


@cache
def _currency_codes() -> list[str]:
    codes = (currency.alpha_3 for currency in pycountry.currencies)
    return sorted(code for code in codes if not code.startswith("X") or code in SHARED_CURRENCIES)
