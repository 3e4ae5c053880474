"""Writes of the look-up that no trigger does: cards opened lately, and words nobody bears any more."""

from django.db import connection
from django.utils import timezone

from accounts.tenancy import require_business_id
from customers.search.models import RecentGuest

RECENT_KEPT = 100
"""How many lately opened cards are kept for each member."""


def recent_guest_touch(*, member_id: int, customer_id: int) -> None:
    """Remember that a member opened a card just now; ranks that member's look-up."""
    RecentGuest.objects.bulk_create(
        [RecentGuest(member_id=member_id, customer_id=customer_id, opened_at=timezone.now())],
        update_conflicts=True,
        unique_fields=["business", "member", "customer"],
        update_fields=["opened_at"],
    )
    newest = RecentGuest.objects.filter(member_id=member_id).order_by("-opened_at")
    oldest_kept = newest.values_list("opened_at", flat=True)[RECENT_KEPT - 1 : RECENT_KEPT].first()
    if oldest_kept is not None:
        RecentGuest.objects.filter(member_id=member_id, opened_at__lt=oldest_kept).delete()


def vocabulary_sweep() -> int | None:
    """Take words that no guest bears any more, and duplicates, out of the business's vocabulary.

    An erased guest's rare name must not survive there. Returns how many words went; ``None`` when somebody is writing
    cards just now: try again later. Runs in the caller's scope and transaction.
    """
    with connection.cursor() as cursor:
        house = require_business_id()
        # Exclusive against the shared lock of every writer: no card can bring a word back while it is taken away.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('innkeeper.vocabulary', %s))", [house])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(
            """
            WITH gone AS (
                DELETE FROM customers_vocabulary v
                WHERE NOT EXISTS (
                    SELECT FROM customers_posting p WHERE p.business_id = v.business_id AND p.token = v.token
                ) OR EXISTS (
                    SELECT FROM customers_vocabulary o
                    WHERE o.business_id = v.business_id AND o.token = v.token AND o.id < v.id
                ) RETURNING v.token
            ), unused AS (
                SELECT DISTINCT g.token FROM gone g
                WHERE NOT EXISTS (SELECT FROM customers_posting p WHERE p.business_id = %(house)s AND p.token = g.token)
            ), forms AS (
                DELETE FROM customers_misspelling m
                USING unused u CROSS JOIN LATERAL generate_series(1, length(u.token)) AS place
                WHERE m.business_id = %(house)s AND m.token = u.token
                  AND m.form = left(u.token, place - 1) || substr(u.token, place + 1)
            ) SELECT count(*) FROM gone
            """,
            {"house": house},
        )
        return int(cursor.fetchone()[0])
