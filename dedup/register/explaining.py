"""Why two cards are a match, field by field."""

from dataclasses import dataclass

from dedup.engine import Part, Table, explain
from dedup.register.comparing import model_of
from dedup.register.models import Match
from dedup.register.profiles import profiles_of

__all__ = ["Explained", "Part", "match_explained"]


@dataclass(frozen=True)
class Explained:
    """A probability, and the parts whose weights add up to ``weight``, log2 of its odds.

    The parts are the engine's: ``field`` is a code of :data:`dedup.register.fields.FIELDS`, ``street.number``,
    ``before`` for what was thought before looking, or ``others`` for what other cards tell of these two; ``level`` its
    name of how the values compare, empty where a value is missing; ``weight`` the bits it says for the same guest,
    negative against; ``left`` and ``right`` the values as compared, several with U+001F between them.
    """

    match_id: int
    probability: float
    weight: float
    parts: tuple[Part, ...]


def match_explained(*, match_id: int) -> Explained | None:
    """Why the two cards of a match are one, as they stand; ``None`` when the match or one of the cards is gone."""
    match = Match.objects.filter(pk=match_id).first()
    if match is None:
        return None
    rows = profiles_of([match.left_id, match.right_id])
    if len(rows) < 2:
        return None
    table = Table.from_profiles([rows[match.left_id], rows[match.right_id]])
    why = explain(model_of(), table, 0, table, 1, weight=match.weight)
    return Explained(match.pk, why.probability, why.weight, why.parts)
