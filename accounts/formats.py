"""Numbers, money, dates, phones and names as the reader's language writes them (Unicode CLDR through Babel).

Pure functions of value and locale; :mod:`crm.templatetags.ui` binds them to the active language and time zone.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_time, format_timedelta
from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent

# English as hotels in Europe read it: the day before the month.
LOCALES = {"en": "en_GB", "nb": "nb_NO", "da": "da_DK", "nl": "nl_NL"}

Number = int | float | Decimal


def locale_for(language: str | None) -> Locale:
    """The CLDR locale for one of the interface's languages; English for anything unknown."""
    code = (language or "en").replace("_", "-").lower()
    name = LOCALES.get(code) or LOCALES.get(code.split("-")[0]) or "en_GB"
    return Locale.parse(name)


def decimal_of(value: object) -> Decimal | None:
    """The value as a decimal, or None when it is empty or no number."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def money(value: object, currency: str, locale: Locale, *, exact: bool = False) -> str:
    """An amount with its currency; whole amounts lose their decimals unless ``exact``. Empty for no amount."""
    number = decimal_of(value)
    if number is None:
        return ""
    whole = not exact and number == number.to_integral_value()
    pattern = locale.currency_formats["standard"].pattern
    if whole:
        pattern = re.sub(r"\.0+", "", pattern)
    text = format_currency(number, currency.upper(), format=pattern, locale=locale, currency_digits=not whole)
    # CLDR's currencySpacing, which Babel leaves out: letters of a code do not touch the figure.
    return re.sub(r"(?<=[A-Za-z])(?=[\d-])|(?<=\d)(?=[A-Z]{3}$)", "\u00a0", text)


def count(value: object, locale: Locale) -> str:
    """A number with the language's group separators, at most two decimals. Empty for no number."""
    number = decimal_of(value)
    return "" if number is None else format_decimal(number, format="#,##0.##", locale=locale)


def compact(value: object, locale: Locale) -> str:
    """A number shortened for an axis: 800K, 2,5 mill."""
    number = decimal_of(value)
    return "" if number is None else format_compact_decimal(number, locale=locale, fraction_digits=1)


def percent(value: object, locale: Locale) -> str:
    """A share given as 0–100 as "92 %", without decimals. Empty for no number."""
    number = decimal_of(value)
    return "" if number is None else format_percent(round(number) / 100, locale=locale)


def day(value: dt.date, locale: Locale, *, width: str = "medium") -> str:
    """A date: ``short`` 3 Oct, ``medium`` 3 Oct 2026, ``long`` Saturday 3 October 2026, ``month`` October 2026."""
    if width == "short":
        return format_skeleton_date("MMMd", value, locale)
    if width == "long":
        return format_date(value, format="full", locale=locale)
    if width == "month":
        return format_skeleton_date("yMMMM", value, locale)
    return format_skeleton_date("yMMMd", value, locale)


def format_skeleton_date(skeleton: str, value: dt.date, locale: Locale) -> str:
    """A date by CLDR skeleton, without a time zone's help (a date has none)."""
    pattern = locale.datetime_skeletons.get(skeleton)
    return format_date(value, format=str(pattern) if pattern else "medium", locale=locale)


def clock(value: dt.datetime | dt.time, locale: Locale) -> str:
    """Hours and minutes of a time that is already local."""
    moment = value.time() if isinstance(value, dt.datetime) else value
    return format_time(moment, format="short", locale=locale)


def moment(value: dt.datetime, locale: Locale) -> str:
    """Date and time of a moment that is already local."""
    return f"{day(value.date(), locale)}, {clock(value, locale)}"


def ago(value: dt.datetime, now: dt.datetime, locale: Locale) -> str:
    """How long before (or after) ``now``: "3 days ago", "in 2 hours". Both aware or both naive."""
    return format_timedelta(value - now, add_direction=True, locale=locale)


def period(start: dt.date, end: dt.date, locale: Locale) -> str:
    """From one date to another with what they share written once: 21–24 Nov 2026."""
    return format_interval(start, end, skeleton="yMMMd", locale=locale) if start != end else day(start, locale)


def phone(value: str) -> str:
    """An E.164 number in international writing; anything else as it stands."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def initials(name: str) -> str:
    """One or two letters for an avatar: first and last word that start with a letter or digit."""
    words = [word for word in re.split(r"[\s\-]+", name.strip()) if word[:1].isalnum()]
    # "van der Berg" is filed under B, not v.
    capitals = [word for word in words if word[:1].isupper() or word[:1].isdigit()] or words
    return "".join(word[0] for word in ([capitals[0], capitals[-1]] if len(capitals) > 1 else capitals[:1])).upper()


def language_name(code: str, locale: Locale | None) -> str:
    """A language's name in ``locale``, or in itself when None. Unknown codes as they stand."""
    try:
        language = Locale.parse(code.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return code
    return language.get_display_name(locale or language) or code


def country_name(code: str, locale: Locale) -> str:
    """A country's name from its two-letter code. Unknown codes as they stand."""
    return locale.territories.get(code.upper(), code)
