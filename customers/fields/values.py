"""Values of the business's own fields: read as people and files write them, shown in the reader's language.

Pure but for the reader's language: no database, no clock. Reading what is shown gives the same value again, in every
language of the interface; so does reading what :func:`value_plain` writes into a file, in whichever language.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final, NamedTuple, Protocol

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from customers.fields.models import MAX_TEXT, CustomField
from customers.normalise.months import month_named

PLACES: Final = 4
"""Decimals that a number keeps."""
NUMBER_MAX: Final = Decimal(10) ** 14
"""Numbers lie below this on either side of zero: 18 digits, four of them decimals."""
YEARS: Final = range(1800, 2200)

Kind = CustomField.Kind
_WORDS = {
    True: frozenset(("yes", "y", "true", "1", "x", "on", "ja", "j", "sant", "sand", "waar")),
    False: frozenset(("no", "n", "false", "0", "off", "nei", "nej", "nee", "usant", "falsk", "onwaar")),
}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]+")
_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")
_SPACES = re.compile("[\\s'’\u00a0\u2009\u202f]")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?P<sign>[.,])\d{3})(?:(?P=sign)\d{3})*")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[./ -]{1,2}(\d{1,2})[./ -]{1,2}(\d{4}|\d{2})\.?")
_NAMED_MONTH = re.compile(r"(\d{1,2})\.?\s*([^\W\d_]+)\.?,?\s*(\d{4})")
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.?\s*(\d{1,2}),?\s*(\d{4})")


class FieldInput(NamedTuple):
    """What became of a typed value: one column of a stored value is filled, or none when it was empty.

    ``error`` tells people what is wrong and what would be right; then nothing is filled.
    """

    text: str = ""
    number: Decimal | None = None
    date: dt.date | None = None
    flag: bool | None = None
    error: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is no value; an error is none either."""
        return self.columns() == ("", None, None, None)

    def columns(self) -> tuple[str, Decimal | None, dt.date | None, bool | None]:
        """The value as it stands in the columns ``text``, ``number``, ``date`` and ``flag``."""
        return self.text, self.number, self.date, self.flag


class HasKind(Protocol):
    """A field, as far as its values are concerned."""

    kind: str
    options: Any


class HasValue(Protocol):
    """A stored value, or a :class:`FieldInput`."""

    @property
    def text(self) -> str: ...
    @property
    def number(self) -> Decimal | None: ...
    @property
    def date(self) -> dt.date | None: ...
    @property
    def flag(self) -> bool | None: ...


def value_read(kind: str, text: str, *, options: Sequence[Mapping[str, str]] = ()) -> FieldInput:
    """Read a typed value of a field of ``kind``; ``options`` are a choice's, of which a key or a label is meant.

    An empty text is an empty value. Numbers may have a comma or a point and parted thousands; dates are in ISO form,
    day first, or with the month's name. A number such as 1.234, which is one thing in one language and another in
    the next, is read in the reader's.
    """
    # As an import cleans its cells, so that a file that was exported changes nothing.
    composed = unicodedata.normalize("NFC", _INVISIBLE.sub("", _CONTROL.sub(" ", text)))
    typed = " ".join(composed.split())
    if not typed:
        return FieldInput()
    match kind:
        case Kind.NUMBER:
            return _number(typed)
        case Kind.DATE:
            return date_read(typed)
        case Kind.YES_NO:
            return _flag(typed)
        case Kind.CHOICE:
            return _choice(typed, options)
    if len(typed) > MAX_TEXT:
        return FieldInput(
            error=_("This is %(length)d characters long. At most %(limit)d fit here.")
            % {"length": len(typed), "limit": MAX_TEXT}
        )
    return FieldInput(text=typed)


def value_shown(field: HasKind, row: HasValue | None) -> str:
    """A stored value in the reader's language; empty when there is none. A choice that is gone shows its key."""
    if row is None:
        return ""
    match field.kind:
        case Kind.NUMBER:
            return _number_shown(row.number) if row.number is not None else ""
        case Kind.DATE:
            return _date_shown(row.date) if row.date is not None else ""
        case Kind.YES_NO:
            return {True: str(_("Yes")), False: str(_("No")), None: ""}[row.flag]
        case Kind.CHOICE:
            return next((option["label"] for option in field.options if option["key"] == row.text), row.text)
    return row.text


def value_plain(field: HasKind, row: HasValue | None) -> str:
    """A stored value as files and forms carry it, the same in every language: 12.5, 2026-05-17, a choice's key, yes."""
    if row is None:
        return ""
    match field.kind:
        case Kind.NUMBER:
            return _number_plain(row.number) if row.number is not None else ""
        case Kind.DATE:
            return row.date.isoformat() if row.date is not None else ""
        case Kind.YES_NO:
            return {True: "yes", False: "no", None: ""}[row.flag]
    return row.text


