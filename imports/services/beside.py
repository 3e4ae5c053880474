"""Asking the register beside a preview, by a connection of its own: the answers are there when their batch is due."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections

from accounts.models import Business
from accounts.tenancy import business_scope
from imports.services.sources import Numbered
from imports.staging import Foreknown, Job, foretell

T = TypeVar("T")


class Beside:
    """Two threads with a connection each that ask questions, each in a transaction of its own: about the batches, and
    about all of the register.
    """

    def __init__(self, business: Business) -> None:
        self._business_id = business.pk
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="beside")
        self._connections: set[Any] = set()

    def ask(self, question: Callable[[], T]) -> "Future[T]":
        """Have a question asked in the scope of the business."""
        return self._pool.submit(self._ask, question)

    def foretold(self, job: Job, batches: Iterator[Numbered]) -> Iterator[tuple[Numbered, Foreknown | None]]:
        """The batches, each with what the register knows of it; while one is used, the next is asked about."""
        # The first is taken here: reading may begin a process, which no thread but this one is to do.
        first = next(batches, None)
        if first is None:
            return
        coming = self.ask(lambda: (first, foretell(job, first.rows)))
        following = self.ask(partial(_next, job, batches))
        yield coming.result()
        while (item := following.result()) is not None:
            following = self.ask(partial(_next, job, batches))
            yield item

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        for used in self._connections:
            # Its thread has ended; nobody else has it.
            used.inc_thread_sharing()
            used.close()

    def _ask(self, question: Callable[[], T]) -> T:
        self._connections.add(connections[DEFAULT_DB_ALIAS])
        with business_scope(self._business_id):
            return question()


def _next(job: Job, batches: Iterator[Numbered]) -> tuple[Numbered, Foreknown] | None:
    batch = next(batches, None)
    return None if batch is None else (batch, foretell(job, batch.rows))
