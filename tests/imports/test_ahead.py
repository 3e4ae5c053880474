"""Working ahead: the same items in the same order, one in hand, and errors where they belong."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from imports.ahead import WorkerLost, ahead, ahead_apart
from imports.readers import FileError


def test_the_same_items_come_in_the_same_order() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter([]))) == []


def test_the_next_item_is_made_while_one_is_used_and_no_more() -> None:
    made: list[int] = []
    second = threading.Event()

    def items() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            if number == 1:
                second.set()
            yield number

    working = ahead(items())
    assert next(working) == 0
    assert second.wait(timeout=10)
    assert made == [0, 1]
    working.close()


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("of the second")

    working = ahead(items())
    assert next(working) == 1
    with pytest.raises(ValueError, match="of the second"):
        next(working)


class Wrong(FileError):
    """An error with a sentence of its own."""

    template = "%(count)s rows are wrong."

    def __init__(self, *, count: int) -> None:
        super().__init__(count=count + 1)


def _failing(error: Exception) -> Iterator[int]:
    yield 1
    raise error


def test_a_process_apart_gives_the_same_items() -> None:
    assert list(ahead_apart(iter(range(1, 100)))) == list(range(1, 100))
    assert list(ahead_apart(iter([]))) == []
    large = "x" * 3_000_000
    assert list(ahead_apart(iter([large, large]))) == [large, large]


def test_an_error_of_a_process_apart_comes_after_the_items_before_it_and_says_the_same() -> None:
    working = ahead_apart(_failing(Wrong(count=6)))
    assert next(working) == 1
    with pytest.raises(Wrong, match=r"^7 rows are wrong\.$"):
        next(working)


def test_an_error_that_cannot_travel_is_told_in_words() -> None:
    class Inner(Exception):
        pass

    working = ahead_apart(_failing(Inner("of the second")))
    assert next(working) == 1
    with pytest.raises(RuntimeError, match="of the second"):
        next(working)


def test_a_process_apart_that_dies_is_noticed_and_none_is_left_behind() -> None:
    def items() -> Iterator[int]:
        yield os.getpid()
        os.kill(os.getpid(), signal.SIGKILL)
        yield 2

    working = ahead_apart(items())
    first = next(working)
    with pytest.raises(WorkerLost):
        next(working)
    assert not Path(f"/proc/{first}").exists()

    def endless() -> Iterator[int]:
        while True:
            yield os.getpid()

    working = ahead_apart(endless())
    left = next(working)
    working.close()
    assert not Path(f"/proc/{left}").exists()
