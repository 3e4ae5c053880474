"""Working ahead: the next item is made while the current one is being used."""

import os
import pickle
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import BinaryIO, Final, NoReturn, TypeVar, cast

from imports.collector import collector_rest

T = TypeVar("T")

_END = object()
_FIRST_FILE: Final = 3
"""Below are the standard streams."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class WorkerLost(Exception):
    """The process that made the items has died."""


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, each made in a thread while its predecessor is used; never more than one in hand.

    For pure work beside a wait for the database: `items` must not touch the database itself. What making an item raises
    is raised where the item would have come.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead") as pool:
        coming = pool.submit(next, items, _END)
        while (item := coming.result()) is not _END:
            coming = pool.submit(next, items, _END)
            yield item  # type: ignore[misc]


def ahead_apart(items: Iterator[T]) -> Iterator[T]:
    """The same, each made in a process of its own: for work that would take the interpreter from its user.

    `items` must touch neither the database nor a file that is open already; items and errors come as pickles. Raises
    WorkerLost when the process dies. Left early, or killed, this process leaves none behind.
    """
    reading, writing = os.pipe()
    worker = os.fork()
    if not worker:
        os.close(reading)
        _make(items, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        try:
            while (item := _taken(stream)) is not _END:
                yield item  # type: ignore[misc]
        finally:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(worker, 0)


def _make(items: Iterator[object], writing: int) -> NoReturn:
    """Make the items and end, without a word to anything this process shares with the one it was forked from."""
    try:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        collector_rest()
        # The database must hear of it when the process that was forked dies: nobody else may hold its connections.
        os.closerange(_FIRST_FILE, writing)
        os.closerange(writing + 1, os.sysconf("SC_OPEN_MAX"))
        with os.fdopen(writing, "wb") as out:
            try:
                for item in items:
                    pickle.dump((item, None), out, pickle.HIGHEST_PROTOCOL)
                    out.flush()
                pickle.dump((None, None), out)
            except Exception as error:
                pickle.dump((None, _sent(error)), out)
    finally:
        os._exit(0)


def _sent(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:
        return RuntimeError(repr(error))
    return error


def _taken(stream: BinaryIO) -> object:
    try:
        # Written by the process that was forked here, over a pipe nobody else has.
        item, error = cast(tuple[object, Exception | None], pickle.load(stream))  # noqa: S301
    except (EOFError, pickle.UnpicklingError) as lost:
        raise WorkerLost from lost
    if error is not None:
        raise error
    return _END if item is None else item
