"""From profiles to pairs: the business's model, and what it says of cards."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from accounts.tenancy import require_business_id
from dedup.engine import GUEST_FIELDS, Found, Model, Table
from dedup.engine.find import weighed
from dedup.engine.kinds import NUMBER_SUFFIX
from dedup.engine.learning import learned
from dedup.engine.model import probability
from dedup.engine.sides import Side
from dedup.register.fields import FIELDS
from dedup.register.matches import KEPT_FROM, Pair
from dedup.register.models import MatchSettings
from dedup.register.settings import settings_get

_SILENT: Final = frozenset(("kind",))
"""Nobody says of two people that both being people agrees."""
_models: dict[int, tuple[int, Model]] = {}
_MODELS_MAX: Final = 64

Numbers = NDArray[np.int64]


def model_of(settings: MatchSettings | None = None) -> Model:
    """The model that cards of the business are compared by; one for a register of nobody where none was learned yet.

    Kept by the process until another one is made.
    """
    settings = settings or settings_get()
    if not settings.models_made:
        return model_to_begin()
    house = require_business_id()
    number, model = _models.get(house, (0, None))
    if model is None or number != settings.models_made:
        # Deferred columns: read now, and by nobody who has the model already.
        stored = MatchSettings.objects.only("model", "taught", "models_made").get(pk=settings.pk)
        model = Model.from_json(stored.taught or stored.model or {})
        if len(_models) >= _MODELS_MAX:
            _models.clear()
        _models[house] = (stored.models_made, model)
    return model


def model_to_begin() -> Model:
    """What the engine takes two cards for before it knows anything of a register."""
    nobody = np.zeros(0, np.int64)
    return learned(Table.of([], GUEST_FIELDS), nobody, nobody)


def pairs_scored(
    table: Table, ids: Sequence[int], left: Sequence[int], right: Sequence[int], model: Model
) -> list[Pair]:
    """Pairs of rows that are likely enough to be kept; ``ids`` are the cards of the table's rows."""
    a, b = Side(table, np.asarray(left, np.int64)), Side(table, np.asarray(right, np.int64))
    weight, patterns = weighed(model, a, b)
    return pairs_kept(ids, a.rows, b.rows, weight, patterns, model)


def found_pairs(found: Found, ids: Sequence[int] | Numbers) -> list[Pair]:
    """What the engine found in a whole register, as it is kept."""
    return pairs_kept(ids, found.left, found.right, found.weight, found.patterns, found.model)


def pairs_kept(
    ids: Sequence[int] | Numbers,
    left: Numbers,
    right: Numbers,
    weight: NDArray[np.float32],
    patterns: Numbers,
    model: Model,
) -> list[Pair]:
    """The pairs of at least :data:`~dedup.register.matches.KEPT_FROM`, cards in order."""
    chance = probability(weight)
    keep = np.flatnonzero(chance >= KEPT_FROM)
    agrees, differs = agreement(model, patterns[keep])
    cards = np.asarray(ids, np.int64)
    one, other = cards[left[keep]], cards[right[keep]]
    return [
        Pair(*row)
        for row in zip(
            np.minimum(one, other).tolist(),
            np.maximum(one, other).tolist(),
            weight[keep].tolist(),
            chance[keep].tolist(),
            patterns[keep].tolist(),
            agrees.tolist(),
            differs.tolist(),
            strict=True,
        )
    ]


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
