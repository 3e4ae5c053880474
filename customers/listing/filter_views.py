"""Add a condition to a list, change one, and the help on typed conditions. Nothing is written: each leads to another
list."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts.access import BusinessRequest, requires
from accounts.marking import gettext_noop
from accounts.models import Capability
from customers.conditions.builder import DraftGroup, DraftRule, draft_of, draft_read, draft_tree, operators_of
from customers.conditions.names import Names
from customers.conditions.suggest import Suggestion, fields_to_choose, suggestions
from customers.conditions.typed_words import OPERATORS
from customers.filters import Condition, Group, Problem, TreeError
from customers.listing.chips import filter_link, list_address
from customers.listing.state import TEXT_LENGTH, ListState, tree_plus
from customers.listing.views import state_in
from customers.segments.forms import Builder, Rule

FULL = gettext_noop("This filter asks for any of several groups; build it further as a segment.")


@requires(Capability.LOOK_UP)
@require_safe
def guest_filter(request: BusinessRequest, slug: str) -> HttpResponse:
    """Add a condition to the list ``in``, or change the one at its ``place``; to htmx as a dialog.

    GET ``q``: what to look for. ``field``: the field of the new condition. With ``apply`` the condition in the form is
    taken and the answer leads to the list; 422 where it is not finished.
    """
    asked = state_in(request)
    state, names = asked.state, asked.names
    context = {"in": state.address, "back": list_address(state, slug=slug), "is_part": bool(request.htmx)}
    place = _place(request.GET.get("place", ""), state)
    field = request.GET.get("field", "")
    if place is None and field not in names.catalogue:
        return render(request, "guests/filter.html", {**context, **_offered(request, state, names)})
    if "rule" in request.GET:
        draft = draft_read(dict(request.GET.lists()))
    elif place is not None:
        draft = draft_of(Group(rules=(state.tree.rules[place],)))
    else:
        draft = DraftGroup(rules=(DraftRule(field, operators_of(names.catalogue[field])[0].key),))
    problems: list[Problem] = []
    if "apply" in request.GET:
        try:
            changed = _with_condition(state, place, draft_tree(draft, names.catalogue))
            return redirect(list_address(state.with_tree(changed), slug=slug))
        except TreeError as error:
            problems = error.problems
    rule = next(iter(Builder(draft, names, problems=problems).root.rules), None)
    if not isinstance(rule, Rule):
        raise Http404
    context = {**context, "rule": rule, "number": place, "field": field}
    template = "guests/_condition.html" if request.htmx else "guests/condition.html"
    return render(request, template, context, status=422 if problems else 200)


@requires(Capability.LOOK_UP)
@require_safe
def guest_filter_suggest(request: BusinessRequest, slug: str) -> HttpResponse:
    """What ``q`` may mean as a filter of the list ``in``: options, each a link to the list with it."""
    asked = state_in(request)
    return render(request, "guests/_suggestions.html", _offered(request, asked.state, asked.names))


@requires(Capability.LOOK_UP)
@require_safe
def guest_typed(request: BusinessRequest, slug: str) -> HttpResponse:
    """The words that can be typed as conditions."""
    language = (get_language() or "en").split("-")[0]
    operators = [(operator.word(language) + operator.example, operator.meaning) for operator in OPERATORS.values()]
    return render(request, "guests/typed.html", {"operators": operators, "is_part": bool(request.htmx)})


def _offered(request: BusinessRequest, state: ListState, names: Names) -> dict[str, Any]:
    text = " ".join(request.GET.get("q", "").replace("\x00", " ").split())[:TEXT_LENGTH]
    slug = request.business.slug
    found = suggestions(text=text, names=names) if text else []
    return {
        "query": text,
        "found": [(one, _to(one, state, slug)) for one in found if state.tree.takes_more],
        "fields": []
        if text or not state.tree.takes_more
        else [(title, [(one, _to(one, state, slug)) for one in ones]) for title, ones in fields_to_choose(names)],
        "search": list_address(replace(state, text=text), slug=slug) if text else "",
        "takes_more": state.tree.takes_more,
    }


def _to(one: Suggestion, state: ListState, slug: str) -> str:
    if one.field:
        return filter_link(state, slug=slug, field=one.field)
    tree = state.tree
    for condition in one.conditions:
        tree = tree_plus(tree, condition)
    return list_address(state.with_tree(tree), slug=slug)


def _place(given: str, state: ListState) -> int | None:
    """The place of a condition in the outermost group; ``None`` for none that is there."""
    place = int(given) if given.isascii() and given.isdecimal() and len(given) < 4 else -1
    rules = state.tree.rules
    return place if 0 <= place < len(rules) and isinstance(rules[place], Condition) else None


def _with_condition(state: ListState, place: int | None, made: Group) -> Group:
    """The filter with the condition of the form: at its place, or added."""
    (condition,) = made.conditions()
    if place is not None:
        rules = (*state.tree.rules[:place], condition, *state.tree.rules[place + 1 :])
        return replace(state.tree, rules=rules)
    try:
        return tree_plus(state.tree, condition)
    except ValueError as error:
        raise TreeError([Problem("1", FULL, {})]) from error
