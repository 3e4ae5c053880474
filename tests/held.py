"""A transaction that is held open in another connection while a test goes on."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import connection, connections

from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.changes.services import change_set

PATIENCE = 60
T = TypeVar("T")


@dataclass(frozen=True)
class Held(Generic[T]):
    """What the transaction wrote, and its number."""

    made: T
    xid: int


def transaction_number() -> int:
    """The number of the transaction that runs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


@contextmanager
def held_open(business_id: int, write: Callable[[], T]) -> Iterator[Held[T]]:
    """Call ``write`` under an edit in a transaction of another connection, which commits when the block ends."""
    written, let_go = threading.Event(), threading.Event()
    held: list[Held[T]] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            with business_scope(business_id), change_set(kind=ChangeSet.Kind.EDIT, title="Held"):
                held.append(Held(write(), transaction_number()))
                written.set()
                assert let_go.wait(PATIENCE)
        except BaseException as fault:
            faults.append(fault)
        finally:
            written.set()
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert written.wait(PATIENCE)
        if held:
            yield held[0]
    finally:
        let_go.set()
        thread.join(PATIENCE)
    if faults:
        raise faults[0]
