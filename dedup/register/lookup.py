"""Which cards of the register may be the guest who is just being written down: one unsaved card against all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from accounts.tenancy import require_business_id
from dedup.engine import Explanation, Model, Profile, Table, explain, keys, score
from dedup.register.candidates import candidates_of
from dedup.register.comparing import agreement, model_of
from dedup.register.fields import names
from dedup.register.models import MatchSettings
from dedup.register.settings import settings_get

MOST: Final = 5


@dataclass(frozen=True)
class Hit:
    """A card that may be the same guest. ``agreeing`` and ``differing`` are codes of fields
    (:data:`dedup.register.fields.FIELDS`)."""

    customer_id: int
    probability: float
    weight: float
    agreeing: tuple[str, ...]
    differing: tuple[str, ...]
    _why: tuple[Model, Table, Table, int]

    @cached_property
    def explanation(self) -> Explanation:
        """Why, field by field; the parts add up to ``weight``. Worked out when it is asked for."""
        model, one, others, row = self._why
        return explain(model, one, 0, others, row)


def is_ready() -> bool:
    """Whether the business's cards can be looked up: they have profiles."""
    return _ready(settings_get())


def lookup(
    *,
    values: Mapping[str, Sequence[str]],
    exclude: Collection[int] = (),
    minimum: float | None = None,
    most: int = MOST,
    settings: MatchSettings | None = None,
) -> list[Hit]:
    """The cards that are probably the guest with these ``values``, likeliest first, from ``minimum`` (the threshold of
    what is proposed) on.

    ``values`` are texts by field of :data:`dedup.engine.GUEST_FIELDS` as typed, phone numbers with their country code
    or with ``country``. What changed in the last seconds may not be in sight yet (:mod:`dedup.register.follow`).
    """
    settings = settings or settings_get()
    if not _ready(settings):
        return []
    profile = Profile.of(values)
    one = Table.from_profiles([profile])
    _rows, keyed = keys(one)
    ids, profiles = candidates_of(keyed.tolist(), exclude)
    if not ids:
        return []
    model = model_of(settings)
    others = Table.from_profiles(profiles)
    found = score(one, others, model=model)
    least = settings.propose if minimum is None else minimum
    chance = found.probability
    likely = [at for at in range(min(most, len(ids))) if chance[at] >= least]
    agrees, differs = agreement(model, found.patterns[likely])
    return [
        Hit(
            customer_id=ids[row],
            probability=float(chance[at]),
            weight=float(found.weight[at]),
            agreeing=names(int(agrees[place])),
            differing=names(int(differs[place])),
            _why=(model, one, others, row),
        )
        for place, at in enumerate(likely)
        for row in (int(found.right[at]),)
    ]


def _ready(settings: MatchSettings) -> bool:
    require_business_id()
    return settings.seen_xid is not None and settings.engine > 0
