"""What concerns a user in every business they belong to."""

from typing import Any

from accounts.audit import audit_record
from accounts.models import Member, User
from accounts.selectors import membership_list
from accounts.tenancy import business_scope

PREFERENCES = ("name", "language", "theme", "density", "shortcuts")


def user_preferences_change(*, user: User, **values: Any) -> None:
    """Change a user's own preferences. Unknown ones are a programming error (``KeyError``)."""
    unknown = set(values) - set(PREFERENCES)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    for field, value in values.items():
        setattr(user, field, value)
    user.save(update_fields=list(values))


def user_event_record(
    *, user: User, action: str, data: dict[str, Any] | None = None, address: str | None = None
) -> None:
    """Write an event of the user, such as a sign-in, to the log of each of their businesses."""
    for membership in membership_list(user_id=user.pk):
        with business_scope(membership.business.pk, membership.member_id):
            member = Member.objects.select_related("user").get(pk=membership.member_id)
            audit_record(
                action=action,
                member=member,
                object_type="user",
                object_id=member.pk,
                data=data,
                address=address,
            )
