"""The whole register in memory: read once as columns of numbers, compared by the engine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from accounts.tenancy import require_business_id
from dedup.engine import Found, Model, Table, find
from dedup.engine.find import KEEP_FROM
from dedup.engine.keys import passes
from dedup.engine.pairs import Capped, budget, candidates
from dedup.engine.sides import Side
from dedup.register.comparing import weighed
from dedup.register.profiles import unpacked

CHUNK: Final = 50_000
"""Profiles a statement."""
PAIRS: Final = 500_000
Numbers = NDArray[np.int64]
Tell = Callable[[str, float], None]


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
    table = Table.from_profiles(_profiles(ids))
    return Whole(np.concatenate(ids) if ids else np.zeros(0, np.int64), table)


def _profiles(ids: list[Numbers]) -> Iterator[list[str]]:
    """The profiles in the order of the cards, whose ids are noted as they pass; a page at a time."""
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT customer_id, profile FROM dedup_cardprofile"
                " WHERE business_id = %s AND customer_id > %s ORDER BY customer_id LIMIT %s",
                [require_business_id(), after, CHUNK],
            )
            page = cursor.fetchall()
        if not page:
            return
        ids.append(np.fromiter((row[0] for row in page), np.int64, len(page)))
        after = page[-1][0]
        for _card, profile in page:
            yield unpacked(profile)


def whole_found(whole: Whole, *, apart: Numbers, teach: Callable[[Model], Model], tell: Tell) -> tuple[Found, Model]:
    """All pairs of a register, and the model learned of it before ``teach`` added what people decided."""
    found = find(whole.table, apart=apart, tell=tell)
    learned = found.model
    model = teach(learned)
    return (found if model is learned else _weighed_again(whole.table, found, model)), learned


def part_found(whole: Whole, *, part: int, parts: int, model: Model, apart: Numbers, tell: Tell) -> Found:
    """The pairs of a register that share a key of one part of all keys, by a model that is known already."""
    table, size = whole.table, whole.table.size
    shared = []
    for one in passes(table):
        mine = one.hashes % np.uint64(parts) == np.uint64(part)
        shared.append(one._replace(rows=one.rows[mine], hashes=one.hashes[mine]))
    pairs, capped = candidates(table, shared, most=budget(size) // parts)
    if len(apart):
        pairs = pairs[~np.isin(pairs, apart.min(axis=1) * size + apart.max(axis=1))]
    return _weighed(table, pairs // size, pairs % size, model, capped, tell)


def sampled(whole: Whole, most: int) -> Whole:
    """So many cards of the register, taken at random, to learn from; the same ones each time."""
    size = len(whole.ids)
    chosen = np.zeros(size, bool)
    chosen[np.random.default_rng(size).choice(size, min(most, size), replace=False)] = True
    # Somebody may have come or gone since: those are no sample.
    profiles = (profile for at, profile in enumerate(_profiles([])) if at < size and chosen[at])
    return Whole(whole.ids[chosen], Table.from_profiles(profiles))


def _weighed_again(table: Table, found: Found, model: Model) -> Found:
    return _weighed(table, found.left, found.right, model, found.capped, lambda step, share: None)


def _weighed(table: Table, left: Numbers, right: Numbers, model: Model, capped: list[Capped], tell: Tell) -> Found:
    kept: list[tuple[Numbers, Numbers, NDArray[np.float32], Numbers]] = []
    for at in range(0, len(left), PAIRS):
        tell("compare", at / len(left))
        a, b = Side(table, left[at : at + PAIRS]), Side(table, right[at : at + PAIRS])
        weight, patterns = weighed(a, b, model)
        keep = weight >= KEEP_FROM
        kept.append((a.rows[keep], b.rows[keep], weight[keep], patterns[keep]))
    if not kept:
        nothing = np.zeros(0, np.int64)
        return Found(nothing, nothing, np.zeros(0, np.float32), nothing, model, table.size, capped)
    ones, others, weights, codes = (np.concatenate(each) for each in zip(*kept, strict=True))
    order = np.argsort(-weights, kind="stable")
    return Found(ones[order], others[order], weights[order], codes[order], model, table.size, capped)
