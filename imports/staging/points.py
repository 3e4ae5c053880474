"""What a file has learned of addresses and numbers that are on their guests' cards already."""

from django.db.backends.utils import CursorWrapper

from imports.staging.found import Resolved
from imports.staging.job import Job


def plan_points(cursor: CursorWrapper, job: Job, found: Resolved) -> set[int]:
    """`plan_point`: contact points that are taken for good and have opted out, or bounce, as the file says.

    Returns the cards they are on. A file never says that one is good again.
    """
    cursor.execute("CREATE TEMP TABLE plan_point (point_id bigint, customer_id bigint, state text) ON COMMIT DROP")
    if not any(contact.state in ("opted_out", "bounced") for contact in found.contacts):
        return set()
    cursor.execute(
        """
        INSERT INTO plan_point
        SELECT DISTINCT ON (p.id) p.id, p.customer_id, s.state
        FROM stage_contact s JOIN stage_guest g ON g.line = s.line
        JOIN customers_contactpoint p ON p.business_id = %(business)s AND p.customer_id = g.customer_id
         AND p.customer_id = ANY (%(known)s) AND p.kind = s.kind AND p.normalised = s.normalised
        WHERE s.state IN ('opted_out', 'bounced') AND s.normalised <> '' AND p.state = 'ok'
        ORDER BY p.id, s.state DESC
        """,
        job.values() | {"known": [card for card in found.known if card > 0]},
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
