"""Writes on suppressed addresses: one is put on the list, and let go again."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.audit import audit_record
from accounts.digests import address_digest
from accounts.models import Business, Member
from accounts.tenancy import require_business_id
from customers.card.derive import email_keys, phone_keys
from customers.card.models import ContactPoint, Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.permission.models import Suppression
from customers.permission.selectors import LIFTED_BY_CONSENT

_MARKS: Final = {
    Suppression.Reason.BOUNCE: ContactPoint.State.BOUNCED,
    Suppression.Reason.COMPLAINT: ContactPoint.State.OPTED_OUT,
    Suppression.Reason.STOP: ContactPoint.State.OPTED_OUT,
    Suppression.Reason.MANUAL: ContactPoint.State.OPTED_OUT,
}
"""What the address says on the cards that have it. Who unsubscribed still gets word of their own stays there."""
_TITLES: Final = {
    ContactPoint.State.BOUNCED: gettext_noop("An address of %(guests)s bounces"),
    ContactPoint.State.OPTED_OUT: gettext_noop("An address of %(guests)s opted out"),
    ContactPoint.State.OK: gettext_noop("An address of %(guests)s may be used again"),
}
_TITLES_OF_MANY: Final = {
    ContactPoint.State.BOUNCED: gettext_noop("Addresses of %(number)s guests bounce"),
    ContactPoint.State.OPTED_OUT: gettext_noop("Addresses of %(number)s guests opted out"),
    ContactPoint.State.OK: gettext_noop("Addresses of %(number)s guests may be used again"),
}
NAMED: Final = 3
"""As many guests an act names; of more it tells the number."""
REASON_MAX = 500


@dataclass(frozen=True)
class CannotLift(Exception):
    """The address stays suppressed; ``str()`` says why, for people."""

    why: str

    def __str__(self) -> str:
        return self.why


def address_normal(*, kind: str, value: str) -> str:
    """The normal form of an address or number as somebody types it. Raises ``ValueError`` when it is none."""
    country = Business.objects.values_list("country", flat=True).get(pk=require_business_id())
    keys = email_keys(value) if kind == ContactPoint.Kind.EMAIL else phone_keys(value, country)
    if not keys.normalised:
        raise ValueError(_("This is no e-mail address or phone number."))
    return keys.normalised


class Listed(NamedTuple):
    """An address, in its normal form, with why it must not be written to again; ``at`` is when that happened."""

    kind: str
    normalised: str
    reason: str
    at: dt.datetime | None = None
    source: str = ""


def suppress(
    *, kind: str, normalised: str, reason: str, at: dt.datetime | None = None, source: str = ""
) -> Suppression | None:
    """Put one address on the list, as :func:`suppress_all`; ``None`` when it stands there for this reason already."""
    made = suppress_all(listed=[Listed(kind, normalised, reason, at, source)])
    return made[0] if made else None


def suppression_add(
    *,
    kind: str,
    normalised: str,
    reason: str = Suppression.Reason.MANUAL,
    at: dt.datetime | None = None,
    source: str = "",
    customer_id: int | None = None,
    member: Member | None = None,
    address: str | None = None,
) -> Suppression | None:
    """Put an address on the list by hand, logged; ``None`` when it stands there for this reason already.

    ``customer_id`` is the guest on whose card it was done, ``address`` the IP address of whoever did it.
    """
    with transaction.atomic():
        row = suppress(kind=kind, normalised=normalised, reason=reason, at=at, source=source or str(member or ""))
        if row is not None:
            audit_record(
                action="suppression.added",
                member=member,
                object_type="suppression" if customer_id is None else "customer",
                object_id=customer_id,
                data={"kind": kind, "of": reason, "digest": str(row.digest)},
                address=address,
            )
    return row


def suppress_all(*, listed: Collection[Listed]) -> list[Suppression]:
    """Put addresses on the list; those that were not there for this reason, in no order. One that was stands there with
    the later of both moments: a consent in between does not lift it.

    Whoever has one of them, today or one day, is held to it; the cards that have it today say so. Raises ``ValueError``
    without an address or for an unknown kind or reason; then none is put on the list.
    """
    now = timezone.now()
    wanted: dict[tuple[uuid.UUID, str], Listed] = {}
    for each in listed:
        if (
            not each.normalised
            or each.reason not in Suppression.Reason.values
            or each.kind not in ContactPoint.Kind.values
        ):
            raise ValueError(f"{each.kind} {each.reason}")
        digest = address_digest(business_id=require_business_id(), kind=each.kind, normalised=each.normalised)
        known = wanted.get((digest, str(each.reason)))
        if known is None or (each.at or now) > (known.at or now):
            wanted[digest, str(each.reason)] = each
    with transaction.atomic():
        made = _insert(wanted, now)
        new = [wanted[row.digest, row.reason] for row in made]
        for state in (ContactPoint.State.BOUNCED, ContactPoint.State.OPTED_OUT):
            marked = [each for each in new if _MARKS.get(Suppression.Reason(each.reason)) == state]
            _points_mark(marked, state)
        if new:
            facts_follow(addresses=[each.normalised for each in new])
    return made


def _insert(wanted: Mapping[tuple[uuid.UUID, str], Listed], now: dt.datetime) -> list[Suppression]:
    """The rows that were not there. In one order, so that of two who list the same addresses neither waits for ever."""
    if not wanted:
        return []
    lines = sorted(wanted.items(), key=lambda item: (item[0][0].int, item[0][1]))
    columns = (
        [each.kind for _key, each in lines],
        [str(digest) for (digest, _reason), _each in lines],
        [reason for (_digest, reason), _each in lines],
        [each.at or now for _key, each in lines],
        [each.source[:200] for _key, each in lines],
    )
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [require_business_id(), now, *columns])
        return [
            Suppression(
                pk=pk, business_id=require_business_id(), kind=kind, digest=digest, reason=reason, at=at, source=source,
                recorded_at=now,
            )
            for pk, kind, digest, reason, at, source, is_new in cursor.fetchall()
            if is_new
        ]  # fmt: skip


_INSERT: Final = """
    INSERT INTO customers_suppression (business_id, kind, digest, reason, at, source, recorded_at)
    SELECT %s, t.kind, t.digest, t.reason, t.at, t.source, %s
    FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::timestamptz[], %s::text[])
         AS t (kind, digest, reason, at, source)
    ON CONFLICT (business_id, digest, reason) DO UPDATE SET at = excluded.at, source = excluded.source
    WHERE excluded.at > customers_suppression.at
    RETURNING id, kind, digest, reason, at, source, xmax = 0
