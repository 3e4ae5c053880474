"""Who enters a segment and who leaves it, in one statement over the whole register.

Both sides are read once and joined in full: a full join is hashed or merged whatever the planner expects of a
business it has no statistics of, never looped.
"""

from typing import NamedTuple

from django.db import connection

from accounts.tenancy import require_business_id
from customers.filters import Sql
from customers.search.fetch_sql import rows, scanning

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))"
_REFRESH = """
    WITH difference AS MATERIALIZED (
        SELECT m.customer_id, o.id
        FROM ({matching}) AS m(customer_id)
        FULL JOIN (
            SELECT id, customer_id FROM customers_segmentmember
            WHERE business_id = %s AND segment_id = %s AND left_at IS NULL
        ) AS o ON o.customer_id = m.customer_id
        WHERE m.customer_id IS NULL OR o.id IS NULL
    ), gone AS (
        UPDATE customers_segmentmember
        SET left_at = now(), left_xid = pg_current_xact_id()::text::bigint, left_by_definition = %s
        WHERE business_id = %s AND id = ANY (ARRAY (SELECT id FROM difference WHERE customer_id IS NULL))
        RETURNING id
    ), come AS (
        INSERT INTO customers_segmentmember (
            business_id, segment_id, customer_id, entered_at, entered_xid, by_definition, left_by_definition
        )
        SELECT %s, %s, customer_id, now(), pg_current_xact_id()::text::bigint, %s, false
        FROM difference WHERE id IS NULL ORDER BY customer_id
        RETURNING id
    )
    SELECT (SELECT count(*) FROM come), (SELECT count(*) FROM gone)
"""
_COUNTED = """
    UPDATE customers_segment SET counted_at = now(), counted_definition = %s, members = (
        SELECT count(*) FROM customers_segmentmember WHERE business_id = %s AND segment_id = %s AND left_at IS NULL
    ) WHERE business_id = %s AND id = %s
"""


class Refreshed(NamedTuple):
    """How many came into a segment and how many went."""

    entered: int
    left: int


def segments_lock() -> None:
    """Let one transaction at a time change what segments say: two that begin to name each other would make a circle."""
    rows(_LOCK, ["innkeeper.segments", require_business_id()])


def members_lock(segment_id: int) -> bool:
    """Let one transaction at a time count a segment, and keep it from being removed meanwhile; ``False``: it is gone.

    Not by locking the segment itself, for its name and conditions may be changed while it is counted.
    """
    rows(_LOCK, ["innkeeper.segment", segment_id])
    held = "SELECT id FROM customers_segment WHERE business_id = %s AND id = %s FOR KEY SHARE"
    return bool(rows(held, [require_business_id(), segment_id]))


def members_refresh(segment_id: int, matching: Sql, *, definition: int, by_definition: bool) -> Refreshed:
    """Make the guests that ``matching`` selects the members; ``definition`` is the one it was made from."""
    house = require_business_id()
    with scanning():
        entered, left = rows(
            _REFRESH.format(matching=matching.text),
            [*matching.values, house, segment_id, by_definition, house, house, segment_id, by_definition],
        )[0]
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [definition, house, segment_id, house, segment_id])
    return Refreshed(entered, left)
