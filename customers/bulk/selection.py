"""Which guests an action is meant for: some by id, or all that a filter and a search text find; and what it would do.

A batch locks its cards in the order of their ids, as every service does, and then sorts its guests: those that are left
as they are, each for one reason, and those to be written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone
from phonenumbers import country_code_for_region

from accounts.models import Business
from accounts.tenancy import require_business_id
from customers.bulk.models import BulkGuests, BulkRun
from customers.bulk.registry import GONE, RESTRICTED, Action, Left, Values
from customers.filters import EMPTY, Group, Sql
from customers.listing.selectors import guests_found, matching_sql
from customers.search.fetch_sql import scanning

_COMMON = f"WHEN g.is_restricted THEN '{RESTRICTED}'"
_SORT = """
    SELECT w.id, CASE WHEN g.id IS NULL THEN '{gone}' {common} {cases} END
    FROM unnest(%(ids)s::bigint[]) AS w (id)
    LEFT JOIN customers_customer g ON g.id = w.id {joins}
    ORDER BY w.id
"""
_LOOK_THROUGH = """
    SELECT reason, count(*) FROM (
        SELECT CASE {common} {cases} END AS reason
        FROM ({matching}) AS w (id)
        JOIN customers_customerfacts g ON g.customer_id = w.id {joins}
    ) looked GROUP BY reason
"""


@dataclass(frozen=True)
class Selection:
    """Guests by id, or, with ``ids`` left out, all that match ``tree`` and the search ``text`` at that moment."""

    ids: tuple[int, ...] | None = None
    tree: Group = EMPTY
    text: str = ""

    @property
    def is_everyone(self) -> bool:
        """Whether it is all that match."""
        return self.ids is None

    def matching(self, *, business: Business) -> Sql:
        """SQL of the guests' ids. Raises :class:`~customers.filters.TreeError` for a filter that names what is gone."""
        if self.ids is not None:
            return Sql("SELECT DISTINCT unnest(%s::bigint[])", [list(self.ids)])
        found = guests_found(
            text=self.text,
            today=timezone.localdate(timezone=business.zone),
            calling_code=country_code_for_region(business.country) or None,
        )
        return matching_sql(tree=self.tree, match=found.match)

    def statement(self, *, business: Business) -> tuple[str, dict[str, Any]]:
        """The same with its values by name, to stand in a larger statement."""
        matching = self.matching(business=business)
        values = {f"matching_{place}": value for place, value in enumerate(matching.values)}
        names = iter(values)
        return re.sub(r"%(%|s)", lambda it: "%%" if it[1] == "%" else f"%({next(names)})s", matching.text), values


@dataclass(frozen=True)
class Sorted:
    """Guests of a batch: those to be written, and those left as they are by reason."""

    wanted: list[int] = field(default_factory=list)
    left: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """What an action would do: how many guests are meant, how many of them change, how many are left by reason."""

    total: int
    wanted: int
    left: dict[str, int]

    @property
    def unchanged(self) -> int:
        """How many are left as they are."""
        return self.total - self.wanted


def guests_count(*, selection: Selection, business: Business) -> int:
    """How many guests are meant."""
    statement, values = selection.statement(business=business)
    with scanning(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({statement}) chosen", values)
        return int(cursor.fetchone()[0])


def guests_freeze(*, run: BulkRun, selection: Selection, business: Business, batch: int) -> int:
    """Note the guests of a run, ``batch`` of them in a row; returns how many they are."""
    statement, values = selection.statement(business=business)
    table = BulkGuests._meta.db_table
    with scanning(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (business_id, run_id, number, customer_ids)"
            " SELECT %(business)s, %(run)s, number, array_agg(id ORDER BY id) FROM ("
            f" SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(batch)s AS number FROM ({statement}) chosen (id)"
            ") numbered GROUP BY number RETURNING cardinality(customer_ids)",
            {**values, "business": require_business_id(), "run": run.pk, "batch": batch},
        )
        return sum(row[0] for row in cursor.fetchall())


def guests_lock(*, ids: Sequence[int]) -> None:
    """Lock cards until the transaction ends, in id order, so that two acts never wait for each other in a circle."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT id FROM customers_customer WHERE id = ANY (%s) ORDER BY id"
            " FOR NO KEY UPDATE) locked",
            [list(ids)],
        )


def guests_sort(*, action: Action, values: Values, ids: Sequence[int]) -> Sorted:
    """Which of these guests the action writes, and why it leaves the others."""
    found = Sorted()
    with connection.cursor() as cursor:
        cursor.execute(*_sorting(action.left(values), ids))
        for customer_id, reason in cursor.fetchall():
            if reason is None:
                found.wanted.append(customer_id)
            else:
                found.left.setdefault(reason, []).append(customer_id)
    return found


def guests_preview(*, action: Action, values: Values, selection: Selection, business: Business) -> Preview:
    """What the action would do now, without writing: a whole register is looked through in its facts."""
    with connection.cursor() as cursor:
        if selection.ids is not None:
            statement, given = _sorting(action.left(values), sorted(set(selection.ids)))
            cursor.execute(f"SELECT reason, count(*) FROM ({statement}) looked (id, reason) GROUP BY reason", given)
        else:
            left = (action.left_of_facts or action.left)(values)
            matching, given = selection.statement(business=business)
            statement = _LOOK_THROUGH.format(common=_COMMON, cases=left.cases, joins=left.joins, matching=matching)
            with scanning():
                cursor.execute(statement, {**given, **left.values})
        counts = dict(cursor.fetchall())
    total, wanted = sum(counts.values()), counts.pop(None, 0)
    return Preview(total, wanted, counts)


def _sorting(left: Left, ids: Sequence[int]) -> tuple[str, dict[str, Any]]:
    statement = _SORT.format(gone=GONE, common=_COMMON, cases=left.cases, joins=left.joins)
    return statement, {**left.values, "ids": list(ids)}
