"""From profiles to pairs: the business's model, and what it says of cards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from accounts.tenancy import require_business_id
from dedup.engine import GUEST_FIELDS, Found, Model, Table
from dedup.engine.find import settle, weighed
from dedup.engine.kinds import NUMBER_SUFFIX
from dedup.engine.learning import learned
from dedup.engine.sides import Side
from dedup.register.fields import FIELDS, ordered
from dedup.register.matches import KEPT_FROM, Pair
from dedup.register.models import MatchSettings
from dedup.register.profiles import engine_now
from dedup.register.settings import settings_get

_SILENT: Final = frozenset(("kind",))
"""Nobody says of two people that both being people agrees."""
_models: dict[int, tuple[int, Model]] = {}
_MODELS_MAX: Final = 64

Numbers = NDArray[np.int64]


def model_of(settings: MatchSettings | None = None) -> Model:
    """The model that cards of the business are compared by; one for a register of nobody where none was learned yet by
    this engine.

    Kept by the process until another one is made.
    """
    settings = settings or settings_get()
    return model_made(settings.models_made if settings.engine == engine_now() else 0)


def model_made(number: int) -> Model:
    """The business's model of this number; one for a register of nobody for none."""
    if not number:
        return model_to_begin()
    house = require_business_id()
    kept, model = _models.get(house, (0, None))
    if model is None or number != kept:
        # Deferred columns: read now, and by nobody who has the model already.
        stored = MatchSettings.objects.only("model", "taught", "models_made").get()
        model = Model.from_json(stored.taught or stored.model or {})
        if len(_models) >= _MODELS_MAX:
            _models.clear()
        _models[house] = (stored.models_made, model)
    return model


def taught_bits(patterns: Sequence[int]) -> list[float]:
    """The bits that decisions have added to the weights of pairs with these patterns."""
    settings = settings_get()
    if not settings.taught_by or not patterns:
        return [0.0] * len(patterns)
    found: list[float] = model_of(settings).correction(np.array(patterns, np.int64)).tolist()
    return found


def model_to_begin() -> Model:
    """What the engine takes two cards for before it knows anything of a register."""
    nobody = np.zeros(0, np.int64)
    return learned(Table.of([], GUEST_FIELDS), nobody, nobody)


@dataclass(frozen=True)
class Kept:
    """Pairs of cards that are likely enough to be kept, sorted by ``left`` and ``right``, ids of cards, the smaller
    first; the other columns are those of :class:`~dedup.register.matches.Pair`."""

    left: Numbers
    right: Numbers
    weight: NDArray[np.float32]
    probability: NDArray[np.float32]
    patterns: Numbers
    agrees: Numbers
    differs: Numbers
    cut: int
    """How many more there were."""

    def __len__(self) -> int:
        return len(self.left)

    def pairs(self, begin: int, end: int) -> list[Pair]:
        """Some of them, as they are written."""
        columns = (self.left, self.right, self.weight, self.probability, self.patterns, self.agrees, self.differs)
        return [Pair(*row) for row in zip(*(each[begin:end].tolist() for each in columns), strict=True)]

    def batches(self, size: int) -> Iterator[tuple[int, int, list[Pair]]]:
        """All of them, about ``size`` at a time, each with the smaller ids that it answers for: from the first to the
        last, together all ids there can be."""
        first = at = 0
        while True:
            end = at + size
            # All pairs of a smaller id stand in one batch: whoever answers for a card knows all it has.
            if end < len(self):
                end = int(np.searchsorted(self.left, self.left[end - 1], side="right"))
            last = int(self.left[end]) - 1 if end < len(self) else EVERY_CARD
            yield first, last, self.pairs(at, end)
            if end >= len(self):
                return
            first, at = last + 1, end


EVERY_CARD: Final = 2**63 - 1


def pairs_found(
    table: Table, left: Sequence[int], right: Sequence[int], model: Model, apart: Sequence[tuple[int, int]] = ()
) -> Found:
    """What the engine says of these pairs of rows, each by itself and with what the others tell of it. ``apart``: pairs
    of rows that people found to be different."""
    a, b = np.asarray(left, np.int64), np.asarray(right, np.int64)
    weight, patterns = weighed(model, Side(table, a), Side(table, b))
    known = np.array(apart, np.int64).reshape(-1, 2)
    return settle(table, Found(a, b, weight, weight, patterns, model, table.size, apart=known))


def kept(found: Found, ids: Sequence[int] | Numbers, *, most: int) -> Kept:
    """The pairs of at least :data:`~dedup.register.matches.KEPT_FROM`, the likeliest ``most`` of them."""
    chance = found.probability
    keep = np.flatnonzero(chance >= KEPT_FROM)
    cut = max(0, len(keep) - most)
    keep = keep[:most]
    cards = np.asarray(ids, np.int64)
    one, other = cards[found.left[keep]], cards[found.right[keep]]
    left, right = np.minimum(one, other), np.maximum(one, other)
    order = np.lexsort((right, left))
    patterns = found.patterns[keep][order]
    agrees, differs = agreement(found.model, patterns)
    return Kept(
        left[order], right[order], found.weight[keep][order], chance[keep][order], patterns, agrees, differs, cut
    )


def agreement_of(model: Model, levels: Sequence[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields in which two cards agree, and those in which they differ, by the level of each comparison: what
    ``agreement`` says of one pair."""
    agrees, differs = set(), set()
    for comparison, level in zip(model.comparisons, levels, strict=True):
        name = comparison.name.removesuffix(NUMBER_SUFFIX)
        if level == len(comparison.levels) - 1:
            differs.add(name)
        elif name == comparison.name and name not in _SILENT and 0 <= level < comparison.agreeing:
            agrees.add(name)
    return ordered(agrees - differs), ordered(differs)


def agreement(model: Model, patterns: Numbers) -> tuple[Numbers, Numbers]:
    """The fields in which pairs with these patterns agree, and those in which they differ, as bits.

    The worst level is a difference; those between it and the agreeing ones are neither. A street agrees when its house
    number does not speak against it.
    """
    agrees, differs = np.zeros(len(patterns), np.int64), np.zeros(len(patterns), np.int64)
    places = {name: place for place, name in enumerate(FIELDS)}
    for comparison, levels in zip(model.comparisons, model.levels_of(patterns), strict=True):
        name = comparison.name.removesuffix(NUMBER_SUFFIX)
        if name not in places:
            continue
        bit = np.int64(1 << places[name])
        differs |= np.where(levels == len(comparison.levels) - 1, bit, 0)
        if name == comparison.name and name not in _SILENT:
            agrees |= np.where((levels >= 0) & (levels < comparison.agreeing), bit, 0)
    return agrees & ~differs, differs
