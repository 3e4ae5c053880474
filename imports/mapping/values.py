"""Single values as files write them: dates, numbers, amounts, countries, languages. None means: it is not one."""

import datetime as dt
import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import cache, lru_cache
from typing import Final

import pycountry
from babel import Locale
from babel.core import get_global

from imports.mapping import dates
from imports.mapping.dates import month

__all__ = [
    "AMOUNT_MAX", "WHOLE_MAX", "amount", "cents", "country", "currency", "date", "date_of", "language", "moment",
    "month", "whole", "yes_no",
]  # fmt: skip

WHOLE_MAX: Final = 32_767
AMOUNT_MAX: Final = Decimal("9999999999.99")
_SPOKEN = ("en", "nb", "da", "nl", "sv", "de")
_WHOLE = re.compile(r"^(\d{1,9})(?:[.,]0+)?$")
_AMOUNT = re.compile(r"^[^\d+-]*([+-]?[\d.,  '’\u00a0\u202f]*\d)(?:[.,]-+)?[^\d]*$")
_THOUSAND = re.compile(r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$")
# What people and files write beside ISO 3166.
_COUNTRY_ALIASES = {"uk": "GB", "xk": "XK", "xkx": "XK", "kosovo": "XK", "tmp": "TL", "rom": "RO", "zar": "CD"}
_NO_COUNTRY = frozenset(("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"))
# ISO 639-1 macro languages and old codes.
_LANGUAGE_ALIASES = {"no": "nb", "nor": "nb", "iw": "he", "in": "id", "ji": "yi"}


_WORDS = {
    word: answer
    for answer, words in (
        (True, "1 x y j yes true on ja sant sand waar wahr subscribed granted consented samtykket ok active aktiv"),
        (False, "0 n no false off nei nej nee nein usant falsk falskt onwaar falsch unsubscribed withdrawn"),
    )
    for word in words.split()
}


def date(text: str) -> dt.date | None:
    """A date in ISO form, or day first (`17.5.2024`, `17/05/24`). Two-digit years are 1940 to 2039."""
    found = dates.moment(text)
    return found.date() if isinstance(found, dt.datetime) else found


def moment(text: str) -> dt.datetime | dt.date | None:
    """A date, or with its time a moment, with the offset from UTC where the text names one."""
    return dates.moment(text)


def yes_no(text: str) -> bool | None:
    """Yes or no, in any language of the interface, Swedish or German."""
    return _WORDS.get(text.casefold())


def date_of(year: int, month: int, day: int) -> dt.date | None:
    """A date of its parts, from 1900 to 2199; None when there is no such day."""
    if not 1900 <= year < 2200:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def whole(text: str) -> int | None:
    """A whole number from 0 to 32,767; `2.0` is 2."""
    found = _WHOLE.match(text)
    number = int(found.group(1)) if found else WHOLE_MAX + 1
    return number if number <= WHOLE_MAX else None


@lru_cache(maxsize=1 << 14)
def amount(text: str, decimal: str = "") -> Decimal | None:
    """An amount with point or comma, thousands parted or not, currency sign or not: `1.234,50 kr` is 1234.50.

    `decimal` is the decimal sign where the text does not show it, as `1.234` does not; without one a comma before three
    digits parts thousands and a point does not. An amount in brackets or before a minus sign is below zero.
    """
    if len(text) > 40:
        return None
    minus = (text.startswith("(") and text.endswith(")")) or (text.endswith(("-", "−")) and text[:1] not in "-−")
    found = _AMOUNT.match(text.strip("()").rstrip("-−").strip().replace("−", "-"))
    if not found:
        return None
    number = re.sub(r"[ '’\u00a0\u202f]", "", found.group(1))
    point, comma = number.rfind("."), number.rfind(",")
    if point >= 0 and comma >= 0:
        number = number.replace(",", "") if point > comma else number.replace(".", "").replace(",", ".")
    elif comma >= 0 or point >= 0:
        sign = "," if comma >= 0 else "."
        many = number.count(sign) > 1
        looks = _THOUSAND.match(number) is not None
        thousands = many or (looks and (sign != decimal if decimal else sign == ","))
        number = number.replace(sign, "" if thousands else ".")
    try:
        parsed = Decimal(number)
    except InvalidOperation:
        return None
    return (-parsed if minus else parsed) if abs(parsed) <= AMOUNT_MAX else None


def cents(value: Decimal) -> Decimal | None:
    """An amount with two decimals, rounded half to even; None when it is too large to be stored."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_EVEN) if abs(value) <= AMOUNT_MAX else None


def currency(text: str) -> str | None:
    """An ISO 4217 code, or the sign of a currency that has one of its own."""
    code = {"€": "EUR", "£": "GBP"}.get(text, text.upper())
    return code if pycountry.currencies.get(alpha_3=code) else None


@cache
def _countries() -> dict[str, str]:
    known = {country.alpha_2 for country in pycountry.countries} | {"XK"}
    territories = [str(code) for code in Locale.parse("en").territories]
    # Also codes that ISO reserves for places such as Ascension, which lists of countries hold.
    codes = {code.casefold(): code for code in territories if len(code) == 2 and code not in _NO_COUNTRY}
    for language in _SPOKEN:
        for code, name in Locale.parse(language).territories.items():
            if code in known:
                codes.setdefault(name.casefold(), code)
    for country in pycountry.countries:
        for name in (country.alpha_2, country.alpha_3, country.name):
            codes[name.casefold()] = country.alpha_2
    return codes | _COUNTRY_ALIASES


def country(text: str) -> str | None:
    """ISO 3166 alpha-2 of an alpha-2 or alpha-3 code or a country's name."""
    return _countries().get(text.casefold())


@lru_cache(maxsize=1024)
def language(text: str) -> str | None:
    """ISO 639-1 code of a language code, with or without a region (`nb-NO` is nb), or its English or own name."""
    text = text.strip().casefold()
    code = re.split(r"[-_]", text)[0]
    code = _LANGUAGE_ALIASES.get(code, code)
    if code in _languages():
        return code
    return _language_names().get(text)


@cache
def _languages() -> frozenset[str]:
    known = set(Locale.parse("en").languages) | set(get_global("language_aliases"))
    return frozenset(code for code in known if len(code) == 2)


@cache
def _language_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for spoken in _SPOKEN:
        for code, name in Locale.parse(spoken).languages.items():
            if len(code) == 2:
                names.setdefault(name.casefold(), _LANGUAGE_ALIASES.get(code, code))
    return names
