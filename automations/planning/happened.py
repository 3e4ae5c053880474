"""What has happened since a pass last looked, read once for all automations; and the same of a span of time.

Everything the planner looks at carries the transaction that wrote it. A pass reads what its own snapshot shows and the
last one's did not, so what a long transaction commits late is neither passed by nor read twice
(:mod:`dedup.register.changes` says why marks are kept beside it).
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from accounts.tenancy import require_business_id
from automations.planning.pieces import anything, joined
from customers.filters import Sql
from customers.search.fetch_sql import rows

PART: Final = 50_000
"""So many changes are held in memory at once."""
STAY_DATES: Final = ("arrival", "departure", "property_id", "status")
STAY_TERMS: Final = ("arrival", "departure", "property_id", "unit_type", "adults", "children")
"""What a guest would call a changed booking; which room it is, is the house's own affair."""
_NEW: Final = """
    {xid} >= %s AND NOT pg_visible_in_snapshot({xid}::text::xid8, %s::pg_snapshot)
    AND (pg_visible_in_snapshot({xid}::text::xid8, %s::pg_snapshot)
         OR {xid} = pg_current_xact_id_if_assigned()::text::bigint)
"""
_CHANGES: Final = """
    SELECT c.id, c.record, c.row_id, c.change_set_id, c.act, coalesce(c.data #>> '{status,1}', '') AS status,
           c.data ?| %s AS changed, c.data ?| %s AS moved, c.data ? 'birth_date' AS born, a.is_event,
           a.created_at AS at, c.xid, c.guest_id,
           CASE WHEN c.record = 'stay' THEN c.row_id
                WHEN c.record = 'stayparticipant' THEN coalesce((c.data ->> 'stay_id')::bigint, part.stay_id)
           END AS stay_id
    FROM customers_change c
    JOIN customers_changeset a ON a.business_id = c.business_id AND a.id = c.change_set_id
    LEFT JOIN customers_stayparticipant part
      ON c.record = 'stayparticipant' AND part.business_id = c.business_id AND part.id = c.row_id
"""
_TOLD: Final = """
    SELECT e.id, e.kind, e.customer_id, e.name, e.object_id, e.stay_id, e.at, e.xid FROM automations_guestevent e
"""
_ENTERED: Final = """
    SELECT m.id, m.segment_id, m.customer_id, m.entered_at AS at, m.entered_xid AS xid FROM customers_segmentmember m
"""


class Window(NamedTuple):
    """What a pass reads: from transaction ``seen`` on what ``after`` does not show and ``now`` does, of changes those
    beyond ``floor``."""

    seen: int
    after: str
    now: str
    floor: int

    def holds(self, xid: str) -> Sql:
        """The condition on a column of transactions."""
        return anything(_NEW.replace("{xid}", xid), self.seen, self.after, self.now)


class Change(NamedTuple):
    """A change of one row. ``status`` is what a stay's became, ``changed`` whether its guest would call it changed,
    ``moved`` whether its dates, place or status are other ones, ``born`` whether a birthday is."""

    id: int
    record: str
    row_id: int
    set_id: int
    act: str
    status: str
    changed: bool
    moved: bool
    born: bool
    is_event: bool
    at: dt.datetime
    xid: int
    guest_id: int | None
    stay_id: int | None


class Told(NamedTuple):
    """An event of a guest."""

    id: int
    kind: str
    customer_id: int
    name: str
    object_id: int | None
    stay_id: int | None
    at: dt.datetime
    xid: int


class Entered(NamedTuple):
    """Somebody who came into a segment by what they did."""

    id: int
    segment_id: int
    customer_id: int
    at: dt.datetime
    xid: int