"""
"""Each reason is a row of its own and all of them hold: the one that lifts least decides. ``xmax`` is 0 of a row that
this statement has made."""


def suppression_lift(
    *,
    kind: str,
    normalised: str,
    reason: str,
    why: str,
    member: Member | None = None,
    address: str | None = None,
) -> bool:
    """Let an address go again: a member's act, logged with why. Whether it was on the list for this reason. Cards that
    said so say that it may be used.

    Raises :class:`CannotLift` for an unsubscribing, which only the guest's consent lifts, and ``ValueError`` without a
    reason.
    """
    why = why.strip()
    if not why:
        raise ValueError(_("Write why. It is kept in the log."))
    if reason in LIFTED_BY_CONSENT:
        raise CannotLift(_("The guest has unsubscribed. Only a consent that they give anew lifts it."))
    digest = address_digest(business_id=require_business_id(), kind=kind, normalised=normalised)
    with transaction.atomic():
        removed, _of = Suppression.objects.filter(digest=digest, reason=reason).delete()
        if not removed:
            return False
        left = {_MARKS.get(Suppression.Reason(each.reason)) for each in Suppression.objects.filter(digest=digest)}
        state = _MARKS.get(Suppression.Reason(reason))
        if state and state not in left:
            _points_mark([Listed(kind, normalised, reason)], ContactPoint.State.OK, only=(state,))
        facts_follow(addresses=[normalised])
        audit_record(
            action="suppression.lifted",
            member=member,
            object_type="suppression",
            data={"kind": kind, "of": reason, "reason": why[:REASON_MAX], "digest": str(digest)},
            address=address,
        )
    return True


def facts_follow(*, addresses: list[str]) -> None:
    """Bring the facts of everybody who has one of these addresses up to the list."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT customers_suppression_facts(%s)", [addresses])


def _points_mark(
    listed: Collection[Listed], state: ContactPoint.State, *, only: Sequence[ContactPoint.State] | None = None
) -> None:
    """Give addresses their state on every card that has one, in one act. A card whose processing is restricted stays as
    it is.

    A bounce marks what was taken for good, an opt-out what bounces, too; neither the other way round.
    """
    if not listed:
        return
    if only is None:
        only = (ContactPoint.State.OK, ContactPoint.State.RELAY)
        if state == ContactPoint.State.OPTED_OUT:
            only = (*only, ContactPoint.State.BOUNCED)
    # By arrays of ids: a planner joins what it knows nothing of row by row.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, customer_id FROM customers_points_at(%s)", [sorted({each.normalised for each in listed})]
        )
        found: dict[int, int] = dict(cursor.fetchall())
    cards = Customer.objects.select_for_update(no_key=True).filter(pk__in=sorted(set(found.values()))).order_by("pk")
    free = {card.pk for card in cards.only("pk", "is_restricted") if not card.is_restricted}
    points = ContactPoint.objects.filter(
        pk__in=sorted(pk for pk, card in found.items() if card in free),
        kind__in={each.kind for each in listed},
        state__in=only,
    )
    marked = dict(points.values_list("pk", "customer_id"))
    if not marked:
        return
    named = sorted(set(marked.values()))
    is_few = len(named) <= NAMED
    with change_set(
        kind=ChangeSet.Kind.EDIT,
        title=(_TITLES if is_few else _TITLES_OF_MANY)[state],
        params={"guests": named} if is_few else {"number": len(named)},
    ):
        ContactPoint.objects.filter(pk__in=sorted(marked)).update(state=state)
