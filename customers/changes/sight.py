"""The migration operation that puts rows on their way out (:class:`~customers.changes.models.Leaving`) out of sight."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model

from accounts.tenancy.operations import TableOperation


def sight_condition(*, guest: tuple[str, ...] = (), stay: tuple[str, ...] = ()) -> str:
    """What a row must satisfy to be seen: none of the guests and stays that its columns name is leaving."""
    asked = [f"customers_stays_here('customer', {column})" for column in guest]
    asked += [f"customers_stays_here('stay', {column})" for column in stay]
    return f"(SELECT customers_nothing_leaves()) IS NOT NULL OR ({' AND '.join(asked)})"


class HideLeaving(TableOperation):
    """Let a guest table be read without the rows of guests and stays that are leaving.

    ``guest`` and ``stay`` are the columns that name such a row. The policy narrows the one that keeps businesses apart;
    writing is not touched, because a row that cannot be read cannot be found to be written either.
    """

    def __init__(self, name: str, guest: tuple[str, ...] = (), stay: tuple[str, ...] = ()) -> None:
        super().__init__(name)
        self.guest = guest
        self.stay = stay

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.name, self.guest, self.stay], {})

    def statements(self, model: type[Model]) -> Sequence[str]:
        condition = sight_condition(guest=self.guest, stay=self.stay)
        return [
            *self.undoing(model),
            f'CREATE POLICY leaving ON "{model._meta.db_table}" AS RESTRICTIVE FOR SELECT USING ({condition})',
        ]

    def undoing(self, model: type[Model]) -> Sequence[str]:
        return [f'DROP POLICY IF EXISTS leaving ON "{model._meta.db_table}"']

    def describe(self) -> str:
        return f"Hide what leaves from readers of {self.name}"
