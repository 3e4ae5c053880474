"""Writes of the look-up: which cards a member opened lately."""

from django.utils import timezone

from customers.search.models import RecentGuest


def recent_guest_touch(*, member_id: int, customer_id: int) -> None:
    """Remember that a member opened a card just now; ranks that member's look-up."""
    RecentGuest.objects.bulk_create(
        [RecentGuest(member_id=member_id, customer_id=customer_id, opened_at=timezone.now())],
        update_conflicts=True,
        unique_fields=["business", "member", "customer"],
        update_fields=["opened_at"],
    )
