"""Compare facts with the stays and purchases they were counted from, and mend what differs."""

from dataclasses import dataclass

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from customers.card.models import Customer

BATCH = 5_000
FIELDS = "stays, nights, value, currency, first_arrival, last_stay, next_arrival, cancelled, no_shows"
"""All that is counted; ``counted_on`` only says when."""


@dataclass(frozen=True)
class FactsCheck:
    """How many cards were compared, and the ids of those whose facts were not what their history says."""

    checked: int
    differing: list[int]


def facts_check(*, repair: bool = False) -> FactsCheck:
    """Count every guest of the business in scope anew and compare, batch by batch; ``repair`` keeps the new facts."""
    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    differing: list[int] = []
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            differing += _differing(ids[start : start + BATCH])
            if not repair:
                transaction.set_rollback(True)
    return FactsCheck(len(ids), differing)


def _differing(ids: list[int]) -> list[int]:
    """The guests of a batch whose facts changed when they were counted anew just now."""
    with connection.cursor() as cursor:
        before = _facts(cursor, ids)
        cursor.execute("SELECT customers_facts_refresh(%s)", [ids])
        after = _facts(cursor, ids)
    return [pk for pk in ids if before.get(pk) != after.get(pk)]


def _facts(cursor: CursorWrapper, ids: list[int]) -> dict[int, tuple[object, ...]]:
    cursor.execute(f"SELECT customer_id, {FIELDS} FROM customers_customerfacts WHERE customer_id = ANY (%s)", [ids])
    return {row[0]: row[1:] for row in cursor.fetchall()}
