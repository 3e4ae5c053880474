"""A filter while it is being built: what the form of the builder holds, and the tree it makes. Pure.

A draft may be unfinished in every way: no field chosen, no value yet, a number that is none. It keeps what was typed.
In the form a place names each rule, as in :class:`customers.filters.Problem`: "2" the second, "3.1" the first of the
third, which is a group. ``rule`` and ``group`` list the places; ``2-field``, ``2-op``, ``2-value`` … hold the rest.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal, NamedTuple

from accounts.marking import gettext_noop
from customers.filters import Catalogue, Condition, Field, Group, Period, Problem, TreeError, tree_read
from customers.filters.schema import RULES_MAX
from customers.filters.tree import VERSION

NO_FIELD: Final = gettext_noop("Choose what the condition looks at, or remove it.")
NO_OPERATOR: Final = gettext_noop("Choose how to compare.")
NO_VALUE: Final = gettext_noop("Choose or write at least one value.")
NO_NUMBER: Final = gettext_noop("Write a number.")
NO_NUMBERS: Final = gettext_noop("Write both numbers.")
NO_DAY: Final = gettext_noop("Give at least one of the two days.")
NO_RULE: Final = gettext_noop("Add a condition to this group, or remove it.")

DAYS: Final[tuple[str, ...]] = ("last", "before", "next", "this", "previous", "between")
"""How a period can be said, in the order offered."""
BIRTHDAYS: Final[tuple[str, ...]] = ("next", "last", "this", "previous")
_VALUES: Final = ("value", "low", "high", "number", "unit", "from", "until")
_PERIOD: Final = ("period", "period-number", "period-unit", "period-from", "period-until")
_WHERE: Final = "where-"
TYPED: Final = ("is", "contains", "starts_with")
"""Operators whose values are written by hand, and never empty."""
_LISTED: Final = ("any_of", "all_of", *TYPED, "month")


class Operator(NamedTuple):
    """An operator as the form offers it: one of a field's, for dates with the way a period is said, and whether not."""

    name: str
    way: str = ""
    negated: bool = False

    @property
    def key(self) -> str:
        """As the form holds it: ``at_least``, ``!any_of``, ``in.last``."""
        return ("!" if self.negated else "") + self.name + (f".{self.way}" if self.way else "")

    @classmethod
    def read(cls, key: str) -> "Operator":
        """The operator of a key; what is none has a name that no field takes."""
        name, _dot, way = key.removeprefix("!").partition(".")
        return cls(name, way, key.startswith("!"))


@dataclass(frozen=True)
class DraftRule:
    """A condition as typed: ``given`` holds the texts of every further input by its name without the place."""

    field: str = ""
    operator: str = ""
    given: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    def one(self, name: str) -> str:
        """The text of an input that holds one."""
        return next(iter(self.given.get(name, ())), "").strip()

    def several(self, name: str) -> tuple[str, ...]:
        """The values of an input that holds several, without those left empty."""
        typed = name == "value" and Operator.read(self.operator).name in TYPED
        return tuple(value if typed else plain(value) for value in self.given.get(name, ()) if value)


@dataclass(frozen=True)
class DraftGroup:
    """Rules of which all or any must hold; the outermost is the draft itself and holds groups, too."""

    match: Literal["all", "any"] = "all"
    rules: tuple["DraftRule | DraftGroup", ...] = ()
    negated: bool = False


Draft = DraftGroup


def held(value: str | int) -> str:
    """A value as the form holds it: the empty one is "-", and one of dashes alone gets one more."""
    text = str(value)
    return text if text.strip("-") else f"-{text}"


def plain(value: str) -> str:
    """What :func:`held` was given, as text."""
    return value if value.strip("-") else value[1:]


def operators_of(found: Field) -> tuple[Operator, ...]:
    """Every operator of a field, each with its contrary."""
    ways = BIRTHDAYS if found.kind == "birthday" else DAYS
    plainly = [Operator(name, way) for name in found.operators for way in (ways if name == "in" else ("",))]
    return tuple(each._replace(negated=negated) for each in plainly for negated in (False, True))


def draft_of(tree: Group) -> Draft:
    """The draft that shows a tree."""
    rules = tuple(draft_of(rule) if isinstance(rule, Group) else _rule_of(rule) for rule in tree.rules)
    return DraftGroup(tree.match, rules, tree.negated)


