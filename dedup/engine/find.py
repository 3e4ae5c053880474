"""Finding the pairs of a register, or those of one card, that are the same guest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dedup.engine.chunks import by_chunks
from dedup.engine.clusters import bits_of, groups
from dedup.engine.keys import passes, share_of
from dedup.engine.learning import begun, taught_by
from dedup.engine.model import Model, probability
from dedup.engine.pairs import Capped, budget, candidates
from dedup.engine.settling import settled
from dedup.engine.sides import Levels, Side
from dedup.engine.single import Weighed
from dedup.engine.table import Table

KEEP_FROM = -6.0
"""Pairs of less than this many bits are not kept: a chance of 1 in 65."""
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """Pairs of rows, the likeliest first.

    ``left`` < ``right``: rows, int64. ``weight``: log2 of the odds that they are one guest, float32, with what the
    other cards tell of them; ``direct``: without. ``patterns``: the levels of all comparisons as one number
    (``model.levels_of``). ``capped``: what was cut off. ``size``: rows of the table.
    """

    left: Rows
    right: Rows
    weight: NDArray[np.float32]
    direct: NDArray[np.float32]
    patterns: Rows
    model: Model
    size: int
    capped: list[Capped] = field(default_factory=list)
    apart: Rows | None = None
    source: Rows | None = None

    @property
    def probability(self) -> NDArray[np.float32]:
        """The probability that each pair is one guest."""
        return probability(self.weight)

    def clusters(self, threshold: float | None = None) -> Rows:
        """A label for each row: rows of one label are one guest at this probability (the model's, by default)."""
        least = bits_of(self.model.propose if threshold is None else threshold)
        return groups(self.size, self.left, self.right, self.direct, least, self.apart, self.source).labels


def find(
    table: Table,
    *,
    model: Model | None = None,
    apart: Rows | None = None,
    tell: Callable[[str, float], None] | None = None,
    teach: Callable[[Model], Model] | None = None,
    part: tuple[int, int] = (0, 1),
) -> Found:
    """All pairs of a register that may be one guest.

    ``model``: as learned before, else one is learned, and ``teach`` adds what was decided. ``apart``: int64[k, 2] rows
    known not to be the same guest. ``tell``: told the step and how far it is, 0 to 1. ``part``: (number, of how many),
    to look through a large register by shares of its keys; a pair with several keys may be found in several parts.
    """
    say = tell or (lambda step, share: None)
    say("blocks", 0.0)
    number, parts = part
    most = None if parts == 1 else budget(table.size) // parts
    pairs, capped = candidates(table, (share_of(one, number, parts) for one in passes(table)), most=most)
    if apart is not None and len(apart):
        low, high = apart.min(axis=1).astype(np.int64), apart.max(axis=1).astype(np.int64)
        pairs = pairs[~np.isin(pairs, low * table.size + high)]
    left, right = pairs // max(table.size, 1), pairs % max(table.size, 1)
    say("compare", 0.3)
    beginning = begun(table) if model is None else model
    levels, patterns = _compared(beginning, table, left, right)
    if model is None:
        say("learn", 0.7)
        model = taught_by(beginning, table, left, right, levels)
        model = teach(model) if teach else model
    say("weigh", 0.8)
    weight = np.zeros(len(left), np.float32)
    weighing = model

    def weigh(part: slice) -> None:
        a, b = Side(table, left[part]), Side(table, right[part])
        weight[part] = weighing.weigh([one[part] for one in levels], a, b, least=KEEP_FROM)

    by_chunks(len(left), weigh)
    keep = np.flatnonzero(weight >= KEEP_FROM)
    left, right, weight, patterns = left[keep], right[keep], weight[keep], patterns[keep]
    levels.clear()
    say("settle", 0.9)
    found = settle(table, Found(left, right, weight, weight, patterns, model, table.size, capped, apart, table.source))
    say("done", 1.0)
    return found


def _compared(model: Model, table: Table, left: Rows, right: Rows) -> tuple[list[Levels], Rows]:
    """(levels, patterns) of pairs."""
    levels = [np.empty(len(left), np.int8) for _ in model.comparisons]
    patterns = np.empty(len(left), np.int64)

    def compare(part: slice) -> None:
        found = model.compare(Side(table, left[part]), Side(table, right[part]))
        patterns[part] = model.pattern(found)
        for whole, one in zip(levels, found, strict=True):
            whole[part] = one

    by_chunks(len(left), compare)
    return levels, patterns


def settle(table: Table, found: Found) -> Found:
    """Pairs of a table with what the other cards tell of them, from weights that are still the pairs' own."""
    model, left, right, weight, patterns = found.model, found.left, found.right, found.direct, found.patterns
    least = bits_of(model.propose)
    grouped = groups(table.size, left, right, weight, least, found.apart, table.source)
    more, final = settled(grouped, left, right, weight, least, table, found.apart)
    if len(more):
        bits, levels = weighed(model, Side(table, more[:, 0]), Side(table, more[:, 1]))
        left, right = np.append(left, more[:, 0]), np.append(right, more[:, 1])
        weight, patterns = np.append(weight, bits), np.append(patterns, levels)
    order = np.argsort(-final, kind="stable")
    return replace(
        found,
        left=left[order],
        right=right[order],
        weight=final[order],
        direct=weight[order],
        patterns=patterns[order],
    )


def weighed(model: Model, left: Side, right: Side) -> tuple[NDArray[np.float32], Rows]:
    """(weight, pattern) of pairs."""
    levels = model.compare(left, right)
    return model.weigh(levels, left, right), model.pattern(levels)


def score(own: Sequence[str], others: Sequence[Sequence[str]], *, model: Model) -> list[Weighed]:
    """One card against each of a few dozen others, rows of profiles all: what ``find`` would say of these pairs alone,
    in the order of the others."""
    return model.singly.weigh(own, others)
