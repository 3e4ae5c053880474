"""Undo in sets: one statement a table and kind of change, whatever the number of rows.

Several changes of one row inside one change set are folded first: the oldest old and the newest new value count.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection

from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.changes.models import TrackedModel
from customers.changes.operations import recorded_columns

KEPT_SAMPLE = 50
"""How many kept rows an outcome names; their number is always exact."""


@dataclass
class UndoOutcome:
    """What an undo did, in rows, and what it left as it was because it had been changed or used since."""

    restored: int = 0
    reverted: int = 0
    removed: int = 0
    kept: int = 0
    kept_rows: list[tuple[str, int]] = field(default_factory=list)

    def as_result(self) -> dict[str, Any]:
        """The outcome as stored on the undo's change set."""
        return {
            "restored": self.restored,
            "reverted": self.reverted,
            "removed": self.removed,
            "kept": self.kept,
            "kept_rows": self.kept_rows,
        }

    def keep(self, record: str, rows: list[int]) -> None:
        """Count rows that stay as they are and name the first of them."""
        self.kept += len(rows)
        room = KEPT_SAMPLE - len(self.kept_rows)
        self.kept_rows += [(record, row) for row in rows[:room]]


@cache
def tracked_models() -> tuple[type[TrackedModel], ...]:
    """The guest tables, parents before children."""
    pending = [model for model in apps.get_models() if issubclass(model, TrackedModel)]
    ordered: list[type[TrackedModel]] = []
    while pending:
        for model in pending:
            if all(parent is model or parent in ordered for parent in _tracked_parents(model)):
                ordered.append(model)
                pending.remove(model)
                break
        else:
            raise RuntimeError(f"Guest tables point at each other in a circle: {pending}")
    return tuple(ordered)


def undo_rows(*, change_set_id: int) -> UndoOutcome:
    """Take back the changes of one set, inside the caller's recording and transaction."""
    outcome = UndoOutcome()
    with connection.cursor() as cursor:
        for model in tracked_models():
            outcome.restored += _restore_deleted(cursor, model, change_set_id)
        for model in tracked_models():
            reverted, kept = _revert_updated(cursor, model, change_set_id)
            outcome.reverted += reverted
            outcome.keep(str(model._meta.model_name), kept)
        for model in reversed(tracked_models()):
            removed, kept = _remove_created(cursor, model, change_set_id)
            outcome.removed += removed
            outcome.keep(str(model._meta.model_name), kept)
    return outcome


def _tracked_parents(model: type[TrackedModel]) -> list[type]:
    return [
        item.related_model
        for item in model._meta.local_concrete_fields
        if isinstance(item, TenantForeignKey) and issubclass(item.related_model, TrackedModel)
    ]


def _restore_deleted(cursor: Any, model: type[TrackedModel], change_set_id: int) -> int:
    """Insert deleted rows again, with their ids, unless the set had created them itself or they are back already."""
    table = model._meta.db_table
    cursor.execute(
        f"""
        INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, gone.data)).*
        FROM (
            SELECT DISTINCT ON (c.row_id) c.row_id, c.data
            FROM customers_change c
            WHERE c.change_set_id = %(set)s AND c.record = %(record)s AND c.act = 'D'
              AND NOT EXISTS (SELECT 1 FROM customers_change i WHERE i.change_set_id = c.change_set_id
                              AND i.record = c.record AND i.row_id = c.row_id AND i.act = 'I')
            ORDER BY c.row_id, c.id DESC
        ) gone
        WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.id = gone.row_id)
        """,
        {"set": change_set_id, "record": model._meta.model_name},
    )
    return int(cursor.rowcount)


