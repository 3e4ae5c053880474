"""The migration operation that makes PostgreSQL record every change of a guest table."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model

from accounts.tenancy.operations import TableOperation

UNRECORDED = ("business_id", "id", "version")
"""Columns that never stand in an update's before and after: the key, and the counter the trigger itself moves."""


class TrackChanges(TableOperation):
    """Generate the triggers of a guest table from its columns; repeat it after a column was added or dropped.

    ``guest`` names the column that holds the card's id. A table without one may give ``guest_query`` instead, SQL that
    finds the card of the row ``{row}`` when it is changed or removed. Of ``sealed`` columns it is recorded that they
    changed, never what they hold.
    """

    def __init__(
        self, name: str, guest: str | None, guest_query: str | None = None, sealed: tuple[str, ...] = ()
    ) -> None:
        super().__init__(name)
        self.guest = guest
        self.guest_query = guest_query
        self.sealed = sealed

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.name, self.guest, self.guest_query, self.sealed], {})

    def statements(self, model: type[Model]) -> Sequence[str]:
        sealed = frozenset(self.sealed)
        return [tracking_statements(model, guest=self.guest, guest_query=self.guest_query, sealed=sealed)]

    def describe(self) -> str:
        return f"Record every change of {self.name}"


def recorded_columns(model: type[Model]) -> list[str]:
    """The columns whose old and new value an update records."""
    columns = [str(field.column) for field in model._meta.local_concrete_fields if not field.generated]
    return [column for column in columns if column not in UNRECORDED]


def tracking_statements(
    model: type[Model], *, guest: str | None, guest_query: str | None = None, sealed: frozenset[str] = frozenset()
) -> str:
    """The trigger functions and triggers of ``model``'s table.

    Statement triggers with transition tables, written out column by column: a tenth of the cost of a generic jsonb
    difference (docs/change-sets.md has the figures).
    """
    table = model._meta.db_table
    record = model._meta.model_name
    columns = recorded_columns(model)
    differences = "\n        || ".join(
        f'CASE WHEN o."{c}" IS DISTINCT FROM n."{c}"'
        + (
            f' THEN \'{{"{c}": ["", "changed"]}}\''
            if c in sealed
            else f' THEN jsonb_build_object(\'{c}\', jsonb_build_array(o."{c}", n."{c}"))'
        )
        + " ELSE '{}'::jsonb END"
        for c in columns
    )
    before, after = (", ".join(f'{row}."{c}"' for c in columns) for row in "on")

    def insert(act: str, source: str, data: str, alias: str) -> str:
        guest_id = "NULL::bigint"
        if guest:
            guest_id = f'{alias}."{guest}"'
        elif guest_query and act != "I":
            guest_id = f"({guest_query.format(row=alias)})"
        return (
            "INSERT INTO customers_change (business_id, change_set_id, record, row_id, guest_id, act, data, xid)\n"
            f"    SELECT {alias}.business_id, act_id, '{record}', {alias}.id, {guest_id}, '{act}',"
            f" {data}, (SELECT pg_current_xact_id()::text::bigint)\n    FROM {source}"
        )

    added = insert("I", "new_rows n", "jsonb_build_object('version', n.version)", "n")
    changed = insert(
        "U",
        "new_rows n JOIN old_rows o ON o.business_id = n.business_id AND o.id = n.id\n"
        # Compared as they are: asked of the difference, it would be put together once more for every row.
        f"    WHERE ROW({before}) IS DISTINCT FROM ROW({after})",
        differences,
        "n",
    )
    unsealed = "".join(f" - '{column}'" for column in sorted(sealed))
    removed = insert("D", "old_rows o", f"to_jsonb(o){unsealed}", "o")

    # A session plans a trigger's statement once, for the number of rows it met first: after an edit of one card the
    # join of a hundred thousand old rows with new ones would be a nested loop.
    def function(name: str, body: str) -> str:
        return (
            f"CREATE OR REPLACE FUNCTION {table}_{name}() RETURNS trigger LANGUAGE plpgsql\n"
            "SET search_path = pg_catalog, public SET enable_nestloop = off AS $$\n"
            "DECLARE\n    act_id bigint := customers_change_set();\n"
            f"BEGIN\n    {body};\n    RETURN NULL;\nEND $$;\n"
        )

    def trigger(name: str, event: str, referencing: str) -> str:
        return (
            f"CREATE OR REPLACE TRIGGER track_{name} AFTER {event} ON {table}\n"
            f"    REFERENCING {referencing} FOR EACH STATEMENT EXECUTE FUNCTION {table}_{name}();\n"
        )

    return (
        function("added", added)
        + function("changed", changed)
        + function("removed", removed)
        + trigger("added", "INSERT", "NEW TABLE AS new_rows")
        + trigger("changed", "UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows")
        + trigger("removed", "DELETE", "OLD TABLE AS old_rows")
        + f"CREATE OR REPLACE TRIGGER count_version BEFORE UPDATE ON {table}\n"
        "    FOR EACH ROW EXECUTE FUNCTION customers_count_version();\n"
    )
