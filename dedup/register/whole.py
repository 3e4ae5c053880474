"""The whole register in memory: read once, as columns of numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from accounts.tenancy import require_business_id
from dedup.engine import GUEST_FIELDS, Table, columns
from dedup.register.profiles import BETWEEN, unpacked

CHUNK: Final = 50_000
"""Profiles a statement."""
Numbers = NDArray[np.int64]
_PAGE: Final = """
    SELECT string_agg(p.customer_id::text, ',' ORDER BY p.customer_id),
           string_agg(p.profile, %s ORDER BY p.customer_id)
    FROM (
        SELECT customer_id, profile FROM dedup_cardprofile
        WHERE business_id = %s AND customer_id > %s ORDER BY customer_id LIMIT %s
    ) p
"""


@dataclass(frozen=True)
class Whole:
    """The cards of a register: row ``i`` of the table is the card ``ids[i]``; ids rise."""

    ids: Numbers
    table: Table

    def rows_of(self, pairs: Sequence[tuple[int, int]] | set[tuple[int, int]]) -> Numbers:
        """Pairs of cards as pairs of rows, int64[k, 2]; those of which a card is not here are left out."""
        wanted = np.array(sorted(pairs), np.int64).reshape(-1, 2)
        if not len(self.ids):
            return np.zeros((0, 2), np.int64)
        rows = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        return rows[(self.ids[rows] == wanted).all(axis=1)]


def whole_read() -> Whole:
    """All profiles of the business in scope."""
    ids: list[Numbers] = []
    table = Table.from_pages(_pages(ids))
    return Whole(np.concatenate(ids) if ids else np.zeros(0, np.int64), table)


def _pages(ids: list[Numbers]) -> Iterator[list[list[str]]]:
    """The profiles in the order of the cards, whose ids are noted as they pass; a page at a time, column by column.

    A page comes as one text: a million rows one by one took twice as long to read.
    """
    after, width = 0, len(columns(GUEST_FIELDS))
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_PAGE, [BETWEEN, require_business_id(), after, CHUNK])
            cards, profiles = cursor.fetchone()
        if cards is None:
            return
        ids.append(np.array(cards.split(","), np.int64))
        after = int(ids[-1][-1])
        texts = unpacked(profiles)
        if len(texts) != width * len(ids[-1]):
            raise ValueError("A profile has other columns than this engine's.")
        yield [texts[at::width] for at in range(width)]


def _rows() -> Iterator[tuple[str, ...]]:
    for page in _pages([]):
        yield from zip(*page, strict=True)


def sampled(whole: Whole, most: int) -> Whole:
    """So many cards of the register, taken at random, to learn from; the same ones each time."""
    size = len(whole.ids)
    chosen = np.zeros(size, bool)
    chosen[np.random.default_rng(size).choice(size, min(most, size), replace=False)] = True
    # Somebody may have come or gone since: those are no sample.
    profiles = (profile for at, profile in enumerate(_rows()) if at < size and chosen[at])
    return Whole(whole.ids[chosen], Table.from_profiles(profiles))
