"""A filter in the words of a hotelier: "Last stay: more than 6 months ago", "Not tagged Problem"."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts import formats
from customers.conditions.labels import COUNTED, consent_label, field_label
from customers.conditions.names import Names, locale
from customers.filters import Condition, Field, Group, Period


@dataclass(frozen=True)
class ChipWords:
    """What a condition says: what of the guest is looked at, and what must be true of it. Without a ``label`` the text
    says it all."""

    label: str
    text: str

    def __str__(self) -> str:
        return f"{self.label}: {self.text}" if self.label else self.text


def condition_words(condition: Condition, names: Names) -> ChipWords:
    """One condition as a sentence in the reader's language."""
    field = names.catalogue[condition.field]
    if field.rows is not None:
        return ChipWords(_counted(condition, field, names), _number(condition, field, names))
    if field.kind == "tags" or field.kind == "segment":
        return ChipWords("", _belongs(condition, field, names))
    if field.kind == "flag" and field.own is None:
        return ChipWords("", str(_FLAGS[field.key][condition.negated]))
    if condition.operator == "empty":
        return ChipWords(_label(field, names), str(_EMPTY.get(field.key, _EMPTY_OTHER)[condition.negated]))
    if field.key in _REACH and field.kind == "choice":
        return ChipWords(str(_REACH[field.key]), _reached(condition, field, names))
    return ChipWords(_label(field, names), _SAID[field.kind](condition, field, names))


def tree_words(tree: Group, names: Names) -> str:
    """A whole filter in one sentence: its rules joined by "and" or "or"; empty for the empty filter."""
    return group_words(tree, names) if tree else ""


def group_words(group: Group, names: Names) -> str:
    """The rules of a group in one sentence; groups inside stand in brackets."""
    parts = [
        f"({group_words(rule, names)})" if isinstance(rule, Group) else str(condition_words(rule, names))
        for rule in group.rules
    ]
    joined = (_(" and ") if group.match == "all" else _(" or ")).join(parts)
    return _("not (%(rules)s)") % {"rules": joined} if group.negated else joined


def rule_words(rule: Condition | Group, names: Names) -> ChipWords:
    """A rule of the outermost group as one chip: a condition, or a group as a whole."""
    if not isinstance(rule, Group):
        return condition_words(rule, names)
    label = _GROUPS[rule.match, rule.negated]
    return ChipWords(str(label), "; ".join(str(condition_words(each, names)) for each in rule.conditions()))


def period_words(period: Period) -> str:
    """A span of days as it is said of something that happened in it: "in the last 6 months", "this year"."""
    if period.way == "between":
        return _between(period.first, period.until)
    if period.way in ("this", "previous"):
        return str(_CALENDAR[period.way, period.unit])
    if period.number == 0:
        return _("before today") if period.way == "before" else _("today")
    return str(_MOVING[period.way, period.unit] % {"number": period.number})


def _between(first: dt.date | None, until: dt.date | None) -> str:
    if first is not None and until is not None:
        whole_year = (first.month, first.day, until.month, until.day) == (1, 1, 12, 31) and first.year == until.year
        return str(first.year) if whole_year else formats.period(first, until, locale())
    if first is not None:
        return _("from %(day)s on") % {"day": formats.day(first, locale())}
    return _("until %(day)s") % {"day": formats.day(until or dt.date.max, locale())}


def _label(field: Field, names: Names) -> str:
    if field.key.startswith("consent."):
        return consent_label(field.key)
    return str(_SHORTER.get(field.key) or field_label(field, names))


def _counted(condition: Condition, field: Field, names: Names) -> str:
    """What an aggregate counts: "Stays (Fjordstuen Hotel) in the last 24 months"."""
    label = str(COUNTED.get(field.key) or field_label(field, names))
    where = "; ".join(_either([names.where_value(name, value) for value in values]) for name, values in condition.where)
    if where:
        label = f"{label} ({where})"
    return f"{label} {period_words(condition.period)}" if condition.period else label


def _belongs(condition: Condition, field: Field, names: Names) -> str:
    if condition.operator == "empty":
        return _("Has a tag") if condition.negated else _("Has no tags")
    named = [names.value(field, value) for value in condition.value]
    if field.kind == "segment":
        named = [_("“%(name)s”") % {"name": name} for name in named]
    how = "all_of" if condition.operator == "all_of" and len(named) > 1 else "any_of"
    sentence = _BELONGS[field.kind, how, condition.negated, len(named) > 1]
    return str(sentence) % {"names": _both(named) if how == "all_of" else _either(named)}


