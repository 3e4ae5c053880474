"""Reads of permission: who may be contacted, and what the card says of it."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.digests import address_digest
from accounts.models import AuditEntry
from accounts.tenancy import require_business_id
from customers.card.models import ContactPoint, Customer
from customers.permission.models import Suppression
from customers.permission.reasons import (
    CAUSELESS,
    CUSTOMER_FOR,
    INVOICE_FOR,
    KINDS,
    LAWS,
    REASONS,
    RULES,
    STAY_FOR,
    Basis,
    ContactPurpose,
    Reason,
)
from customers.search.fetch_sql import rows

LIFTED_BY_CONSENT = (Suppression.Reason.UNSUBSCRIBED,)
"""What no member lifts: only a consent that the guest gives anew."""


@dataclass(frozen=True)
class Verdict:
    """Whether a guest may be contacted, and everything that stands in the way.

    ``basis`` is what makes it lawful, told even where something else stands in the way; ``address`` the normal form of
    the contact point to write to, the primary one if it can be used, empty when none can.
    """

    allowed: bool
    reasons: tuple[Reason, ...] = ()
    basis: Basis | None = field(default=None, compare=False)
    address: str = field(default="", compare=False)


def may_contact(
    *, ids: Collection[int], purpose: str, channel: str, on: dt.date | None = None, needs_cause: bool = False
) -> dict[int, Verdict]:
    """Whether each of these guests may be written to, for a :class:`ContactPurpose` through ``email`` or ``sms``.

    One query, whatever the number of ids; every id asked for is answered, one that is not of the business with
    ``Reason.UNKNOWN``. ``on`` is the day the message would go out, in the business's zone: then a pause that the guest
    has asked for stands in the way; without it pauses are left out, as guests come back from them.
    ``needs_cause``: nobody looked at each of them, so that a message of the contract needs a stay that is booked, goes
    on or ended in the last :data:`~customers.permission.reasons.STAY_FOR` days, or an invoice that is unpaid or of the
    last :data:`~customers.permission.reasons.INVOICE_FOR` months. Raises ``ValueError`` for a purpose or channel that
    there is not.
    """
    if purpose not in RULES or channel not in KINDS:
        raise ValueError(f"{purpose} {channel}")
    rule = RULES[purpose]
    values = {
        "ids": list(ids),
        "channel": channel,
        "kind": KINDS[channel],
        "asks": rule.is_marketing,
        "lenient": rule.without_consent,
        "usable": list(rule.usable),
        "anybody": [country + kind for country, law in LAWS.items() for kind in law.anybody],
        "customers": [country + kind for country, law in LAWS.items() for kind in law.customers],
        "today": on or timezone.localdate(),
        "months": CUSTOMER_FOR,
        "needs_cause": needs_cause,
        "causeless": CAUSELESS[purpose].value if purpose in CAUSELESS else "",
        "stay_days": STAY_FOR,
        "invoice_months": INVOICE_FOR,
        "day": on,
    }
    verdicts = dict.fromkeys(ids, Verdict(allowed=False, reasons=(Reason.UNKNOWN,)))
    for pk, reasons, basis, address in rows(REASONS, values):
        verdicts[pk] = Verdict(
            not reasons, tuple(Reason(reason) for reason in reasons), Basis(basis) if basis else None, address or ""
        )
    return verdicts


@dataclass(frozen=True)
class Way:
    """A purpose and channel of a guest, with the verdict on it."""

    purpose: ContactPurpose
    channel: str
    label: str
    verdict: Verdict


def ways_to(*, customer_id: int) -> list[Way]:
    """Whether a guest may get each kind of message today. One query a kind."""
    labels = {
        (ContactPurpose.NEWSLETTER, "email"): _("Newsletter by e-mail"),
        (ContactPurpose.NEWSLETTER, "sms"): _("Newsletter by SMS"),
        (ContactPurpose.OFFER, "email"): _("Offers to a past guest, by e-mail"),
        (ContactPurpose.OFFER, "sms"): _("Offers to a past guest, by SMS"),
        (ContactPurpose.STAY, "email"): _("About their own stay, by e-mail"),
        (ContactPurpose.STAY, "sms"): _("About their own stay, by SMS"),
    }
    ways = []
    for (purpose, channel), label in labels.items():
        told = may_contact(ids=[customer_id], purpose=purpose, channel=channel, on=timezone.localdate())
        ways.append(Way(purpose, channel, label, told[customer_id]))
    return ways


@dataclass(frozen=True)
class ContactAlert:
    """A contact rule as the card's header shows it."""

    code: str
    tone: str
    icon: str
    title: str
    text: str


