"""The SQL of an undo: one statement a table and kind of change, whatever the number of rows.

Every function takes an open cursor, a guest table and the change set to take back; ``ids`` narrows it to some rows.
Several changes of one row inside one change set are folded first: the oldest old and the newest new value count.

What a set did is worked out once a statement (``MATERIALIZED``): a planner that knows little of either side may go
through it for every row of a table, and working it out anew each time took a hundred times as long.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder

from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.changes.folding import GONE, OF_SET, folded
from customers.changes.models import TrackedModel
from customers.changes.operations import UNRECORDED, recorded_columns
from customers.changes.piecewise import Ids


@dataclasses.dataclass(frozen=True)
class Target:
    """The change set to take back. ``held`` are rows, by record, that stay as they are whatever the set did to them;
    ``restricted`` of them because their guest is. ``also`` are later sets to take back with it, as if they were one.
    ``plain`` are records of which every row was changed once, and in the same columns: these."""

    id: int
    held: Mapping[str, Sequence[int]]
    restricted: int
    also: Sequence[int] = ()
    plain: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)


PARTS = ("contactpoint", "customertag", "externalid", "guestfieldvalue")
"""Records that make up a card beside it: they stay with one that stays."""

_MADE = f"""
    WITH settled AS (
        SELECT unnest(ARRAY[x.id, y.id]) AS id FROM customers_changeset x
        JOIN customers_changeset y ON y.id = x.undone_by_id
        WHERE x.state = 'undone' AND x.id > %(set)s AND y.result ->> 'kept' = '0'
    ), steps AS (
        SELECT u.row_id, u.id FROM customers_change u
        WHERE u.change_set_id = ANY (ARRAY(SELECT id FROM settled)) AND u.record = %(record)s AND u.act = 'U'
        UNION ALL
        SELECT c.row_id, c.id FROM customers_change c WHERE {OF_SET} AND c.act = 'U'
    )
    SELECT c.row_id, (c.data ->> 'version')::int + count(steps.id) AS version
    FROM customers_change c LEFT JOIN steps ON steps.row_id = c.row_id AND steps.id > c.id
    WHERE {OF_SET} AND c.act = 'I'
    GROUP BY c.id, c.row_id, c.data
"""
"""Every row the set made and the version it has while untouched: the one it was made with, counted on by the set's own
updates and by those of later acts undone completely, together with their undoing."""


def restore(cursor: Any, model: type[TrackedModel], target: Target, ids: Ids, *, yielding: bool = False) -> int:
    """Insert deleted rows again, with their ids, where their parents are there; returns how many came back.

    A column that did not exist when the row was deleted takes its default. With ``yielding`` a row gives up its flags
    among siblings and takes a free place, rather than stay away.
    """
    table = model._meta.db_table
    columns = [*UNRECORDED, *recorded_columns(model)]
    values = {column: f'r."{column}"' for column in columns}
    there = []
    for field in _references_of(model):
        value = f'r."now_{field.column}"' if _is_card(field) else f'r."{field.column}"'
        parent = f"EXISTS (SELECT FROM {field.related_model._meta.db_table} p WHERE p.id = {value})"
        values[field.column] = value
        if field.null:
            values[field.column] = f"CASE WHEN {parent} THEN {value} END"
        else:
            there.append(f"AND {parent}")
    if yielding:
        values |= dict.fromkeys(model.exclusive, "false")
        if model.places is not None:
            values[model.places[0]] = free_place(model, values[model.places[1]])
    now, lines = _lines(model, {"now": "r"})
    cursor.execute(
        f"""
        INSERT INTO {table} ({", ".join(f'"{column}"' for column in columns)})
        SELECT {", ".join(values[column] for column in columns)}
        FROM (
            SELECT r.*{now} FROM ({GONE}) gone
            CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, %(defaults)s::jsonb || gone.data) r {lines}
            OFFSET 0  -- first the rows, then the joins: not a join for every row
        ) r
        WHERE NOT EXISTS (SELECT FROM {table} t WHERE t.id = r.id) {" ".join(there)}
        ORDER BY r.id
        """,
        parameters(model, target, ids) | {"defaults": _defaults(model)},
    )
    return int(cursor.rowcount)


def free_place(model: type[TrackedModel], sibling: str) -> str:
    """SQL: the first place of a model's that is free among the rows that share ``sibling``."""
    column, shared, number = model.places or ("", "", 0)
    return (
        f"(SELECT min(n) FROM generate_series(1, {number}) n WHERE NOT EXISTS"
        f' (SELECT FROM {model._meta.db_table} x WHERE x."{shared}" = {sibling} AND x."{column}" = n))'
    )


