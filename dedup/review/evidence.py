"""Why two cards may be one guest: what speaks for it and what against, as bars that add up."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from babel import Locale
from django.utils.formats import number_format
from django.utils.translation import get_language

from accounts import formats
from customers.card.models import Customer
from dedup.register.explaining import Explained, Part, match_explained
from dedup.register.lookup import is_ready
from dedup.register.selectors import Row
from dedup.register.shown import CardShown
from dedup.review.level_words import REST, part_words
from dedup.review.wording import percent_words

BEFORE = "before"
"""What was thought before looking, as explanations name it."""
VALUES_MAX = 3
SMALLEST = 0.05
"""Parts of fewer bits say nothing and are left out, as long as the others add up to what is shown."""
LITTLE = 0.5
"""Parts of fewer bits stand on one line together: nobody decides by any of them."""


@dataclass(frozen=True)
class Bar:
    """One piece of evidence: a sentence, the two values, and a bar that goes on where the one before it ended.

    ``start`` and ``width`` are of a line of 100; ``side``: ``for``, ``against`` or ``before``.
    """

    words: str
    left: str
    right: str
    start: float
    width: float
    side: str
    points: str


@dataclass(frozen=True)
class EvidenceShown:
    """All bars, where nought is on their line, and their sum."""

    parts: list[Bar]
    zero: float
    start: float
    width: float
    side: str
    points: str
    percent: str


def evidence_of(row: Row) -> EvidenceShown | None:
    """The evidence for a match; ``None`` where the engine cannot tell it any more, or not yet again."""
    explained = explained_now(match_id=row.match_id)
    return evidence_drawn(explained, row.left, row.right) if explained is not None else None


def explained_now(*, match_id: int) -> Explained | None:
    """Why two cards are a match, by the engine that found it.

    Another one, after an upgrade and before the register has been looked through again, would give other reasons, and
    put what it makes of the two differently down to other cards.
    """
    return match_explained(match_id=match_id) if is_ready() else None


def evidence_drawn(
    explained: Explained, left: CardShown | None = None, right: CardShown | None = None
) -> EvidenceShown:
    """An explanation as bars, with the values as they stand on the two cards."""
    parts = _ordered(explained.parts)
    ends, sums = 0.0, [0.0]
    for part in parts:
        ends += part.weight
        sums.append(ends)
    low, high = min(sums), max(sums)
    scale = 100 / (high - low) if high - low > SMALLEST else 0.0

    def bar(begin: float, end: float) -> tuple[float, float]:
        return round((min(begin, end) - low) * scale, 2), round(abs(end - begin) * scale, 2)

    drawn = [
        Bar(
            part_words(part),
            value_of(left, part.field),
            value_of(right, part.field),
            *bar(sums[place], sums[place + 1]),
            BEFORE if part.field == BEFORE else "for" if part.weight > 0 else "against",
            points(part.weight),
        )
        for place, part in enumerate(parts)
    ]
    start, width = bar(0, ends)
    return EvidenceShown(
        drawn,
        round(-low * scale, 2),
        start,
        width,
        "for" if ends > 0 else "against",
        points(ends),
        percent_words(explained.probability),
    )


def value_of(card: CardShown | None, field: str) -> str:
    """A field as the card says it; nothing for what is part of another field, or for no card."""
    value = getattr(card, field, "")
    match field:
        case "emails":
            return ", ".join(value[:VALUES_MAX])
        case "phones":
            return ", ".join(formats.phone(each) for each in value[:VALUES_MAX])
        case "birth_date":
            return formats.day(value, _locale()) if isinstance(value, dt.date) else ""
        case "country":
            return formats.country_name(value, _locale()) if value else ""
        case "kind":
            return str(Customer.Kind(value).label) if value else ""
    return value if isinstance(value, str) else ""


def _locale() -> Locale:
    return formats.locale_for(get_language())


def points(weight: float) -> str:
    """Bits as the page writes them: +11.2, −3.0."""
    size = number_format(abs(round(weight, 1)), 1)
    return f"+{size}" if weight >= 0 else f"−{size}"


def _ordered(parts: Sequence[Part]) -> list[Part]:
    """What was known before looking first, then what speaks for it most; what says little comes last, in one line."""
    told = [part for part in parts if part.field == BEFORE or abs(part.weight) >= LITTLE]
    rest = sum(part.weight for part in parts if part not in told)
    if abs(rest) >= SMALLEST:
        told.append(Part(REST, "", rest, "", ""))
    return sorted(told, key=lambda part: (part.field != BEFORE, part.field == REST, -part.weight))
