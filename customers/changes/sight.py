"""The migration operation that puts rows on their way out (:class:`~customers.changes.models.Leaving`) out of sight."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


def sight_condition(*, guest: tuple[str, ...] = (), stay: tuple[str, ...] = ()) -> str:
    """What a row must satisfy to be seen: none of the guests and stays that its columns name is leaving."""
    asked = [f"customers_stays_here('customer', {column})" for column in guest]
    asked += [f"customers_stays_here('stay', {column})" for column in stay]
    return f"(SELECT customers_nothing_leaves()) IS NOT NULL OR ({' AND '.join(asked)})"


class HideLeaving(Operation):
    """Let a guest table be read without the rows of guests and stays that are leaving.

    ``guest`` and ``stay`` are the columns that name such a row. The policy narrows the one that keeps businesses apart;
    writing is not touched, because a row that cannot be read cannot be found to be written either.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, name: str, guest: tuple[str, ...] = (), stay: tuple[str, ...] = ()) -> None:
        self.name = name
        self.guest = guest
        self.stay = stay

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.name, self.guest, self.stay], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing changes in the models."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: Any,
        to_state: Any,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table, condition = model._meta.db_table, sight_condition(guest=self.guest, stay=self.stay)
        schema_editor.execute(f'DROP POLICY IF EXISTS leaving ON "{table}"', params=None)
        schema_editor.execute(
            f'CREATE POLICY leaving ON "{table}" AS RESTRICTIVE FOR SELECT USING ({condition})', params=None
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: Any,
        to_state: Any,
    ) -> None:
        model = from_state.apps.get_model(app_label, self.name)
        schema_editor.execute(f'DROP POLICY IF EXISTS leaving ON "{model._meta.db_table}"', params=None)

    def describe(self) -> str:
        return f"Hide what leaves from readers of {self.name}"
