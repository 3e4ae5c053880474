"""The form of the builder: what it holds says the same as the tree, and its buttons lose nothing."""

from collections import Counter
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.conditions.builder import (
    Draft,
    DraftGroup,
    DraftRule,
    draft_of,
    draft_read,
    draft_so_far,
    draft_tree,
    held,
    plain,
)
from customers.conditions.moves import draft_changed
from customers.conditions.selectors import ADDRESS_STATES, CONSENT_NAMES
from customers.filters import Condition, Group, OwnField, TreeError, catalogue_of
from customers.permission.reasons import REACH
from tests.customers.drafts import draft_data
from tests.customers.filter_trees import trees

OWN = tuple(
    OwnField(number, key, kind, ("soft", "hard") if kind == "choice" else ())
    for number, (kind, key) in enumerate(
        (("text", "car"), ("number", "dogs"), ("date", "met"), ("choice", "pillow"), ("yes_no", "boat")), 1
    )
)
CATALOGUE = catalogue_of(
    sources=["", "website", "import"],
    consents=CONSENT_NAMES,
    states=ADDRESS_STATES,
    reach=REACH,
    guest_fields=OWN,
    stay_fields=OWN,
)
TREES = trees(CATALOGUE, {"tags": [3, 8, 21], "segment": [2, 5], "property": [7, 9], "product": [4]})


def _sent(draft: Draft) -> dict[str, list[str]]:
    """The draft as it comes out of a form."""
    return parse_qs(urlencode(draft_data(draft)), keep_blank_values=True)


def _leaves(draft: Draft) -> Iterator[DraftRule]:
    for rule in draft.rules:
        if isinstance(rule, DraftGroup):
            yield from _leaves(rule)
        else:
            yield rule


@settings(max_examples=500, deadline=None)
@given(TREES)
def test_a_tree_comes_out_of_its_form_as_it_went_in(tree: Group) -> None:
    assert draft_tree(draft_read(_sent(draft_of(tree))), CATALOGUE) == tree


@given(st.text(max_size=4, alphabet="- a\u00e6"))
def test_a_value_is_held_and_given_back(value: str) -> None:
    assert plain(held(value)) == value
    assert held(value)


_ACTS = st.tuples(
    st.sampled_from(["remove", "up", "down", "more"]), st.sampled_from(["1", "2", "4", "1.1", "2.1", "3.2", "4.4", "9"])
)


@settings(max_examples=300, deadline=None)
@given(TREES, st.lists(_ACTS, max_size=6))
def test_buttons_move_rules_and_lose_none_but_the_removed(tree: Group, acts: list[tuple[str, str]]) -> None:
    draft = draft_of(tree)
    for name, place in acts:
        before, (draft, focus) = draft, draft_changed(draft, f"{name}:{place}")
        lost = Counter(each.field for each in _leaves(before)) - Counter(each.field for each in _leaves(draft))
        assert not Counter(each.field for each in _leaves(draft)) - Counter(each.field for each in _leaves(before))
        assert name == "remove" or not lost
        assert all(not isinstance(each, DraftGroup) or each.rules for each in draft.rules)
        assert not focus or _exists(draft, focus)
        # However it is turned about, what is finished is still a tree.
        draft_tree(draft_read(_sent(draft)), CATALOGUE)


def _exists(draft: Draft, place: str) -> bool:
    found: DraftRule | DraftGroup = draft
    for number in place.split("."):
        assert isinstance(found, DraftGroup)
        if int(number) > len(found.rules):
            return False
        found = found.rules[int(number) - 1]
    return True


A, B, C, D = (DraftRule(name) for name in ("stays", "nights", "city", "kind"))
MIXED = DraftGroup("all", (A, DraftGroup("any", (B, C)), D))