def _number(typed: str) -> FieldInput:
    wrong = FieldInput(
        error=_("Write a number, for example %(example)s.") % {"example": _number_shown(Decimal("12.5"))}
    )
    text = _SPACES.sub("", typed).replace("\u2212", "-")
    if not text.isascii() or len(text) > 40:
        return wrong
    points, commas = text.count("."), text.count(",")
    if points and commas:
        decimal = "." if text.rfind(".") > text.rfind(",") else ","
        whole, _sign, rest = text.rpartition(decimal)
        if decimal in whole or (("." in whole or "," in whole) and not _GROUPED.fullmatch(whole)):
            return wrong
        text = whole.replace(".", "").replace(",", "") + "." + rest
    elif points + commas:
        sign = "." if points else ","
        grouped = _GROUPED.fullmatch(text) and not re.match(r"[+-]?0", text)
        if points + commas > 1 and not grouped:
            return wrong
        if grouped and (points + commas > 1 or sign == get_group_symbol(_locale())):
            text = text.replace(sign, "")
        else:
            text = text.replace(",", ".")
    if not re.fullmatch(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", text):
        return wrong
    try:
        number = Decimal(text)
    except InvalidOperation:
        return wrong
    if abs(number) >= NUMBER_MAX:
        return FieldInput(error=_("This number is too large to be kept."))
    if number != number.quantize(Decimal(1).scaleb(-PLACES)):
        return FieldInput(error=_("Write at most %(places)d decimals.") % {"places": PLACES})
    return FieldInput(number=number if number else abs(number))


def date_read(typed: str, *, years: range = YEARS) -> FieldInput:
    """Read a date that people typed; one outside ``years`` is refused as a slip."""
    parts = _date_parts(typed)
    if parts is None:
        example = _date_shown(dt.date(2026, 5, 17))
        return FieldInput(error=_("Write a date, for example 17.5.2026 or %(example)s.") % {"example": example})
    year, month, day = parts
    try:
        date = dt.date(year, month, day)
    except ValueError:
        return FieldInput(error=_("There is no such day: %(typed)s.") % {"typed": typed[:20]})
    if date.year not in years:
        return FieldInput(error=_("Check the year: %(year)d is too far away.") % {"year": date.year})
    return FieldInput(date=date)


def _date_parts(typed: str) -> tuple[int, int, int] | None:
    """Year, month and day of a text; they need not make a date."""
    if not typed.isascii() and typed.isdecimal():
        return None
    if found := _ISO_DATE.fullmatch(typed):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _DAY_FIRST.fullmatch(typed):
        year = found[3] if len(found[3]) == 4 else ("19" if found[3] >= "40" else "20") + found[3]
        return int(year), int(found[2]), int(found[1])
    for pattern, day, month in ((_NAMED_MONTH, 1, 2), (_MONTH_FIRST, 2, 1)):
        found = pattern.fullmatch(typed)
        number = month_named(found[month]) if found else None
        if found and number:
            return int(found[3]), number, int(found[day])
    return None


def _flag(typed: str) -> FieldInput:
    for flag, words in _WORDS.items():
        if typed.casefold() in words:
            return FieldInput(flag=flag)
    return FieldInput(error=_("Write yes or no."))


def _choice(typed: str, options: Sequence[Mapping[str, str]]) -> FieldInput:
    wanted = typed.casefold()
    by_key = next((option["key"] for option in options if option["key"] == typed), None)
    by_label = next((option["key"] for option in options if option["label"].casefold() == wanted), None)
    key = by_key or by_label or next((option["key"] for option in options if option["key"].casefold() == wanted), None)
    if key is not None:
        return FieldInput(text=key)
    labels = ", ".join(option["label"] for option in options[:12])
    return FieldInput(error=_("Choose one of these: %(choices)s.") % {"choices": labels})


def _number_shown(number: Decimal) -> str:
    return str(format_decimal(number, format="#,##0.####", locale=_locale()))


def _number_plain(number: Decimal) -> str:
    """With a point; never with exactly three decimals, which could be read as thousands."""
    text = f"{number:.{PLACES}f}".rstrip("0")
    whole, _point, decimals = text.partition(".")
    return f"{whole}.{decimals}0" if len(decimals) == 3 else f"{whole}.{decimals}" if decimals else whole


def _date_shown(date: dt.date) -> str:
    locale = _locale()
    pattern = locale.datetime_skeletons.get("yMMMd")
    return str(format_date(date, format=str(pattern) if pattern else "medium", locale=locale))


def decimal_sign() -> str:
    """What parts the whole from the decimals in the reader's language."""
    return str(get_decimal_symbol(_locale()))


def _locale() -> Locale:
    return _parsed(get_language() or "en")


@cache
def _parsed(language: str) -> Locale:
    """A language's locale; English is Britain's, as on every page: day before month."""
    return Locale.parse("en_GB" if language == "en" else language.replace("-", "_"))