def _rule_of(condition: Condition) -> DraftRule:
    given: dict[str, tuple[str, ...]] = {}
    way, value = "", condition.value
    if isinstance(value, Period):
        way = value.way
        given = {name: text for name, text in _period_given(value).items() if text != ("",)}
    elif condition.operator in _LISTED:
        given = {"value": value if condition.operator in TYPED else tuple(held(each) for each in value)}
    elif condition.operator == "between":
        given = {"low": (_number_text(value[0]),), "high": (_number_text(value[1]),)}
    elif value is not None:
        given = {"value": (_number_text(value),)}
    if condition.period is not None:
        given["period"] = (condition.period.way,)
        given |= {f"period-{name}": text for name, text in _period_given(condition.period).items()}
    for name, values in condition.where:
        given[_WHERE + name] = tuple(held(each) for each in values)
    return DraftRule(condition.field, Operator(condition.operator, way, condition.negated).key, given)


def _period_given(period: Period) -> dict[str, tuple[str, ...]]:
    if period.way == "between":
        days = (("from", period.first), ("until", period.until))
        return {name: (day.isoformat() if day else "",) for name, day in days}
    if period.way in ("this", "previous"):
        return {"unit": (period.unit,)}
    return {"number": (str(period.number),), "unit": (period.unit,)}


def _number_text(value: Any) -> str:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def draft_ready(draft: Draft, catalogue: Catalogue) -> Draft:
    """The draft with an operator in every rule that has a field and none, or one of another field."""
    return replace(
        draft,
        rules=tuple(
            draft_ready(rule, catalogue) if isinstance(rule, DraftGroup) else _rule_ready(rule, catalogue)
            for rule in draft.rules
        ),
    )


def _rule_ready(rule: DraftRule, catalogue: Catalogue) -> DraftRule:
    offered = operators_of(catalogue[rule.field]) if rule.field in catalogue else ()
    if not offered or Operator.read(rule.operator) in offered:
        return rule
    return replace(rule, operator=offered[0].key)


def draft_read(data: Mapping[str, Sequence[str]]) -> Draft:
    """The draft that a form holds, ``data`` being its values by name. What it holds too much is left out.

    A rule whose field was changed since the form was made keeps nothing of what was typed for the former.
    """
    rules = {place: _rule_read(data, place) for place in places(data.get("rule", ()))}
    inside: dict[str, list[DraftRule]] = {place: [] for place in places(data.get("group", ()))}
    outermost: list[tuple[int, str]] = [(int(place), place) for place in inside if "." not in place]
    for place, rule in sorted(rules.items(), key=lambda each: [int(number) for number in each[0].split(".")]):
        group, dot, _number = place.partition(".")
        if not dot:
            outermost.append((int(place), place))
        elif group in inside:
            inside[group].append(rule)
    return DraftGroup(
        _match(data, ""),
        tuple(
            DraftGroup(_match(data, f"{place}-"), tuple(inside[place]), f"{place}-not" in data)
            if place in inside
            else rules[place]
            for _number, place in sorted(outermost)[:RULES_MAX]
        ),
        "not" in data,
    )


def places(given: Iterable[str]) -> list[str]:
    """Which of the texts are places, each once."""
    fits = [place for place in given if all(part.isdecimal() and part.isascii() for part in place.split("."))]
    return list(dict.fromkeys(place for place in fits if place.count(".") < 2 and len(place) < 12))


def _match(data: Mapping[str, Sequence[str]], head: str) -> Literal["all", "any"]:
    return "any" if _last(data, f"{head}match") == "any" else "all"


def _last(data: Mapping[str, Sequence[str]], name: str) -> str:
    values = data.get(name) or ("",)
    return values[-1]


def _rule_read(data: Mapping[str, Sequence[str]], place: str) -> DraftRule:
    head = f"{place}-"
    chosen = _last(data, f"{head}field")
    if chosen != _last(data, f"{head}was"):
        return DraftRule(chosen)
    known = (*_VALUES, *_PERIOD)
    given = {
        name: tuple(values)
        for key, values in data.items()
        if key.startswith(head) and ((name := key[len(head) :]) in known or name.startswith(_WHERE)) and any(values)
    }
    return DraftRule(chosen, _last(data, f"{head}op"), given)


