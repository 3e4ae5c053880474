"""The state of a guest list: filter, search text, order, columns, row height and view, as its address holds them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlencode

from django.http import QueryDict
from phonenumbers import country_code_for_region

from accounts.models import Business, Member, User
from customers.conditions.names import Names
from customers.conditions.selectors import Wanted, filter_catalogue, filter_context
from customers.conditions.typed import has_operators
from customers.conditions.typed_words import typed_conditions
from customers.filters import (
    EMPTY,
    Catalogue,
    Condition,
    Group,
    Problem,
    TreeError,
    short_form,
    tree_dumps,
    tree_loads,
    tree_read,
)  # fmt: skip
from customers.filters.compile import compile_tree
from customers.listing.order import DEFAULT, Order, read_order
from customers.listing.selectors import guests_found
from customers.segments.models import SavedView
from customers.segments.selectors import view_get

TEXT_LENGTH: Final = 120
COLUMNS_MAX: Final = 40
ALL: Final = "all"
"""The view that is none, named in an address so that the member's own first view does not open instead."""
_COLUMN: Final = re.compile(r"[a-z][a-z0-9_.]{0,59}", re.ASCII)


@dataclass(frozen=True)
class ListState:
    """Which guests a list shows, how they are sorted, and how they look.

    What of an address could not be read is left out and told in ``problems``, never an error: addresses are edited by
    hand, saved and sent around. Without ``columns`` the usual ones are shown; without a ``density`` the rows are as
    high as the reader has them.
    """

    tree: Group = EMPTY
    text: str = ""
    order: Order = DEFAULT
    columns: tuple[str, ...] = ()
    density: str = ""
    view: "View | None" = None
    is_all: bool = False
    """Whether the address asks for all guests although the member's list opens with a view."""
    problems: Sequence[Problem] = ()
    ignored: Sequence[tuple[str, str]] = ()
    """Other parameters that were left out: name and value, cut to be shown."""

    def __bool__(self) -> bool:
        """Whether it shows anything but everybody."""
        return bool(self.tree or self.text)

    def parameters(self) -> list[tuple[str, str]]:
        """The state as an address holds it; reading that gives the same state. Of a view only what differs."""
        pairs = self._pairs()
        if self.view is not None:
            saved = self.view.state._pairs()
            return [("view", str(self.view.id)), *((name, pairs[name]) for name in pairs if pairs[name] != saved[name])]
        given = [(name, value) for name, value in pairs.items() if value]
        return given or ([("view", ALL)] if self.is_all else [])

    def _pairs(self) -> dict[str, str]:
        return {
            "q": self.text,
            "filter": tree_dumps(self.tree),
            "sort": "" if self.order == DEFAULT else self.order.parameter,
            "cols": ",".join(self.columns),
            "density": self.density,
        }

    def whole(self) -> list[tuple[str, str]]:
        """The state without its view, every part named."""
        return list(self._pairs().items())

    def carried(self) -> list[tuple[str, str]]:
        """The state as a form carries it on: whom it shows is always named, so that whoever changes its view meanwhile
        does not change who is meant."""
        pairs = self._pairs()
        whom = {name: pairs[name] for name in ("q", "filter")}
        return list((whom | dict(self.parameters())).items())

    def whom(self) -> list[tuple[str, str]]:
        """The part of it that says which guests."""
        pairs = (("q", self.text), ("filter", tree_dumps(self.tree)))
        return [(name, value) for name, value in pairs if value]

    @property
    def address(self) -> str:
        """The state as a query string, without the question mark."""
        return urlencode(self.parameters())

    @property
    def is_edited(self) -> bool:
        """Whether it differs from its view, or, where it has none, from the list that everybody sees."""
        return len(self.parameters()) > 1 if self.view else any(self._pairs().values())

    def with_tree(self, tree: Group) -> "ListState":
        """The same list with another filter."""
        return replace(self, tree=tree)


@dataclass(frozen=True)
class View:
    """A saved view as a list stands in it: ``state`` is how it was saved."""

    id: int
    name: str
    is_shared: bool
    version: int
    state: ListState = field(repr=False)


def tree_plus(tree: Group, condition: Condition) -> Group:
    """The tree with one more condition. Another value of a choice that is filtered by already joins its like: Dutch or
    German, not Dutch and German. Raises ``ValueError`` where the tree takes no more."""
    if tree.match == "all" and not tree.negated and condition.operator in ("any_of", "is"):
        for place, rule in enumerate(tree.rules):
            if isinstance(rule, Condition) and condition.field != "tags" and _alike(rule, condition):
                values = tuple(dict.fromkeys((*rule.value, *condition.value)))
                rules = (*tree.rules[:place], replace(rule, value=values), *tree.rules[place + 1 :])
                return replace(tree, rules=rules)
    return tree if condition in tree.rules else tree.with_rule(condition)


def _alike(one: Condition, other: Condition) -> bool:
    return replace(one, value=None) == replace(other, value=None) and not one.negated and one.field != "segment"


