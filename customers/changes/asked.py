"""What a change set did, asked before and while it is undone."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from customers.changes.statements import keys

OF_CARD = ("customer", "contactpoint", "customertag", "externalid", "relation", "guestfieldvalue", "sensitivedetail")
"""Records of what is known of a guest. Stays, notes and invoices of a restricted one go on."""


Acts = dict[tuple[str, str], int]
"""Changes by (record, act)."""


class Did(NamedTuple):
    """What sets did to which tables; which columns they changed of each record's rows; and of records whose rows were
    changed ``once`` each, and nothing else, which columns together: a list for rows that are alike. Of those whose rows
    all had the ``same`` change, column → old and new value."""

    acts: Acts
    columns: dict[str, list[str]]
    once: dict[str, list[list[str]]]
    same: dict[str, dict[str, list[Any]]]

    @property
    def plain(self) -> dict[str, list[str]]:
        """Of records whose rows were changed once each, and all alike: in which columns."""
        return {record: alike[0] for record, alike in self.once.items() if len(alike) == 1}


def acts_on(cursor: Any, change_set_ids: Sequence[int]) -> Did:
    """What these sets did. Rows that were changed alike, as those a merge moves, are looked at once."""
    cursor.execute(
        """
        WITH c AS MATERIALIZED (
            SELECT record, act, row_id, CASE act WHEN 'U' THEN data END AS data
            FROM customers_change WHERE change_set_id = ANY (%s::bigint[])
        )
        SELECT a.record, a.act, a.columns, sum(a.number), r.once,
               CASE WHEN count(*) = 1 THEN min(a.data::text) END
        FROM (
            SELECT record, act, data, count(*) AS number, ARRAY(SELECT jsonb_object_keys(data)) AS columns
            FROM c GROUP BY record, act, data
        ) a JOIN (SELECT record, count(*) = count(DISTINCT row_id) AS once FROM c GROUP BY record) r USING (record)
        GROUP BY a.record, a.act, a.columns, r.once
        """,
        [keys(change_set_ids)],
    )
    acts: Acts = {}
    columns: dict[str, set[str]] = {}
    alike: dict[str, list[list[str]]] = {}
    same: dict[str, dict[str, list[Any]]] = {}
    for record, act, some, number, each_once, change in cursor.fetchall():
        acts[record, act] = acts.get((record, act), 0) + int(number)
        columns.setdefault(record, set()).update(some)
        if each_once:
            alike.setdefault(record, []).append(sorted(some))
            same[record] = json.loads(change or "{}")
    once = {record: some for record, some in alike.items() if not {(record, "I"), (record, "D")} & acts.keys()}
    same = {record: change for record, change in same.items() if change and len(once.get(record, ())) == 1}
    return Did(acts, {record: sorted(names) for record, names in columns.items()}, once, same)


def join_by_hash(cursor: Any, wanted: bool) -> None:
    """For a big set join by hash alone: of rows written a moment ago the planner knows nothing, expects one of them,
    and would go through the set once for every row."""
    cursor.execute("SELECT set_config('enable_nestloop', %s, true)", ["off" if wanted else "on"])


def lock_guests(cursor: Any, change_set_id: int, *, also: Sequence[int] = ()) -> None:
    """Lock the cards the set touched, in id order like every service, so that two acts never wait in a circle."""
    cursor.execute(
        "SELECT count(*) FROM (SELECT g.id FROM customers_customer g WHERE g.id = ANY (ARRAY(SELECT DISTINCT c.guest_id"
        " FROM customers_change c WHERE c.change_set_id = ANY (%s::bigint[]))) ORDER BY g.id FOR NO KEY UPDATE) locked",
        [keys((change_set_id, *also))],
    )


def of_restricted(cursor: Any, change_set_id: int) -> dict[str, list[int]]:
    """Rows the set changed that tell of a guest who is restricted now, on either side of a relation: record → ids."""
    cursor.execute(
        "WITH restricted AS ("
        " SELECT g.id FROM customers_customer g WHERE g.is_restricted AND (g.id IN ("
        "  SELECT c.guest_id FROM customers_change c WHERE c.change_set_id = %(set)s"
        " ) OR EXISTS (SELECT FROM customers_change c WHERE c.change_set_id = %(set)s AND c.record = 'relation'))"
        ") SELECT DISTINCT c.record, c.row_id FROM customers_change c"
        " WHERE c.change_set_id = %(set)s AND c.record = ANY (%(of_card)s)"
        " AND c.guest_id IN (SELECT id FROM restricted)"
        " UNION SELECT c.record, c.row_id FROM customers_change c JOIN customers_relation r ON r.id = c.row_id"
        " WHERE c.change_set_id = %(set)s AND c.record = 'relation'"
        " AND (r.customer_id IN (SELECT id FROM restricted) OR r.other_id IN (SELECT id FROM restricted))"
        " UNION SELECT c.record, c.row_id FROM customers_change c"
        " WHERE c.change_set_id = %(set)s AND c.record = 'relation' AND c.act = 'D'"
        " AND (c.data ->> 'other_id')::bigint IN (SELECT id FROM restricted)",
        {"set": change_set_id, "of_card": list(OF_CARD)},
    )
    held: dict[str, list[int]] = {}
    for record, row in cursor.fetchall():
        held.setdefault(record, []).append(row)
    return held


def rows_of(cursor: Any, change_set_id: int) -> int:
    """How many rows the set changed, each counted once."""
    cursor.execute(
        "SELECT count(*) FROM (SELECT DISTINCT record, row_id FROM customers_change WHERE change_set_id = %s) r",
        [change_set_id],
    )
    return int(cursor.fetchone()[0])


def sets_restriction(cursor: Any, change_set_id: int) -> bool:
    """Whether the set restricted the processing of a guest's data, or lifted a restriction."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM customers_change c WHERE c.change_set_id = %s AND c.record = 'customer'"
        " AND c.act = 'U' AND c.data ? 'is_restricted')",
        [change_set_id],
    )
    return bool(cursor.fetchone()[0])