def missing(cursor: Any, model: type[TrackedModel], target: Target) -> list[int]:
    """Ids of deleted rows that are not there."""
    cursor.execute(
        f"SELECT row_id FROM ({GONE}) gone"
        f" WHERE NOT EXISTS (SELECT FROM {model._meta.db_table} t WHERE t.id = gone.row_id) ORDER BY row_id",
        parameters(model, target, None),
    )
    return [row[0] for row in cursor.fetchall()]


def revert(
    cursor: Any,
    model: type[TrackedModel],
    target: Target,
    ids: Ids,
    *,
    columns: Sequence[str],
    told: Sequence[str] = (),
) -> dict[int, bool]:
    """Set ``columns`` back to their oldest value where they still hold the newest one; returns the ids of changed rows,
    and whether one of ``told`` does not hold its oldest value now.

    A reference goes back only to a row that is there.
    """
    table = model._meta.db_table
    wanted = list(columns)
    still_new = _still_new(model, wanted)
    before = {column: f'(w.o)."{column}"' for column in wanted}
    for field in _references_of(model):
        column = field.column
        if column in still_new:
            if _is_card(field):
                before[column] = f'w."before_{column}"'
            still_new[column] = f'({still_new[column]} AND w."is_{column}")'
    # A row comes here for the one column alone: what holds of it need not be asked twice.
    assignments = ", ".join(
        f'"{column}" = {before[column]}'
        if len(still_new) == 1
        else f'"{column}" = CASE WHEN {condition} THEN {before[column]} ELSE t."{column}" END'
        for column, condition in still_new.items()
    )
    cursor.execute(
        f"""
        WITH w AS MATERIALIZED ({_before_and_after(model, target, wanted)})
        UPDATE {table} t SET {assignments} FROM w
        WHERE t.id = w.row_id AND ({" OR ".join(still_new.values())})
        RETURNING t.id, {_differs(model, told or wanted)}
        """,
        parameters(model, target, ids),
    )
    return dict(cursor.fetchall())


def withdraw(cursor: Any, model: type[TrackedModel], target: Target, ids: Ids) -> list[int]:
    """Take a flag that one row among siblings may carry from the rows that the set gave it, before another gets it
    back; returns the ids of changed rows."""
    table = model._meta.db_table
    given = {
        column: f"(f.new -> '{column}' = 'true' AND f.old -> '{column}' = 'false' AND t.\"{column}\")"
        for column in model.exclusive
    }
    if not given:
        return []
    assignments = ", ".join(f'"{column}" = t."{column}" AND NOT {condition}' for column, condition in given.items())
    cursor.execute(
        f"WITH f AS MATERIALIZED ({_folded(model, target)}) UPDATE {table} t SET {assignments} FROM f"
        f" WHERE t.id = f.row_id AND ({' OR '.join(given.values())}) RETURNING t.id",
        parameters(model, target, ids),
    )
    return [row[0] for row in cursor.fetchall()]


def edited_since(
    cursor: Any, model: type[TrackedModel], target: Target, *, columns: Sequence[str] | None = None
) -> list[int]:
    """Ids of updated rows of which a column does not hold its oldest value.

    A row that went to yet another card since belongs there. ``columns`` narrows it to some columns.
    """
    wanted = columns or recorded_columns(model)
    cursor.execute(
        f"WITH w AS MATERIALIZED ({_before_and_after(model, target, wanted)})"
        f" SELECT t.id FROM {model._meta.db_table} t JOIN w ON w.row_id = t.id"
        f" WHERE {_differs(model, wanted)} ORDER BY t.id",
        parameters(model, target, None),
    )
    return [row[0] for row in cursor.fetchall()]


