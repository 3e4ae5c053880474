"""The numbers of a workbook as text: days and times in ISO 8601, all else without exponents or needless zeros."""

import datetime as dt
import re
from decimal import Decimal
from typing import Final, NamedTuple

_DAYS_MAX: Final = 2_958_466
"""The first day that no workbook has: 1 January 10000."""
_SECONDS: Final = 86_400
_PLAIN: Final = re.compile(r"0|-?[1-9]\d{0,14}")
# What is shown as it stands (quoted, escaped, padding, colours, currencies, languages) but not the hours in `[h]`.
_SHOWN: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_BUILT_IN: Final = {
    **dict.fromkeys((14, 15, 16, 17), "d"),
    **dict.fromkeys((18, 19, 20, 21, 45, 47), "t"),
    22: "dt",
    46: "e",
    **dict.fromkeys((*range(27, 32), 36, *range(50, 59)), "d"),
    **dict.fromkeys((32, 33, 34, 35), "t"),
}


class NumberFormat(NamedTuple):
    """How a cell shows its number: `kind` is empty for a number, `d` day, `t` time, `dt` both, `e` hours gone by.

    `digits` is how many digits are shown at least, for codes such as 0150.
    """

    kind: str = ""
    digits: int = 0


PLAIN: Final = NumberFormat()


def number_format(number: int, code: str | None) -> NumberFormat:
    """A format by its number, and by its code where the workbook defines it."""
    if code is None:
        return NumberFormat(_BUILT_IN[number]) if number in _BUILT_IN else PLAIN
    shown = _SHOWN.sub("", code.partition(";")[0]).casefold()
    if "general" in shown:
        return PLAIN
    if re.fullmatch("0{2,15}", shown):
        return NumberFormat("", len(shown))
    if "[" in shown:
        return NumberFormat("e")
    has_time = "h" in shown or "s" in shown
    has_day = "y" in shown or "d" in shown or ("m" in shown and not has_time)
    return NumberFormat(("d" if has_day else "") + ("t" if has_time else "")) if has_day or has_time else PLAIN


def number_text(text: str, form: NumberFormat, *, since_1904: bool) -> str:
    """A number as it stands in a workbook, as text; what is none, or no day though it is shown as one, as it stands."""
    if not form.kind:
        if not _PLAIN.fullmatch(text):
            text = _plain(text)
        return text.zfill(form.digits) if form.digits and text.isdigit() else text
    try:
        value = float(text)
    except ValueError:
        return text
    if not 0 <= value < _DAYS_MAX:
        return _plain(text)
    days, seconds = divmod(round(value * _SECONDS), _SECONDS)
    if form.kind == "e":
        return f"{round(value * _SECONDS) // 3600}:{_clock(seconds)[3:]}"
    if days == 0 and (form.kind == "t" or (form.kind == "dt" and not since_1904)):
        return _clock(seconds)
    day = _day(days, since_1904=since_1904)
    if day is None:
        return _plain(text)
    return f"{day}T{_clock(seconds, always=True)}" if seconds and "t" in form.kind else day.isoformat()


def _day(days: int, *, since_1904: bool) -> dt.date | None:
    """Day 1 is 1 January 1900. Excel has a 29 February 1900, which is day 60 and never was."""
    try:
        if since_1904:
            return dt.date(1904, 1, 1) + dt.timedelta(days)
        return None if days in (0, 60) else dt.date(1899, 12, 30 if days > 60 else 31) + dt.timedelta(days)
    except OverflowError:
        return None


def _clock(seconds: int, *, always: bool = False) -> str:
    time = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    return f"{time}:{seconds % 60:02}" if always or seconds % 60 else time


def _plain(text: str) -> str:
    """A number to the fifteen digits that spreadsheets have, without exponent."""
    try:
        value = float(text)
    except ValueError:
        return text
    if value != value or value in (float("inf"), float("-inf")):
        return text
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    short = f"{value:.15g}"
    return format(Decimal(short), "f") if "e" in short else short
