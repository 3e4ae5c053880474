"""The state of a guest list: its filter, search text and order, as its address holds them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.http import QueryDict
from phonenumbers import country_code_for_region

from accounts.models import Business
from customers.conditions.selectors import Wanted, filter_catalogue, filter_context
from customers.filters import EMPTY, Catalogue, Group, Problem, TreeError, short_form, tree_dumps, tree_loads, tree_read
from customers.filters.compile import compile_tree
from customers.listing.order import DEFAULT, Order, read_order
from customers.listing.selectors import guests_found

TEXT_LENGTH: Final = 120


@dataclass(frozen=True)
class ListState:
    """Which guests a list shows, and how they are sorted.

    What of an address could not be read is left out and told in ``problems``, never an error: addresses are edited by
    hand, saved and sent around.
    """

    tree: Group = EMPTY
    text: str = ""
    order: Order = DEFAULT
    problems: Sequence[Problem] = ()
    ignored: Sequence[tuple[str, str]] = ()
    """Other parameters that were left out: name and value, cut to be shown."""

    def __bool__(self) -> bool:
        """Whether it shows anything but everybody."""
        return bool(self.tree or self.text)

    def parameters(self) -> list[tuple[str, str]]:
        """The state as an address holds it; reading that gives the same state."""
        return [*self.whom(), *([] if self.order == DEFAULT else [("sort", self.order.parameter)])]

    def whom(self) -> list[tuple[str, str]]:
        """The part of it that says which guests."""
        pairs = (("q", self.text), ("filter", tree_dumps(self.tree)))
        return [(name, value) for name, value in pairs if value]

    @property
    def address(self) -> str:
        """The state as a query string, without the question mark."""
        return urlencode(self.parameters())

    def with_tree(self, tree: Group) -> "ListState":
        """The same list with another filter."""
        return replace(self, tree=tree)


def read_state(parameters: QueryDict, *, catalogue: Catalogue) -> ListState:
    """The state that an address holds: ``filter`` as JSON, or in short ``tag``, ``language`` …; ``q`` and ``sort``."""
    problems: list[Problem] = []
    ignored: list[tuple[str, str]] = []
    tree = EMPTY
    try:
        short = short_form(dict(parameters.lists()))
        if parameters.get("filter", "").strip() or short is None:
            tree = tree_loads(parameters.get("filter", ""), catalogue)
        else:
            tree = tree_read(short, catalogue)
    except TreeError as error:
        problems = error.problems
    wanted_order = parameters.get("sort", "")
    order = read_order(wanted_order) if wanted_order else DEFAULT
    if order is None:
        ignored.append(("sort", wanted_order[:40]))
    text = " ".join(parameters.get("q", "").replace("\x00", " ").split())[:TEXT_LENGTH]
    return ListState(tree, text, order or DEFAULT, problems, ignored)


@dataclass(frozen=True)
class Asked:
    """A list's state with the guests that it asks for; ``is_guess``: nobody is called so, names look like it."""

    state: ListState
    guests: Wanted
    is_guess: bool = False


def list_asked(parameters: QueryDict, *, business: Business) -> Asked:
    """Read an address and resolve its search text. A filter that names a segment that is gone is told and left out."""
    catalogue = filter_catalogue()
    state = read_state(parameters, catalogue=catalogue)
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
    return Asked(state, Wanted(state.tree, catalogue, context, found.match), found.is_guess)
