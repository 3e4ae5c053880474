"""When what the register holds was last changed, as its history tells: for files that only say what they know later."""

from collections.abc import Iterable
from typing import Final

# Acts that were undone, and their undoing, changed nothing.
_ACTS: Final = """
    touched AS MATERIALIZED (
        SELECT h.row_id, h.record, h.act, h.data, h.change_set_id FROM customers_change h
        WHERE h.business_id = %(business)s AND h.guest_id = ANY (%(known)s) AND h.record = '{record}'
    ), acts AS MATERIALIZED (
        SELECT s.id, coalesce(s.finished_at, s.created_at) AS at FROM customers_changeset s
        WHERE s.business_id = %(business)s AND s.id = ANY (ARRAY(SELECT DISTINCT change_set_id FROM touched))
          AND s.state <> 'undone' AND s.kind <> 'undo'
    ),"""


def ages_of_cards(columns: Iterable[str]) -> str:
    """SQL of `ages`, a common table: of each of the `known` cards when each column was last changed, NULL for never."""
    told = ", ".join(f"max(at) FILTER (WHERE key = '{column}') AS {column}" for column in columns)
    return f"""{_ACTS.format(record="customer")}
    ages AS MATERIALIZED (
        SELECT row_id, {told}
        FROM (SELECT t.row_id, k.key, a.at FROM touched t JOIN acts a ON a.id = t.change_set_id
              CROSS JOIN LATERAL jsonb_object_keys(t.data) AS k (key) WHERE t.act = 'U') x
        GROUP BY row_id
    ),"""


def ages_of_values() -> str:
    """SQL of `ages`: when each value that the `known` cards have in fields of the business's own was last changed."""
    return f"""{_ACTS.format(record="guestfieldvalue")}
    ages AS MATERIALIZED (
        SELECT t.row_id, max(a.at) AS at FROM touched t JOIN acts a ON a.id = t.change_set_id GROUP BY t.row_id
    ),"""
