"""Matches as they are kept: found, seen again, closed. Everything in sets."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection

from accounts.tenancy import require_business_id
from dedup.register.profiles import numbers_literal

KEPT_FROM: Final = 0.2
"""Pairs of a lower probability are not kept: nobody would look at them."""
BATCH: Final = 20_000


class Pair(NamedTuple):
    """Two cards that were compared, as :class:`~dedup.register.models.Match` keeps them; ``left_id`` the smaller id."""

    left_id: int
    right_id: int
    weight: float
    probability: float
    pattern: int
    agrees: int
    differs: int


# Two that somebody found to be different are so for the cards that carry them now; of two cards the newest word counts.
APART: Final = """
    SELECT DISTINCT least(p.l, p.r), greatest(p.l, p.r) FROM (
        SELECT coalesce(a.survivor_id, d.left_id) AS l, coalesce(b.survivor_id, d.right_id) AS r
        FROM dedup_decision d
        LEFT JOIN customers_cardlineage a ON a.business_id = d.business_id AND a.absorbed_id = d.left_id
        LEFT JOIN customers_cardlineage b ON b.business_id = d.business_id AND b.absorbed_id = d.right_id
        WHERE d.business_id = %s AND d.verdict = 'different' AND NOT d.is_withdrawn
    ) p WHERE p.l <> p.r
"""
# What was put aside stays so. One that was merged or gone is open again, for both its cards are here.
_KEEP = """
    INSERT INTO dedup_match AS m (
        business_id, left_id, right_id, weight, probability, pattern, agrees, differs, state, found_at, seen_at
    )
    SELECT %(house)s, u.l, u.r, u.weight, u.probability, u.pattern, u.agrees, u.differs, u.state, %(now)s, %(now)s
    FROM unnest(
        %(left)s::bigint[], %(right)s::bigint[], %(weight)s::float8[], %(probability)s::float8[], %(pattern)s::bigint[],
        %(agrees)s::bigint[], %(differs)s::bigint[], %(state)s::text[]
    ) AS u (l, r, weight, probability, pattern, agrees, differs, state)
    ORDER BY u.l, u.r
    ON CONFLICT (business_id, left_id, right_id) DO UPDATE SET
        weight = EXCLUDED.weight, probability = EXCLUDED.probability, pattern = EXCLUDED.pattern,
        agrees = EXCLUDED.agrees, differs = EXCLUDED.differs, seen_at = EXCLUDED.seen_at,
        state = CASE WHEN EXCLUDED.state = 'open' AND m.state = 'later' THEN 'later' ELSE EXCLUDED.state END
    WHERE m.seen_at < %(before)s AND (
        %(touch)s OR abs(m.weight - EXCLUDED.weight) > 0.001
        OR (m.pattern, m.agrees, m.differs) IS DISTINCT FROM (EXCLUDED.pattern, EXCLUDED.agrees, EXCLUDED.differs)
        OR m.state <> EXCLUDED.state AND (m.state <> 'later' OR EXCLUDED.state <> 'open')
    )
    RETURNING (xmax = 0)
"""
# Somebody may have found a match since the cards were read: what is younger stays.
_CLOSE = """
    UPDATE dedup_match SET state = 'gone' WHERE business_id = %(house)s AND id = ANY (ARRAY (
        SELECT m.id FROM dedup_match m
        LEFT JOIN unnest(%(left)s::bigint[], %(right)s::bigint[]) AS k (l, r) ON k.l = m.left_id AND k.r = m.right_id
        WHERE m.business_id = %(house)s AND {of} AND m.state IN ('open', 'later') AND m.seen_at < %(before)s
          AND k.l IS NULL
        ORDER BY m.id FOR UPDATE OF m))
"""
_OF_CARDS = "m.{side} = ANY (%(ids)s::bigint[])"
_BETWEEN = "m.left_id >= %(first)s AND m.left_id <= %(last)s"


def apart_pairs() -> set[tuple[int, int]]:
    """Pairs of cards that are known not to be the same guest, as the cards are now."""
    with connection.cursor() as cursor:
        cursor.execute(APART, [require_business_id()])
        return {(left, right) for left, right in cursor.fetchall()}


def matches_keep(
    pairs: Sequence[Pair],
    *,
    now: datetime,
    apart: set[tuple[int, int]],
    before: datetime | None = None,
    touch: bool = False,
) -> int:
    """Keep pairs as matches, and return how many of them were not known before.

    A match written at or after ``before`` is left as it is: somebody has compared the two since. ``touch``: tell also
    of those that have not changed that they were seen.
    """
    fresh = 0
    # What changed cards have around them may overlap: a pair is found from both sides.
    once = list({(pair.left_id, pair.right_id): pair for pair in pairs}.values())
    with connection.cursor() as cursor:
        for at in range(0, len(once), BATCH):
            part = once[at : at + BATCH]
            cursor.execute(
                _KEEP,
                {
                    "house": require_business_id(),
                    "now": now,
                    "before": before or now + timedelta(microseconds=1),
                    "touch": touch,
                    "left": numbers_literal(pair.left_id for pair in part),
                    "right": numbers_literal(pair.right_id for pair in part),
                    "weight": _literal(pair.weight for pair in part),
                    "probability": _literal(pair.probability for pair in part),
                    "pattern": numbers_literal(pair.pattern for pair in part),
                    "agrees": numbers_literal(pair.agrees for pair in part),
                    "differs": numbers_literal(pair.differs for pair in part),
                    "state": ["different" if (pair.left_id, pair.right_id) in apart else "open" for pair in part],
                },
            )
            fresh += sum(is_new for (is_new,) in cursor.fetchall())
    return fresh


def matches_close(customer_ids: Sequence[int], *, but: Sequence[Pair] = (), before: datetime) -> None:
    """Close the matches of these cards that were found before ``before``, all ``but`` those: the two are not alike any
    longer."""
    for side in ("left_id", "right_id"):
        _close(_OF_CARDS.format(side=side), but, before, ids=numbers_literal(customer_ids))


def matches_close_between(first: int, last: int, *, but: Sequence[Pair], before: datetime) -> int:
    """The same of all cards from ``first`` to ``last``, by the smaller id of the two; returns how many were closed."""
    return _close(_BETWEEN, but, before, first=first, last=last)


def _close(of: str, but: Sequence[Pair], before: datetime, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSE.format(of=of),
            {
                "house": require_business_id(),
                "left": numbers_literal(pair.left_id for pair in but),
                "right": numbers_literal(pair.right_id for pair in but),
                "before": before,
                **values,
            },
        )
        return int(cursor.rowcount)


def _literal(numbers: Iterable[float]) -> str:
    return "{" + ",".join(map(repr, numbers)) + "}"
