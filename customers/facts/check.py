"""Compare facts with the cards, tags, addresses, consents and history they follow from, and mend what differs."""

from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from customers.facts.models import CustomerFacts, RegisterFacts
from customers.facts.selectors import facts_batches, facts_today
from customers.facts.services import facts_refresh, register_facts_count

KEPT: Final = tuple(
    str(field.column)
    for field in CustomerFacts._meta.local_concrete_fields
    if field.column not in ("business_id", "customer_id", "counted_on")
)
"""All that is counted or copied; ``counted_on`` only says when."""


@dataclass(frozen=True)
class FactsCheck:
    """How many cards were compared, and the ids of those whose facts were not what the register says.

    ``spread_moved``: the values of the guests are spread otherwise than when the day turned. Every payment moves them,
    so that alone is no fault.
    """

    checked: int
    differing: list[int]
    spread_moved: bool


def facts_check(*, repair: bool = False) -> FactsCheck:
    """Count every guest of the business in scope anew and compare, batch by batch; ``repair`` keeps the new facts."""
    checked = 0
    differing: list[int] = []
    for ids in facts_batches():
        checked += len(ids)
        with transaction.atomic():
            differing += _differing(ids)
            if not repair:
                transaction.set_rollback(True)
    with transaction.atomic():
        moved = _spread_moved()
        if not repair:
            transaction.set_rollback(True)
    return FactsCheck(checked, differing, moved)


def _differing(ids: list[int]) -> list[int]:
    """The guests of a batch whose facts changed when they were counted anew just now."""
    with connection.cursor() as cursor:
        before = _facts(cursor, ids)
        facts_refresh(ids=ids)
        after = _facts(cursor, ids)
    return [pk for pk in ids if before.get(pk) != after.get(pk)]


def _facts(cursor: CursorWrapper, ids: list[int]) -> dict[int, tuple[object, ...]]:
    cursor.execute(
        f"SELECT customer_id, {', '.join(KEPT)} FROM customers_customerfacts WHERE customer_id = ANY (%s)", [ids]
    )
    return {row[0]: row[1:] for row in cursor.fetchall()}


def _spread_moved() -> bool:
    spread = RegisterFacts.objects.values_list("currency", "value_percentiles", "guests")
    before = spread.first()
    register_facts_count(today=facts_today())
    return before != spread.first()
