"""What other undos had to leave while an act stood in their way: found when that act is undone itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from customers.changes.statements import Target, keys


@dataclass
class Undone:
    """An earlier set that was undone, by the act ``by``, while a later one stood.

    ``touched`` are the rows of both, by record: the later one held them elsewhere, or had deleted them. ``left`` are
    those that its undo left, because their place was taken or what they belong to was away.
    """

    id: int
    by: int
    left: Mapping[str, Sequence[int]]
    touched: dict[str, list[int]] = field(default_factory=dict)


def undone_meanwhile(cursor: Any, target: Target) -> list[Undone]:
    """Sets before this one, undone while it stood, of which there is something to do now; the latest first."""
    sets = sorted((target.id, *target.also))
    cursor.execute(
        "SELECT x.id, y.id, coalesce(y.result -> 'left', '{}')::text::json"
        " FROM customers_changeset y JOIN customers_changeset x ON x.id = y.undoes_id AND x.undone_by_id = y.id"
        " WHERE y.undoes_id < %(last)s AND y.id > %(first)s AND y.id <> ALL (%(sets)s::bigint[])"
        " AND x.state = 'undone' ORDER BY x.id DESC",
        {"first": sets[0], "last": sets[-1], "sets": keys(sets)},
    )
    undone = [Undone(act, by, left) for act, by, left in cursor.fetchall() if any(act < one < by for one in sets)]
    if not undone:
        return []
    by_id = {each.id: each for each in undone}
    for act, record, rows in _touched_by_both(cursor, sets, undone):
        by_id[act].touched[record] = rows
    near = _of_same_guests(cursor, sets, undone) if any(each.left for each in undone) else set()
    return [each for each in undone if each.touched or (each.left and each.id in near)]


def _touched_by_both(cursor: Any, sets: Sequence[int], undone: Sequence[Undone]) -> list[tuple[int, str, list[int]]]:
    """The rows an undone set had changed and one of these deleted, or changed after a merge: (set, record, rows)."""
    cursor.execute(
        """
        WITH undone AS MATERIALIZED (
            SELECT u.id, u.by, x.kind FROM unnest(%(undone)s::bigint[], %(by)s::bigint[]) u (id, by)
            JOIN customers_changeset x ON x.id = u.id
        ), gone AS MATERIALIZED (
            SELECT d.change_set_id, d.record, d.row_id, d.act FROM customers_change d
            WHERE d.change_set_id = ANY (%(sets)s::bigint[]) AND d.act <> 'I'
        )
        SELECT u.change_set_id, u.record, array_agg(DISTINCT u.row_id)
        FROM gone JOIN customers_change u ON u.record = gone.record AND u.row_id = gone.row_id
            AND u.change_set_id = ANY (%(undone)s::bigint[]) AND u.act = 'U'
        JOIN undone ON undone.id = u.change_set_id AND (gone.act = 'D' OR undone.kind = 'merge')
            AND undone.id < gone.change_set_id AND undone.by > gone.change_set_id
        GROUP BY u.change_set_id, u.record
        """,
        {"sets": keys(sets), "undone": keys(each.id for each in undone), "by": keys(each.by for each in undone)},
    )
    return cursor.fetchall()


def _of_same_guests(cursor: Any, sets: Collection[int], undone: Sequence[Undone]) -> set[int]:
    """Which of these are of guests of ``sets``, or of guests that others of them tie to those."""
    cursor.execute(
        "SELECT DISTINCT change_set_id, guest_id FROM customers_change"
        " WHERE change_set_id = ANY (%s::bigint[]) AND guest_id IS NOT NULL",
        [keys({*sets, *(each.id for each in undone)})],
    )
    guests: dict[int, set[int]] = {}
    for act, guest in cursor.fetchall():
        guests.setdefault(act, set()).add(guest)
    known = set().union(*(guests.pop(act, set()) for act in sets))
    near: set[int] = set()
    while True:
        found = {act for act, theirs in guests.items() if theirs & known}
        if not found:
            return near
        near |= found
        known = known.union(*(guests.pop(act) for act in found))


def away(cursor: Any, undone: Undone, record: str, rows: Collection[int]) -> list[int]:
    """Of rows that an undo left those that it did not bring back, nor an undo after it: whoever deleted one that was
    back meant to."""
    cursor.execute(
        "SELECT r.id FROM unnest(%s::bigint[]) r (id) WHERE coalesce((SELECT c.act FROM customers_changeset y"
        " JOIN customers_change c ON c.change_set_id = y.id AND c.record = %s AND c.row_id = r.id AND c.act <> 'U'"
        " WHERE y.undoes_id IS NOT NULL AND y.id >= %s ORDER BY c.id DESC LIMIT 1), 'D') = 'D'",
        [keys(rows), record, undone.by],
    )
    return [row[0] for row in cursor.fetchall()]
