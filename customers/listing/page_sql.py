"""The statements of the guest list: which ids stand on a page, how many match, and all of them.

All read one table, the facts. A page is first sought by walking the sorted index and asking each guest, which ends at
once when many match. Where the walk has gone WALK_MAX guests without filling the page, what matches is collected first
and sorted then. So neither a rare filter nor one whose guests all stand at the far end of the order costs more than
one scan of the facts.
"""

import datetime as dt
from typing import Any, Final

from customers.conditions.selectors import Wanted
from customers.filters import Sql
from customers.listing.order import Order, Place
from customers.search.fetch_sql import Rows, rows, scanning

WALK_MAX: Final = 5_000
FEW: Final = 20_000
"""So many guests are asked one by one for what the facts do not hold; of more the whole register is asked at once."""
_FACTS: Final = "customers_customerfacts f"


def page_places(wanted: Wanted, order: Order, *, start: Place | None, backwards: bool, most: int) -> list[Place]:
    """The places of the next ``most`` guests after ``start`` in ``order``, or of those before it, nearest first."""
    found: list[Place] = []
    runs = [False, True] if order.nullable else [False]
    for is_null in reversed(runs) if backwards else runs:
        if start is not None and is_null != (start.value is None) and is_null == backwards:
            continue  # This run lies behind the place.
        inside = start if start is not None and is_null == (start.value is None) else None
        ascending = is_null != backwards if is_null else order.descending == backwards
        found += _Run(wanted, order, is_null, inside, ascending).places(most - len(found))
        if len(found) >= most:
            break
    return found


class _Run:
    """One run of the sorted index: the rows with a value, or those without, in one direction from a place on."""

    def __init__(self, wanted: Wanted, order: Order, is_null: bool, start: Place | None, ascending: bool) -> None:
        self.wanted, self.order = wanted, order
        self.value = f"f.{order.column}"
        self.is_null, self.start, self.way = is_null, start, "ASC" if ascending else "DESC"

    def places(self, most: int) -> list[Place]:
        """The first ``most`` places that match."""
        bounds, values = self._bounds()
        if self.wanted:
            few = self.wanted.match is not None and not self.wanted.match.terms
            found = [] if few else self._walk(most, bounds, values)
            found = found if len(found) >= most else self._collect(most, bounds, values)
        else:
            table = f"{_FACTS} WHERE {bounds} {self._sorted()}"
            found = rows(f"SELECT {self.value}, f.customer_id FROM {table} LIMIT %s", [*values, most])
        return [Place(value.isoformat() if isinstance(value, dt.date) else value, key) for value, key in found]

    def _walk(self, most: int, bounds: str, values: list[Any]) -> Rows:
        """What matches among the next WALK_MAX rows of the index."""
        card = "(SELECT search_tokens FROM customers_customer WHERE id = f.customer_id LIMIT 1) c"
        joined = f"CROSS JOIN LATERAL {card}" if self.wanted.needs_card else ""
        condition = self.wanted.on_rows()
        sql = f"""
            SELECT {self.value}, f.customer_id FROM (
                SELECT * FROM {_FACTS} WHERE {bounds} {self._sorted()} LIMIT %s
            ) f {joined}
            WHERE {condition.text} {self._sorted()} LIMIT %s
        """
        return rows(sql, [*values, WALK_MAX, *condition.values, most])

    def _collect(self, most: int, bounds: str, values: list[Any]) -> Rows:
        """What matches in the whole run, sorted once it is together."""
        condition = on_register(self.wanted)
        sql = f"""
            WITH matched AS MATERIALIZED (
                SELECT {self.value} AS value, f.customer_id AS key FROM {_FACTS}
                WHERE {bounds} AND {condition.text}
            ) SELECT value, key FROM matched ORDER BY {self._order("value", "key")} LIMIT %s
        """
        with scanning():
            return rows(sql, [*values, *condition.values, most])

    def _bounds(self) -> tuple[str, list[Any]]:
        """Where the run begins and ends: only comparisons that an index may answer below a policy."""
        parts: list[str] = []
        values: list[Any] = []
        if self.order.nullable:
            parts.append(f"{self.value} IS {'' if self.is_null else 'NOT '}NULL")
        if self.start is not None:
            sign = ">" if self.way == "ASC" else "<"
            if self.is_null:
                parts.append(f"f.customer_id {sign} %s")
                values.append(self.start.id)
            else:
                parts.append(f"({self.value}, f.customer_id) {sign} (%s::{_TYPES[self.order.kind]}, %s::bigint)")
                values += [self.start.value, self.start.id]
        return " AND ".join(parts) or "true", values

    def _sorted(self) -> str:
        return "ORDER BY " + self._order(self.value, "f.customer_id")

    def _order(self, value: str, key: str) -> str:
        return f"{key} {self.way}" if self.is_null else f"{value} {self.way}, {key} {self.way}"


_TYPES: Final = {"text": "text", "number": "bigint", "date": "date"}


def matching(wanted: Wanted) -> Sql:
    """All who match, as a statement that gives their ids; to be sent while :func:`scanning`."""
    condition = on_register(wanted)
    return Sql(f"SELECT f.customer_id FROM {_FACTS} WHERE {condition.text}", condition.values)


def count_matching(wanted: Wanted, *, most: int | None) -> int:
    """How many guests match, counted as far as ``most`` where given."""
    condition = on_register(wanted)
    matched = f"FROM {_FACTS} WHERE {condition.text}"
    counted, values = f"SELECT count(*) {matched}", condition.values
    if most is not None:
        counted, values = f"SELECT count(*) FROM (SELECT 1 {matched} LIMIT %s) m", [*values, most]
    with scanning():
        return int(rows(counted, values)[0][0])


def on_register(wanted: Wanted) -> Sql:
    """The condition in the way that is quicker: what the facts do not hold is asked of few guests one by one."""
    if wanted.is_narrow:
        return wanted.on_sets()
    narrow = wanted.narrow
    if narrow.text == "true":
        return wanted.on_sets()
    with scanning():
        counted = rows(
            f"SELECT count(*) FROM (SELECT 1 FROM {_FACTS} WHERE {narrow.text} LIMIT %s) m", [*narrow.values, FEW]
        )
    return wanted.on_sets(by_row=counted[0][0] < FEW)