def updated(cursor: Any, model: type[TrackedModel], target: Target, *, beside: Sequence[str] = ()) -> list[int]:
    """Ids of the rows the set updated but did not make, in other columns than those ``beside``."""
    cursor.execute(
        f"SELECT row_id FROM ({_folded(model, target)}) f"
        " WHERE f.old - %(beside)s::text[] <> '{}'::jsonb ORDER BY row_id",
        parameters(model, target, None) | {"beside": list(beside)},
    )
    return [row[0] for row in cursor.fetchall()]


def remove(cursor: Any, model: type[TrackedModel], target: Target, ids: Ids) -> int:
    """Delete rows the set made, while untouched since and not pointed to; returns how many.

    Asked by arrays of keys, table by table: however few rows of a business a planner knows of, and however many there
    are, each table is read by an index.
    """
    versions = untouched(cursor, model, target, ids)
    for row in pointed_to(cursor, model, list(versions)):
        versions.pop(row, None)
    if not versions:
        return 0
    table = model._meta.db_table
    cursor.execute(
        f"DELETE FROM {table} t USING unnest(%(ids)s::bigint[], %(versions)s::int[]) w (id, version)"
        " WHERE t.id = ANY (%(ids)s::bigint[]) AND t.id = w.id AND t.version = w.version",
        {"ids": keys(versions), "versions": keys(versions.values())},
    )
    return int(cursor.rowcount)


def untouched(cursor: Any, model: type[TrackedModel], target: Target, ids: Ids) -> dict[int, int]:
    """Of the rows the set made those that are there as it left them: id → version."""
    cursor.execute(
        f"WITH w AS MATERIALIZED ({_MADE}) SELECT t.id, t.version FROM w JOIN {model._meta.db_table} t"
        " ON t.id = w.row_id AND t.version = w.version"
        " WHERE %(ids)s::bigint[] IS NULL OR t.id = ANY (%(ids)s::bigint[])",
        parameters(model, target, ids),
    )
    return dict(cursor.fetchall())


def untouched_note(cursor: Any, model: type[TrackedModel], target: Target, *, into: str) -> None:
    """Write those rows as (record, id) into a table of the transaction's own."""
    cursor.execute(
        f"WITH w AS MATERIALIZED ({_MADE}) INSERT INTO {into}"
        f" SELECT %(record)s, t.id FROM w JOIN {model._meta.db_table} t"
        " ON t.id = w.row_id AND t.version = w.version",
        parameters(model, target, None),
    )


def pointed_to(cursor: Any, model: type[TrackedModel], ids: Sequence[int]) -> set[int]:
    """Which of these rows others point to that do not go with them by themselves."""
    found: set[int] = set()
    for child, column in references_to(model):
        cursor.execute(
            f'SELECT DISTINCT x."{column}" FROM {child._meta.db_table} x WHERE x."{column}" = ANY (%s::bigint[])',
            [keys(ids)],
        )
        found.update(row[0] for row in cursor.fetchall())
    return found


def made(cursor: Any, model: type[TrackedModel], target: Target) -> list[int]:
    """Ids of the rows the set made that are there."""
    cursor.execute(
        f"SELECT c.row_id FROM customers_change c JOIN {model._meta.db_table} t ON t.id = c.row_id"
        f" WHERE {OF_SET} AND c.act = 'I' ORDER BY c.row_id",
        parameters(model, target, None),
    )
    return [row[0] for row in cursor.fetchall()]


def parameters(model: type[TrackedModel], target: Target, ids: Ids) -> dict[str, Any]:
    record = str(model._meta.model_name)
    held = keys(target.held.get(record, ()))
    sets = keys((target.id, *target.also))
    return {"set": target.id, "sets": sets, "record": record, "ids": None if ids is None else keys(ids), "held": held}


def _folded(model: type[TrackedModel], target: Target) -> str:
    return folded(target.plain.get(str(model._meta.model_name), ()))


def keys(ids: Iterable[int]) -> str:
    """Ids as the text of an array: a hundred thousand of them one by one take the parser longer than their rows."""
    return "{" + ",".join(map(str, ids)) + "}"