def read_state(parameters: QueryDict, *, catalogue: Catalogue, member: Member | None = None) -> ListState:
    """The state that an address holds: ``filter`` as JSON, or in short ``tag``, ``language`` …; ``q``, ``sort``,
    ``cols``, ``density``; and ``view``, the saved view that everything not named is taken from."""
    ignored: list[tuple[str, str]] = []
    view = _view(parameters.get("view", ""), catalogue, member, ignored)
    given = {
        name: value
        for name in ("filter", "q", "sort", "cols", "density")
        if (value := parameters.get(name)) is not None
    }
    saved = view.state if view else ListState()
    short = short_form(dict(parameters.lists()))
    problems: Sequence[Problem] = ()
    tree = EMPTY
    try:
        if given.get("filter", "").strip() or short is None:
            tree = tree_loads(given["filter"], catalogue) if "filter" in given else saved.tree
            problems = () if "filter" in given else saved.problems
        else:
            tree = tree_read(short, catalogue)
    except TreeError as error:
        problems = error.problems
    wanted_order = given.get("sort", "")
    order = (read_order(wanted_order) if wanted_order else DEFAULT) if "sort" in given else saved.order
    if order is None:
        ignored.append(("sort", wanted_order[:40]))
    return ListState(
        tree,
        _plain(given["q"]) if "q" in given else saved.text,
        order or DEFAULT,
        _columns(given["cols"], ignored) if "cols" in given else saved.columns,
        _density(given["density"], ignored) if "density" in given else saved.density,
        view,
        parameters.get("view") == ALL,
        problems,
        ignored,
    )


def state_of(view: SavedView, *, catalogue: Catalogue) -> ListState:
    """A saved view as a list's state."""
    problems: Sequence[Problem] = ()
    try:
        tree = tree_read(view.tree, catalogue)
    except TreeError as error:
        tree, problems = EMPTY, error.problems
    return ListState(
        tree,
        _plain(view.text),
        (read_order(view.sort) if view.sort else None) or DEFAULT,
        tuple(view.columns),
        view.density,
        problems=problems,
    )


def _view(given: str, catalogue: Catalogue, member: Member | None, ignored: list[tuple[str, str]]) -> View | None:
    if not given or given == ALL:
        return None
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0
    try:
        saved = view_get(view_id=number, member=member)
    except SavedView.DoesNotExist:
        ignored.append(("view", given[:40]))
        return None
    return View(saved.pk, saved.name, saved.is_shared, saved.version, state_of(saved, catalogue=catalogue))


def _plain(text: str) -> str:
    return " ".join(text.replace("\x00", " ").split())[:TEXT_LENGTH]


def _columns(given: str, ignored: list[tuple[str, str]]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(key for key in given.split(",") if key))[:COLUMNS_MAX]
    strange = [key for key in wanted if not _COLUMN.fullmatch(key)]
    ignored.extend(("cols", key[:40]) for key in strange)
    return tuple(key for key in wanted if key not in strange)


def _density(given: str, ignored: list[tuple[str, str]]) -> str:
    if given and given not in User.Density.values:
        ignored.append(("density", given[:40]))
        return ""
    return given


@dataclass(frozen=True)
class Asked:
    """A list's state with the guests that it asks for, and what their filter calls things.

    ``is_guess``: nobody is called so, names look like it. ``is_typed``: conditions were typed into the search text and
    have been taken out of it, so that another address says the same.
    """

    state: ListState
    guests: Wanted
    names: Names
    is_guess: bool = False
    is_typed: bool = False


def list_asked(parameters: QueryDict, *, business: Business, member: Member | None = None) -> Asked:
    """Read an address and resolve its search text. A filter that names a segment that is gone is told and left out.

    Conditions typed into the search text become part of the filter. ``member``: whose views it may name.
    """
    catalogue = filter_catalogue()
    names = Names(business=business, catalogue=catalogue)
    state = read_state(parameters, catalogue=catalogue, member=member)
    read = with_typed(state, names)
    is_typed, state = read != state, read
    context = filter_context(business=business, catalogue=catalogue, trees=[state.tree])
    try:
        compile_tree(state.tree, catalogue, context)
    except TreeError as error:
        state = replace(state, tree=EMPTY, problems=[*state.problems, *error.problems])
    found = guests_found(
        text=state.text,
        today=context.today,
        calling_code=country_code_for_region(business.country) or None,
    )
    guests = Wanted(state.tree, catalogue, context, found.match)
    return Asked(state, guests, names, found.is_guess, is_typed)


def with_typed(state: ListState, names: Names) -> ListState:
    """The state with the conditions that its search text holds moved into the filter, as far as that takes them."""
    if not has_operators(state.text):
        return state
    typed = typed_conditions(state.text, names)
    tree = state.tree
    try:
        for condition in typed.conditions:
            tree = tree_plus(tree, condition)
    except ValueError:
        return state
    return replace(state, tree=tree, text=typed.text)
