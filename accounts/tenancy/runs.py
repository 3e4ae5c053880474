"""What runs in the background have in common: work that stands in a row of the database, written in batches.

A message only nudges. A run that has fallen silent is found by a sweep, in whichever business.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

SILENT_AFTER = timedelta(seconds=90)
"""A run at work says so every few seconds."""
SWEPT_AT_ONCE = 100
_ATTEMPTS = 3
_PASSING = ("40P01", "40001", "55P03")
"""Deadlock, serialisation failure, lock not available: tried again, they pass."""

T = TypeVar("T")


def nudge(task: Any, run: Any) -> None:
    """Let a worker know of a run, its row, after the commit. A broker away loses nothing: the sweep finds it."""
    transaction.on_commit(lambda: task.delay(run.business_id, run.pk), robust=True)


def tried_again(write: Callable[[], T], *, passes: Callable[[DatabaseError], bool] = lambda error: False) -> T:
    """``write``, a batch in a transaction of its own; a deadlock, and what else ``passes``, is tried again twice."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return write()
        except (OperationalError, IntegrityError) as error:
            passing = passes(error) or getattr(error.__cause__, "pgcode", None) in _PASSING
            if not passing or attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def runs_due(function: str, *arguments: Any, silent: timedelta, most: int = SWEPT_AT_ONCE) -> list[tuple[int, int]]:
    """(business, run) of runs of any business that have been silent for so long, as a function of the database names
    them; ``function`` takes ``arguments``, an interval and a number."""
    places = "".join("%s, " for _each in arguments)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT business_id, run_id FROM {function}({places}make_interval(secs => %s), %s)",
            [*arguments, silent.total_seconds(), most],
        )
        return [(business_id, run_id) for business_id, run_id in cursor.fetchall()]
