"""Reads over matches: the queue and its counts, one match explained, how well the engine does here.

Everything works in the caller's scope. Probabilities are 0 to 1, weights bits: log2 of the odds.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from accounts.tenancy import require_business_id
from dedup.register import fields
from dedup.register.explaining import Explained, Part, match_explained
from dedup.register.learning import Estimates, estimates
from dedup.register.models import Match, MatchRun
from dedup.register.settings import settings_get
from dedup.register.shown import CardShown, cards_shown

__all__ = [
    "BANDS",
    "PAGE",
    "Counts",
    "Estimates",
    "Explained",
    "Part",
    "Row",
    "counts",
    "estimates",
    "match_explained",
    "match_row",
    "matches_of",
    "next_after",
    "queue",
    "run_get",
    "run_latest",
    "settings_get",
]

PAGE = 50
BANDS = (0.99, 0.9, 0.7, 0.5, 0.0)
"""Where the bands of the queue begin, the surest first."""


@dataclass(frozen=True)
class Row:
    """A match as the queue lists it. ``agreeing`` and ``differing`` are codes of fields
    (:data:`dedup.register.fields.FIELDS`); what only one of the two cards has stands in neither."""

    match_id: int
    left: CardShown
    right: CardShown
    probability: float
    weight: float
    agreeing: tuple[str, ...]
    differing: tuple[str, ...]
    state: str
    found_at: dt.datetime


@dataclass(frozen=True)
class Counts:
    """How many matches there are. ``open`` are those proposed and not decided, ``certain`` the open ones from the
    second threshold on. ``bands`` are (lowest probability, open matches from there to the next band), ``fields`` how
    many open ones agree in each field."""

    open: int
    later: int
    certain: int
    merged: int
    different: int
    bands: tuple[tuple[float, int], ...]
    fields: Mapping[str, int]


_QUEUE = """
    SELECT m.id, m.left_id, m.right_id, m.probability, m.weight, m.agrees, m.differs, m.state, m.found_at
    FROM dedup_match m
    JOIN customers_customer a ON a.business_id = m.business_id AND a.id = m.left_id
    JOIN customers_customer b ON b.business_id = m.business_id AND b.id = m.right_id
    WHERE m.business_id = %(house)s AND m.state = %(state)s
      AND m.probability >= %(minimum)s AND m.probability <= %(maximum)s AND m.agrees & %(agrees)s = %(agrees)s
      {after}
    ORDER BY m.weight DESC, m.id DESC
    LIMIT %(size)s
