"""Writes of permission: do not contact, deceased, the restriction of processing; what a guest wishes."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.audit import audit_record
from accounts.models import Member
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.permission.models import Wish

REASON_MAX = 500


def contact_rules_set(
    *,
    customer_id: int,
    do_not_contact: bool | None = None,
    is_deceased: bool | None = None,
    member: Member | None = None,
) -> ChangeSet | None:
    """Set either or both of the contact rules of a guest (``None`` leaves one alone).

    Returns the act, ``None`` when nothing was different. A restricted card can be given them too: they protect the
    guest. Raises ``Customer.DoesNotExist``.
    """
    wanted = {"do_not_contact": do_not_contact, "is_deceased": is_deceased}
    with transaction.atomic():
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
        changed = [name for name, value in wanted.items() if value is not None and value != getattr(customer, name)]
        if not changed:
            return None
        for name in changed:
            setattr(customer, name, wanted[name])
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Changed the contact rules of %(guests)s"),
            params={"guests": [customer.pk]},
            member=member,
        ) as act:
            customer.save(update_fields=changed)
    return act


def restriction_set(
    *, customer_id: int, restricted: bool, reason: str, member: Member | None = None, address: str | None = None
) -> ChangeSet | None:
    """Restrict the processing of a guest's data (GDPR article 18), or lift the restriction; logged with its reason.

    Returns the act, ``None`` when it is so already. Raises ``Customer.DoesNotExist``, and ``ValueError`` without a
    reason.
    """
    reason = reason.strip()
    if not reason:
        raise ValueError(_("Write why. It is kept in the log."))
    with transaction.atomic():
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
        if customer.is_restricted == restricted:
            return None
        customer.is_restricted = restricted
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=RESTRICTED_TITLE if restricted else LIFTED_TITLE,
            params={"guests": [customer.pk]},
            member=member,
        ) as act:
            customer.save(update_fields=["is_restricted"])
        audit_record(
            action="guest.restricted" if restricted else "guest.unrestricted",
            member=member,
            object_type="customer",
            object_id=customer.pk,
            data={"reason": reason[:REASON_MAX]},
            address=address,
        )
    return act


def wish_set(*, customer_id: int, kind: str, wished: bool, until: dt.date | None = None) -> bool:
    """Keep that a guest wishes no offers, or a pause ``until`` a day, or no longer. Whether anything is different.

    The guest's own, so that no undo takes it back. Raises ``Customer.DoesNotExist``, and ``ValueError`` for a pause
    without its end.
    """
    if wished and kind == Wish.Kind.PAUSE and until is None:
        raise ValueError(_("Choose when the pause ends."))
    with transaction.atomic():
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
        known = Wish.objects.filter(customer=customer, kind=Wish.Kind(kind))
        if not wished:
            return known.delete()[0] > 0
        if known.filter(until=until).exists():
            return False
        known.delete()
        Wish.objects.create(customer=customer, kind=kind, until=until)
    return True


RESTRICTED_TITLE = gettext_noop("Restricted the processing of the data of %(guests)s")
LIFTED_TITLE = gettext_noop("Lifted the restriction of the data of %(guests)s")
