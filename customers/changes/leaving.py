"""Putting what a large undo is about to remove out of sight, and removing it in batches.

An act that made a hundred thousand guests cannot be removed in a moment: every row is written into history once more,
and every key that points at it is looked up. So its guests first *leave*, in one short transaction: those nobody has
touched or used since, and the stays that are theirs alone, are noted in ``customers_leaving``. From its commit on no
statement of anybody else sees them (``sql/leaving.sql``), and they count nowhere, because their facts are gone. Then
:func:`remove_some` takes the rows away. What somebody used in between after all comes back (:func:`sight_restore`).

All of it runs inside :func:`seeing`.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

from django.db import connection

from accounts.tenancy import business_scope
from customers.changes import statements
from customers.changes.models import TrackedModel
from customers.changes.statements import Target

SHOWN = ("customer", "stay")
"""Records that can leave; what belongs to them is hidden with them."""
_NOTED = "ARRAY(SELECT row_id FROM leaving_rows WHERE record = %(record)s)"
_STAYS = "stays:"
"""Before a record's name: rows that an undo under way leaves as they are."""
PATIENCE = 60.0
"""Seconds that a worker waits for an undo before it gives its place to others, the undo perhaps among them."""
_ASKED_EVERY = 0.5
_WORDS = 20_000
"""Guests whose words are taken out of the look-up at once."""


class Removed(NamedTuple):
    """Rows come to, how many of them were removed, and the last id come to (``None``: there was none)."""

    rows: int
    removed: int
    last: int | None


@contextmanager
def seeing() -> Iterator[None]:
    """Let this transaction see what leaves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('innkeeper.leaving', 'seen', true)")
        yield
        if not connection.needs_rollback:
            cursor.execute("SELECT set_config('innkeeper.leaving', '', true)")


def is_leaving() -> bool:
    """Whether a large undo is taking guests of the business in scope away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM customers_leaving)")
        return bool(cursor.fetchone()[0])


def leaving_awaited(*, business_id: int, patience: float = PATIENCE) -> bool:
    """Wait, outside any scope, until nothing of a business leaves; whether that came about within ``patience`` seconds.

    For whoever is about to add many rows: a number or address that is still taken by what leaves is free a minute
    later.
    """
    until = time.monotonic() + patience
    while True:
        with business_scope(business_id):
            if not is_leaving():
                return True
        if time.monotonic() >= until:
            return False
        time.sleep(_ASKED_EVERY)


def going_note(cursor: Any, target: Target, made: Sequence[type[TrackedModel]]) -> None:
    """Note in ``leaving_rows``, a table of the transaction's own, what the set made and nobody has touched or used.

    ``made`` are the tables it added to, children before parents: a row goes when only rows that go point to it.
    """
    cursor.execute("CREATE TEMP TABLE leaving_rows (record text, row_id bigint) ON COMMIT DROP")
    for model in made:
        record = str(model._meta.model_name)
        statements.untouched_note(cursor, model, target, into="leaving_rows")
        for child, column in statements.references_to(model):
            key = "x.id" if issubclass(child, TrackedModel) else "NULL"
            cursor.execute(
                "DELETE FROM leaving_rows r WHERE r.record = %(record)s AND r.row_id IN ("
                f'SELECT x."{column}" FROM {child._meta.db_table} x WHERE x."{column}" = ANY ({_NOTED})'
                f" AND NOT EXISTS (SELECT FROM leaving_rows g WHERE g.record = %(child)s AND g.row_id = {key}))",
                {"record": record, "child": child._meta.model_name},
            )


def holding(cursor: Any, target: Target, made: Sequence[type[TrackedModel]]) -> Target:
    """:func:`with_parts`, as things stand now."""
    going_note(cursor, target, made)
    found = with_parts(cursor, target, made)
    cursor.execute("DROP TABLE leaving_rows")
    return found


def with_parts(cursor: Any, target: Target, made: Sequence[type[TrackedModel]]) -> Target:
    """The set, holding besides what makes up a card that it made and that somebody has touched or used since: a guest
    who stays keeps their addresses, tags, numbers and fields. After :func:`going_note`."""
    names = {str(model._meta.model_name): model for model in made}
    held = {record: set(rows) for record, rows in target.held.items()}
    for record in statements.PARTS:
        if record in names and "customer" in names:
            cursor.execute(
                "SELECT p.row_id FROM customers_change p"
                f" JOIN {names[record]._meta.db_table} t ON t.id = p.row_id AND t.customer_id = p.guest_id"
                " WHERE p.change_set_id = %(set)s AND p.record = %(record)s AND p.act = 'I' AND p.guest_id IN ("
                "  SELECT c.row_id FROM customers_change c"
                "  WHERE c.change_set_id = %(set)s AND c.record = 'customer' AND c.act = 'I' AND NOT EXISTS ("
                "   SELECT FROM leaving_rows l WHERE l.record = 'customer' AND l.row_id = c.row_id))",
                {"set": target.id, "record": record},
            )
            held.setdefault(record, set()).update(row[0] for row in cursor.fetchall())
    return Target(target.id, {record: sorted(rows) for record, rows in held.items() if rows}, target.restricted)


