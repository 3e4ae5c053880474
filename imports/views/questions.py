"""What only somebody who knows the file can tell: the order of its dates, the century, the decimal sign, the place."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.formats import day, locale_for
from imports.answers import Answers
from imports.mapping import Question as Open

ASKED: Final = ("dates", "years", "decimal", "property")
"""Questions with a place of their own, in the order shown; what a single column means is asked beside the column."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer."""

    value: str
    label: str
    is_current: bool
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answers. `error` when it was passed over."""

    name: str
    title: str
    legend: str
    choices: Sequence[Choice]
    error: str = ""


def questions_of(
    asked: Sequence[Open], answers: Answers, sent: Mapping[str, str], *, is_told: bool, is_sent: bool
) -> list[Question]:
    """The questions that a suggestion leaves open, one of each kind.

    Nothing is chosen beforehand unless it `is_told` already, by a mapping or in `sent`. `is_sent`: whatever has no
    answer now was passed over.
    """
    shown = []
    for name in ASKED:
        open_ones = [one for one in asked if one.asked == name]
        if not open_ones:
            continue
        current = sent.get(name, _told(name, answers) if is_told else "")
        error = _("Choose one of these.") if is_sent and not current else ""
        columns = ", ".join(dict.fromkeys(one.column for one in open_ones if one.column))
        values = tuple(dict.fromkeys(value for one in open_ones for value in one.values))[:3]
        title, legend = _words(name, columns, values)
        choices = [
            Choice(value, label, value == current, hint) for value, label, hint in _choices(name, open_ones[0], values)
        ]
        shown.append(Question(name, title, legend, choices, error))
    return shown


def _told(name: str, answers: Answers) -> str:
    return {
        "dates": answers.dates,
        "years": "" if answers.years is None else str(answers.years),
        "decimal": answers.decimal,
        "property": dict(answers.fixed).get("stay.property", ""),
    }[name]


def _words(name: str, columns: str, values: Sequence[str]) -> tuple[str, str]:
    said = {"columns": columns, "values": " · ".join(values)}
    if name == "dates":
        return _("In which order do the dates stand?"), _("%(columns)s: %(values)s") % said
    if name == "years":
        return _("Which century is meant?"), _("%(columns)s: %(values)s") % said
    if name == "decimal":
        return _("Which is the decimal sign?"), _("%(columns)s: %(values)s") % said
    return _("At which property are these stays?"), _("No column says so.")


def _choices(name: str, one: Open, values: Sequence[str]) -> list[tuple[str, str, str]]:
    """(value, label, hint) of each answer."""
    first = values[0] if values else ""
    if name == "dates":
        return [
            ("dmy", _("Day, month, year"), _read(first, "dmy")),
            ("mdy", _("Month, day, year"), _read(first, "mdy")),
        ]
    if name == "years":
        now = one.options[0]
        return [
            (now, _("This century, up to this year"), _("%(year)s is 20%(year)s") % {"year": now}),
            ("0", _("The last century"), _("%(year)s is 19%(year)s") % {"year": now}),
        ]
    if name == "decimal":
        return [
            (",", _("A comma"), _("1.290 is one thousand two hundred and ninety")),
            (".", _("A point"), _("1.290 is one and a bit")),
        ]
    return [(option, option, "") for option in one.options]


def _read(text: str, order: str) -> str:
    """A doubtful date as it would be read; empty where that cannot be shown."""
    numbers = [int(part) for part in "".join(sign if sign.isdigit() else " " for sign in text).split()[:3]]
    if len(numbers) != 3:
        return ""
    date, month, year = numbers if order == "dmy" else (numbers[1], numbers[0], numbers[2])
    try:
        read = dt.date(year if year > 99 else 2000 + year, month, date)
    except ValueError:
        return ""
    return _("%(text)s is %(day)s") % {"text": text, "day": day(read, locale_for(get_language()))}
