"""The statements of the guest list: which ids stand on a page, how many match, and all of them.

All read one table, the facts. A page is first sought by walking the sorted index and asking each guest, which ends at
once when many match. Where so few match that the walk would be long, what matches is collected first, counted, and
sorted then. So neither a rare filter nor one whose guests all stand at the far end of the order costs more than
one scan of the facts.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from customers.conditions.selectors import Wanted
from customers.filters import Sql
from customers.listing.order import Order, Place
from customers.search.fetch_sql import Rows, rows, scanning

WALK_FIRST, WALK_MAX = 400, 8_000
"""How many guests are asked first, and at most, before what matches is collected instead."""
FEW: Final = 20_000
"""So many guests are asked one by one for what the facts do not hold; of more the whole register is asked at once."""
FACTS: Final = "customers_customerfacts f"


class Places(NamedTuple):
    """The places of a page, and how many guests match in all where finding them has told."""

    places: list[Place]
    total: int | None = None


def page_places(wanted: Wanted, order: Order, *, start: Place | None, backwards: bool, most: int) -> Places:
    """The places of the next ``most`` guests after ``start`` in ``order``, or of those before it, nearest first."""
    way = _Way(order, start, backwards)
    found: Rows = []
    total = None
    if wanted.match is None or wanted.match.terms:
        for run in way.runs():
            found += _walk(wanted, order, run, most - len(found))
            if len(found) >= most or wanted:
                break  # A walk that ended early leaves open what lies between it and the next run.
    if wanted and len(found) < most:
        found, total = _collect(wanted, way, most)
    places = [Place(value.isoformat() if isinstance(value, dt.date) else value, key) for value, key in found]
    return Places(places, total)


@dataclass(frozen=True)
class _Run:
    """One run of the sorted index, from a place on: where it begins and ends, and how it is sorted."""

    bounds: Sql
    sorted: str


@dataclass(frozen=True)
class _Way:
    """The way through an order from a place on. Guests without a value stand last, by their ids."""

    order: Order
    start: Place | None
    backwards: bool

    @property
    def value(self) -> str:
        return f"f.{self.order.column}"

    def runs(self) -> Iterator[_Run]:
        """The parts of the index one after the other: the guests with a value, and those without."""
        kinds = [False, True] if self.order.nullable else [False]
        for is_null in reversed(kinds) if self.backwards else kinds:
            bounds = self._bounds(is_null)
            if bounds is not None:
                # The value is named where there is none, too: so the index is known to hold these in order.
                keys = [self.value, "f.customer_id"]
                yield _Run(bounds, ", ".join(f"{key} {self._direction(is_null)}" for key in keys))

    def whole(self) -> _Run:
        """All of it at once, for what is sorted after it is found."""
        bounds = [found for found in (self._bounds(False), self.order.nullable and self._bounds(True)) if found]
        text = " OR ".join(f"({each.text})" for each in bounds)
        keys = [f"{self.value} {self._direction(False)}", f"f.customer_id {self._direction(False)}"]
        if self.order.nullable:
            absent = f"{self.value} IS NULL"
            keys = [
                f"({absent}) {'DESC' if self.backwards else 'ASC'}",
                f"(CASE WHEN {absent} THEN f.customer_id END) {self._direction(True)}",
                *keys,
            ]
        return _Run(Sql(f"({text})", [value for each in bounds for value in each.values]), ", ".join(keys))

    def _direction(self, is_null: bool) -> str:
        return "ASC" if (is_null != self.backwards if is_null else self.order.descending == self.backwards) else "DESC"

    def _bounds(self, is_null: bool) -> Sql | None:
        """Where a run begins and ends, by comparisons that an index may answer below a policy; ``None``: behind."""
        known = [f"{self.value} IS {'' if is_null else 'NOT '}NULL"] if self.order.nullable else []
        if self.start is None:
            return Sql(" AND ".join(known) or "true", [])
        starts_null = self.start.value is None
        if is_null != starts_null:
            return Sql(" AND ".join(known), []) if is_null != self.backwards else None
        sign = ">" if self._direction(is_null) == "ASC" else "<"
        if is_null:
            return Sql(" AND ".join([*known, f"f.customer_id {sign} %s"]), [self.start.id])
        after = f"({self.value}, f.customer_id) {sign} (%s::{_TYPES[self.order.kind]}, %s::bigint)"
        return Sql(" AND ".join([*known, after]), [self.start.value, self.start.id])


def _walk(wanted: Wanted, order: Order, run: _Run, most: int) -> Rows:
    """What matches among the next rows of the index, as many as are wanted; fewer where the way there is too long.

    A few rows tell how often one matches, and so how far it is.
    """
    value = f"f.{order.column}"
    bounds, values = run.bounds
    if not wanted:
        return rows(
            f"SELECT {value}, f.customer_id FROM {FACTS} WHERE {bounds} ORDER BY {run.sorted} LIMIT %s",
            [*values, most],
        )
    card = "(SELECT search_tokens FROM customers_customer WHERE id = f.customer_id LIMIT 1) c"
    joined = f"CROSS JOIN LATERAL {card}" if wanted.needs_card else ""
    condition = wanted.on_rows()
    sql = f"""
        SELECT {value}, f.customer_id FROM (
            SELECT * FROM {FACTS} WHERE {bounds} ORDER BY {run.sorted} LIMIT %s
        ) f {joined}
        WHERE {condition.text} ORDER BY {run.sorted} LIMIT %s
    """
    found: Rows = []
    for far in (min(WALK_FIRST, WALK_MAX), WALK_MAX):
        found = rows(sql, [*values, far, *condition.values, most])
        if len(found) >= most or len(found) * WALK_MAX < most * far:
            break
    return found


def _collect(wanted: Wanted, way: _Way, most: int) -> tuple[Rows, int | None]:
    """What matches in the whole register, sorted once it is together; and how many it is, unless the page is empty."""
    condition, run = on_register(wanted), way.whole()
    sql = f"""
        SELECT {way.value}, f.customer_id, f.total FROM (
            SELECT {way.value}, f.customer_id, count(*) OVER () AS total FROM {FACTS} WHERE {condition.text}
        ) f WHERE {run.bounds.text} ORDER BY {run.sorted} LIMIT %s
    """
    with scanning():
        found = rows(sql, [*condition.values, *run.bounds.values, most])
    return [(value, key) for value, key, _total in found], found[0][2] if found else None


_TYPES: Final = {"text": "text", "number": "bigint", "date": "date"}


def matching(wanted: Wanted) -> Sql:
    """All who match, as a statement that gives their ids; to be sent while :func:`scanning`."""
    condition = on_register(wanted)
    return Sql(f"SELECT f.customer_id FROM {FACTS} WHERE {condition.text}", condition.values)


def count_matching(wanted: Wanted, *, most: int | None) -> int:
    """How many guests match, counted as far as ``most`` where given."""
    condition = on_register(wanted)
    matched = f"FROM {FACTS} WHERE {condition.text}"
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
            f"SELECT count(*) FROM (SELECT 1 FROM {FACTS} WHERE {narrow.text} LIMIT %s) m", [*narrow.values, FEW]
        )
    return wanted.on_sets(by_row=counted[0][0] < FEW)
