"""Which guests an export is of: all, those a list or a segment finds, or some by their ids."""

import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.utils import timezone
from phonenumbers import country_code_for_region

from accounts.models import Business
from customers.conditions.selectors import filter_catalogue, wanted
from customers.filters import EMPTY, Condition, Group, tree_dumps, tree_loads, tree_write
from customers.listing.page_sql import matching
from customers.listing.selectors import guests_found
from customers.search.fetch_sql import scanning

FETCHED: Final = 50_000


@dataclass(frozen=True)
class Chosen:
    """Guests by id, or all that match ``tree`` and the search ``text`` when the file is written."""

    ids: tuple[int, ...] | None = None
    tree: Group = EMPTY
    text: str = ""
    segment: int | None = None
    """The segment that ``tree`` asks for, where it was chosen as one."""

    @property
    def is_all(self) -> bool:
        """Whether it is the whole register."""
        return self.ids is None and not self.tree and not self.text

    def written(self) -> dict[str, Any]:
        """As a row keeps it."""
        if self.ids is not None:
            return {"ids": list(self.ids)}
        if self.segment is not None:
            return {"segment": self.segment}
        found: dict[str, Any] = {"tree": tree_write(self.tree)} if self.tree else {}
        return found | ({"text": self.text} if self.text else {})

    def logged(self) -> dict[str, Any]:
        """As the log keeps it: what stood in the address of the list, the segment's or the guests' ids."""
        if self.ids is not None:
            return {"guests": list(self.ids)}
        if self.segment is not None:
            return {"segment": self.segment}
        pairs = (("q", self.text), ("filter", tree_dumps(self.tree)))
        return {"filter": [[name, value] for name, value in pairs if value]}


def of_segment(segment_id: int) -> Chosen:
    """All members of a segment."""
    return Chosen(tree=Group(rules=(Condition("segment", "any_of", (segment_id,)),)), segment=segment_id)


def chosen_read(kept: Mapping[str, Any]) -> Chosen:
    """What a row keeps. Raises :class:`~customers.filters.TreeError` for a filter that names what is gone."""
    if "ids" in kept:
        return Chosen(tuple(kept["ids"]))
    if "segment" in kept:
        return of_segment(kept["segment"])
    text = json.dumps(kept["tree"]) if "tree" in kept else ""
    return Chosen(tree=tree_loads(text, filter_catalogue()), text=kept.get("text", ""))


def guests_chosen(chosen: Chosen, *, business: Business) -> "array[int]":
    """The guests' ids in the order of their names, eight bytes each.

    Raises :class:`~customers.filters.TreeError` for a filter that names what is gone.
    """
    if chosen.ids is not None:
        among, values = "f.customer_id = ANY (%s)", [list(chosen.ids)]
    else:
        found = guests_found(
            text=chosen.text,
            today=timezone.localdate(timezone=business.zone),
            calling_code=country_code_for_region(business.country) or None,
        )
        matched = matching(wanted(tree=chosen.tree, match=found.match, business=business))
        among, values = f"f.customer_id IN ({matched.text})", list(matched.values)
    statement = f"SELECT f.customer_id FROM customers_customerfacts f WHERE {among} ORDER BY f.sort_key, f.customer_id"
    ids = array("q")
    with scanning(), connection.chunked_cursor() as cursor:
        cursor.execute(statement, values)
        while some := cursor.fetchmany(FETCHED):
            ids.extend(row[0] for row in some)
    return ids