def leave(cursor: Any, target: Target, made: Sequence[type[TrackedModel]], *, undo_id: int) -> bool:
    """Put out of sight what the set made and nobody has touched or used since; note what it made of cards that stay.

    Returns whether there is any such guest.
    """
    going_note(cursor, target, made)
    # A stay of a guest who stays is theirs too: it goes, but not before its time.
    cursor.execute(
        "DELETE FROM leaving_rows s WHERE s.record = %(record)s AND s.row_id IN (SELECT p.stay_id"
        f" FROM customers_stayparticipant p WHERE p.stay_id = ANY ({_NOTED}) AND NOT EXISTS"
        " (SELECT FROM leaving_rows g WHERE g.record = 'customer' AND g.row_id = p.customer_id))",
        {"record": "stay"},
    )
    cursor.execute("DELETE FROM leaving_rows WHERE record <> ALL (%s)", [list(SHOWN)])
    for record, rows in with_parts(cursor, target, made).held.items():
        cursor.execute(
            "INSERT INTO leaving_rows SELECT %s, unnest(%s::bigint[])", [_STAYS + record, statements.keys(rows)]
        )
    cursor.execute(
        "INSERT INTO customers_leaving (business_id, record, first_id, last_id, undo_id)"
        " SELECT NULLIF(current_setting('innkeeper.business', true), '')::bigint, record, min(row_id), max(row_id), %s"
        " FROM (SELECT record, row_id, row_id - row_number() OVER (PARTITION BY record ORDER BY row_id) AS island"
        " FROM leaving_rows) r GROUP BY record, island",
        [undo_id],
    )
    for table in ("customers_customerfacts", "customers_segmentmember", "customers_presence"):
        cursor.execute(f"DELETE FROM {table} WHERE customer_id = ANY ({_NOTED})", {"record": "customer"})
    cursor.execute("SELECT EXISTS (SELECT FROM leaving_rows WHERE record = 'customer')")
    (found,) = cursor.fetchone()
    cursor.execute("DROP TABLE leaving_rows")
    return bool(found)


def target_of(cursor: Any, *, undo_id: int, change_set_id: int, restricted: int) -> Target:
    """A set that is being undone, without what was to stay when its undo began, ``restricted`` rows among it."""
    cursor.execute(
        "SELECT substr(record, %s), array_agg(n) FROM customers_leaving, generate_series(first_id, last_id) n"
        " WHERE undo_id = %s AND starts_with(record, %s) GROUP BY record",
        [len(_STAYS) + 1, undo_id, _STAYS],
    )
    return Target(change_set_id, dict(cursor.fetchall()), restricted)


def words_forget(cursor: Any, *, undo_id: int) -> None:
    """Take the words of guests who leave out of the look-up: it would meet them, see nobody, and look further."""
    guests = _leaving(cursor, undo_id)
    for start in range(0, len(guests), _WORDS):
        cursor.execute(
            "DELETE FROM customers_posting p USING customers_customer c"
            " CROSS JOIN LATERAL unnest(string_to_array(c.search_tokens, ' ')) AS t (token)"
            " WHERE c.id = ANY (%s::bigint[]) AND p.token = t.token AND p.customer_id = c.id",
            [statements.keys(guests[start : start + _WORDS])],
        )


def remove_some(
    cursor: Any, model: type[TrackedModel], target: Target, *, after: int, most: int, guests_leave: bool
) -> Removed:
    """Remove up to ``most`` rows that the set made of a table, in the order of their ids, from those behind ``after``.

    A row that has been touched or used since stays. Of guests who leave no facts are counted.
    """
    record = str(model._meta.model_name)
    cursor.execute(
        "SELECT row_id FROM customers_change WHERE change_set_id = %s AND record = %s AND act = 'I' AND row_id > %s"
        " AND row_id <> ALL (%s::bigint[]) ORDER BY row_id LIMIT %s",
        [target.id, record, after, statements.keys(target.held.get(record, ())), most],
    )
    ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return Removed(0, 0, None)
    with _facts_of_others(cursor) if guests_leave else nullcontext():
        removed = statements.remove(cursor, model, target, ids)
    return Removed(len(ids), removed, ids[-1])


@contextmanager
def _facts_of_others(cursor: Any) -> Iterator[None]:
    """Count facts once, at the end, and of nobody who leaves."""
    cursor.execute("SELECT customers_facts_once()")
    yield
    cursor.execute("SELECT set_config('innkeeper.facts', '', true)")
    cursor.execute(
        "SELECT customers_facts_refresh(array_agg(w.id)), set_config('innkeeper.facts_waiting', '', true)"
        " FROM unnest(customers_facts_waiting()) w (id) WHERE NOT EXISTS"
        " (SELECT FROM customers_leaving l WHERE l.record = 'customer' AND w.id BETWEEN l.first_id AND l.last_id)"
    )


def sight_restore(cursor: Any, *, undo_id: int) -> int:
    """Bring back into sight what an undo has not removed after all; returns how many guests.

    They get their facts, words and presence anew, and nothing leaves any longer because of this undo.
    """
    guests = statements.keys(_leaving(cursor, undo_id))
    cursor.execute("DELETE FROM customers_leaving WHERE undo_id = %s", [undo_id])
    if guests == statements.keys(()):
        return 0
    cursor.execute(
        "SELECT customers_facts_refresh(%(guests)s::bigint[]), customers_postings_return(%(guests)s::bigint[])",
        {"guests": guests},
    )
    cursor.execute(
        "SELECT customers_presence_refresh(array_agg(DISTINCT stay_id)) FROM customers_stayparticipant"
        " WHERE customer_id = ANY (%s::bigint[])",
        [guests],
    )
    return guests.count(",") + 1


def _leaving(cursor: Any, undo_id: int) -> list[int]:
    """The guests who leave because of an undo and are still there."""
    cursor.execute(
        "SELECT c.id FROM customers_leaving l JOIN customers_customer c ON c.id BETWEEN l.first_id AND l.last_id"
        " WHERE l.undo_id = %s AND l.record = 'customer' ORDER BY c.id",
        [undo_id],
    )
    return [row[0] for row in cursor.fetchall()]