def contact_alerts(*, customer: Customer) -> list[ContactAlert]:
    """What the desk must know of a guest's contact rules, weightiest first. No query."""
    alerts = []
    if customer.is_deceased:
        alerts.append(
            ContactAlert(
                "deceased", "info", "user-x", _("Deceased."), _("No message goes out, not about a stay either.")
            )
        )
    if customer.is_restricted:
        alerts.append(
            ContactAlert(
                "restricted",
                "warn",
                "lock",
                _("Processing restricted."),
                _("Their data may be stored and nothing else. Stays and notes go on; the card cannot be changed."),
            )
        )
    if customer.do_not_contact:
        text = _("No newsletter and no offer.")
        if not alerts:
            text = _("No newsletter and no offer. Messages about their own stay still go out.")
        alerts.append(ContactAlert("do_not_contact", "warn", "bell-off", _("Do not contact."), text))
    return alerts


@dataclass(frozen=True)
class Suppressed:
    """An address of a guest that is on the list, and why."""

    point: ContactPoint
    suppression: Suppression

    @property
    def is_marketing_only(self) -> bool:
        """Whether messages about the guest's own stays still go there."""
        return self.suppression.reason in (Suppression.Reason.UNSUBSCRIBED, Suppression.Reason.OBJECTION)

    @property
    def can_be_lifted(self) -> bool:
        """Whether a member may let it go."""
        return can_be_lifted(self.suppression)


def suppressed_of(*, customer_id: int) -> tuple[list[Suppressed], list[ContactPoint]]:
    """The addresses of a guest that are on the list, once for each reason; and those that are not. Two queries."""
    points = ContactPoint.objects.filter(customer_id=customer_id).exclude(normalised="")
    digests = {
        address_digest(business_id=require_business_id(), kind=point.kind, normalised=point.normalised): point
        for point in points.order_by("kind", "-is_primary", "id")
    }
    found = list(Suppression.objects.filter(digest__in=list(digests)).order_by("-at", "-id"))
    listed = {row.digest for row in found}
    return (
        [Suppressed(digests[row.digest], row) for row in found],
        [point for digest, point in digests.items() if digest not in listed],
    )


def suppression_list(*, kind: str = "", reason: str = "") -> QuerySet[Suppression]:
    """What is on the list, of one kind or reason where told."""
    rows = Suppression.objects.all()
    if kind:
        rows = rows.filter(kind=kind)
    return rows.filter(reason=reason) if reason else rows


def suppression_counts() -> dict[str, int]:
    """How many addresses are on the list for each reason; none is not among them."""
    return dict(Suppression.objects.values_list("reason").annotate(Count("pk")).order_by())


def suppressions_at(*, kind: str, normalised: str, reason: str = "") -> list[Suppression]:
    """What an address, in its normal form, is on the list for; the newest first."""
    digest = address_digest(business_id=require_business_id(), kind=kind, normalised=normalised)
    return list(suppression_list(reason=reason).filter(digest=digest).order_by("-at", "-id"))


def can_be_lifted(row: Suppression) -> bool:
    """Whether a member may let it go."""
    return row.reason not in LIFTED_BY_CONSENT


@dataclass(frozen=True)
class Restriction:
    """When a restriction was set, by whom and why."""

    at: dt.datetime
    actor: str
    reason: str


def restriction_of(*, customer: Customer) -> Restriction | None:
    """The restriction that holds, as the log tells it; ``None`` where there is none, or none was logged."""
    if not customer.is_restricted:
        return None
    entry = (
        AuditEntry.objects.filter(object_type="customer", object_id=customer.pk, action="guest.restricted")
        .order_by("-at", "-id")
        .first()
    )
    return Restriction(entry.at, entry.actor, str(entry.data.get("reason", ""))) if entry else None