def _reached(condition: Condition, field: Field, names: Names) -> str:
    reasons = [names.value(field, value) for value in condition.value if value != "ok"]
    is_ok = ("ok" in condition.value) != condition.negated
    if not reasons:
        return _("yes") if is_ok else _("no")
    return str(_REACHED[is_ok, condition.negated]) % {"reasons": _either(reasons)}


def _choice(condition: Condition, field: Field, names: Names) -> str:
    return _not(_either([names.value(field, value) for value in condition.value]), condition.negated)


def _text(condition: Condition, field: Field, names: Names) -> str:
    if condition.operator == "is":
        return _not(_either([str(value) for value in condition.value]), condition.negated)
    quoted = _either([_("“%(name)s”") % {"name": value} for value in condition.value])
    return str(_TEXTS[condition.operator][condition.negated]) % {"text": quoted}


def _number(condition: Condition, field: Field, names: Names) -> str:
    if condition.operator == "equals" and condition.value == 0 and field.own is None and field.key != "age":
        return _("at least one") if condition.negated and field.kind == "number" else _not(_("none"), condition.negated)
    written = names.money if field.kind == "money" else names.count
    if condition.operator == "between":
        low, high = (written(end) for end in condition.value)
        said = _not(_("%(low)s to %(high)s") % {"low": low, "high": high}, condition.negated)
    else:
        said = str(_NUMBERS[condition.operator][condition.negated]) % {"number": written(condition.value)}
    # A guest of whom it is not known is none of whom it is true: the contrary holds them too.
    return _("%(number)s, or unknown") % {"number": said} if field.nullable and condition.negated else said


def _date(condition: Condition, field: Field, names: Names) -> str:
    said = period_words(condition.value)
    return str(_NOT_WHEN) % {"when": said} if condition.negated else said


def _birthday(condition: Condition, field: Field, names: Names) -> str:
    if condition.operator == "in":
        return _date(condition, field, names)
    said = _("in %(months)s") % {"months": _either([names.value(field, value) for value in condition.value])}
    return str(_NOT_WHEN) % {"when": said} if condition.negated else said


def _flag(condition: Condition, field: Field, names: Names) -> str:
    return _("not yes") if condition.negated else _("yes")


def _rank(condition: Condition, field: Field, names: Names) -> str:
    share = formats.percent(Decimal(condition.value), locale())
    if condition.negated:
        return _("not among the top %(share)s") % {"share": share}
    return _("among the top %(share)s") % {"share": share}


def _not(said: str, negated: bool) -> str:
    return _("not %(what)s") % {"what": said} if negated else said


def _either(names: Sequence[str]) -> str:
    return _joined(names, _(" or "))


def _both(names: Sequence[str]) -> str:
    return _joined(names, _(" and "))


def _joined(names: Sequence[str], last: str) -> str:
    return last.join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


