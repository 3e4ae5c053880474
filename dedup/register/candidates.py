"""Cards that share a key with one another: only those are compared."""

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

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


class Near(NamedTuple):
    """The cards that share a key with one being written, and their profiles; and what the business's settings say:
    by which engine the profiles were made and whether they are all there, which model, from where to propose."""

    engine: int
    models_made: int
    is_seen: bool
    propose: float
    ids: list[int]
    rows: list[list[str]]


def cards_sharing(keys: Iterable[int]) -> dict[int, list[int]]:
    """The cards of each of these keys; common keys are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARING, {"house": require_business_id(), "keys": numbers_literal(set(keys)), "most": KEY_MAX})
        return dict(cursor.fetchall())


def near(keys: Collection[int], without: Collection[int] = ()) -> Near | None:
    """The cards near one with these keys, those ``without`` left out, in one statement; ``None`` where the business has
    no settings yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM dedup_lookup(%s, %s, %s)", [require_business_id(), numbers_literal(keys), KEY_MAX]
        )
        found = cursor.fetchall()
    if not found:
        return None
    cards = [(card, profile) for *_settings, card, profile in found if card is not None and card not in without]
    engine, models_made, is_seen, propose = found[0][:4]
    ids, rows = [card for card, _profile in cards], [unpacked(profile) for _card, profile in cards]
    return Near(engine, models_made, is_seen, propose, ids, rows)
