"""The form of a segment, and the builder as its template shows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from customers.conditions.builder import BIRTHDAYS, DAYS, Draft, DraftGroup, DraftRule, Operator, held, operators_of
from customers.conditions.labels import WHERE, fields_grouped, operator_label
from customers.conditions.names import Names
from customers.filters import Field, Problem
from customers.filters.schema import RULES_MAX
from customers.segments.services.segments import DESCRIPTION_MAX, NAME_MAX

BOXES_MAX: Final = 8
"""So many values are boxes to tick; more are sought in a list."""
Choices = Sequence[tuple[str, str]]

_SELDOM: Final = ("!in.before", "!in.previous", "!between", "!starts_with")
"""Said in simpler words otherwise; shown where a filter uses them."""
_WAYS: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "last": (gettext_lazy("in the last"), gettext_lazy("not in the last")),
    "before": (gettext_lazy("longer ago than"), gettext_lazy("not longer ago than")),
    "next": (gettext_lazy("in the next"), gettext_lazy("not in the next")),
    "this": (gettext_lazy("in the current"), gettext_lazy("not in the current")),
    "previous": (gettext_lazy("in the previous"), gettext_lazy("not in the previous")),
    "between": (gettext_lazy("between two days"), gettext_lazy("not between two days")),
}
_UNITS: Final[Mapping[str, Promise]] = {
    "day": gettext_lazy("days"),
    "week": gettext_lazy("weeks"),
    "month": gettext_lazy("months"),
    "quarter": gettext_lazy("quarters"),
    "year": gettext_lazy("years"),
}
_UNIT: Final[Mapping[str, Promise]] = {
    "day": pgettext_lazy("one of them", "day"),
    "week": pgettext_lazy("one of them", "week"),
    "month": pgettext_lazy("one of them", "month"),
    "quarter": pgettext_lazy("one of them", "quarter"),
    "year": pgettext_lazy("one of them", "year"),
}


class SegmentForm(forms.Form):
    """What a segment is called. ``version`` is the one that the editor saw."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=NAME_MAX)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=DESCRIPTION_MAX, required=False)


@dataclass(frozen=True)
class Input:
    """One input of a rule. ``name`` and ``id`` hold the rule's place; values are as the form holds them."""

    kind: Literal["number", "texts", "boxes", "list", "period", "days"]
    name: str
    id: str
    label: str
    values: Sequence[str] = ()
    choices: Choices = ()
    chosen: Choices = ()
    suffix: str = ""
    step: str = "1"
    has_number: bool = False
    unit: str = ""

    @property
    def value(self) -> str:
        """The value of an input that holds one."""
        return self.values[0] if self.values else ""

    @property
    def part(self) -> str:
        """The name without the place."""
        return self.name.partition("-")[2]

    @property
    def last_id(self) -> str:
        """The id of the last of several text inputs."""
        return f"{self.id}-{len(self.values)}"


class _Placed:
    """Ids of the controls of a rule or group."""

    id: str

    @property
    def field_id(self) -> str:
        """Of what the condition looks at."""
        return f"{self.id}-field"

    @property
    def op_id(self) -> str:
        """Of how it compares."""
        return f"{self.id}-op"

    @property
    def period_id(self) -> str:
        """Of when."""
        return f"{self.id}-period"

    @property
    def match_id(self) -> str:
        """Of how many rules of a group must hold."""
        return f"{self.id}-match"

    @property
    def up_id(self) -> str:
        """Of the button that moves it up."""
        return f"{self.id}-up"

    @property
    def down_id(self) -> str:
        """Of the button that moves it down."""
        return f"{self.id}-down"


@dataclass(frozen=True)
class Rule(_Placed):
    """A condition as the builder shows it."""

    place: str
    id: str
    field: str
    field_label: str
    operator: str
    operators: Choices
    inputs: Sequence[Input]
    is_counted: bool
    period: str
    periods: Choices
    period_inputs: Sequence[Input]
    where: Sequence[Input]
    is_narrowed: bool
    problem: str
    is_first: bool
    is_last: bool
    is_group: bool = False


