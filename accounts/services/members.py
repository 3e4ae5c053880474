"""Roles of members, and their coming and going. A business always keeps an owner."""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Invitation, Member, Role, User, roles_granted_by
from accounts.services.refusals import LastOwner, NotGranted


def member_add(*, user: User, role: Role, by: Member | None = None) -> Member:
    """Make a user a member of the business in scope.

    Somebody who left comes back with the new role; an active member keeps the role they have.
    """
    with transaction.atomic():
        member, created = Member.objects.select_for_update().get_or_create(user=user, defaults={"role": role})
        if not created:
            if member.is_active:
                return member
            member.role, member.is_active = role, True
            member.save(update_fields=["role", "is_active"])
        audit_record(
            action="member.joined",
            member=by or member,
            object_type="member",
            object_id=member.pk,
            data={"member": str(user), "role": str(role)},
        )
    return member


def member_role_change(*, member_id: int, role: Role, by: Member) -> Member:
    """Give a member another role.

    Raises ``Member.DoesNotExist``, :class:`NotGranted` when ``by`` may not take the old or give the new role, and
    :class:`LastOwner`.
    """
    with transaction.atomic():
        member, actor, owners = _lock(member_id=member_id, by=by)
        _require_grant(actor=actor, role=member.role)
        _require_grant(actor=actor, role=role)
        if member.role == role:
            return member
        _keep_an_owner(member=member, owners=owners)
        old, member.role = member.role, role
        member.save(update_fields=["role"])
        _withdraw_beyond(member=member, by=actor)
        audit_record(
            action="member.role",
            member=actor,
            object_type="member",
            object_id=member.pk,
            data={"member": str(member), "old": old, "new": str(role)},
        )
    return member


def member_remove(*, member_id: int, by: Member) -> Member:
    """End a membership; what the member did keeps their name. Leaving is removing oneself.

    Raises ``Member.DoesNotExist``, :class:`NotGranted` and :class:`LastOwner`. The next request of the removed
    member finds no business: nothing is cached.
    """
    with transaction.atomic():
        member, actor, owners = _lock(member_id=member_id, by=by)
        if member.pk != actor.pk:
            _require_grant(actor=actor, role=member.role)
        _keep_an_owner(member=member, owners=owners)
        member.is_active = False
        member.save(update_fields=["is_active"])
        _withdraw_beyond(member=member, by=actor)
        audit_record(
            action="member.left" if member.pk == actor.pk else "member.removed",
            member=actor,
            object_type="member",
            object_id=member.pk,
            data={"member": str(member), "role": member.role},
        )
    return member


def _lock(*, member_id: int, by: Member) -> tuple[Member, Member, list[Member]]:
    """The member, the acting member and every owner, as they are now, locked in one order.

    Two owners who demote each other at once both want the same rows: the second waits, then no longer finds the first
    among the owners.
    """
    rows = list(
        Member.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(Q(pk__in=[member_id, by.pk]) | Q(role=Role.OWNER), is_active=True)
        .order_by("pk")
    )
    found = {row.pk: row for row in rows}
    if member_id not in found:
        raise Member.DoesNotExist
    if by.pk not in found:
        raise NotGranted(_("You are no longer a member of this business. Nothing was changed."))
    return found[member_id], found[by.pk], [row for row in rows if row.role == Role.OWNER]


def _require_grant(*, actor: Member, role: str) -> None:
    if role not in roles_granted_by(actor.role):
        raise NotGranted(_("Only an owner can manage admins and owners. Nothing was changed."))


def _keep_an_owner(*, member: Member, owners: list[Member]) -> None:
    if member.role == Role.OWNER and [owner.pk for owner in owners] == [member.pk]:
        raise LastOwner(
            _(
                "%(name)s is the only owner, and a business always keeps one. Nothing was changed. "
                "Make somebody else owner first."
            )
            % {"name": str(member)}
        )


def _withdraw_beyond(*, member: Member, by: Member) -> None:
    """Withdraw the open invitations that ``member`` sent and may no longer send."""
    kept = roles_granted_by(member.role) if member.is_active else []
    beyond = Invitation.objects.filter(invited_by=member, accepted_at__isnull=True).exclude(role__in=kept)
    for invitation in beyond.select_for_update():
        audit_record(
            action="invitation.withdrawn",
            member=by,
            object_type="invitation",
            object_id=invitation.pk,
            data={"email": invitation.email, "role": invitation.role},
        )
        invitation.delete()
