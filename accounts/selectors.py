"""Reads over accounts. Memberships cross businesses and go through a definer function that returns ids only."""

from dataclasses import dataclass

from django.db import connection

from accounts.models import Business


@dataclass(frozen=True)
class Membership:
    """A business a user belongs to."""

    business: Business
    member_id: int


def membership_find(*, user_id: int, business_id: int) -> int | None:
    """The id of the user's active membership in a business, or ``None``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id FROM accounts_memberships(%s) WHERE business_id = %s",
            [user_id, business_id],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def membership_list(*, user_id: int) -> list[Membership]:
    """The user's businesses, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT business_id, member_id FROM accounts_memberships(%s)", [user_id]
        )
        members = dict(cursor.fetchall())
    businesses = Business.objects.filter(pk__in=members).order_by("name")
    return [Membership(business, members[business.pk]) for business in businesses]