@pytest.mark.parametrize(
    ("act", "rules", "focus"),
    [
        ("add:", (*MIXED.rules, DraftRule()), "4"),
        ("add:2", (A, DraftGroup("any", (B, C, DraftRule())), D), "2.3"),
        ("add:1", MIXED.rules, "1"),
        ("group:", (*MIXED.rules, DraftGroup("any", (DraftRule(),))), "4.1"),
        ("remove:1", (DraftGroup("any", (B, C)), D), "1"),
        ("remove:3", (A, DraftGroup("any", (B, C))), "2"),
        ("remove:2", (A, D), "2"),
        ("remove:2.2", (A, DraftGroup("any", (B,)), D), "2.1"),
        ("up:1", MIXED.rules, "1"),
        ("down:1", (DraftGroup("any", (A, B, C)), D), "1.1"),
        ("up:3", (A, DraftGroup("any", (B, C, D))), "2.3"),
        ("up:2.1", (A, B, DraftGroup("any", (C,)), D), "2"),
        ("down:2.1", (A, DraftGroup("any", (C, B)), D), "2.2"),
        ("down:2.2", (A, DraftGroup("any", (B,)), C, D), "3"),
        ("up:2", (DraftGroup("any", (B, C)), A, D), "1"),
        ("down:3", MIXED.rules, "3"),
        ("up:7", MIXED.rules, ""),
        ("up:x", MIXED.rules, ""),
        ("nonsense", MIXED.rules, ""),
        ("", MIXED.rules, ""),
    ],
)
def test_what_each_button_does(act: str, rules: tuple[DraftRule | DraftGroup, ...], focus: str) -> None:
    changed, at = draft_changed(MIXED, act)
    assert (changed.rules, at) == (rules, focus)


def test_the_last_rule_of_a_group_takes_the_group_along() -> None:
    draft = DraftGroup("all", (A, DraftGroup("any", (B,))))
    assert draft_changed(draft, "remove:2.1") == (DraftGroup("all", (A,)), "1")
    assert draft_changed(draft, "down:2.1") == (DraftGroup("all", (A, B)), "2")
    assert draft_changed(DraftGroup("all", (A,)), "remove:1") == (DraftGroup("all"), "")


def test_another_field_forgets_what_was_typed_for_the_former() -> None:
    sent = _sent(DraftGroup("all", (DraftRule("stays", "at_least", {"value": ("2",)}),)))
    kept = draft_read(sent)
    assert kept.rules == (DraftRule("stays", "at_least", {"value": ("2",)}),)
    assert draft_read({**sent, "1-field": ["city"]}).rules == (DraftRule("city"),)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (DraftRule(), "Choose what the condition looks at, or remove it."),
        (DraftRule("stays"), "Choose how to compare."),
        (DraftRule("stays", "contains", {"value": ("2",)}), "Choose how to compare."),
        (DraftRule("stays", "at_least"), "Write a number."),
        (DraftRule("stays", "at_least", {"value": ("many",)}), "Write a number."),
        (DraftRule("stays", "between", {"low": ("1",)}), "Write both numbers."),
        (DraftRule("city", "is", {"value": ("", "")}), "Choose or write at least one value."),
        (DraftRule("language", "any_of"), "Choose or write at least one value."),
        (DraftRule("last_stay", "in.between"), "Give at least one of the two days."),
        (DraftRule("last_stay", "in.last", {"unit": ("month",)}), "Write a number."),
        (DraftRule("gone", "is"), "There is no field called “gone” (any more)."),
        (DraftRule("stays", "at_least", {"value": ("2.5",)}), "“2.5” is not a value of “stays”."),
        (DraftRule("last_stay", "in.between", {"from": ("2026-02-30",)}), "“2026-02-30” is not a day"),
    ],
)
def test_what_is_unfinished_is_told_beside_its_rule_and_left_out_so_far(rule: DraftRule, said: str) -> None:
    draft = DraftGroup("all", (DraftRule("deceased", "!yes"), DraftGroup("any", (rule,))))
    with pytest.raises(TreeError) as caught:
        draft_tree(draft, CATALOGUE)
    [problem] = caught.value.problems
    assert problem.place == "2.1"
    assert (problem.message % problem.params).startswith(said)
    tree, left_out = draft_so_far(draft, CATALOGUE)
    assert tree == Group(rules=(Condition("deceased", "yes", negated=True),))
    assert left_out == [problem]


def test_numbers_are_read_as_people_write_them() -> None:
    for text in ("5000", "5 000", "5000,0", "5000.00"):
        rule = DraftRule("value", "at_least", {"value": (text,)})
        assert draft_tree(DraftGroup("all", (rule,)), CATALOGUE).rules[0] == Condition("value", "at_least", 5000)


def test_a_forged_form_makes_no_more_than_a_draft() -> None:
    sent = {
        "rule": ["1", "1", "2.9.9", "x", "4.1", "³", "99999999999999"], "group": ["3", "3.1"],
        "1-field": ["stays"], "1-was": ["stays"], "1-op": ["at_least"], "1-value": ["1"], "1-evil": ["1"],
        "match": ["some"],
    }  # fmt: skip
    draft = draft_read(sent)
    assert draft == DraftGroup("all", (DraftRule("stays", "at_least", {"value": ("1",)}), DraftGroup()))
