"""The filter language as JSON: read, written, brought up to date, and refused condition by condition."""

import json
from typing import Any

import pytest
from django.utils.translation import gettext
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from customers.filters import (
    EMPTY,
    TREE_SCHEMA,
    Condition,
    Group,
    OwnField,
    Period,
    TreeError,
    catalogue_of,
    short_form,
    tree_dumps,
    tree_loads,
    tree_read,
    tree_write,
)  # fmt: skip
from customers.filters.catalogue import OPERATORS
from customers.filters.schema import RULES_MAX
from tests.customers.filter_trees import trees

CATALOGUE = catalogue_of(
    sources=["", "website"],
    consents=["newsletter.email", "newsletter.sms"],
    states=["ok", "bounced"],
    reach=["restricted", "no_consent"],
    guest_fields=[
        OwnField(5, "boat", "yes_no"),
        OwnField(6, "plate", "text"),
        OwnField(7, "pillow", "choice", ("soft",)),
    ],
    stay_fields=[OwnField(8, "score", "number"), OwnField(9, "met", "date")],
)
IDS = {"tags": [1, 2], "segment": [3, 4], "property": [5], "product": [6, 7]}


def condition(**parts: Any) -> dict[str, Any]:
    return {"field": "stays", "operator": "at_least", "value": 2} | parts


def when(period: dict[str, Any], field: str = "last_stay") -> dict[str, Any]:
    return {"field": field, "operator": "in", "value": period}


def rules(*given: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "rules": list(given)}


