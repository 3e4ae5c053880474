"""What merges say of matches: whoever merges two cards, on whatever page, has decided that they are one guest."""

from collections.abc import Sequence

from django.db import connection

from accounts.tenancy import require_business_id
from dedup.register.comparing import taught_bits
from dedup.register.profiles import numbers_literal

# A match that a trigger closed because one of its cards went, and whose two ids lead to one card now, was merged. Those
# of a merging in bulk are marked by it, and teach nothing: nobody looked at them.
_NOTE = """
    WITH one AS (
        SELECT m.id FROM dedup_match m
        LEFT JOIN customers_cardlineage a ON a.business_id = m.business_id AND a.absorbed_id = m.left_id
        LEFT JOIN customers_cardlineage b ON b.business_id = m.business_id AND b.absorbed_id = m.right_id
        WHERE m.business_id = %(house)s AND m.{side} = ANY (%(ids)s::bigint[]) AND m.state IN ('open', 'later', 'gone')
          AND coalesce(a.survivor_id, m.left_id) = coalesce(b.survivor_id, m.right_id)
    ), marked AS (
        UPDATE dedup_match m SET state = 'merged' FROM one WHERE m.business_id = %(house)s AND m.id = one.id
        RETURNING m.left_id, m.right_id, m.pattern, m.weight
    )
    INSERT INTO dedup_decision (
        business_id, left_id, right_id, verdict, pattern, weight, taught, sampled, change_set_id, is_withdrawn,
        member_id, actor, decided_at
    )
    SELECT %(house)s, k.left_id, k.right_id, 'same', k.pattern, k.weight, 0, false, g.change_set_id, false, NULL, '',
           now()
    FROM marked k
    LEFT JOIN customers_mergedcard g ON g.business_id = %(house)s AND g.absorbed_id = k.{side}
    WHERE NOT EXISTS (
        SELECT FROM dedup_decision d WHERE d.business_id = %(house)s
        AND d.left_id = k.left_id AND d.right_id = k.right_id AND d.verdict = 'same' AND NOT d.is_withdrawn)
    RETURNING id, pattern
"""
_TAUGHT = """
    UPDATE dedup_decision d SET taught = u.bits FROM unnest(%s::bigint[], %s::float8[]) AS u (id, bits)
    WHERE d.business_id = %s AND d.id = u.id
"""


def merged_note(gone: Sequence[int]) -> None:
    """Mark the matches of cards that were merged away, and keep them as decisions."""
    with connection.cursor() as cursor:
        for side in ("left_id", "right_id"):
            cursor.execute(_NOTE.format(side=side), {"house": require_business_id(), "ids": numbers_literal(gone)})
            said = cursor.fetchall()
            bits = taught_bits([pattern for _decision, pattern in said])
            if any(bits):
                cursor.execute(_TAUGHT, [[decision for decision, _pattern in said], bits, require_business_id()])
