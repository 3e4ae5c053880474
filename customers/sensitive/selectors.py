"""Reads of sensitive details: for roles that the business allows, while the guest consents, each viewing logged."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.audit import audit_record, audit_record_many
from accounts.models import Business, Member
from accounts.models.roles import SENSITIVE_ROLES
from customers.consent.models import Channel, ConsentEvent, ConsentState, Purpose
from customers.lineage.models import CardLineage
from customers.sensitive.keys import keyring
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.sealing import CannotOpen

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DetailLine:
    """One detail. ``is_open``: it could be opened; otherwise its key is missing and ``text`` is empty."""

    kind: str
    label: str
    text: str
    is_open: bool = True


@dataclass(frozen=True)
class SensitivePanel:
    """What the card shows to those who may see it. Without consent there are no lines, whatever is still stored."""

    consented: bool
    lines: list[DetailLine]

    @property
    def allergies(self) -> str:
        """The alert in the card's header; empty when none is known."""
        return next((line.text for line in self.lines if line.kind == SensitiveDetail.Kind.ALLERGIES), "")

    @property
    def texts(self) -> dict[str, str]:
        """Kind → text of the details that opened."""
        return {line.kind: line.text for line in self.lines if line.is_open}

    @property
    def closed(self) -> set[str]:
        """The kinds whose key is missing."""
        return {line.kind for line in self.lines if not line.is_open}


def may_see_sensitive(*, business: Business, member: Member | None) -> bool:
    """Whether the business lets this member's role see sensitive details."""
    return (
        member is not None
        and member.is_active
        and member.role in business.sensitive_roles
        and member.role in SENSITIVE_ROLES
    )


def sensitive_view(*, business: Business, customer_id: int, member: Member | None) -> dict[str, str] | None:
    """Kind → text of a guest's details; ``None`` for somebody who may not see them. Logs the viewing of any."""
    panel = sensitive_panel(business=business, customer_id=customer_id, member=member)
    return None if panel is None else panel.texts


def sensitive_panel(*, business: Business, customer_id: int, member: Member | None) -> SensitivePanel | None:
    """The panel of the card, or ``None`` for somebody who may not see it. Logs the viewing when there is something.

    Two queries and, when there is something, the entry in the log.
    """
    if not may_see_sensitive(business=business, member=member):
        return None
    return _panel(business, customer_id, member)


def allergies_of(*, business: Business, ids: Collection[int], member: Member | None) -> set[int]:
    """Which of these guests have an allergy, for a list at the desk; nobody for somebody who may not see it.

    What it is stands on the card. Seeing that there is one is a viewing too, and logged for each guest.
    """
    if not may_see_sensitive(business=business, member=member):
        return set()
    found = SensitiveDetail.objects.filter(live(), customer_id__in=ids, kind=SensitiveDetail.Kind.ALLERGIES)
    allergic = set(found.values_list("customer_id", flat=True))
    audit_record_many(
        action="sensitive.viewed",
        member=member,
        object_type="customer",
        object_ids=sorted(allergic),
        data={"kinds": [SensitiveDetail.Kind.ALLERGIES.value], "where": "today"},
    )
    return allergic


def sensitive_for_key(*, business: Business, customer_id: int) -> SensitivePanel:
    """The same for another system whose key may read sensitive details; the viewing is logged under the key's name."""
    return _panel(business, customer_id, None)


def _panel(business: Business, customer_id: int, member: Member | None) -> SensitivePanel:
    panel = SensitivePanel(
        has_consent(customer_id=customer_id),
        list(_lines(business.public_id, SensitiveDetail.objects.filter(live(), customer_id=customer_id))),
    )
    if panel.lines:
        audit_record(
            action="sensitive.viewed",
            member=member,
            object_type="customer",
            object_id=customer_id,
            data={"kinds": [line.kind for line in panel.lines]},
        )
    return panel


def has_consent(*, customer_id: int) -> bool:
    """Whether the guest agrees to sensitive details being kept."""
    return _granted().filter(customer_id=customer_id).exists()


def live() -> Q:
    """Details that may be read: the guest agrees now, and has not withdrawn since they were written.

    Whatever is not live waits for being erased; ``sql/due.sql`` tells the same for the sweep.
    """
    absorbed = CardLineage.objects.filter(survivor_id=OuterRef(OuterRef("customer_id"))).values("absorbed_id")
    withdrawn = ConsentEvent.objects.filter(
        Q(customer_id=OuterRef("customer_id")) | Q(customer_id__in=absorbed),
        purpose=Purpose.SENSITIVE,
        channel=Channel.NONE,
        act=ConsentEvent.Act.WITHDRAWN,
        at__gt=OuterRef("changed_at"),
    )
    return Q(Exists(_granted().filter(customer_id=OuterRef("customer_id")))) & ~Q(Exists(withdrawn))


def opened(*, public_id: UUID, detail: SensitiveDetail) -> str | None:
    """What a detail says; ``None`` when it cannot be opened, which the program's log is told by the detail's id."""
    try:
        return keyring().open(detail.ciphertext, detail.key_name, business=public_id, uid=detail.uid, kind=detail.kind)
    except CannotOpen as error:
        _log.error("Sensitive detail %s does not open: %s", detail.uid, type(error).__name__)
        return None


def opened_together(*, public_id: UUID, details: Iterable[SensitiveDetail]) -> str | None:
    """What the details of one kind say, one below the other, each text once; ``None`` when one cannot be opened."""
    rows = sorted(details, key=lambda detail: (detail.came_from_id, detail.pk))
    texts = [opened(public_id=public_id, detail=detail) for detail in rows]
    return None if None in texts else "\n".join(dict.fromkeys(text for text in texts if text))


def sensitive_due_businesses(*, most: int = 1_000) -> list[int]:
    """Ids of businesses that keep details whose consent has ended. Needs no scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id FROM customers_sensitive_due(%s)", [most])
        return [row[0] for row in cursor.fetchall()]


def _granted() -> QuerySet[ConsentState]:
    return ConsentState.objects.filter(purpose=Purpose.SENSITIVE, channel=Channel.NONE, granted=True)


def _lines(public_id: UUID, details: Iterable[SensitiveDetail]) -> Iterable[DetailLine]:
    """One line a kind: a guest whose cards were merged may have a detail from each."""
    found = list(details)
    for kind, label in SensitiveDetail.Kind.choices:
        rows = [detail for detail in found if detail.kind == kind]
        if rows:
            text = opened_together(public_id=public_id, details=rows)
            yield DetailLine(kind, str(label), text or "", text is not None)
