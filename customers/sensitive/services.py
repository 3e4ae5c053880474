"""Writes of sensitive details: only while the guest consents, sealed before they reach the database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.tenancy import require_business_id
from customers.card.models import Customer
from customers.card.services import EditConflict, card_lock
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.sensitive.keys import keyring
from customers.sensitive.models import SensitiveDetail
from customers.sensitive.selectors import has_consent, live, opened_together

TEXT_MAX: Final = 1_000
"""Longest detail, in characters."""
ERASED_AT_ONCE: Final = 500
_NAMED: Final = 5
_GUARD: Final = "customers_sensitive_consented"


class ConsentMissing(Exception):
    """The guest has not agreed to sensitive details being kept; the message says so, for people."""

    def __init__(self) -> None:
        super().__init__(
            _("The guest has not agreed that sensitive details are kept. Record the consent first. Nothing was saved.")
        )


def sensitive_set(*, customer_id: int, kind: str, text: str, member: Member | None = None) -> ChangeSet | None:
    """Write one detail of a guest, or remove it with an empty text; ``None`` when nothing was different.

    Raises what :func:`sensitive_update` raises.
    """
    return sensitive_update(customer_id=customer_id, values={kind: text}, member=member)


def sensitive_update(
    *,
    customer_id: int,
    values: Mapping[str, str],
    seen: Mapping[str, str] | None = None,
    member: Member | None = None,
) -> ChangeSet | None:
    """Write several details as one act; ``None`` when nothing was different.

    ``seen`` are the texts that the editor had before them: what they left alone keeps a newer text, and where both
    changed one :class:`EditConflict` is raised and nothing is written. The log is told which kinds changed, never what
    they say. Raises ``Customer.DoesNotExist``, ``CardRestricted``, :class:`ConsentMissing`, and ``ValueError`` for an
    unknown kind or a text that is too long.
    """
    texts = {_known(kind): _bounded(text) for kind, text in values.items()}
    with transaction.atomic():
        customer_id = card_lock(customer_id=customer_id).pk
        public_id = Business.objects.values_list("public_id", flat=True).get(pk=require_business_id())
        rows, alive = defaultdict(list), defaultdict(list)
        of_guest = SensitiveDetail.objects.filter(customer_id=customer_id, kind__in=texts).order_by(
            "came_from_id", "pk"
        )
        for row in of_guest:
            rows[row.kind].append(row)
        for row in of_guest.filter(live()):
            alive[row.kind].append(row)
        current = {kind: opened_together(public_id=public_id, details=found) for kind, found in alive.items()}
        changed = {
            kind: text
            for kind, text in texts.items()
            if text != current.get(kind, "") and (seen is None or text != seen.get(kind, ""))
        }
        clashes = {
            kind: current.get(kind, "") or ""
            for kind in changed
            if seen is not None and current.get(kind, "") != seen.get(kind, "")
        }
        if clashes:
            raise EditConflict(clashes)
        if not changed:
            return None
        if any(changed.values()) and not has_consent(customer_id=customer_id):
            raise ConsentMissing
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Changed sensitive details of %(guests)s"),
            params={"guests": [customer_id]},
            member=member,
        ) as act:
            for kind, text in changed.items():
                first, *more = rows[kind] or [SensitiveDetail(customer_id=customer_id, kind=kind)]
                _write(first, text, public_id)
                # Cards that were merged brought one each: what was written together stands in one.
                for row in more:
                    row.delete()
            audit_record(
                action="sensitive.changed",
                member=member,
                object_type="customer",
                object_id=customer_id,
                data={"kinds": sorted(changed)},
            )
    return act


def sensitive_erase_due(*, limit: int = ERASED_AT_ONCE) -> int:
    """Erase details whose consent has ended, at most ``limit`` of them, as one act; returns how many went.

    The act is no event, and undoing it brings nothing back.
    """
    with transaction.atomic():
        due = SensitiveDetail.objects.filter(~live())
        found = dict(due.order_by("id").values_list("pk", "customer_id")[:limit])
        if not found:
            return 0
        guests = list(
            Customer.objects.select_for_update(no_key=True)
            .filter(pk__in=set(found.values()))
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        # Looked at once more behind the locks: who writes with a new consent holds the card's.
        going = list(due.filter(pk__in=found).values_list("pk", "customer_id", "kind"))
        if not going:
            return 0
        title, params = _told(guests)
        with change_set(kind=ChangeSet.Kind.EDIT, title=title, params=params, is_event=False):
            SensitiveDetail.objects.filter(pk__in=[pk for pk, _guest, _kind in going]).delete()
        kinds: dict[int, list[str]] = defaultdict(list)
        for _pk, guest, kind in going:
            kinds[guest].append(kind)
        for guest, gone in kinds.items():
            audit_record(
                action="sensitive.erased", object_type="customer", object_id=guest, data={"kinds": sorted(gone)}
            )
    return len(going)


def _told(guests: Sequence[int]) -> tuple[str, dict[str, Any]]:
    """The act's sentence and whom it names: a few guests, not hundreds."""
    if len(guests) > _NAMED:
        return gettext_noop("Erased sensitive details whose consent had ended"), {}
    return gettext_noop("Erased sensitive details of %(guests)s: the consent had ended"), {"guests": list(guests)}


def _known(kind: str) -> str:
    if kind not in SensitiveDetail.Kind.values:
        raise ValueError(_("There is no sensitive detail called “%(kind)s”.") % {"kind": kind})
    return kind


def _bounded(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > TEXT_MAX:
        raise ValueError(_("Write at most %(limit)d characters.") % {"limit": TEXT_MAX})
    return text


def _write(row: SensitiveDetail, text: str, public_id: UUID) -> None:
    """Save or remove a row. The database refuses it where the consent has been withdrawn a moment ago."""
    if not text:
        row.delete()
        return
    row.ciphertext, row.key_name = keyring().seal(text, business=public_id, uid=row.uid, kind=row.kind)
    row.changed_at = timezone.now()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if refused_by_guard(error):
            raise ConsentMissing from error
        raise


def refused_by_guard(error: DatabaseError) -> bool:
    """Whether the database refused a write because the guest does not consent (``sql/consented.sql``)."""
    told = getattr(error.__cause__, "diag", None)
    return _GUARD in (getattr(told, "context", None) or "")