def draft_tree(draft: Draft, catalogue: Catalogue) -> Group:
    """The tree of a finished draft. Raises :class:`TreeError` naming each rule that is unfinished or makes no sense."""
    problems: list[Problem] = []
    tree = _group_tree(draft, catalogue, "", problems)
    if problems:
        raise TreeError(problems)
    return tree


def draft_so_far(draft: Draft, catalogue: Catalogue) -> tuple[Group, list[Problem]]:
    """The tree of the finished part of a draft, and what is left out of it."""
    problems: list[Problem] = []
    return _group_tree(draft, catalogue, "", problems), problems


def _group_tree(group: DraftGroup, catalogue: Catalogue, place: str, problems: list[Problem]) -> Group:
    rules: list[Condition | Group] = []
    for number, rule in enumerate(group.rules, 1):
        here = f"{place}.{number}" if place else str(number)
        if isinstance(rule, DraftGroup):
            if not rule.rules:
                problems.append(Problem(here, NO_RULE, {}))
            inner = _group_tree(rule, catalogue, here, problems)
            rules += [inner] if inner.rules else []
            continue
        try:
            rules.append(_condition(rule, catalogue))
        except _Unfinished as unfinished:
            problems.append(Problem(here, str(unfinished), {}))
        except TreeError as error:
            problems += [Problem(here, each.message, each.params) for each in error.problems]
    return Group(group.match, tuple(rules), group.negated)


class _Unfinished(Exception):
    """Something is still to be typed."""


def _condition(rule: DraftRule, catalogue: Catalogue) -> Condition:
    if not rule.field:
        raise _Unfinished(NO_FIELD)
    operator = Operator.read(rule.operator)
    found = catalogue.get(rule.field)
    written: dict[str, Any] = {"field": rule.field, "operator": operator.name}
    if found is not None:
        if operator not in operators_of(found):
            raise _Unfinished(NO_OPERATOR)
        written |= _written_value(rule, operator, found)
        if found.rows is not None:
            written |= _written_rows(rule, found)
    if operator.negated:
        written["not"] = True
    read = tree_read({"version": VERSION, "rules": [written]}, catalogue).rules[0]
    assert isinstance(read, Condition)  # noqa: S101 - it was written as one
    return read


def _written_value(rule: DraftRule, operator: Operator, found: Field) -> dict[str, Any]:
    match operator.name:
        case "empty" | "yes":
            return {}
        case "in":
            return {"value": _written_period(rule, operator.way, "")}
        case "between":
            return {"value": [_number(rule, end, NO_NUMBERS) for end in ("low", "high")]}
        case name if name in _LISTED:
            values: Sequence[Any] = rule.several("value")
            if not any(str(value).strip() or found.kind == "choice" for value in values):
                raise _Unfinished(NO_VALUE)
            if found.kind in ("tags", "segment", "birthday"):
                values = [_whole(value) for value in values]
            return {"value": list(values)}
        case "top":
            return {"value": _whole(_number_text(_number(rule, "value", NO_NUMBER)))}
    return {"value": _number(rule, "value", NO_NUMBER)}


def _written_rows(rule: DraftRule, found: Field) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if rule.one("period"):
        written["period"] = _written_period(rule, rule.one("period"), "period-")
    ids = found.rows.ids if found.rows else frozenset()
    where = {
        name: [_whole(value) if name in ids else value for value in rule.several(_WHERE + name)]
        for name in (key.removeprefix(_WHERE) for key in rule.given if key.startswith(_WHERE))
    }
    where = {name: values for name, values in where.items() if values}
    return {**written, "where": where} if where else written


def _written_period(rule: DraftRule, way: str, head: str) -> dict[str, Any]:
    if way == "between":
        days = {end: rule.one(head + end) for end in ("from", "until") if rule.one(head + end)}
        if not days:
            raise _Unfinished(NO_DAY)
        return days
    unit = rule.one(f"{head}unit") or "month"
    return {way: unit} if way in ("this", "previous") else {
        way: _whole(_number_text(_number(rule, f"{head}number", NO_NUMBER))), "unit": unit
    }  # fmt: skip


def _number(rule: DraftRule, name: str, missing: str) -> Decimal:
    text = "".join(rule.one(name).split()).replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise _Unfinished(missing) from error
    if not number.is_finite():
        raise _Unfinished(missing)
    return number


def _whole(text: str) -> int | str:
    """A text as the whole number it says; handed on as it is otherwise, for the reader of trees to name."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) < 19 else text
