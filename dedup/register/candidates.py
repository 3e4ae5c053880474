"""Cards that share a key with one another: only those are compared."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from django.db import connection

from accounts.tenancy import require_business_id
from dedup.register.profiles import numbers_literal, unpacked

KEY_MAX: Final = 60
"""A key of more cards than this says too little to read them all: an agency's number, a common name."""

_SHARING: Final = """
    SELECT k.key, c.cards
    FROM unnest(%(keys)s::bigint[]) AS k (key)
    CROSS JOIN LATERAL (SELECT array(
        SELECT x.customer_id FROM dedup_cardkey x WHERE x.business_id = %(house)s AND x.key = k.key LIMIT %(most)s + 1
    ) AS cards) c
    WHERE cardinality(c.cards) BETWEEN 1 AND %(most)s
"""
_PROFILES: Final = f"""
    SELECT p.customer_id, p.profile
    FROM (SELECT DISTINCT unnest(s.cards) AS id FROM ({_SHARING}) s) w
    JOIN dedup_cardprofile p ON p.business_id = %(house)s AND p.customer_id = w.id
"""


def cards_sharing(keys: Iterable[int]) -> dict[int, list[int]]:
    """The cards of each of these keys; common keys are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARING, {"house": require_business_id(), "keys": numbers_literal(set(keys)), "most": KEY_MAX})
        return dict(cursor.fetchall())


def candidates_of(keys: Collection[int], without: Collection[int] = ()) -> tuple[list[int], list[Sequence[str]]]:
    """The cards that share a key of one card, and their profiles, in one statement; those ``without`` are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_PROFILES, {"house": require_business_id(), "keys": numbers_literal(keys), "most": KEY_MAX})
        rows = [row for row in cursor.fetchall() if row[0] not in without]
    return [row[0] for row in rows], [unpacked(row[1]) for row in rows]
