"""What a file has learned of addresses and numbers that are on their guests' cards already."""

from django.db.backends.utils import CursorWrapper

from imports.staging.found import Resolved
from imports.staging.job import Job


def plan_points(cursor: CursorWrapper, job: Job, found: Resolved) -> set[int]:
    """`plan_point`: contact points that are taken for good and have opted out, or bounce, as the file says.

    Returns the cards they are on. A file never says that one is good again, and one that says nothing of it changes
    nothing, whatever another card's copy of the address has met.
    """
    cursor.execute("CREATE TEMP TABLE plan_point (point_id bigint, customer_id bigint, state text) ON COMMIT DROP")
    if not found.told_bad:
        return set()
    lines, kinds, normals = (list(column) for column in zip(*sorted(found.told_bad), strict=True))
    cursor.execute(
        """
        INSERT INTO plan_point
        SELECT DISTINCT ON (p.id) p.id, p.customer_id, s.state
        FROM unnest(%(lines)s::integer[], %(kinds)s::text[], %(normals)s::text[]) AS t (line, kind, normalised)
        JOIN stage_contact s ON s.line = t.line AND s.kind = t.kind AND s.normalised = t.normalised
        JOIN stage_guest g ON g.line = s.line
        JOIN customers_contactpoint p ON p.business_id = %(business)s AND p.customer_id = g.customer_id
         AND p.customer_id = ANY (%(known)s) AND p.kind = s.kind AND p.normalised = s.normalised
        WHERE p.state = 'ok'
        ORDER BY p.id, s.state DESC
        """,
        job.values()
        | {
            "known": [card for card in found.known if card > 0],
            "lines": lines,
            "kinds": kinds,
            "normals": normals,
        },
    )
    cursor.execute("SELECT DISTINCT customer_id FROM plan_point")
    return {row[0] for row in cursor.fetchall()}


def apply_points(cursor: CursorWrapper, job: Job) -> None:
    """Write what was planned."""
    cursor.execute(
        """
        UPDATE customers_contactpoint c SET state = p.state FROM plan_point p
        WHERE c.business_id = %(business)s AND c.id = p.point_id
        """,
        job.values(),
    )