@dataclass(frozen=True)
class Rules(_Placed):
    """A group as the builder shows it; the outermost has no place."""

    place: str
    id: str
    match: str
    negated: bool
    rules: Sequence["Rule | Rules"]
    problem: str = ""
    is_first: bool = True
    is_last: bool = True
    is_full: bool = False
    is_group: bool = True


class Builder:
    """The builder of one draft; ``problems`` stand beside their rules, ``focus`` is the id of what has the focus."""

    def __init__(self, draft: Draft, names: Names, *, problems: Sequence[Problem] = (), focus: str = "") -> None:
        self.names, self.focus = names, focus
        self.problems = {each.place: _(each.message) % each.params for each in reversed(problems)}
        self.fields = fields_grouped(names)
        self.labels = {key: label for _group, fields in self.fields for key, label in fields}
        self.root = self._group(draft, "", True, True)

    @property
    def problem(self) -> str:
        """What is wrong with the filter as a whole."""
        return self.problems.get("", "")

    def _group(self, group: DraftGroup, place: str, is_first: bool, is_last: bool) -> Rules:
        shown: list[Rule | Rules] = []
        for number, rule in enumerate(group.rules, 1):
            here = f"{place}.{number}" if place else str(number)
            # A rule of a group moves out of it at either end.
            ends = (number == 1 and not place, number == len(group.rules) and not place)
            shown.append(
                self._group(rule, here, *ends) if isinstance(rule, DraftGroup) else self._rule(rule, here, *ends)
            )
        full = len(group.rules) >= RULES_MAX
        problem = self.problems.get(place, "") if place else ""
        return Rules(place, _id(place), group.match, group.negated, shown, problem, is_first, is_last, full)

    def _rule(self, rule: DraftRule, place: str, is_first: bool, is_last: bool) -> Rule:
        found = self.names.catalogue.get(rule.field)
        label = self.labels.get(rule.field, "")
        operator = Operator.read(rule.operator)
        if found is None:
            none = ((rule.operator, rule.operator),) if rule.operator else ()
            return Rule(place, _id(place), rule.field, label, rule.operator, none, (), False, "", (), (), (), False,
                        self.problems.get(place, ""), is_first, is_last)  # fmt: skip
        where = [self._where(rule, place, found, name) for name in found.rows.where] if found.rows else []
        period = rule.one("period")
        return Rule(
            place,
            _id(place),
            rule.field,
            label,
            rule.operator,
            _operators(found, rule.operator),
            list(self._inputs(rule, place, found, operator)),
            found.rows is not None,
            period,
            [("", _("at any time")), *((way, str(_WAYS[way][0])) for way in DAYS)],
            _period_inputs(rule, place, period, "period-"),
            where,
            any(each.values for each in where),
            self.problems.get(place, ""),
            is_first,
            is_last,
        )

    def _inputs(self, rule: DraftRule, place: str, found: Field, operator: Operator) -> Iterator[Input]:
        what = self.labels[found.key]
        match operator.name:
            case "empty" | "yes":
                return
            case "in":
                yield from _period_inputs(rule, place, operator.way, "")
            case "between":
                yield self._number(rule, place, found, "low", _("From"))
                yield self._number(rule, place, found, "high", _("To"))
            case "is" | "contains" | "starts_with":
                yield Input("texts", *_named(place, "value"), what, rule.given.get("value") or ("",))
            case "any_of" | "all_of" | "month":
                choices = self.names.choices(found)
                yield _several(rule, place, "value", what, choices or (), lambda v: self.names.value(found, v))
            case _:
                yield self._number(rule, place, found, "value", what)

    def _number(self, rule: DraftRule, place: str, found: Field, name: str, label: str) -> Input:
        suffix = {"money": self.names.business.currency, "rank": "%"}.get(found.kind, "")
        suffix = _("years") if found.key == "age" else suffix
        step = "any" if found.own or found.kind == "money" else "1"
        return Input("number", *_named(place, name), label, [rule.one(name)], suffix=suffix, step=step)

    def _where(self, rule: DraftRule, place: str, found: Field, name: str) -> Input:
        label, key = str(WHERE[name]), f"where-{name}"
        choices = self.names.where_choices(found, name)
        if choices is None:
            typed = [value for value in rule.given.get(key, ()) if value]
            return Input("texts", *_named(place, key), label, typed)
        return _several(rule, place, key, label, choices, lambda value: self.names.where_value(name, value))