"""


def queue(
    *,
    minimum: float | None = None,
    maximum: float = 1.0,
    agree: Collection[str] = (),
    state: str = Match.State.OPEN,
    after: int | None = None,
    size: int = PAGE,
) -> list[Row]:
    """Matches of a state, the surest first, whose probability lies within the limits (``minimum``: the threshold of
    what is proposed) and whose cards agree in all the fields ``agree``; those behind the match ``after``, decided or
    not, for the next page."""
    found = _queue(minimum=minimum, maximum=maximum, agree=agree, state=state, after=after, size=size)
    cards = cards_shown(pk for row in found for pk in row[1:3])
    return [_row(row, cards) for row in found if row[1] in cards and row[2] in cards]


def next_after(
    *,
    match_id: int,
    minimum: float | None = None,
    maximum: float = 1.0,
    agree: Collection[str] = (),
    state: str = Match.State.OPEN,
) -> int | None:
    """The match that follows in the queue, or the first when none does; ``None`` when the queue holds no other."""
    for after in (match_id, None):
        found = _queue(minimum=minimum, maximum=maximum, agree=agree, state=state, after=after, size=2)
        others = [row[0] for row in found if row[0] != match_id]
        if others:
            return int(others[0])
    return None


def _queue(
    *, minimum: float | None, maximum: float, agree: Collection[str], state: str, after: int | None, size: int
) -> list[tuple[Any, ...]]:
    values: dict[str, str | float] = {
        "house": require_business_id(),
        "state": state,
        "minimum": settings_get().propose if minimum is None else minimum,
        "maximum": maximum,
        "agrees": fields.bits(agree),
        "size": size,
    }
    behind = ""
    if after is not None:
        place = Match.objects.filter(pk=after).values_list("weight", flat=True).first()
        if place is not None:
            behind = "AND (m.weight, m.id) < (%(weight)s, %(after)s)"
            values |= {"weight": place, "after": after}
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE.format(after=behind), values)
        return cursor.fetchall()


def _row(row: tuple[Any, ...], cards: Mapping[int, CardShown]) -> Row:
    pk, left, right, probability, weight, agrees, differs, state, found_at = row
    return Row(
        match_id=pk,
        left=cards[left],
        right=cards[right],
        probability=probability,
        weight=weight,
        agreeing=fields.names(agrees),
        differing=fields.names(differs),
        state=state,
        found_at=found_at,
    )


def match_row(*, match_id: int) -> Row | None:
    """One match whatever its state; ``None`` when it is not there, or one of its cards is not."""
    found = Match.objects.filter(pk=match_id).values_list(
        "id", "left_id", "right_id", "probability", "weight", "agrees", "differs", "state", "found_at"
    )
    for row in found:
        cards = cards_shown(row[1:3])
        if len(cards) == 2:
            return _row(row, cards)
    return None


def matches_of(*, customer_id: int, minimum: float | None = None) -> list[Row]:
    """The open matches of one card, the surest first: for its header."""
    least = settings_get().propose if minimum is None else minimum
    found: list[tuple[Any, ...]] = []
    for side in ("left_id", "right_id"):
        matches = Match.objects.filter(**{side: customer_id}, state=Match.State.OPEN, probability__gte=least)
        found += matches.values_list(
            "id", "left_id", "right_id", "probability", "weight", "agrees", "differs", "state", "found_at"
        )
    found.sort(key=lambda row: (-row[4], -row[0]))
    cards = cards_shown(pk for row in found for pk in row[1:3])
    return [_row(row, cards) for row in found if row[1] in cards and row[2] in cards]


def counts() -> Counts:
    """How many matches there are, in one pass over them."""
    settings = settings_get()
    # Few kinds of pairs, however many pairs: those are told apart here.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, width_bucket(probability, %s::float8[]), probability >= %s, agrees, count(*)"
            " FROM dedup_match WHERE business_id = %s AND probability >= %s GROUP BY 1, 2, 3, 4",
            [list(reversed(BANDS)), settings.certain, require_business_id(), settings.propose],
        )
        kinds = cursor.fetchall()
    states: Counter[str] = Counter()
    bands, agreeing, certain = [0] * len(BANDS), [0] * len(fields.FIELDS), 0
    for state, band, is_certain, agrees, number in kinds:
        states[state] += number
        if state == Match.State.OPEN:
            bands[len(BANDS) - band] += number
            certain += number if is_certain else 0
            for place in range(len(fields.FIELDS)):
                agreeing[place] += number if agrees >> place & 1 else 0
    return Counts(
        open=states[Match.State.OPEN],
        later=states[Match.State.LATER],
        certain=certain,
        merged=states[Match.State.MERGED],
        different=states[Match.State.DIFFERENT],
        bands=tuple(zip(BANDS, bands, strict=True)),
        fields={name: number for name, number in zip(fields.FIELDS, agreeing, strict=True) if number},
    )


def run_latest(*, kind: str = MatchRun.Kind.FIND) -> MatchRun | None:
    """The newest walk over the register, or the newest merging."""
    return MatchRun.objects.filter(kind=kind).order_by("-created_at", "-id").first()


def run_get(*, run_id: int) -> MatchRun | None:
    """One run."""
    return MatchRun.objects.filter(pk=run_id).first()
