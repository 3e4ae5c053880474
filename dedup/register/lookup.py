"""Which cards of the register may be the guest who is just being written down: unsaved cards against all."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.engine import Explanation, Model, Profile, Table, explain, keys, keys_of, score
from dedup.engine.find import weighed
from dedup.engine.model import probability
from dedup.engine.sides import Side
from dedup.register.candidates import cards_sharing, near
from dedup.register.comparing import agreement, agreement_of, model_made, model_of
from dedup.register.fields import names
from dedup.register.models import MatchSettings
from dedup.register.profiles import Values, engine_now, profiles_of
from dedup.register.settings import settings_get

MOST: Final = 5
CANDIDATES_MAX: Final = 40
"""Of many unsaved cards, so many cards are compared with each: those that share most keys with it."""


@dataclass(frozen=True)
class Hit:
    """A card that may be the same guest. ``agreeing`` and ``differing`` are codes of fields
    (:data:`dedup.register.fields.FIELDS`)."""

    customer_id: int
    probability: float
    weight: float
    agreeing: tuple[str, ...]
    differing: tuple[str, ...]
    _why: Callable[[], Explanation]

    @cached_property
    def explanation(self) -> Explanation:
        """Why, field by field; the parts add up to ``weight``. Worked out when it is asked for."""
        return self._why()


def is_ready(settings: MatchSettings | None = None) -> bool:
    """Whether the business's cards can be looked up: all have profiles of this engine."""
    settings = settings or settings_get()
    return settings.seen_xid is not None and settings.engine == engine_now()


def lookup(
    *, values: Values, exclude: Collection[int] = (), minimum: float | None = None, most: int = MOST
) -> list[Hit]:
    """The cards that are probably the guest with these ``values``, likeliest first, from ``minimum`` (the threshold of
    what is proposed) on.

    ``values`` are texts by field of :data:`dedup.engine.GUEST_FIELDS` as typed, phone numbers with their country code
    or beside a ``country``. What changed in the last seconds may not be in sight yet (:mod:`dedup.register.follow`).
    """
    own = Profile.of(values).row
    known = near(keys_of(own), exclude)
    if known is None or not known.ids or not known.is_seen or known.engine != engine_now():
        return []
    model = model_made(known.models_made)
    least = known.propose if minimum is None else minimum
    likely = [
        (-found.weight, card, at, found)
        for at, (card, found) in enumerate(zip(known.ids, score(own, known.rows, model=model), strict=True))
        if found.probability >= least
    ]
    together = _Together(own, known.rows, model)
    return [
        Hit(card, found.probability, found.weight, *agreement_of(model, found.levels), partial(together.why, at))
        for _weight, card, at, found in sorted(likely)[:most]
    ]


class _Together:
    """An unsaved card and the cards near it, as a table once somebody asks why."""

    def __init__(self, own: Sequence[str], others: Sequence[Sequence[str]], model: Model) -> None:
        self._rows = [own, *others]
        self._model = model

    @cached_property
    def _table(self) -> Table:
        # All of them: how many people an address stands with is counted among them.
        return Table.from_profiles(self._rows)

    def why(self, at: int) -> Explanation:
        """Why the card is, or is not, number ``at`` of the others."""
        return explain(self._model, self._table, 0, self._table, at + 1)


def lookup_many(*, values: Mapping[int, Values], minimum: float | None = None, most: int = 1) -> dict[int, list[Hit]]:
    """The same for many unsaved cards, in a few statements: number of the card → its hits, those with any."""
    settings = settings_get()
    if not values or not is_ready(settings):
        return {}
    numbers = list(values)
    unsaved = Table.from_profiles(Profile.of(values[number]) for number in numbers)
    rows, keyed = (each.tolist() for each in keys(unsaved))
    sharing = cards_sharing(keyed)
    met: dict[int, Counter[int]] = {}
    for row, key in zip(rows, keyed, strict=True):
        if key in sharing:
            met.setdefault(row, Counter()).update(sharing[key])
    compared = {row: [card for card, _keys in cards.most_common(CANDIDATES_MAX)] for row, cards in met.items()}
    known = profiles_of({card for cards in compared.values() for card in cards})
    ids = list(known)
    place = {card: at for at, card in enumerate(ids)}
    pairs = [(row, place[card]) for row, cards in compared.items() for card in cards if card in place]
    if not pairs:
        return {}
    left, right = np.array(pairs, np.int64).T
    model, others = model_of(settings), Table.from_profiles(known.values())
    told = _Told(*weighed(model, Side(unsaved, left), Side(others, right)), model)
    least = settings.propose if minimum is None else minimum
    found = _hits(unsaved, left, others, right, told, ids, least, most)
    return {numbers[row]: hits for row, hits in found.items()}


class _Told(NamedTuple):
    """What a model says of pairs."""

    weight: NDArray[np.float32]
    patterns: NDArray[np.int64]
    model: Model


def _hits(
    unsaved: Table,
    left: NDArray[np.int64],
    others: Table,
    right: NDArray[np.int64],
    told: _Told,
    ids: Sequence[int],
    least: float,
    most: int,
) -> dict[int, list[Hit]]:
    """Row of ``unsaved`` → its hits among ``others``, the cards ``ids``."""
    chance = probability(told.weight)
    likely = np.flatnonzero(chance >= least)
    likely = likely[np.argsort(-told.weight[likely], kind="stable")]
    agrees, differs = agreement(told.model, told.patterns[likely])
    found: dict[int, list[Hit]] = {}
    for at, agreeing, differing in zip(likely.tolist(), agrees.tolist(), differs.tolist(), strict=True):
        row, other = int(left[at]), int(right[at])
        hits = found.setdefault(row, [])
        if len(hits) < most:
            hits.append(
                Hit(
                    customer_id=ids[other],
                    probability=float(chance[at]),
                    weight=float(told.weight[at]),
                    agreeing=names(agreeing),
                    differing=names(differing),
                    _why=partial(explain, told.model, unsaved, row, others, other),
                )
            )
    return found