def changes_new(window: Window, *, events: Collection[str], dates: Collection[str]) -> Iterator[list[Change]]:
    """Changes in parts: of the records ``events`` those that automations may react to, of ``dates`` every one."""
    if not events and not dates:
        return
    after = window.floor
    while True:
        found = joined(
            anything(_CHANGES, list(STAY_TERMS), list(STAY_DATES)),
            anything("WHERE c.business_id = %s AND c.id > %s AND", require_business_id(), after),
            window.holds("c.xid"),
            anything(
                "AND (c.record = ANY (%s) OR a.is_event AND c.record = ANY (%s)) ORDER BY c.id LIMIT %s",
                sorted(dates), sorted(events), PART,
            ),
        )  # fmt: skip
        part = [Change(*row) for row in rows(found.text, found.values)]
        if part:
            yield part
        if len(part) < PART:
            return
        after = part[-1].id


def told_new(window: Window) -> list[Told]:
    """Events of guests."""
    found = joined(
        _TOLD, anything("WHERE e.business_id = %s AND", require_business_id()), window.holds("e.xid"), "ORDER BY e.id"
    )
    return [Told(*row) for row in rows(found.text, found.values)]


def entered_new(window: Window, *, segments: Sequence[int]) -> list[Entered]:
    """Who came into these segments."""
    found = joined(
        _ENTERED,
        anything(
            "WHERE m.business_id = %s AND NOT m.by_definition AND m.segment_id = ANY (%s) AND",
            require_business_id(),
            list(segments),
        ),
        window.holds("m.entered_xid"),
        "ORDER BY m.id",
    )
    return [Entered(*row) for row in rows(found.text, found.values)]


def changes_given(changes: Sequence[Change]) -> Sql:
    """Changes that were read as a relation ``h`` of a statement."""
    return anything(
        "(SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::boolean[],"
        " %s::timestamptz[], %s::bigint[]) AS given (record, row_id, set_id, act, status, changed, at, stay_id)) h",
        *_columns(changes, ("record", "row_id", "set_id", "act", "status", "changed", "at", "stay_id")),
    )


def told_given(told: Sequence[Told]) -> Sql:
    """Events that were read as a relation ``h``."""
    return anything(
        "(SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[])"
        " AS given (id, customer_id, name, object_id, stay_id, at)) h",
        *_columns(told, ("id", "customer_id", "name", "object_id", "stay_id", "at")),
    )


def entered_given(entered: Sequence[Entered]) -> Sql:
    """Who came into a segment as a relation ``h``."""
    return anything(
        "(SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS given (id, customer_id, at)) h",
        *_columns(entered, ("id", "customer_id", "at")),
    )


def changes_between(first: dt.datetime, last: dt.datetime, *, record: str) -> Sql:
    """Changes of a record that automations may react to, made in a span of time, as a relation ``h``."""
    return joined(
        "(",
        anything(_CHANGES, list(STAY_TERMS), list(STAY_DATES)),
        anything(
            "WHERE a.business_id = %s AND a.created_at >= %s AND a.created_at < %s AND a.is_event"
            " AND c.business_id = %s AND c.record = %s",
            require_business_id(), first, last, require_business_id(), record,
        ),
        ") h (id, record, row_id, set_id, act, status, changed, moved, born, is_event, at, xid, guest_id, stay_id)",
    )  # fmt: skip


def told_between(first: dt.datetime, last: dt.datetime, *, kind: str) -> Sql:
    """Events of a kind in a span of time, as a relation ``h``."""
    return joined(
        "(",
        _TOLD,
        anything(
            "WHERE e.business_id = %s AND e.at >= %s AND e.at < %s AND e.kind = %s",
            require_business_id(), first, last, kind,
        ),
        ") h",
    )  # fmt: skip


def entered_between(first: dt.datetime, last: dt.datetime, *, segment: int) -> Sql:
    """Who came into a segment in a span of time, as a relation ``h``."""
    return joined(
        "(",
        _ENTERED,
        anything(
            "WHERE m.business_id = %s AND m.segment_id = %s AND m.entered_at >= %s AND m.entered_at < %s"
            " AND NOT m.by_definition",
            require_business_id(), segment, first, last,
        ),
        ") h",
    )  # fmt: skip


def _columns(given: Sequence[object], names: Sequence[str]) -> list[list[object]]:
    return [[getattr(each, name) for each in given] for name in names]
