"""Migration operations that make tables safe for many businesses.

They read the model's state at their place in the history and can be repeated after a later ``AddField``.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.models import Model

from accounts.tenancy.models import TenantForeignKey

POLICY = "business_id = NULLIF(current_setting('innkeeper.business', true), '')::bigint"
"""What a row must satisfy to be seen or written. An empty setting is NULL and fails closed."""


def app_role() -> str:
    """The name of the role that web, worker and beat connect as."""
    return str(settings.DATABASES["default"]["USER"])


class TableOperation(Operation, ABC):
    """Run SQL that is made of a model as it stands at its place in the history; the models stay as they are.

    Going back runs nothing, unless `undoing` says what: most of it goes with the table.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def statements(self, model: type[Model]) -> Sequence[str]:
        """What is run, in order; safe to run again."""

    def undoing(self, model: type[Model]) -> Sequence[str]:
        """What is run on the way back."""
        return ()

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing changes in the models."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            for statement in self.statements(model):
                schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for statement in self.undoing(from_state.apps.get_model(app_label, self.name)):
            schema_editor.execute(statement, params=None)


class TenantTable(TableOperation):
    """Put a table under its business: key ``(business_id, id)``, composite references, policy and grants.

    ``append_only`` tables can be read and added to, never changed or deleted, by the app role.
    """

    def __init__(self, name: str, append_only: bool = False) -> None:
        super().__init__(name)
        self.append_only = append_only

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (
            self.__class__.__qualname__,
            [self.name],
            {"append_only": True} if self.append_only else {},
        )

    def statements(self, model: type[Model]) -> Sequence[str]:
        return tenant_statements(model, append_only=self.append_only)

    def describe(self) -> str:
        return f"Put {self.name} under its business"


def tenant_statements(model: type[Model], *, append_only: bool) -> list[str]:
    """The SQL that secures ``model``'s table, safe to run again."""
    meta = model._meta
    table, role = meta.db_table, app_role()
    key = _key_columns(model)
    statements = []
    if key == ["business_id", "id"]:
        # Only Django's own key is replaced: dropping ours again would take other tables' references with it.
        statements.append(
            f"DO $$ BEGIN IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = '\"{table}\"'::regclass"
            f" AND contype = 'p' AND cardinality(conkey) = 1) THEN"
            f' ALTER TABLE "{table}" DROP CONSTRAINT "{table}_pkey" CASCADE,'
            f' ADD CONSTRAINT "{table}_pkey" PRIMARY KEY (business_id, id); END IF; END $$'
        )
    tenant_parent = False
    for field in meta.local_concrete_fields:
        if not isinstance(field, TenantForeignKey):
            continue
        on_delete = field.db_on_delete
        tenant_parent = tenant_parent or not field.null
        target = field.related_model._meta
        constraint = f"{table}_{field.column}_tenant_fk"
        action = f"SET NULL ({field.column})" if on_delete == "SET NULL" else on_delete
        statements += [
            f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{constraint}"',
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{constraint}" FOREIGN KEY (business_id, "{field.column}")'
            f' REFERENCES "{target.db_table}" (business_id, id) ON DELETE {action}',
        ]
    if not tenant_parent:
        constraint = f"{table}_business_fk"
        statements += [
            f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{constraint}"',
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{constraint}" FOREIGN KEY (business_id)'
            ' REFERENCES "accounts_business" (id) ON DELETE RESTRICT',
        ]
    rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    statements += [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'DROP POLICY IF EXISTS business ON "{table}"',
        f'CREATE POLICY business ON "{table}" USING ({POLICY}) WITH CHECK ({POLICY})',
        f'REVOKE ALL ON "{table}" FROM "{role}"',
        f'GRANT {rights} ON "{table}" TO "{role}"',
    ]
    return statements


def _key_columns(model: type[Model]) -> list[str]:
    """The columns of the primary key as the database holds it."""
    fields = getattr(model._meta, "pk_fields", None) or [model._meta.pk]
    columns = [field.column for field in fields]
    return ["business_id", "id"] if columns == ["id"] else columns


class SqlFile(Operation):
    """Run one ``sql/*.sql`` file of an app: functions, triggers and grants, each written once and repeatable.

    ``{app}`` in the file stands for the app role.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, path: str) -> None:
        self.path = path

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.path], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing changes in the models."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: Any,
        to_state: Any,
    ) -> None:
        text = (Path(settings.BASE_DIR) / self.path).read_text(encoding="utf-8")
        schema_editor.execute(text.replace("{app}", app_role()), params=None)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: Any,
        to_state: Any,
    ) -> None:
        """Functions and triggers go with their tables."""

    def describe(self) -> str:
        return f"Apply {self.path}"