_SAID: Final[Mapping[str, Any]] = {
    "choice": _choice,
    "text": _text,
    "number": _number,
    "money": _number,
    "date": _date,
    "birthday": _birthday,
    "flag": _flag,
    "rank": _rank,
}
_SHORTER: Final[Mapping[str, Any]] = {
    "stays": gettext_lazy("Stays"),
    "nights": gettext_lazy("Nights"),
    "value": gettext_lazy("Value"),
    "value_rank": gettext_lazy("Value"),
}
"""Said shorter than where one chooses the field among its likes."""
_GROUPS: Final[Mapping[tuple[str, bool], Any]] = {
    ("any", False): gettext_lazy("Any of"),
    ("all", False): gettext_lazy("All of"),
    ("any", True): gettext_lazy("None of"),
    ("all", True): gettext_lazy("Not all of"),
}
_FLAGS: Final[Mapping[str, tuple[Any, Any]]] = {
    "do_not_contact": (gettext_lazy("Do not contact"), gettext_lazy("Not marked “Do not contact”")),
    "restricted": (gettext_lazy("Processing restricted"), gettext_lazy("Processing not restricted")),
    "deceased": (gettext_lazy("Deceased"), gettext_lazy("Not deceased")),
}
_EMPTY_OTHER: Final = (gettext_lazy("not filled in"), gettext_lazy("filled in"))
_EMPTY: Final[Mapping[str, tuple[Any, Any]]] = {
    **dict.fromkeys(("last_stay", "next_arrival", "first_arrival", "last_activity", "opened", "clicked"), (
        gettext_lazy("none"), gettext_lazy("any")
    )),
    **dict.fromkeys(("age", "birthday", "birth_date"), (gettext_lazy("unknown"), gettext_lazy("known"))),
}  # fmt: skip
_REACH: Final[Mapping[str, Any]] = {
    "email_reach": gettext_lazy("Newsletter by e-mail can be sent"),
    "sms_reach": gettext_lazy("Newsletter by SMS can be sent"),
}
_REACHED: Final[Mapping[tuple[bool, bool], Any]] = {
    (False, False): gettext_lazy("no: %(reasons)s"),
    (True, False): gettext_lazy("yes, or no: %(reasons)s"),
    (True, True): gettext_lazy("yes, or no for another reason than: %(reasons)s"),
    (False, True): gettext_lazy("no, for another reason than: %(reasons)s"),
}
_TEXTS: Final[Mapping[str, tuple[Any, Any]]] = {
    "contains": (gettext_lazy("contains %(text)s"), gettext_lazy("does not contain %(text)s")),
    "starts_with": (gettext_lazy("begins with %(text)s"), gettext_lazy("does not begin with %(text)s")),
}
_NUMBERS: Final[Mapping[str, tuple[Any, Any]]] = {
    "at_least": (gettext_lazy("at least %(number)s"), gettext_lazy("less than %(number)s")),
    "at_most": (gettext_lazy("at most %(number)s"), gettext_lazy("more than %(number)s")),
    "equals": (gettext_lazy("exactly %(number)s"), gettext_lazy("not exactly %(number)s")),
}
_NOT_WHEN: Final = gettext_lazy("not %(when)s")
_BELONGS: Final[Mapping[tuple[str, str, bool, bool], Any]] = {
    # Kind, operator, negated, several names.
    ("tags", "any_of", False, False): gettext_lazy("Tagged %(names)s"),
    ("tags", "any_of", True, False): gettext_lazy("Not tagged %(names)s"),
    ("tags", "any_of", False, True): gettext_lazy("Tagged %(names)s"),
    ("tags", "any_of", True, True): gettext_lazy("Not tagged %(names)s"),
    ("tags", "all_of", False, True): gettext_lazy("Tagged %(names)s"),
    ("tags", "all_of", True, True): gettext_lazy("Not tagged with all of %(names)s"),
    ("segment", "any_of", False, False): gettext_lazy("In the segment %(names)s"),
    ("segment", "any_of", True, False): gettext_lazy("Not in the segment %(names)s"),
    ("segment", "any_of", False, True): gettext_lazy("In the segments %(names)s"),
    ("segment", "any_of", True, True): gettext_lazy("In none of the segments %(names)s"),
}
_CALENDAR: Final[Mapping[tuple[str, str], Any]] = {
    ("this", "day"): gettext_lazy("today"),
    ("this", "week"): gettext_lazy("this week"),
    ("this", "month"): gettext_lazy("this month"),
    ("this", "quarter"): gettext_lazy("this quarter"),
    ("this", "year"): gettext_lazy("this year"),
    ("previous", "day"): gettext_lazy("yesterday"),
    ("previous", "week"): gettext_lazy("last week"),
    ("previous", "month"): gettext_lazy("last month"),
    ("previous", "quarter"): gettext_lazy("last quarter"),
    ("previous", "year"): gettext_lazy("last year"),
}
_MOVING: Final[Mapping[tuple[str, str], Any]] = {
    ("last", "day"): ngettext_lazy("since yesterday", "in the last %(number)d days", "number"),
    ("last", "week"): ngettext_lazy("in the last week", "in the last %(number)d weeks", "number"),
    ("last", "month"): ngettext_lazy("in the last month", "in the last %(number)d months", "number"),
    ("last", "quarter"): ngettext_lazy("in the last 3 months", "in the last %(number)d quarters", "number"),
    ("last", "year"): ngettext_lazy("in the last 12 months", "in the last %(number)d years", "number"),
    ("next", "day"): ngettext_lazy("today or tomorrow", "in the next %(number)d days", "number"),
    ("next", "week"): ngettext_lazy("in the next week", "in the next %(number)d weeks", "number"),
    ("next", "month"): ngettext_lazy("in the next month", "in the next %(number)d months", "number"),
    ("next", "quarter"): ngettext_lazy("in the next 3 months", "in the next %(number)d quarters", "number"),
    ("next", "year"): ngettext_lazy("in the next 12 months", "in the next %(number)d years", "number"),
    ("before", "day"): ngettext_lazy("before yesterday", "more than %(number)d days ago", "number"),
    ("before", "week"): ngettext_lazy("more than a week ago", "more than %(number)d weeks ago", "number"),
    ("before", "month"): ngettext_lazy("more than a month ago", "more than %(number)d months ago", "number"),
    ("before", "quarter"): ngettext_lazy("more than 3 months ago", "more than %(number)d quarters ago", "number"),
    ("before", "year"): ngettext_lazy("more than a year ago", "more than %(number)d years ago", "number"),
}
