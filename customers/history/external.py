"""Stays, purchases and invoices as other systems write them: in one act, found by their id in that system."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Business
from customers.card.external import ExternalIdTaken, Outside
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.fields.services import stay_values_set
from customers.history.models import Invoice, Purchase, Stay, StayParticipant
from customers.history.services import MOVES, invoice_add, purchase_add, stay_add, stay_move, stay_update

M = TypeVar("M", Stay, Purchase, Invoice)


class _Nothing(Exception):
    """Nothing was different: the act that had been opened goes again."""


def stay_find(*, outside: Outside) -> int | None:
    """The stay with this id in another system, or ``None``."""
    return _of(Stay, outside).values_list("pk", flat=True).first()


def stay_book(
    *,
    business: Business,
    customer_id: int,
    values: Mapping[str, Any],
    fields: Mapping[str, str],
    status: Stay.Status | None = None,
    outside: Outside | None = None,
) -> Stay:
    """A new stay as another system has it: with its status, own fields and id there, as one act.

    Raises ``Customer.DoesNotExist``, :class:`ExternalIdTaken` and ``FieldsRefused``; then nothing is written.
    """
    with change_set(
        kind=ChangeSet.Kind.EDIT, title=gettext_noop("New stay for %(guests)s"), params={"guests": [customer_id]}
    ):
        stay = _marked(outside, lambda: stay_add(business=business, customer_id=customer_id, values=values)[0])
        if values.get("booked_on"):
            Stay.objects.filter(pk=stay.pk).update(booked_on=values["booked_on"])
        if status is not None:
            stay_reach(stay_id=stay.pk, status=status)
        stay_values_set(stay_id=stay.pk, values=fields)
    return stay


def stay_change(
    *, stay_id: int, values: Mapping[str, Any], fields: Mapping[str, str], status: Stay.Status | None = None
) -> ChangeSet | None:
    """Change a stay, its own fields and, as another system tells it, its status, as one act; ``None``: no difference.

    Raises ``Stay.DoesNotExist`` and ``FieldsRefused``; then nothing is written.
    """
    guests = list(StayParticipant.objects.filter(stay_id=stay_id).order_by("pk").values_list("customer_id", flat=True))
    try:
        with change_set(
            kind=ChangeSet.Kind.EDIT, title=gettext_noop("Changed a stay of %(guests)s"), params={"guests": guests[:3]}
        ) as act:
            done = [stay_update(stay_id=stay_id, values=values), stay_values_set(stay_id=stay_id, values=fields)]
            booked = values.get("booked_on")
            if booked and Stay.objects.filter(pk=stay_id).exclude(booked_on=booked).update(booked_on=booked):
                done.append(act)
            if status is not None:
                done.append(stay_reach(stay_id=stay_id, status=status))
            if not any(done):
                raise _Nothing
    except _Nothing:
        return None
    return act


def stay_reach(*, stay_id: int, status: Stay.Status) -> ChangeSet | None:
    """Bring a stay to a status by the moves there are, the fewest; ``None`` when it is so already."""
    now = Stay.objects.select_for_update(no_key=True).get(pk=stay_id).status
    act = None
    for step in ways(now)[status]:
        act = stay_move(stay_id=stay_id, status=Stay.Status(step))
    return act


def ways(start: str) -> dict[str, tuple[str, ...]]:
    """From ``start`` to every status, by which moves.

    >>> ways("booked")["checked_out"]
    ('checked_in', 'checked_out')
    """
    found: dict[str, tuple[str, ...]] = {str(start): ()}
    waiting = deque([str(start)])
    while waiting:
        here = waiting.popleft()
        for there in sorted(str(each) for each in MOVES[here]):
            if there not in found:
                found[there] = (*found[here], there)
                waiting.append(there)
    return found


def purchase_book(
    *, business: Business, customer_id: int, values: Mapping[str, Any], outside: Outside | None
) -> Purchase:
    """A new purchase with its id in another system. Raises as ``purchase_add`` does, and :class:`ExternalIdTaken`."""
    with change_set(
        kind=ChangeSet.Kind.EDIT, title=gettext_noop("New purchase by %(guests)s"), params={"guests": [customer_id]}
    ):
        return _marked(outside, lambda: purchase_add(business=business, customer_id=customer_id, values=values)[0])


def invoice_book(
    *, business: Business, customer_id: int, values: Mapping[str, Any], outside: Outside | None
) -> Invoice:
    """A new invoice with its id in another system. Raises as ``invoice_add`` does, and :class:`ExternalIdTaken`."""
    with change_set(
        kind=ChangeSet.Kind.EDIT, title=gettext_noop("New invoice for %(guests)s"), params={"guests": [customer_id]}
    ):
        return _marked(outside, lambda: invoice_add(business=business, customer_id=customer_id, values=values)[0])


def _marked(outside: Outside | None, add: Callable[[], M]) -> M:
    """The row that ``add`` makes, with its id in another system; none when the id is another row's."""
    if outside is None:
        return add()
    try:
        with transaction.atomic():
            row = add()
            type(row)._default_manager.filter(pk=row.pk).update(
                external_system=outside.system, external_id=outside.value
            )
    except IntegrityError as error:
        if "_external" not in str(error):
            raise
        raise ExternalIdTaken(
            _("The id %(value)s in %(system)s is already in the register.") % outside._asdict()
        ) from error
    return row


def _of(model: type[M], outside: Outside) -> Any:
    return model._default_manager.filter(external_system=outside.system, external_id=outside.value).exclude(
        external_id=""
    )
