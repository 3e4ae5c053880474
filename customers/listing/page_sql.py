"""The statements of the guest list: which ids stand on a page, and how many match.

A page is first sought by walking the sorted index and probing each card's filter, which ends at once when many match.
Where the walk has gone WALK_MAX cards without filling the page, what matches is collected first and sorted then. So
neither a rare filter nor one whose guests all stand at the far end of the order costs a scan of the register.
"""

import datetime as dt
from typing import Any, Final

from customers.filters import GuestFilter, TextMatch, on_rows, on_sets
from customers.listing.order import Order, Place
from customers.search.fetch_sql import Rows, rows

WALK_MAX: Final = 5_000


def page_places(
    guests: GuestFilter, match: TextMatch | None, order: Order, *, start: Place | None, backwards: bool, most: int
) -> list[Place]:
    """The places of the next ``most`` guests after ``start`` in ``order``, or of those before it, nearest first."""
    found: list[Place] = []
    runs = [False, True] if order.nullable and not (order.name == "last" and guests.has_dates) else [False]
    for is_null in reversed(runs) if backwards else runs:
        if start is not None and is_null != (start.value is None) and is_null == backwards:
            continue  # This run lies behind the place.
        inside = start if start is not None and is_null == (start.value is None) else None
        ascending = is_null != backwards if is_null else order.descending == backwards
        found += _Run(guests, match, order, is_null, inside, ascending).places(most - len(found))
        if len(found) >= most:
            break
    return found


class _Run:
    """One run of the sorted index: the rows with a value, or those without, in one direction from a place on."""

    def __init__(
        self,
        guests: GuestFilter,
        match: TextMatch | None,
        order: Order,
        is_null: bool,
        start: Place | None,
        ascending: bool,
    ) -> None:
        self.guests, self.match, self.order = guests, match, order
        self.table, self.alias, self.key = (
            ("customers_customerfacts", "f", "customer_id") if order.on_facts else ("customers_customer", "c", "id")
        )
        self.value = f"{self.alias}.{order.column}"
        self.is_null, self.start, self.way = is_null, start, "ASC" if ascending else "DESC"

    def places(self, most: int) -> list[Place]:
        """The first ``most`` places that match."""
        if self.guests or self.match is not None:
            few = self.match is not None and not self.match.terms
            found = [] if few else self._walk(most)
            found = found if len(found) >= most else self._collect(most)
        else:
            bounds, values = self._bounds()
            table = f"{self.table} {self.alias} WHERE {bounds} {self._sorted()}"
            found = rows(f"SELECT {self.value}, {self.key} FROM {table} LIMIT %s", [*values, most])
        return [Place(value.isoformat() if isinstance(value, dt.date) else value, key) for value, key in found]

    def _walk(self, most: int) -> Rows:
        """What matches among the next WALK_MAX rows of the index."""
        bounds, values = self._bounds()
        if self.order.on_facts:
            own, here = "f.last_stay", "LATERAL (SELECT w.last_stay) f"
            other = "(SELECT id, language, source, search_tokens FROM customers_customer WHERE id = w.key LIMIT 1) c"
        else:
            own, here = (
                "c.language, c.source, c.search_tokens",
                "LATERAL (SELECT w.key AS id, w.language, w.source, w.search_tokens) c",
            )
            other = "(SELECT last_stay FROM customers_customerfacts WHERE customer_id = w.key LIMIT 1) f"
        joined = f"CROSS JOIN LATERAL {other}" if self.order.on_facts or self.guests.has_dates else ""
        condition = on_rows(self.guests, self.match)
        sql = f"""
            SELECT w.value, w.key FROM (
                SELECT {self.value} AS value, {self.alias}.{self.key} AS key, {own}
                FROM {self.table} {self.alias} WHERE {bounds} {self._sorted()} LIMIT %s
            ) w CROSS JOIN {here} {joined}
            WHERE {condition.text} ORDER BY {self._order("w.value", "w.key")} LIMIT %s
        """
        return rows(sql, [*values, WALK_MAX, *condition.values, most])

    def _collect(self, most: int) -> Rows:
        """What matches in the whole run, sorted once it is together."""
        bounds, values = self._bounds()
        condition = on_sets(self.guests, self.match)
        source = _source(self.guests, on_facts=self.order.on_facts, on_card=not self.order.on_facts)
        sql = f"""
            WITH matched AS MATERIALIZED (
                SELECT {self.value} AS value, c.id AS key FROM {source}
                WHERE {bounds} AND {condition.text}
            ) SELECT value, key FROM matched ORDER BY {self._order("value", "key")} LIMIT %s
        """
        return rows(sql, [*values, *condition.values, most])

    def _bounds(self) -> tuple[str, list[Any]]:
        """Where the run begins and ends: only comparisons that an index may answer below a policy."""
        parts: list[str] = []
        values: list[Any] = []
        if self.order.nullable:
            parts.append(f"{self.value} IS {'' if self.is_null else 'NOT '}NULL")
        if self.order.name == "last" and self.guests.has_dates:
            bounded = ((">=", self.guests.stayed_from), ("<=", self.guests.stayed_until))
            parts += [f"{self.value} {sign} %s" for sign, date in bounded if date is not None]
            values += [date for _, date in bounded if date is not None]
        if self.start is not None:
            sign, key = ">" if self.way == "ASC" else "<", f"{self.alias}.{self.key}"
            if self.is_null:
                parts.append(f"{key} {sign} %s")
                values.append(self.start.id)
            else:
                parts.append(f"({self.value}, {key}) {sign} (%s::{_TYPES[self.order.kind]}, %s::bigint)")
                values += [self.start.value, self.start.id]
        return " AND ".join(parts) or "true", values

    def _sorted(self) -> str:
        return "ORDER BY " + self._order(self.value, f"{self.alias}.{self.key}")

    def _order(self, value: str, key: str) -> str:
        return f"{key} {self.way}" if self.is_null else f"{value} {self.way}, {key} {self.way}"


_TYPES: Final = {"text": "text", "number": "bigint", "date": "date"}


def _source(guests: GuestFilter, *, on_facts: bool, on_card: bool) -> str:
    """The tables a filter's conditions and an order need, and no other."""
    if not (on_facts or guests.has_dates):
        return "customers_customer c"
    if on_card or guests.languages or guests.sources:
        return "customers_customer c JOIN customers_customerfacts f ON f.customer_id = c.id"
    return "customers_customerfacts f CROSS JOIN LATERAL (SELECT f.customer_id AS id) c"


def count_matching(guests: GuestFilter, match: TextMatch | None, *, most: int | None) -> int:
    """How many guests match, counted as far as ``most`` where given."""
    condition = on_sets(guests, match)
    matching = f"FROM {_source(guests, on_facts=False, on_card=False)} WHERE {condition.text}"
    if most is None:
        return int(rows(f"SELECT count(*) {matching}", condition.values)[0][0])
    counted = rows(f"SELECT count(*) FROM (SELECT 1 {matching} LIMIT %s) m", [*condition.values, most])
    return int(counted[0][0])