def _several(
    rule: DraftRule, place: str, name: str, label: str, choices: Sequence[tuple[Any, str]], said: Any
) -> Input:
    """Boxes of few choices; of many those chosen as boxes, with a list to add from."""
    chosen = list(dict.fromkeys(value for value in rule.given.get(name, ()) if value))
    offered = {held(value): str(text) for value, text in choices}
    known = {value: offered.get(value) or str(said(_as_id(value))) for value in chosen}
    if len(offered) <= BOXES_MAX:
        return Input("boxes", *_named(place, name), label, chosen, list({**offered, **known}.items()))
    rest = [(value, text) for value, text in offered.items() if value not in known]
    return Input("list", *_named(place, name), label, chosen, rest, list(known.items()))


def _as_id(value: str) -> Any:
    return int(value) if value.isdecimal() and value.isascii() else value


def _period_inputs(rule: DraftRule, place: str, way: str, head: str) -> list[Input]:
    name, key = _named(place, head)
    if way == "between":
        days = [rule.one(f"{head}from"), rule.one(f"{head}until")]
        return [Input("days", name, key, _("Days"), days)]
    if way not in DAYS:
        return []
    units = _UNIT if way in ("this", "previous") else _UNITS
    number = rule.one(f"{head}number")
    choices = [(unit, str(text)) for unit, text in units.items()]
    unit = rule.one(f"{head}unit") or "month"
    return [Input("period", name, key, _("How long"), [number], choices, has_number=units is _UNITS, unit=unit)]


def _operators(found: Field, chosen: str) -> Choices:
    ways = BIRTHDAYS if found.kind == "birthday" else DAYS
    offered = [each for each in operators_of(found) if each.key not in _SELDOM or each.key == chosen]
    return [
        (
            each.key,
            str(_WAYS[each.way][each.negated])
            if each.way in ways
            else operator_label(found, each.name, negated=each.negated),
        )
        for each in offered
    ]


def _id(place: str) -> str:
    """A place as a part of ids, where a dot would have to be escaped."""
    return "rule" + place.replace(".", "_")


def _named(place: str, name: str) -> tuple[str, str]:
    return f"{place}-{name}", f"{_id(place)}-{name}"


def focus_of(draft: Draft, act: str, place: str) -> str:
    """The id of what has the focus after ``act`` led to ``place``: nobody who works by keyboard starts anew."""
    name, _colon, rest = act.partition(":")
    if name in ("field", "op", "pick"):
        return _id(rest.replace("/", "-")) if name == "pick" else f"{_id(rest)}-op"
    found: DraftRule | DraftGroup = draft
    for number in place.split(".") if place else ():
        assert isinstance(found, DraftGroup)  # noqa: S101 - the place is one of the draft's
        found = found.rules[int(number) - 1]
    if not place:
        return "rule-add" if name in ("add", "remove", "group") else ""
    if name in ("up", "down"):
        # At its end a button cannot be pressed any more.
        stuck = place == ("1" if name == "up" else str(len(draft.rules)))
        return f"{_id(place)}-{({'up': 'down', 'down': 'up'}[name]) if stuck else name}"
    if name == "more" and isinstance(found, DraftRule):
        return f"{_id(place)}-value-{len(found.given.get('value', ()))}"
    return f"{_id(place)}-match" if isinstance(found, DraftGroup) else f"{_id(place)}-field"
