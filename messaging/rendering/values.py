"""What placeholders are filled with: values with their kinds, shown as the reader's language writes them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from babel import Locale, UnknownLocaleError

from accounts.formats import LOCALES, count, country_name, day, money
from messaging.rendering.words import words_in


class Money(NamedTuple):
    """An amount in a currency (ISO 4217)."""

    amount: Decimal
    currency: str


class Country(NamedTuple):
    """A country by its two-letter code."""

    code: str


Value = str | int | bool | Decimal | dt.date | Money | Country
"""A value of a placeholder; an empty text is none."""


@dataclass(frozen=True)
class Values:
    """The values of one message, by the placeholders' names; what is not known is not there."""

    known: Mapping[str, Value] = field(default_factory=dict)

    def get(self, name: str) -> Value | None:
        """The value of a placeholder; ``None`` where there is none."""
        value = self.known.get(name)
        return None if value == "" else value

    def plus(self, **more: Value) -> "Values":
        """The same with further values: ``values.plus(unsubscribe_link=…)``."""
        return Values({**self.known, **more})

    def as_json(self) -> dict[str, Any]:
        """As a database keeps them; :meth:`of_json` reads it back."""
        return {name: _packed(value) for name, value in self.known.items()}

    @classmethod
    def of_json(cls, packed: Mapping[str, Any]) -> "Values":
        """What :meth:`as_json` wrote."""
        return cls({name: _unpacked(value) for name, value in packed.items()})


def shown(value: Value, language: str, *, is_short: bool = False) -> str:
    """A value as the language writes it; ``is_short`` for an SMS: 3 Oct 2026 instead of Saturday 3 October 2026."""
    locale = locale_of(language)
    match value:
        case bool():
            return words_in(language).yes if value else words_in(language).no
        case Money():
            return money(value.amount, value.currency, locale)
        case Country():
            return country_name(value.code, locale)
        case dt.date():
            return day(value, locale, width="medium" if is_short else "long")
        case int() | Decimal():
            return count(value, locale)
    return value


@cache
def locale_of(language: str) -> Locale:
    """The CLDR locale of any guest's language; that of the business's guests abroad, English, for an unknown one."""
    if language in LOCALES:
        return Locale.parse(LOCALES[language])
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(LOCALES["en"])


def _packed(value: Value) -> Any:
    match value:
        case Money():
            return {"amount": str(value.amount), "currency": value.currency}
        case Country():
            return {"country": value.code}
        case dt.date():
            return {"date": value.isoformat()}
        case Decimal():
            return {"number": str(value)}
    return value


def _unpacked(packed: Any) -> Value:
    match packed:
        case {"amount": amount, "currency": currency}:
            return Money(Decimal(amount), currency)
        case {"country": code}:
            return Country(code)
        case {"date": date}:
            return dt.date.fromisoformat(date)
        case {"number": number}:
            return Decimal(number)
        case str() | int():
            return packed
    raise ValueError(f"Not a value: {packed!r}")
