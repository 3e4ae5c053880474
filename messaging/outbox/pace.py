"""How fast: what a transport's rate leaves, and how long to wait after a refusal. Pure.

Of a rate a minute, at most so many messages are given in any sixty seconds. What was given is counted in slots of five
seconds; a slot is forgotten when all of it is more than a minute ago.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final

SLOT: Final = 5
"""Seconds."""
_KEPT: Final = 60 // SLOT
MOST_ATTEMPTS: Final = 10
"""After so many a message is given up: some nine hours."""
_FIRST: Final = dt.timedelta(minutes=1)
_LONGEST: Final = dt.timedelta(hours=3)
RESTS: Final = dt.timedelta(minutes=1)
"""How long nothing is claimed for a transport that could not be reached."""

TURN_SECONDS: Final = 45
"""After so long without a batch a turn is over: its task was lost."""

Taken = list[list[int]]


def slot_of(at: dt.datetime) -> int:
    """The slot that a moment lies in."""
    return int(at.timestamp()) // SLOT


def left(taken: Iterable[list[int]], per_minute: int | None, at: dt.datetime) -> int | None:
    """How many messages may be given now; ``None``: as many as one likes."""
    if per_minute is None:
        return None
    oldest = slot_of(at) - _KEPT
    return max(0, per_minute - sum(count for slot, count in taken if slot >= oldest))


def took(taken: Iterable[list[int]], count: int, at: dt.datetime) -> Taken:
    """The count with ``count`` more, and without what is forgotten."""
    now = slot_of(at)
    kept = {slot: number for slot, number in taken if slot >= now - _KEPT}
    kept[now] = kept.get(now, 0) + count
    return [[slot, kept[slot]] for slot in sorted(kept)]


def turns_with(turns: Iterable[Sequence[Any]], turn: str, most: int, at: dt.datetime) -> list[list[Any]] | None:
    """The turns with this one, counted anew from now on; ``None``: there are ``most`` others.

    One that has not been heard of for a minute is over.
    """
    now = int(at.timestamp())
    others = [list(each) for each in turns if each[0] != turn and each[1] > now]
    return None if len(others) >= most else [*others, [turn, now + TURN_SECONDS]]


def backoff(attempts: int) -> dt.timedelta:
    """How long to wait after so many attempts: a minute, doubled each time, three hours at the most."""
    return min(_LONGEST, _FIRST * 2 ** max(0, attempts - 1))
