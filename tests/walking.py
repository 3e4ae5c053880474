"""To walk over all of a kind, routes or operations, some of them in one furnished house."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

TOGETHER = 8
"""Tried in one furnished house: to furnish two takes as long as to try a few."""


def groups(name: str, members: Sequence[Any]) -> Any:
    """The members, some together, as the test's parameter ``name``."""
    parts = [members[place : place + TOGETHER] for place in range(0, len(members), TOGETHER)]
    return pytest.mark.parametrize(name, parts, ids=[f"{part[0]}–{part[-1]}" for part in parts])


@contextmanager
def naming(member: Any) -> Iterator[None]:
    """A failure says at which of them."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"at {member}")
        raise
