"""Reads of permission: who may be contacted, and what the card says of it."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import AuditEntry
from customers.card.models import Customer
from customers.permission.reasons import KINDS, REASONS, RULES, ContactPurpose, Reason
from customers.search.fetch_sql import rows


@dataclass(frozen=True)
class Verdict:
    """Whether a guest may be contacted, and everything that stands in the way."""

    allowed: bool
    reasons: tuple[Reason, ...] = ()


def may_contact(*, ids: Collection[int], purpose: str, channel: str) -> dict[int, Verdict]:
    """Whether each of these guests may be written to, for a :class:`ContactPurpose` through ``email`` or ``sms``.

    One query, whatever the number of ids; every id asked for is answered, one that is not of the business with
    ``Reason.UNKNOWN``. Raises ``ValueError`` for a purpose or channel that there is not.
    """
    if purpose not in RULES or channel not in KINDS:
        raise ValueError(f"{purpose} {channel}")
    rule = RULES[purpose]
    values = {
        "ids": list(ids),
        "purpose": purpose,
        "channel": channel,
        "kind": KINDS[channel],
        "asks": rule.needs_consent,
        "usable": list(rule.usable),
    }
    verdicts = dict.fromkeys(ids, Verdict(allowed=False, reasons=(Reason.UNKNOWN,)))
    for pk, reasons in rows(REASONS, values):
        verdicts[pk] = Verdict(not reasons, tuple(Reason(reason) for reason in reasons))
    return verdicts


@dataclass(frozen=True)
class Way:
    """A purpose and channel of a guest, with the verdict on it."""

    purpose: ContactPurpose
    channel: str
    label: str
    verdict: Verdict


def ways_to(*, customer_id: int) -> list[Way]:
    """Whether a guest may get each kind of message. One query a kind."""
    labels = {
        (ContactPurpose.NEWSLETTER, "email"): _("Newsletter by e-mail"),
        (ContactPurpose.NEWSLETTER, "sms"): _("Newsletter by SMS"),
        (ContactPurpose.STAY, "email"): _("About their own stay, by e-mail"),
        (ContactPurpose.STAY, "sms"): _("About their own stay, by SMS"),
    }
    return [
        Way(purpose, channel, label, may_contact(ids=[customer_id], purpose=purpose, channel=channel)[customer_id])
        for (purpose, channel), label in labels.items()
    ]


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
