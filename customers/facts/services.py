"""Counting facts: some guests, all of them, and those a new day makes different.

Triggers keep facts true with every write (``sql/facts_triggers.sql``); what is here counts by the same functions what
no write announces, or everything from nothing.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, transaction

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.facts.models import RegisterFacts
from customers.facts.selectors import batches, facts_batches, facts_rolled, facts_today

REBUILD_BATCH = 50_000
"""A statement costs a pass over what it reads: of a whole register few large ones are quickest."""
WRITERS = 2
"""Connections that count at once: the machines this is meant for have two cores."""
COUNTERS: list[str] = []
"""Functions of the database, of guests' ids, that count what rooms above ``customers`` know; each adds its own when its
app is ready. Their triggers keep it true; these count it anew."""


def facts_refresh(*, ids: Sequence[int]) -> None:
    """Count everything of these guests of the business in scope anew, in one statement, and what rooms above know."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT customers_facts_refresh(%s)", [list(ids)])
        for counter in COUNTERS:
            cursor.execute(f"SELECT {counter}(%s)", [list(ids)])


@contextmanager
def facts_once(*, new: bool = False) -> Iterator[None]:
    """Inside, writes only note whom they touch; at the end all of those are counted, in one statement.

    `new`: inside, guests are made who have nothing but addresses and tags, and nobody else is touched.

    For a batch that writes the same guests many times over: a row is written once, not once for the card, the
    addresses, the tags and the stays. Inside, the facts of those guests are not to be read. Blocks do not nest: an
    inner one raises :class:`django.db.InternalError`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT customers_facts_once()")
        yield
        count = "customers_facts_begin" if new else "customers_facts_refresh"
        # Rows that rooms above have moved to a card that came back found no facts of it yet; a new card has none.
        counters = (count,) if new else (count, *COUNTERS)
        counted = (f"SELECT {each}(customers_facts_waiting())" for each in counters)
        # One journey to the database: the statements are short for one guest, and there are many acts of one guest.
        cursor.execute(
            f"SELECT set_config('innkeeper.facts', '', true); {'; '.join(counted)};"
            " SELECT set_config('innkeeper.facts_waiting', '', true)"
        )


def facts_rebuild(*, business: Business, writers: int = WRITERS) -> int:
    """Count everything of every guest anew, by several connections at once, one transaction for each of their batches.

    To be called outside any scope. Returns how many guests there are.
    """
    with business_scope(business.pk):
        todo = list(facts_batches(REBUILD_BATCH))

    def count(ids: list[int]) -> int:
        try:
            with business_scope(business.pk):
                facts_refresh(ids=ids)
        finally:
            connection.close()
        return len(ids)

    with ThreadPoolExecutor(writers, thread_name_prefix="facts") as pool:
        counted = sum(pool.map(count, todo))
    with business_scope(business.pk):
        register_facts_count(today=facts_today())
    return counted


def facts_roll(*, business: Business) -> int:
    """Bring a business's facts to its present day: windows that rolled on, and how its values are spread.

    One transaction for each few thousand guests; cut off in between, it begins again and does the same. Returns how
    many guests were counted.
    """
    with business_scope(business.pk):
        today = facts_today()
        counted = RegisterFacts.objects.values_list("counted_on", flat=True).first()
        # Facts that have no day are those of a business that has never been rolled: all are counted.
        ids = facts_rolled(since=counted, today=today) if counted else [pk for some in facts_batches() for pk in some]
    for some in batches(ids):
        with business_scope(business.pk), connection.cursor() as cursor:
            cursor.execute("SELECT customers_facts_history(%s)", [some])
    with business_scope(business.pk):
        register_facts_count(today=today)
    return len(ids)


def register_facts_count(*, today: dt.date) -> None:
    """Count how the values of the guests of the business in scope are spread, as of ``today``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT customers_facts_register(%s)", [today])
