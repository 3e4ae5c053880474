"""What the palette shows of a guest: name, how to reach them, where they are now, what the desk must know."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from phonenumbers import country_code_for_region

from accounts.models import Business
from customers.card.models import Customer, Tag
from customers.permission.marks import contact_marks
from customers.search.fetch_sql import rows
from customers.search.models import RecentGuest
from customers.search.rank import NEAR_DAYS
from customers.search.selectors import guests_lookup

TEXT_MAX = 120
"""Characters that are looked for at most."""
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
    # Plain statements and not the ORM, which would take longer to ask for these eight than to find them.
    wanted = list(customer_ids)
    statuses = _statuses(wanted, today)
    flags: dict[int, list[tuple[str, str]]] = {}
    for pk, code, name in rows(_TAGS, [wanted]):
        tag = Tag(code=code, name=name)
        if tag.tone in SHOWN_TONES:
            flags.setdefault(pk, []).append((tag.tone, str(tag)))
    hits: dict[int, Hit] = {}
    for pk, kind, given, family, company, restricted, deceased, silent, phone, email, last_stay in rows(
        _CARDS, [wanted]
    ):
        guest = Customer(
            kind=kind,
            given_name=given,
            family_name=family,
            company_name=company,
            is_restricted=restricted,
            is_deceased=deceased,
            do_not_contact=silent,
        )
        status, tone = statuses.get(pk, ("", ""))
        marked = contact_marks(guest) + flags.get(pk, [])
        hits[pk] = Hit(pk, guest.name, kind, phone, email, last_stay, status, tone, marked)
    return [hits[pk] for pk in wanted if pk in hits]


_PRIMARY = """(SELECT coalesce(nullif(p.normalised, ''), p.value) FROM customers_contactpoint p
    WHERE p.customer_id = c.id AND p.kind = '{kind}' AND p.is_primary LIMIT 1)"""
_CARDS = f"""
    SELECT c.id, c.kind, c.given_name, c.family_name, c.company_name,
           c.is_restricted, c.is_deceased, c.do_not_contact,
           coalesce({_PRIMARY.format(kind="phone")}, ''), coalesce({_PRIMARY.format(kind="email")}, ''),
           (SELECT last_stay FROM customers_customerfacts WHERE customer_id = c.id LIMIT 1)
    FROM customers_customer c WHERE c.id = ANY (%s)
"""
_TAGS = """
    SELECT g.customer_id, t.code, t.name FROM customers_customertag g JOIN customers_tag t ON t.id = g.tag_id
    WHERE g.customer_id = ANY (%s) ORDER BY g.slot
"""
_PRESENT = """
    SELECT customer_id, in_house, is_booked, arrival, departure, unit FROM customers_presence
    WHERE customer_id = ANY (%s)
"""


class _Present(NamedTuple):
    """A guest's stay of these days."""

    in_house: bool
    is_booked: bool
    arrival: dt.date
    departure: dt.date
    unit: str


def hits_found(*, business: Business, member_id: int, text: str) -> list[Hit]:
    """The guests a member means by a few letters or digits, best first; nobody for an empty text."""
    today = timezone.localdate(timezone=business.zone)
    found = guests_lookup(
        text=" ".join(text[:TEXT_MAX].replace("\x00", " ").split()),
        today=today,
        member_id=member_id,
        calling_code=country_code_for_region(business.country) or None,
    )
    return hits_of(customer_ids=[candidate.customer_id for candidate in found], today=today)


def recent_guests(*, member_id: int, today: dt.date, most: int = 8) -> list[Hit]:
    """The guests a member opened last."""
    opened = RecentGuest.objects.filter(member_id=member_id).order_by("-opened_at")
    return hits_of(customer_ids=list(opened.values_list("customer_id", flat=True)[:most]), today=today)


def _statuses(customer_ids: Sequence[int], today: dt.date) -> dict[int, tuple[str, str]]:
    """Where each guest is now: text and tone; none for those far from the desk."""
    nearest: dict[int, _Present] = {}
    for pk, *values in rows(_PRESENT, [list(customer_ids)]):
        row = _Present(*values)
        if pk not in nearest or _distance(row, today) < _distance(nearest[pk], today):
            nearest[pk] = row
    return {pk: said for pk, row in nearest.items() if (said := _said(row, today))}


def _distance(row: _Present, today: dt.date) -> tuple[bool, bool, int]:
    day = row.arrival if row.is_booked else row.departure
    return not row.in_house, not row.is_booked, abs((day - today).days)


def _said(row: _Present, today: dt.date) -> tuple[str, str] | None:
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
