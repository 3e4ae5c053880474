"""What each table that knows something of a guest says about itself, once, in its app's ``guest``.

Merge, the guest's own copy of their data, erasure, timeline, card and filters read these declarations, so that no room
has to know those above it. ``tests/customers/test_declarations.py`` walks every table and field of every app and fails
on one that is not declared.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet

TECHNICAL = frozenset({"business", "id", "pk", "version"})
"""Fields that say nothing of anybody, in every table."""


class Merge(StrEnum):
    """What becomes of a card's rows when it is merged into another."""

    CARD = "card"
    """The card itself: chosen field by field."""
    MOVE = "move"
    """They move to the surviving card."""
    JOIN = "join"
    """They move, unless the surviving card has the same (``join_on``) already."""
    LINEAGE = "lineage"
    """They keep the id they were written under and are read through the lineage of cards."""
    DERIVED = "derived"
    """The database makes them anew from other rows."""


class Erase(StrEnum):
    """What becomes of a card's rows when the guest is erased."""

    REMOVE = "remove"
    BLANK = "blank"
    """The row stays, for bookkeeping or statistics, without its personal fields."""
    KEEP = "keep"
    """The row stays as proof; ``because`` says of what."""
    DERIVED = "derived"


@dataclass(frozen=True)
class GuestTable:
    """One table. ``model`` is its label; ``guest`` the look-up from a row to the card's id, ``""`` where a row is not
    of one card; ``only`` narrows a table that tells of other things too.

    ``told`` are the fields a guest gets to read, ``untold`` the others, each with its reason. ``blanked`` are the told
    fields that an erasure of kind ``BLANK`` empties. ``read`` turns rows into what the guest reads where the fields as
    they stand would not do. ``timeline`` is the kind of its entries, ``filters`` the fields of filters that
    read it.

    In a merge: two rows that agree in ``join_on``, or that a unique key keeps apart, become one: the surviving card's
    own, or the first by the column ``keeper`` (``-`` before it: the last). ``joined`` tells of a column what the row
    that stays gets from the values of all, its own first. ``apart`` is a column that takes the id of the card a row was
    written on, so that rows of several cards stand beside each other.
    """

    model: str
    guest: str
    merge: Merge
    erase: Erase
    told: tuple[str, ...] = ()
    untold: Mapping[str, str] = field(default_factory=dict)
    join_on: tuple[str, ...] = ()
    blanked: tuple[str, ...] = ()
    because: str = ""
    apart: str = ""
    keeper: str = ""
    joined: Mapping[str, Callable[[Sequence[Any]], Any]] = field(default_factory=dict)
    read: Callable[[Iterable[Any]], list[dict[str, Any]]] | None = None
    timeline: str = ""
    filters: tuple[str, ...] = ()
    only: Mapping[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> type[Model]:
        """The model itself."""
        return apps.get_model(self.model)

    @property
    def db_table(self) -> str:
        """What the database calls it."""
        return str(self.table._meta.db_table)

    @property
    def record(self) -> str:
        """What history calls it."""
        return str(self.table._meta.model_name)

    def rows_of(self, customer_id: int) -> QuerySet[Any]:
        """The rows that tell of one guest, oldest first; of those kept under the id they were written with, all that
        were written of cards merged since."""
        order = "pk" if self.table._meta.pk.name == "id" else self.guest
        guest: dict[str, Any] = {self.guest: customer_id}
        if self.merge is Merge.LINEAGE:
            from customers.lineage.selectors import lineage_of

            guest = {f"{self.guest}__in": lineage_of(customer_id=customer_id)}
        return self.table._default_manager.filter(**guest, **self.only).order_by(order)


@cache
def guest_tables() -> tuple[GuestTable, ...]:
    """Every declaration of every app, lower rooms first."""
    return tuple(table for module in _modules() for table in getattr(module, "GUEST_TABLES", ()))


@cache
def impersonal_tables() -> Mapping[str, str]:
    """Tables of a business that know nothing of a guest: label and what they hold instead."""
    return {label: what for module in _modules() for label, what in getattr(module, "IMPERSONAL", {}).items()}


def _modules() -> list[Any]:
    names = [f"{config.name}.guest" for config in apps.get_app_configs()]
    return [import_module(name) for name in names if find_spec(name) is not None]
