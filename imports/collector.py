"""The collector of reference cycles, kept from going through batches of rows again and again.

A batch is tens of thousands of tuples that are alive until it is done with and then go by themselves. The collector,
which begins anew at every few hundred, takes more than a quarter of the time that reading and matching them takes.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

PILED_UP: Final = 500_000
"""Objects more than the last time, at which it does begin: several batches, some dozens of megabytes."""

_lock = Lock()
_at_rest = 0
_usual = gc.get_threshold()


def collector_rest() -> None:
    """Let it rest in this process for good."""
    gc.set_threshold(PILED_UP, *gc.get_threshold()[1:])


@contextmanager
def collector_resting() -> Iterator[None]:
    """Let it rest in this process inside; blocks may nest and overlap, in several threads, too."""
    global _at_rest, _usual
    with _lock:
        _at_rest += 1
        if _at_rest == 1:
            _usual = gc.get_threshold()
            collector_rest()
    try:
        yield
    finally:
        with _lock:
            _at_rest -= 1
            if not _at_rest:
                gc.set_threshold(*_usual)
