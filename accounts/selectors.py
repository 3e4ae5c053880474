"""Reads over accounts. Memberships cross businesses and go through a definer function that returns ids only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.audit import VIEWS
from accounts.models import ApiKey, AuditEntry, Business, Invitation, Member, Property, Role, User, roles_granted_by
from accounts.tenancy import business_scope
from accounts.tokens import token_hash, token_public_id

AUDIT_PAGE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
        cursor.execute("SELECT business_id, member_id FROM accounts_memberships(%s)", [user_id])
        members = dict(cursor.fetchall())
    businesses = Business.objects.filter(pk__in=members).order_by("name")
    return [Membership(business, members[business.pk]) for business in businesses]


def membership_roles(*, user_id: int) -> list[tuple[Business, Member]]:
    """The user's businesses with the membership in each, by name."""
    found = []
    for membership in membership_list(user_id=user_id):
        with business_scope(membership.business.pk, membership.member_id):
            member = Member.objects.select_related("user").get(pk=membership.member_id)
        found.append((membership.business, member))
    return found


def member_list() -> list[Member]:
    """The active members of the business in scope, owners first; ``has_mfa`` tells a sign-in of two steps."""
    second_step = Authenticator.objects.filter(user_id=OuterRef("user_id"))
    order = {role: place for place, role in enumerate(reversed(Role))}
    members = Member.objects.filter(is_active=True).select_related("user").annotate(has_mfa=Exists(second_step))
    return sorted(members, key=lambda member: (order[Role(member.role)], str(member).casefold()))


def property_list() -> QuerySet[Property]:
    """The properties of the business in scope, by name."""
    return Property.objects.order_by("name", "pk")


def invitation_list() -> QuerySet[Invitation]:
    """Invitations of the business in scope that nobody has accepted, newest first, expired ones included."""
    return (
        Invitation.objects.filter(accepted_at__isnull=True)
        .select_related("invited_by__user")
        .order_by("-created_at", "-pk")
    )


def key_list() -> list[ApiKey]:
    """The keys of the business in scope: those that open first, newest first."""
    return sorted(ApiKey.objects.order_by("-created_at", "-pk"), key=lambda key: not key.is_live)


@dataclass(frozen=True)
class OpenInvitation:
    """What the holder of an invitation's link may see."""

    business: Business
    email: str
    role: str
    invited_by: str


def token_business(token: str) -> Business | None:
    """The business that a token names, or ``None``."""
    public_id = token_public_id(token)
    return Business.objects.filter(public_id=public_id).first() if public_id else None


def invitation_find(*, token: str) -> OpenInvitation | None:
    """The open invitation behind a link. ``None`` alike for one that never was, is used, withdrawn or expired."""
    business = token_business(token)
    if business is None:
        return None
    with business_scope(business.pk):
        invitation = (
            Invitation.objects.filter(
                token_hash=token_hash(token), accepted_at__isnull=True, expires_at__gt=timezone.now()
            )
            .select_related("invited_by__user")
            .first()
        )
        if invitation is None:
            return None
        sender = invitation.invited_by
        if not sender.is_active or invitation.role not in roles_granted_by(sender.role):
            return None
        return OpenInvitation(business, invitation.email, str(Role(invitation.role).label), str(sender))


def user_language(*, email: str) -> str | None:
    """The language of the user with an address, for messages to it; ``None`` when nobody has it."""
    return User.objects.filter(email=email.lower()).values_list("language", flat=True).first()


@dataclass(frozen=True)
class AuditPage:
    """One page of the log, newest first, with the cursors of its neighbours."""

    entries: list[AuditEntry]
    newer: str | None
    older: str | None


def audit_page(
    *,
    after: str | None = None,
    before: str | None = None,
    member_id: int | None = None,
    action: str | None = None,
    about: tuple[str, int] | tuple[str, Sequence[int]] | None = None,
    limit: int = AUDIT_PAGE,
) -> AuditPage:
    """Entries of the business in scope older than the cursor ``after`` or newer than ``before``.

    ``about`` narrows them to one object, by type and id, or the ids it has had. Views of cards are left out unless
    asked for: there are a hundred to every change. A cursor that cannot be read counts as none.
    """
    entries = AuditEntry.objects.all()
    if about is not None:
        ids = [about[1]] if isinstance(about[1], int) else list(about[1])
        entries = entries.filter(object_type=about[0], object_id__in=ids)
    elif action is None:
        entries = entries.exclude(action__in=VIEWS)
    if member_id is not None:
        entries = entries.filter(member_id=member_id)
    if action:
        entries = entries.filter(action=action)
    older_than, newer_than = _cursor(after), _cursor(before)
    if newer_than is not None and older_than is None:
        at, pk = newer_than
        found = list(entries.filter(Q(at__gt=at) | Q(at=at, pk__gt=pk), at__gte=at).order_by("at", "pk")[: limit + 1])
        more = len(found) > limit
        rows = found[:limit][::-1]
        if not more:
            # The first page is always a full one.
            return audit_page(member_id=member_id, action=action, about=about, limit=limit)
        return AuditPage(rows, audit_cursor(rows[0]), audit_cursor(rows[-1]))
    if older_than is not None:
        at, pk = older_than
        entries = entries.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    rows = list(entries.order_by("-at", "-pk")[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    newer = audit_cursor(rows[0]) if rows and older_than is not None else None
    return AuditPage(rows, newer, audit_cursor(rows[-1]) if more else None)


def audit_cursor(entry: AuditEntry) -> str:
    """An entry's place in the log: microseconds since 1970 and its id."""
    return f"{(entry.at - _EPOCH) // timedelta(microseconds=1)}-{entry.pk}"


def _cursor(text: str | None) -> tuple[datetime, int] | None:
    micros, _dash, pk = (text or "").partition("-")
    if (
        not (micros.isascii() and micros.isdigit() and pk.isascii() and pk.isdigit())
        or len(micros) > 17
        or len(pk) > 18
    ):
        return None
    return _EPOCH + timedelta(microseconds=int(micros)), int(pk)


def audit_member_names(*, entries: list[AuditEntry]) -> dict[int, str]:
    """Names of the members that entries without an actor's name were written for."""
    wanted = {entry.member_id for entry in entries if entry.member_id and not entry.actor}
    members = Member.objects.filter(pk__in=wanted).select_related("user") if wanted else []
    return {member.pk: str(member) for member in members}


def audit_members() -> list[tuple[int, str]]:
    """``(id, name)`` of everybody who is or was a member, for the log's filter."""
    members = Member.objects.select_related("user")
    return sorted(((member.pk, str(member)) for member in members), key=lambda pair: pair[1].casefold())
