"""Working ahead: the same items in the same order, one in hand, and errors where they belong."""

import threading
from collections.abc import Iterator

import pytest

from imports.ahead import ahead


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