@settings(deadline=None)
@given(trees(CATALOGUE, IDS))
def test_what_is_written_is_read_back(tree: Group) -> None:
    data = tree_write(tree)
    assert Draft202012Validator(TREE_SCHEMA).is_valid(data)
    assert tree_read(json.loads(json.dumps(data)), CATALOGUE) == tree
    assert tree_loads(tree_dumps(tree), CATALOGUE) == (tree if tree else EMPTY)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8)
    | st.sampled_from(["version", "rules", "stays", "at_least", "language", "any_of", "nl", "last", "\ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["version", "match", "not", "rules", "field", "operator", "value", "period", "last", "unit"]),
        inner, max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(JSON | JSON.map(lambda inner: {"version": 1, "rules": [inner]}))
def test_anything_else_is_refused_in_words(data: Any) -> None:
    """Whatever JSON: a tree, or an error that names a place and can be shown."""
    try:
        tree_read(data, CATALOGUE)
    except TreeError as error:
        for problem in error.problems:
            assert (gettext(problem.message) % problem.params).encode()


REFUSED = [
    ("no such field", rules(condition(), condition(field="shoe_size")), {"2": "shoe_size"}),
    ("a field of the business's own that is gone", rules(condition(field="own.gone")), {"1": "own.gone"}),
    ("an operator of another kind", rules(condition(operator="contains", value="x")), {"1": "contains"}),
    ("an operator that there is not", rules(condition(operator="like")), {"1": "like"}),
    ("a text for a number", rules(condition(value="two")), {"1": "two"}),
    ("half a stay", rules(condition(value=1.5)), {"1": "1.5"}),
    ("a third of a cent", rules(condition(field="value", value=1.001)), {"1": "1.001"}),
    ("no value", rules({"field": "stays", "operator": "at_least"}), {"1": "–"}),
    ("a value too many", rules({"field": "own.boat", "operator": "yes", "value": 1}), {"1": "1"}),
    ("one end of two", rules(condition(operator="between", value=[1])), {"1": "1"}),
    ("a language that is none", rules(condition(field="language", operator="any_of", value=["Dutch"])), {"1": "Dutch"}),
    ("a choice that is none", rules(condition(field="source", operator="any_of", value=["fax"])), {"1": "fax"}),
    ("a tag by name", rules(condition(field="tags", operator="any_of", value=["VIP"])), {"1": "VIP"}),
    ("a thirteenth month", rules(condition(field="birthday", operator="month", value=[13])), {"1": "13"}),
    ("no percent", rules(condition(field="value_rank", operator="top", value=100)), {"1": "100"}),
    ("a day that is none", rules(when({"from": "2026-02-31"})), {"1": "2026-02-31"}),
    ("a birthday without end", rules(when({"before": 1, "unit": "day"}, "birthday")), {"1": "before"}),
    ("a period on a plain field", rules(condition(period={"last": 1, "unit": "day"})), {"1": "period"}),
    ("narrowed by what is not there", rules(condition(field="stays.count", where={"product": [1]})), {"1": "product"}),
    ("narrowed by a name", rules(condition(field="stays.count", where={"property": ["Hotel"]})), {"1": "Hotel"}),
    ("narrowed by no status", rules(condition(field="stays.count", where={"status": ["gone"]})), {"1": "gone"}),
    ("two wrong of three", rules(condition(field="a"), condition(), condition(field="b")), {"1": "a", "3": "b"}),
    ("in a group", rules(condition(), {"match": "any", "rules": [condition(), condition(field="a")]}), {"2.2": "a"}),
    ("a third level", rules({"rules": [{"rules": [condition()]}]}), {"1.1": "rules"}),
    ("an empty group", rules({"rules": []}), {"1": "[]"}),
    ("too many", rules(*[condition()] * (RULES_MAX + 1)), {"": "stays"}),
    ("something that does not belong", rules(condition(sql="drop table")), {"1": "sql"}),
    ("a unit that is none", rules(when({"last": 1, "unit": "moon"})), {"1": "moon"}),
    ("a newer version", {"version": 2, "rules": []}, {"": "2"}),
    ("no version", {"rules": []}, {"": "rules"}),
    ("no filter at all", ["stays"], {"": ""}),
    ("half a letter", rules(condition(field="city", operator="is", value="\ud800")), {"": ""}),
]  # fmt: skip


@pytest.mark.parametrize(("data", "places"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_wrong_is_named(data: Any, places: dict[str, str]) -> None:
    with pytest.raises(TreeError) as error:
        tree_read(data, CATALOGUE)
    assert {problem.place: True for problem in error.value.problems} == dict.fromkeys(places, True)
    for problem in error.value.problems:
        assert places[problem.place] in problem.message % problem.params


@pytest.mark.parametrize("text", ["{", "null", "[]", '{"version":1', "\x00", '{"version":1,"rules":' + "[" * 30_000])
def test_an_address_edited_by_hand(text: str) -> None:
    with pytest.raises(TreeError):
        tree_loads(text, CATALOGUE)


def test_the_empty_address_shows_everybody() -> None:
    assert tree_loads(" ", CATALOGUE) == EMPTY and tree_dumps(EMPTY) == ""


def test_a_tree_of_an_older_version_is_brought_up_to_date() -> None:
    """Version 0, the flat parameters of the list's short addresses."""
    flat = short_form({"tag": ["1", "2"], "language": ["nl", "unknown"], "source": ["website"], "q": ["Kari"],
                       "stayed_from": ["2025-01-01"], "stayed_until": [""]})  # fmt: skip
    assert flat is not None and flat["version"] == 0
    first = tree_read(json.loads(json.dumps(flat)), CATALOGUE)
    assert first.rules == (
        Condition("tags", "all_of", (1, 2)),
        Condition("language", "any_of", ("nl", "")),
        Condition("source", "any_of", ("website",)),
        Condition("last_stay", "in", tree_read(rules({"field": "last_stay", "operator": "in",
                                                      "value": {"from": "2025-01-01"}}), CATALOGUE).rules[0].value),
    )  # fmt: skip
    assert short_form({"q": ["Kari"], "tag": [" "]}) is None


def test_a_tree_of_an_older_version_that_is_wrong_is_named() -> None:
    with pytest.raises(TreeError) as error:
        tree_read(short_form({"language": ["nl"], "tag": ["vip"]}), CATALOGUE)
    assert [problem.params["field"] for problem in error.value.problems] == ["tags"]


def test_one_more_rule_beside_all_others() -> None:
    rule, other = Condition("stays", "at_least", 1), Condition("nights", "at_least", 1)
    assert Group(rules=(rule,)).with_rule(other) == Group(rules=(rule, other))
    either = Group("any", (rule, other))
    assert either.with_rule(rule) == Group(rules=(either, rule))
    deep = Group("any", (either, rule))
    assert not deep.takes_more
    with pytest.raises(ValueError, match="stays"):
        deep.with_rule(rule)
    assert deep.without(0) == Group("any", (rule,))
    assert list(deep.conditions()) == [rule, other, rule]


def test_every_operator_is_in_the_schema() -> None:
    known = TREE_SCHEMA["$defs"]["condition"]["properties"]["operator"]["enum"]
    assert set(known) == {operator for kind in OPERATORS.values() for operator in kind}
    assert all(set(field.operators) <= set(OPERATORS[field.kind]) for field in CATALOGUE.values())


def test_a_value_given_twice_counts_once() -> None:
    tree = tree_read(rules(condition(field="language", operator="any_of", value=["nl", "nl"])), CATALOGUE)
    assert tree.rules == (Condition("language", "any_of", ("nl",)),)
    period = tree_read(
        rules(condition(field="stays.count", period={"this": "year"}, where={"channel": ["web", "web"]})), CATALOGUE
    )
    assert period.rules == (
        Condition("stays.count", "at_least", 2, period=Period("this", unit="year"), where=(("channel", ("web",)),)),
    )  # fmt: skip
