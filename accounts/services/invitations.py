"""Invitations: made, sent again, withdrawn, accepted. Only a hash of the token is kept."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Business, Invitation, Member, Role, User, roles_granted_by
from accounts.selectors import token_business
from accounts.services.members import member_add
from accounts.services.refusals import AccountExists, InvitationGone, NotGranted, Refused
from accounts.tenancy import business_scope, require_business_id
from accounts.tokens import token_hash, token_make

LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class Offer:
    """An invitation with its token: the only moment it exists in clear. It goes into one message and nowhere else."""

    invitation: Invitation
    token: str


def invitation_create(*, email: str, role: Role, by: Member) -> Offer:
    """Invite an address to the business in scope. An open invitation to it is replaced: its old link ends.

    Whether the address has an account is neither looked up nor shown. Raises :class:`NotGranted` for a role that
    ``by`` may not give and :class:`Refused` for a member of this very business.
    """
    email = email.strip().lower()
    if role not in roles_granted_by(by.role):
        raise NotGranted(_("Only an owner can invite admins and owners. No invitation was sent."), field="role")
    with transaction.atomic():
        if Member.objects.filter(user__email=email, is_active=True).exists():
            raise Refused(_("%(email)s is already a member.") % {"email": email}, field="email")
        invitation = _open_invitation(email)
        if invitation is None:
            try:
                with transaction.atomic():
                    invitation = Invitation.objects.create(
                        email=email,
                        role=role,
                        invited_by=by,
                        token_hash=secrets.token_hex(32),
                        expires_at=timezone.now() + LIFETIME,
                    )
            except IntegrityError:
                # A colleague invited the same address in this very moment.
                invitation = _open_invitation(email)
        if invitation is None:
            raise Refused(_("Somebody else is inviting %(email)s just now. Try again.") % {"email": email})
        offer = _renew(invitation=invitation, role=role, by=by)
        audit_record(
            action="member.invited",
            member=by,
            object_type="invitation",
            object_id=invitation.pk,
            data={"email": email, "role": str(role)},
        )
    return offer


def invitation_renew(*, invitation_id: int, by: Member) -> Offer:
    """A new link and seven new days for an open invitation; the old link ends.

    Raises ``Invitation.DoesNotExist`` and :class:`NotGranted`.
    """
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(pk=invitation_id, accepted_at__isnull=True)
        offer = _renew(invitation=invitation, role=Role(invitation.role), by=by)
        audit_record(
            action="invitation.renewed",
            member=by,
            object_type="invitation",
            object_id=invitation.pk,
            data={"email": invitation.email, "role": invitation.role},
        )
    return offer


def invitation_withdraw(*, invitation_id: int, by: Member) -> Invitation:
    """End an open invitation. Raises ``Invitation.DoesNotExist`` and :class:`NotGranted`."""
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(pk=invitation_id, accepted_at__isnull=True)
        _require_grant(invitation=invitation, by=by)
        audit_record(
            action="invitation.withdrawn",
            member=by,
            object_type="invitation",
            object_id=invitation.pk,
            data={"email": invitation.email, "role": invitation.role},
        )
        invitation.delete()
    return invitation


def invitation_note_delivery(*, business_id: int, invitation_id: int, token: str, sent: bool) -> None:
    """Keep whether the mail server took the message, unless the invitation has been renewed meanwhile."""
    now = timezone.now()
    with business_scope(business_id):
        Invitation.objects.filter(pk=invitation_id, token_hash=token_hash(token)).update(
            **({"sent_at": now, "failed_at": None} if sent else {"failed_at": now})
        )


def invitation_accept(*, token: str, user: User) -> Member:
    """Make ``user`` a member by the invitation to their own address.

    Raises :class:`InvitationGone`, and :class:`Refused` when the invitation is to another address.
    """
    business = token_business(token)
    if business is None:
        raise _gone()
    with business_scope(business.pk):
        invitation = _lock_open(token)
        if invitation.email != user.email.lower():
            raise Refused(
                _("This invitation is for %(email)s, and you are signed in as %(own)s.")
                % {"email": invitation.email, "own": user.email}
            )
        return _join(invitation=invitation, user=user)


def invitation_accept_new(*, token: str, name: str, password: str, language: str) -> User:
    """Make a new account for the invited address and join with it, both or neither.

    An address whose message went through a mail server counts as verified: only its mailbox holds the link. Raises
    :class:`InvitationGone` and :class:`AccountExists`.
    """
    business = token_business(token)
    if business is None:
        raise _gone()
    try:
        with business_scope(business.pk):
            invitation = _lock_open(token)
            if (
                User.objects.filter(email=invitation.email).exists()
                or EmailAddress.objects.filter(email=invitation.email).exists()
            ):
                raise AccountExists(invitation.email)
            user = User.objects.create_user(invitation.email, password, name=name, language=language)
            proven = invitation.sent_at is not None
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=proven)
            _join(invitation=invitation, user=user)
    except IntegrityError as error:
        raise AccountExists("") from error
    return user


def _join(*, invitation: Invitation, user: User) -> Member:
    member = member_add(user=user, role=Role(invitation.role))
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    return member


def _renew(*, invitation: Invitation, role: Role, by: Member) -> Offer:
    _require_grant(invitation=invitation, by=by)
    token = token_make(public_id=Business.objects.get(pk=require_business_id()).public_id)
    invitation.role, invitation.invited_by = role, by
    invitation.token_hash = token_hash(token)
    invitation.expires_at = timezone.now() + LIFETIME
    invitation.sent_at = invitation.failed_at = None
    invitation.save()
    return Offer(invitation, token)


def _require_grant(*, invitation: Invitation, by: Member) -> None:
    if invitation.role not in roles_granted_by(by.role):
        raise NotGranted(_("Only an owner can change an invitation of an admin or an owner. Nothing was changed."))


def _open_invitation(email: str) -> Invitation | None:
    return Invitation.objects.select_for_update().filter(email=email, accepted_at__isnull=True).first()


def _lock_open(token: str) -> Invitation:
    """The open invitation of a token, locked. One whose sender may no longer send it is gone."""
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("invited_by")
        .filter(token_hash=token_hash(token), accepted_at__isnull=True, expires_at__gt=timezone.now())
        .first()
    )
    if invitation is None:
        raise _gone()
    sender = invitation.invited_by
    if not sender.is_active or invitation.role not in roles_granted_by(sender.role):
        raise _gone()
    return invitation


def _gone() -> InvitationGone:
    return InvitationGone(
        _("This invitation cannot be used any more. Ask the person who invited you to send a new one.")
    )
