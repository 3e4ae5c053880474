"""The filter of a list as chips, and the addresses that take one away or change it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from customers.conditions.labels import field_label
from customers.conditions.names import Names
from customers.conditions.words import ChipWords, rule_words, tree_words
from customers.filters import Condition, Group, Problem
from customers.listing.state import ListState


@dataclass(frozen=True)
class Chip:
    """A rule of the outermost group: its words, the list without it, and where it is changed (a group: nowhere)."""

    words: ChipWords
    remove: str
    change: str = ""


def chips_of(state: ListState, names: Names, *, slug: str) -> list[Chip]:
    """One chip a rule; one for everything where the rules do not simply all hold."""
    if not state.tree:
        return []
    if (state.tree.match == "any" and len(state.tree.rules) > 1) or state.tree.negated:
        return [Chip(rule_words(state.tree, names), list_link(state.with_tree(Group())))]
    return [
        Chip(
            rule_words(rule, names),
            list_link(state.with_tree(state.tree.without(place))),
            filter_link(state, slug=slug, place=place) if isinstance(rule, Condition) else "",
        )
        for place, rule in enumerate(state.tree.rules)
    ]


def list_link(state: ListState) -> str:
    """A list as a link from the page of the list."""
    return f"?{state.address}"


def list_address(state: ListState, *, slug: str) -> str:
    """A list as a link from any page."""
    address = state.address
    return reverse("guest_list", kwargs={"slug": slug}) + (f"?{address}" if address else "")


def filter_link(state: ListState, *, slug: str, **what: object) -> str:
    """Where a condition is added to a list (``field``), or one of it is changed (``place``)."""
    return reverse("guest_filter", kwargs={"slug": slug}) + "?" + urlencode({**what, "in": state.address})


def problems_told(problems: Sequence[Problem], names: Names) -> list[str]:
    """What is wrong with a filter, condition by condition, in the reader's language."""
    return [_told(problem, names) for problem in problems]


def _told(problem: Problem, names: Names) -> str:
    params = dict(problem.params)
    field = names.catalogue.get(params.get("field", ""))
    if field is not None:
        params["field"] = field_label(field, names)
    said = _(problem.message) % params
    if not problem.place:
        return said
    return _("Condition %(place)s: %(problem)s") % {"place": problem.place, "problem": said}


def name_of(state: ListState, names: Names, *, most: int) -> str:
    """What a filter may be called: its own words, cut."""
    said = tree_words(state.tree, names)
    return said if len(said) <= most else ""