def _before_and_after(model: type[TrackedModel], target: Target, columns: Sequence[str]) -> str:
    """Of every row the set updated: what it changed, and ``o`` and ``n``, rows that hold the old and new values; of
    each column that names a card the one that carries on for it, ``before_…`` and ``after_…``; and of each of
    ``columns`` that refers to a row whether there is one to go back to, ``is_…``."""
    table = model._meta.db_table
    now, lines = _lines(model, {"before": "o", "after": "n"})
    for field in _references_of(model):
        column = field.column
        if column in columns:
            to = f'coalesce("before_{column}".survivor_id, (o)."{column}")' if _is_card(field) else f'(o)."{column}"'
            parent = f"EXISTS (SELECT FROM {field.related_model._meta.db_table} p WHERE p.id = {to})"
            now += f', (o)."{column}" IS NULL OR {parent} AS "is_{column}"'
    return (
        f"SELECT f.row_id, f.old, o, n{now} FROM ({_folded(model, target)}) f"
        f" CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, f.old) o"
        f" CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, f.new) n {lines}"
    )


def _lines(model: type[TrackedModel], rows: Mapping[str, str]) -> tuple[str, str]:
    """SQL: for each column that names a card a further one of that name with a prefix, by the row it is read from: the
    card that carries on for it; and the joins."""
    columns, joins = "", ""
    for field in _references_of(model):
        if _is_card(field):
            for prefix, row in rows.items():
                name = f"{prefix}_{field.column}"
                columns += f', coalesce("{name}".survivor_id, ({row})."{field.column}") AS "{name}"'
                joins += f' LEFT JOIN customers_cardlineage "{name}" ON "{name}".absorbed_id = ({row})."{field.column}"'
    return columns, joins


def _still_new(model: type[TrackedModel], columns: Sequence[str]) -> dict[str, str]:
    """SQL: whether a row still holds what the set wrote; of a card, or is with the one that carries on for it."""
    still = {
        column: f'(w.old ? \'{column}\' AND t."{column}" IS NOT DISTINCT FROM (w.n)."{column}")' for column in columns
    }
    for field in _references_of(model):
        if _is_card(field) and field.column in still:
            still[field.column] = (
                f'(w.old ? \'{field.column}\' AND (t."{field.column}" IS NOT DISTINCT FROM (w.n)."{field.column}"'
                f' OR t."{field.column}" = w."after_{field.column}"))'
            )
    return still


def _differs(model: type[TrackedModel], columns: Sequence[str]) -> str:
    """SQL: whether a column does not hold its oldest value; a row that went to yet another card belongs there."""
    conditions = {
        column: f'(w.old ? \'{column}\' AND t."{column}" IS DISTINCT FROM (w.o)."{column}")' for column in columns
    }
    cards = [column for column in card_columns(model) if column in conditions]
    for column, still in _still_new(model, cards).items():
        conditions[column] = f'({still} AND t."{column}" IS DISTINCT FROM w."before_{column}")'
    return f"({' OR '.join(conditions.values())})"


def _defaults(model: type[TrackedModel]) -> str:
    """What a column takes that is younger than the row: the model's default, as JSON."""
    fields = [field for field in model._meta.local_concrete_fields if field.column not in UNRECORDED]
    values = {field.column: field.get_default() for field in fields if field.has_default() or not field.null}
    return json.dumps(values, cls=DjangoJSONEncoder)


def card_columns(model: type[TrackedModel]) -> list[str]:
    """The columns that name a card."""
    return [str(field.column) for field in _references_of(model) if _is_card(field)]


def _is_card(field: TenantForeignKey) -> bool:
    return str(field.related_model._meta.label) == "customers.Customer"


@cache
def _references_of(model: type[TrackedModel]) -> tuple[TenantForeignKey, ...]:
    return tuple(field for field in model._meta.local_concrete_fields if isinstance(field, TenantForeignKey))


@cache
def references_to(model: type[TrackedModel]) -> tuple[tuple[type[TenantModel], str], ...]:
    """(table, column) of everything that points at ``model`` and does not go away with it by itself."""
    return tuple(
        (other, str(field.column))
        for other in apps.get_models()
        if issubclass(other, TenantModel)
        for field in other._meta.local_concrete_fields
        if isinstance(field, TenantForeignKey) and field.related_model is model and field.db_on_delete != "CASCADE"
    )
