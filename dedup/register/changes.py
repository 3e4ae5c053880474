"""Which cards have changed, whoever changed them: the changes that the database records, followed by transaction.

Ids and times commit out of order, so a reader that remembers the newest one it saw would pass by what a long import
commits later. This one remembers a transaction: every transaction below it had ended when it looked, and what was
written by those at or above it is looked at again. An index by transaction would cost every write; instead each look
leaves a *mark*: ``(transaction, change)`` says that changes of that transaction and later ones have higher ids, for
none of them had begun when the change was already there. Which have begun, no snapshot tells: it names the highest that
has ended, and others run above it. So the look takes a number itself, after it has seen the change.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.db import connection

from accounts.tenancy import require_business_id

Mark = tuple[int, int]
MARKS_MAX: Final = 40
RECORDS: Final = ("customer", "contactpoint", "externalid")
"""The tables that tell who somebody is."""

_HORIZON = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
           coalesce((SELECT max(id) FROM customers_change WHERE business_id = %s), 0),
           pg_current_xact_id_if_assigned() IS NULL
"""
_BEGIN = "SELECT pg_current_xact_id()::text::bigint"
# A contact point that moved concerns the card it left too.
_CHANGED = """
    SELECT DISTINCT u.id FROM customers_change c CROSS JOIN LATERAL (
        VALUES (c.guest_id),
               (CASE WHEN c.act = 'U' AND c.record <> 'customer' THEN (c.data #>> '{customer_id,0}')::bigint END)
    ) AS u (id)
    WHERE c.business_id = %s AND c.id > %s AND c.xid >= %s AND c.record = ANY (%s) AND u.id IS NOT NULL
    ORDER BY u.id
"""


class Horizon(NamedTuple):
    """``seen``: every transaction below it has ended. ``mark`` is the mark of this look; one that was asked for too
    late leaves none."""

    seen: int
    mark: Mark | None


def horizon_read() -> Horizon:
    """Where changes stand now. To be asked before the transaction writes or locks anything: a writer sees itself as
    one that has not ended, and has its number from before."""
    with connection.cursor() as cursor:
        cursor.execute(_HORIZON, [require_business_id()])
        ended, newest, is_first = cursor.fetchone()
        if not is_first:
            return Horizon(ended, None)
        cursor.execute(_BEGIN)
        (begun,) = cursor.fetchone()
    return Horizon(ended, (begun, newest))


def cards_changed(*, seen: int, marks: Sequence[Sequence[int]]) -> list[int]:
    """The cards that transactions from ``seen`` on have written, in order of their ids; also cards that are gone.

    What transactions that still run will write is not among them, and comes with a later look from the same ``seen``.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [require_business_id(), floor_of(seen, marks), seen, list(RECORDS)])
        return [row[0] for row in cursor.fetchall()]


def floor_of(seen: int, marks: Sequence[Sequence[int]]) -> int:
    """A change that no transaction from ``seen`` on can have written, nor any before it in the order of ids."""
    return max((change for begun, change in marks if begun <= seen), default=0)


def marks_kept(marks: Sequence[Sequence[int]], horizon: Horizon) -> list[list[int]]:
    """The marks to remember: the newest that holds already, and those that will once running transactions end."""
    everything = sorted({(begun, change) for begun, change in (*marks, *filter(None, [horizon.mark]))})
    holding = [mark for mark in everything if mark[0] <= horizon.seen][-1:]
    coming = [mark for mark in everything if mark[0] > horizon.seen]
    # However long a transaction stays open: every second one tells nearly as much.
    while len(coming) > MARKS_MAX:
        coming = [*coming[:-1:2], coming[-1]]
    return [list(mark) for mark in (*holding, *coming)]
