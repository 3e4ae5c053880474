"""Reads of facts: which day it is for a business, its guests by the batch, and where a day has turned."""

import datetime as dt
from collections.abc import Iterator, Sequence

from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import require_business_id
from customers.card.models import Customer
from customers.search.fetch_sql import rows

BATCH = 5_000
"""Guests counted by one statement: few enough for memory, many enough that each table is read in one go."""

DUE_MAX = 10_000


def facts_today() -> dt.date:
    """The day it is for the business in scope."""
    return timezone.localdate(timezone=Business.objects.get(pk=require_business_id()).zone)


def batches(ids: Sequence[int], size: int = BATCH) -> Iterator[list[int]]:
    """Ids by the batch, in their order."""
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])


def facts_batches(size: int = BATCH) -> Iterator[list[int]]:
    """The ids of all guests of the business in scope, in order, by the batch."""
    return batches(list(Customer.objects.order_by("pk").values_list("pk", flat=True)), size)


def facts_rolled(*, since: dt.date, today: dt.date) -> list[int]:
    """Guests of the business in scope whose counted windows moved between two days, in order."""
    return [pk for (pk,) in rows("SELECT customer_id FROM customers_facts_rolled(%s, %s)", [since, today])]


def facts_due_businesses() -> list[int]:
    """Businesses whose day has turned since their windows were counted, the longest waiting first."""
    return [pk for (pk,) in rows("SELECT business_id FROM customers_facts_due(%s)", [DUE_MAX])]
