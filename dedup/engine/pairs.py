"""Pairs worth comparing: from the smallest blocks up, until there are enough."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.engine.arrays import distinct
from dedup.engine.keys import Pass
from dedup.engine.table import Codes, Table

BLOCK_MAX = 400
LARGE = 50_000
LOOSE_MAX = 10
"""In a register of more than LARGE cards, blocks by values that many have are looked into up to this size."""
EVERY = 500_000
"""All pairs of a register with no more than these are compared."""
Pairs = NDArray[np.int64]


class Capped(NamedTuple):
    """What was cut off: ``blocks`` of a pass too large to look into, of ``rows`` cards, ``largest`` of them in one."""

    name: str
    blocks: int
    rows: int
    largest: int
    pairs: int


class _Blocks(NamedTuple):
    name: str
    most: int
    order: Codes
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]


def budget(size: int) -> int:
    """How many pairs to make of a register: many of a small one, about nine a card of a large one."""
    return int(min(size * 120, 2_000_000 + 7 * size))


def candidates(table: Table, passes: Iterable[Pass], *, most: int | None = None) -> tuple[Pairs, list[Capped]]:
    """The distinct pairs of rows that share a key, int64 ``left * size + right``, sorted; and what was cut off.

    Blocks are taken from the smallest up in all passes alike until there are ``most`` pairs.
    """
    size = table.size
    if size * (size - 1) // 2 <= EVERY:
        return _every(table), []
    found = [blocks for one in passes if (blocks := _blocks(one, size)) is not None]
    pairs_of_length = np.zeros(BLOCK_MAX + 1, np.int64)
    for blocks in found:
        looked = blocks.lengths[blocks.lengths <= blocks.most]
        counts = np.bincount(looked, minlength=BLOCK_MAX + 1)[: BLOCK_MAX + 1]
        pairs_of_length += counts * (np.arange(BLOCK_MAX + 1) * (np.arange(BLOCK_MAX + 1) - 1) // 2)
    most = budget(size) if most is None else most
    longest = max(int(np.searchsorted(np.cumsum(pairs_of_length), most, "right")) - 1, 2)
    collected: list[Pairs] = []
    waiting = 0
    capped: list[Capped] = []
    for blocks in found:
        most_here = min(longest, blocks.most)
        too_long = blocks.lengths > most_here
        if too_long.any():
            long = blocks.lengths[too_long]
            capped.append(
                Capped(blocks.name, len(long), int(long.sum()), int(long.max()), int((long * (long - 1) // 2).sum()))
            )
        for made in _pairs(blocks, most_here, size, table.source):
            collected.append(made)
            waiting += len(made)
            if waiting > 4_000_000:
                collected = [_distinct(collected)]
                waiting = 0
    return _distinct(collected), capped


def _every(table: Table) -> Pairs:
    """All pairs of a small register."""
    left, right = (each.astype(np.int64) for each in np.triu_indices(table.size, 1))
    found = left * table.size + right
    return found if table.source is None else found[table.source[left] != table.source[right]]


def _blocks(one: Pass, size: int) -> _Blocks | None:
    if len(one.rows) < 2:
        return None
    order = np.argsort(one.hashes)
    hashed = one.hashes[order]
    edges = np.flatnonzero(np.concatenate([[True], hashed[1:] != hashed[:-1], [True]]))
    lengths = np.diff(edges)
    several = lengths > 1
    if not several.any():
        return None
    most = LOOSE_MAX if size > LARGE and not one.narrow else BLOCK_MAX
    return _Blocks(one.name, most, one.rows[order], edges[:-1][several], lengths[several])


def _pairs(blocks: _Blocks, longest: int, size: int, source: NDArray[np.int64] | None) -> Iterable[Pairs]:
    for length in distinct(blocks.lengths[blocks.lengths <= longest]):
        starts = blocks.starts[blocks.lengths == length]
        one, other = np.triu_indices(int(length), 1)
        step = max(2_000_000 // len(one), 1)
        for at in range(0, len(starts), step):
            begin = starts[at : at + step, None]
            left = blocks.order[(begin + one).ravel()].astype(np.int64)
            right = blocks.order[(begin + other).ravel()].astype(np.int64)
            apart = left != right
            if source is not None:
                apart &= source[left] != source[right]
            low, high = np.minimum(left, right), np.maximum(left, right)
            yield (low * size + high)[apart]


def _distinct(collected: list[Pairs]) -> Pairs:
    if not collected:
        return np.zeros(0, np.int64)
    return distinct(np.concatenate(collected))
