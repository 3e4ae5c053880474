"""What a change set did to rows, read from history as SQL: several changes of a row are one."""

from collections.abc import Sequence

OF_SET = """c.change_set_id = ANY (%(sets)s::bigint[]) AND c.record = %(record)s
          AND (%(ids)s::bigint[] IS NULL OR c.row_id = ANY (%(ids)s::bigint[]))
          AND c.row_id <> ALL (%(held)s::bigint[])"""

FOLDED = f"""
    SELECT row_id, jsonb_object_agg(key, old) AS old, jsonb_object_agg(key, new) AS new
    FROM (
        SELECT c.row_id, d.key, (array_agg(d.value -> 0 ORDER BY c.id))[1] AS old,
               (array_agg(d.value -> 1 ORDER BY c.id DESC))[1] AS new
        FROM (
            SELECT c.id, c.row_id, c.act, c.data, bool_or(c.act = 'I') OVER (PARTITION BY c.row_id) AS made
            FROM customers_change c WHERE {OF_SET}
        ) c CROSS JOIN LATERAL jsonb_each(c.data) d
        WHERE c.act = 'U' AND NOT c.made
        GROUP BY c.row_id, d.key
    ) steps
    WHERE old IS DISTINCT FROM new
    GROUP BY row_id
"""
"""Of every row the set updated but did not make: each changed column before the set and after it."""

GONE = f"""
    SELECT g.row_id, g.data || coalesce(f.old, '{{}}') AS data
    FROM (
        SELECT DISTINCT ON (c.row_id) c.row_id, c.data
        FROM (
            SELECT c.id, c.row_id, c.act, c.data, bool_or(c.act = 'I') OVER (PARTITION BY c.row_id) AS made
            FROM customers_change c WHERE {OF_SET}
        ) c
        WHERE c.act = 'D' AND NOT c.made
        ORDER BY c.row_id, c.id DESC
    ) g LEFT JOIN ({FOLDED}) f USING (row_id)
"""
"""Every row the set deleted but did not make, as it was before the set touched it."""


def folded(columns: Sequence[str] = ()) -> str:
    """:data:`FOLDED`; where every row was changed once and in these ``columns`` alone, without going through them."""
    if not columns:
        return FOLDED
    old, new = (", ".join(f"'{each}', c.data #> '{{{each},{side}}}'" for each in columns) for side in (0, 1))
    return (
        f"SELECT c.row_id, jsonb_build_object({old}) AS old, jsonb_build_object({new}) AS new"
        f" FROM customers_change c WHERE {OF_SET} AND c.act = 'U'"
    )