def _revert_updated(cursor: Any, model: type[TrackedModel], change_set_id: int) -> tuple[int, list[int]]:
    """Set columns back to their oldest value where they still hold the newest one.

    Returns how many rows went back and the ids of rows of which at least one column was kept.
    """
    table = model._meta.db_table
    columns = recorded_columns(model)
    folded = """
        SELECT row_id, jsonb_object_agg(key, value -> 0) FILTER (WHERE first) AS old,
               jsonb_object_agg(key, value -> 1) FILTER (WHERE last) AS new
        FROM (
            SELECT c.row_id, d.key, d.value,
                   row_number() OVER (PARTITION BY c.row_id, d.key ORDER BY c.id) = 1 AS first,
                   row_number() OVER (PARTITION BY c.row_id, d.key ORDER BY c.id DESC) = 1 AS last
            FROM customers_change c CROSS JOIN LATERAL jsonb_each(c.data) d
            WHERE c.change_set_id = %(set)s AND c.record = %(record)s AND c.act = 'U'
              AND NOT EXISTS (SELECT 1 FROM customers_change i WHERE i.change_set_id = c.change_set_id
                              AND i.record = c.record AND i.row_id = c.row_id AND i.act = 'I')
        ) steps GROUP BY row_id
    """
    unchanged = {c: f'(w.old ? \'{c}\' AND t."{c}" IS NOT DISTINCT FROM (w.new_row)."{c}")' for c in columns}
    assignments = ", ".join(
        f'"{c}" = CASE WHEN {unchanged[c]} THEN (w.old_row)."{c}" ELSE t."{c}" END' for c in columns
    )
    touched = " OR ".join(unchanged[c] for c in columns)
    edited = " OR ".join(
        f'(w.old ? \'{c}\' AND t."{c}" IS DISTINCT FROM (w.new_row)."{c}" '
        f'AND t."{c}" IS DISTINCT FROM (w.old_row)."{c}")'
        for c in columns
    )
    source = (
        f"SELECT f.row_id, f.old, jsonb_populate_record(NULL::{table}, f.old) AS old_row,"
        f" jsonb_populate_record(NULL::{table}, f.new) AS new_row FROM ({folded}) f"
    )
    parameters = {"set": change_set_id, "record": model._meta.model_name}
    cursor.execute(
        f"SELECT t.id FROM {table} t JOIN ({source}) w ON w.row_id = t.id WHERE {edited} ORDER BY t.id",
        parameters,
    )
    kept = [row[0] for row in cursor.fetchall()]
    cursor.execute(
        f"UPDATE {table} t SET {assignments} FROM ({source}) w WHERE t.id = w.row_id AND ({touched})",
        parameters,
    )
    return int(cursor.rowcount), kept


def _remove_created(cursor: Any, model: type[TrackedModel], change_set_id: int) -> tuple[int, list[int]]:
    """Delete rows the set created, while untouched since and not pointed to; returns their number and the kept ids."""
    table = model._meta.db_table
    pointed = " ".join(
        f"AND NOT EXISTS (SELECT 1 FROM {child} x WHERE x.{column} = t.id)" for child, column in _references(model)
    )
    # Untouched: the version it was made with, plus the set's own later updates of it.
    created = """
        SELECT c.row_id, (c.data ->> 'version')::int + (
            SELECT count(*) FROM customers_change u WHERE u.change_set_id = c.change_set_id AND u.record = c.record
              AND u.row_id = c.row_id AND u.act = 'U') AS version
        FROM customers_change c
        WHERE c.change_set_id = %(set)s AND c.record = %(record)s AND c.act = 'I'
    """
    parameters = {"set": change_set_id, "record": model._meta.model_name}
    cursor.execute(
        f"DELETE FROM {table} t USING ({created}) w WHERE t.id = w.row_id AND t.version = w.version {pointed}",
        parameters,
    )
    removed = int(cursor.rowcount)
    cursor.execute(
        f"SELECT t.id FROM {table} t JOIN ({created}) w ON w.row_id = t.id ORDER BY t.id",
        parameters,
    )
    return removed, [row[0] for row in cursor.fetchall()]


@cache
def _references(model: type[TrackedModel]) -> tuple[tuple[str, str], ...]:
    """(table, column) of everything that points at ``model`` and does not go away with it by itself."""
    return tuple(
        (other._meta.db_table, item.column)
        for other in apps.get_models()
        if issubclass(other, TenantModel)
        for item in other._meta.local_concrete_fields
        if isinstance(item, TenantForeignKey) and item.related_model is model and item.db_on_delete != "CASCADE"
    )
