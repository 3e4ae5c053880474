"""Writes on stays and who took part."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Business, Member
from customers.card.services import card_held
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Stay, StayParticipant
from customers.history.services.refusals import StayRefused

STAY_FIELDS = (
    "property_id",
    "arrival",
    "departure",
    "unit",
    "unit_type",
    "adults",
    "children",
    "reference",
    "channel",
    "amount",
    "currency",
    "note",
)
"""The fields of a stay that people may set; its status moves through :func:`stay_move`."""

MOVES: dict[str, frozenset[str]] = {
    Stay.Status.BOOKED: frozenset({Stay.Status.CHECKED_IN, Stay.Status.CANCELLED, Stay.Status.NO_SHOW}),
    Stay.Status.CHECKED_IN: frozenset({Stay.Status.CHECKED_OUT, Stay.Status.BOOKED}),
    Stay.Status.CHECKED_OUT: frozenset({Stay.Status.CHECKED_IN}),
    Stay.Status.CANCELLED: frozenset({Stay.Status.BOOKED}),
    Stay.Status.NO_SHOW: frozenset({Stay.Status.BOOKED}),
}
"""From which status a stay may go to which; the ways back mend a slip at the desk."""


MOVE_TITLES = {
    Stay.Status.BOOKED: gettext_noop("Booked again: %(guests)s"),
    Stay.Status.CHECKED_IN: gettext_noop("Checked in: %(guests)s"),
    Stay.Status.CHECKED_OUT: gettext_noop("Checked out: %(guests)s"),
    Stay.Status.CANCELLED: gettext_noop("Cancelled the stay of %(guests)s"),
    Stay.Status.NO_SHOW: gettext_noop("No-show: %(guests)s"),
}


def stay_add(
    *, business: Business, customer_id: int, values: Mapping[str, Any], member: Member | None = None
) -> tuple[Stay, ChangeSet]:
    """Book a stay for a guest, who stays, books and pays. Raises ``Customer.DoesNotExist``."""
    customer = card_held(customer_id=customer_id)
    stay = Stay(**{name: values[name] for name in STAY_FIELDS if name in values})
    stay.currency = stay.currency or business.currency
    with change_set(
        kind=ChangeSet.Kind.EDIT,
        title=gettext_noop("New stay for %(guests)s"),
        params={"guests": [customer.pk]},
        member=member,
    ) as act:
        stay.save(force_insert=True)
        StayParticipant.objects.create(stay=stay, customer=customer, is_guest=True, is_booker=True, is_payer=True)
    return stay, act


def stay_update(*, stay_id: int, values: Mapping[str, Any], member: Member | None = None) -> ChangeSet | None:
    """Change or move a stay; ``None`` when nothing was different. Raises ``Stay.DoesNotExist``."""
    with transaction.atomic():
        stay = Stay.objects.select_for_update(no_key=True).get(pk=stay_id)
        changed = [name for name in STAY_FIELDS if name in values and values[name] != getattr(stay, name)]
        if not changed:
            return None
        for name in changed:
            setattr(stay, name, values[name])
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Changed a stay of %(guests)s"),
            params={"guests": _guests(stay)},
            member=member,
        ) as act:
            stay.save(update_fields=changed)
    return act


def stay_move(*, stay_id: int, status: Stay.Status, member: Member | None = None) -> ChangeSet | None:
    """Check in, check out, cancel, mark a no-show or take one of these back; ``None`` when it is so already.

    Raises :class:`StayRefused` for a way that does not exist; nothing is written.
    """
    with transaction.atomic():
        stay = Stay.objects.select_for_update(no_key=True).get(pk=stay_id)
        if stay.status == status:
            return None
        if status not in MOVES[stay.status]:
            raise StayRefused(
                _("This stay is “%(now)s” and cannot become “%(wanted)s”.")
                % {"now": stay.get_status_display(), "wanted": status.label}
            )
        stay.status = status
        with change_set(
            kind=ChangeSet.Kind.EDIT, title=MOVE_TITLES[status], params={"guests": _guests(stay)}, member=member
        ) as act:
            stay.save(update_fields=["status"])
    return act


def _guests(stay: Stay) -> list[int]:
    """The cards a stay's change names, the first three."""
    return list(StayParticipant.objects.filter(stay=stay).order_by("id").values_list("customer_id", flat=True)[:3])
