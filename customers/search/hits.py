"""What the palette shows of a guest: name, how to reach them, where they are now, what the desk must know."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from customers.card.models import ContactPoint, Customer, CustomerTag
from customers.history.models import CustomerFacts
from customers.search.models import Presence, RecentGuest
from customers.search.rank import NEAR_DAYS

SHOWN_TONES = ("bad", "warn", "vip")
"""Tags of these tones are flags: what one must know before saying a word."""


@dataclass(frozen=True)
class Hit:
    """A guest as the palette shows one."""

    customer_id: int
    name: str
    kind: str
    phone: str
    """E.164 or as typed."""
    email: str
    last_stay: dt.date | None
    status: str
    tone: str
    flags: list[tuple[str, str]] = field(default_factory=list)


def hits_of(*, customer_ids: Sequence[int], today: dt.date) -> list[Hit]:
    """The guests to show, in the order given; ids that are not in the register any more are left out."""
    if not customer_ids:
        return []
    customers = Customer.objects.in_bulk(customer_ids)
    contacts: dict[tuple[int, str], str] = {}
    for point in ContactPoint.objects.filter(customer__in=customer_ids, is_primary=True):
        contacts[point.customer_id, point.kind] = point.normalised or point.value
    last_stays = dict(CustomerFacts.objects.filter(customer__in=customer_ids).values_list("customer_id", "last_stay"))
    statuses = _statuses(customer_ids, today)
    flags: dict[int, list[tuple[str, str]]] = {}
    for tagged in CustomerTag.objects.filter(customer__in=customer_ids).select_related("tag").order_by("slot"):
        if tagged.tag.tone in SHOWN_TONES:
            flags.setdefault(tagged.customer_id, []).append((tagged.tag.tone, str(tagged.tag)))
    return [
        Hit(
            pk,
            customer.name,
            customer.kind,
            contacts.get((pk, ContactPoint.Kind.PHONE), ""),
            contacts.get((pk, ContactPoint.Kind.EMAIL), ""),
            last_stays.get(pk),
            *statuses.get(pk, ("", "")),
            flags=flags.get(pk, []),
        )
        for pk in customer_ids
        if (customer := customers.get(pk)) is not None
    ]


def recent_guests(*, member_id: int, today: dt.date, most: int = 8) -> list[Hit]:
    """The guests a member opened last."""
    opened = RecentGuest.objects.filter(member_id=member_id).order_by("-opened_at")
    return hits_of(customer_ids=list(opened.values_list("customer_id", flat=True)[:most]), today=today)


def _statuses(customer_ids: Sequence[int], today: dt.date) -> dict[int, tuple[str, str]]:
    """Where each guest is now: text and tone; none for those far from the desk."""
    nearest: dict[int, Presence] = {}
    for row in Presence.objects.filter(customer_id__in=customer_ids):
        known = nearest.get(row.customer_id)
        if known is None or _distance(row, today) < _distance(known, today):
            nearest[row.customer_id] = row
    return {pk: said for pk, row in nearest.items() if (said := _said(row, today))}


def _distance(row: Presence, today: dt.date) -> tuple[bool, bool, int]:
    day = row.arrival if row.is_booked else row.departure
    return not row.in_house, not row.is_booked, abs((day - today).days)


def _said(row: Presence, today: dt.date) -> tuple[str, str] | None:
    if row.in_house:
        return (_("In house · %(unit)s") % {"unit": row.unit} if row.unit else _("In house")), "ok"
    days = ((row.arrival if row.is_booked else row.departure) - today).days
    if abs(days) > NEAR_DAYS:
        return None
    if row.is_booked:
        coming = {0: _("Arrives today"), 1: _("Arrives tomorrow"), 2: _("Arrives in two days")}
        return (coming[days], "info") if days in coming else (_("Has not arrived"), "warn")
    left = {0: _("Left today"), -1: _("Left yesterday"), -2: _("Left two days ago")}
    return left.get(days, _("Left early")), "neutral"
