"""The filter language: conditions in groups, as a tree, and the tree as JSON. Pure.

The same tree stands in the address of the guest list, in saved views and segments, and in the API.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal

from customers.filters.period import Period

VERSION: Final = 1


@dataclass(frozen=True)
class Condition:
    """One condition: a field of the catalogue, an operator of its kind, and a value.

    ``value`` is a tuple of texts or ids where the operator takes several, a number, a pair of numbers, or a
    :class:`Period`. An aggregate may count in a ``period`` only, and only rows that ``where`` names, as pairs of a name
    and the values of which one must be there. ``negated`` turns the condition round: a guest matches it or its
    contrary, never neither.
    """

    field: str
    operator: str
    value: Any = None
    negated: bool = False
    period: Period | None = None
    where: tuple[tuple[str, tuple[str | int, ...]], ...] = ()


@dataclass(frozen=True)
class Group:
    """Rules of which ``all`` or ``any`` must hold; without rules everybody matches. The outermost group is the tree.

    A group holds conditions and, in the outermost, further groups.
    """

    match: Literal["all", "any"] = "all"
    rules: tuple["Condition | Group", ...] = ()
    negated: bool = False

    def __bool__(self) -> bool:
        """Whether it asks for anything: the contrary of everybody is nobody."""
        return bool(self.rules) or self.negated

    def conditions(self) -> Iterator[Condition]:
        """Every condition, in order."""
        for rule in self.rules:
            if isinstance(rule, Group):
                yield from rule.conditions()
            else:
                yield rule

    @property
    def takes_more(self) -> bool:
        """Whether one more rule can be put beside all others, within two levels."""
        return (self.match == "all" and not self.negated) or not any(isinstance(rule, Group) for rule in self.rules)

    def with_rule(self, rule: "Condition | Group") -> "Group":
        """The tree with one more rule that must hold beside all others. Raises ``ValueError`` unless it takes more."""
        if not self.takes_more:
            raise ValueError(rule)
        if self.match == "all" and not self.negated:
            return replace(self, rules=(*self.rules, rule))
        return Group(rules=(self, rule))

    def without(self, place: int) -> "Group":
        """The tree without the rule at a place of the outermost group."""
        return replace(self, rules=self.rules[:place] + self.rules[place + 1 :])


EMPTY: Final = Group()


@dataclass(frozen=True)
class Problem:
    """What is wrong with one condition.

    ``place``: "2" for the second rule, "3.1" for the first of the third, which is a group; "" for the tree as a whole.
    ``message`` is an English sentence marked for translation, to be filled from ``params``.
    """

    place: str
    message: str
    params: Mapping[str, str]


class TreeError(ValueError):
    """A filter that cannot be understood; ``problems`` name each condition and what to do."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{each.place}: {each.message % each.params}" for each in problems))
        self.problems = problems


def tree_write(tree: Group) -> dict[str, Any]:
    """A tree as JSON holds it; reading that gives the same tree."""
    return {"version": VERSION, **_group(tree)}


def tree_dumps(tree: Group) -> str:
    """A tree as an address holds it: compact JSON; empty for the empty tree."""
    return json.dumps(tree_write(tree), separators=(",", ":"), ensure_ascii=False) if tree else ""


def _group(group: Group) -> dict[str, Any]:
    written: dict[str, Any] = {"match": group.match}
    if group.negated:
        written["not"] = True
    return {**written, "rules": [_group(r) if isinstance(r, Group) else _condition(r) for r in group.rules]}


def _condition(condition: Condition) -> dict[str, Any]:
    written: dict[str, Any] = {"field": condition.field, "operator": condition.operator}
    if condition.value is not None:
        written["value"] = _value(condition.value)
    if condition.negated:
        written["not"] = True
    if condition.period is not None:
        written["period"] = condition.period.as_json()
    if condition.where:
        written["where"] = {name: list(values) for name, values in condition.where}
    return written


def _value(value: Any) -> Any:
    if isinstance(value, Period):
        return value.as_json()
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
