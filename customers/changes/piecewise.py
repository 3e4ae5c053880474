"""One statement for many rows, and where a constraint refuses some, for halves of them."""

from collections.abc import Callable, Sequence

from django.db import DataError, IntegrityError, transaction

Ids = Sequence[int] | None
REFUSED = (IntegrityError, DataError)
"""What a constraint says no by."""


def piecewise(act: Callable[[Ids], None], ids: Ids, everything: Callable[[], Sequence[int]]) -> list[int]:
    """Do ``act`` for ``ids`` (``None``: all) in one statement, and where a constraint refuses, for halves of them.

    Returns the rows refused one by one. ``everything`` names all rows once halving has to begin.
    """
    refused: list[int] = []
    parts: list[Ids] = [ids]
    while parts:
        part = parts.pop()
        try:
            with transaction.atomic():
                act(part)
        except REFUSED:
            rows = everything() if part is None else part
            if len(rows) == 1:
                refused.extend(rows)
            else:
                middle = len(rows) // 2
                parts += [half for half in (rows[middle:], rows[:middle]) if half]
    return refused


def whole(act: Callable[[Ids], None], ids: Ids, everything: Callable[[], Sequence[int]]) -> list[int]:
    """The same for a caller who goes back behind all of it where a constraint refuses: nothing is refused here."""
    act(ids)
    return []
