"""Cards as other systems write them: made or changed in one act, found by their id in that system."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Business
from customers.card.models import Customer, ExternalId
from customers.card.services import NEW_GUEST, ContactValues, customer_create, customer_update
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.fields.services import guest_values_set


class ExternalIdTaken(Exception):
    """The id in the other system belongs to another card; the message says so, for people."""


class Outside(NamedTuple):
    """A guest's id in another system."""

    system: str
    value: str


class _Nothing(Exception):
    """Nothing was different: the act that had been opened goes again."""


def guest_find(*, outside: Outside) -> int | None:
    """The card with this id in another system, or ``None``."""
    return (
        ExternalId.objects.filter(system=outside.system, value=outside.value)
        .values_list("customer_id", flat=True)
        .first()
    )


def guest_add(
    *,
    business: Business,
    values: Mapping[str, Any],
    contacts: ContactValues,
    fields: Mapping[str, str],
    outside: list[Outside],
) -> tuple[Customer, ChangeSet]:
    """A new card with its own fields and ids in other systems, as one act.

    Raises :class:`ExternalIdTaken` and ``FieldsRefused``; then nothing is written.
    """
    with change_set(kind=ChangeSet.Kind.EDIT, title=NEW_GUEST) as act:
        customer, _made = customer_create(business=business, values=values, contacts=contacts)
        for each in outside:
            _external_id_add(customer, each)
        guest_values_set(customer_id=customer.pk, values=fields)
    return customer, act


def guest_change(
    *,
    business: Business,
    customer_id: int,
    values: Mapping[str, Any],
    contacts: ContactValues | None = None,
    fields: Mapping[str, str] | None = None,
) -> ChangeSet | None:
    """Change a card and its own fields as one act; ``None`` when nothing was different.

    Raises ``Customer.DoesNotExist``, ``CardRestricted`` and ``FieldsRefused``; then nothing is written.
    """
    try:
        with change_set(
            kind=ChangeSet.Kind.EDIT, title=gettext_noop("Edited %(guests)s"), params={"guests": [customer_id]}
        ) as act:
            edited = customer_update(business=business, customer_id=customer_id, values=values, contacts=contacts)[1]
            written = guest_values_set(customer_id=customer_id, values=fields) if fields else None
            if edited is None and written is None:
                raise _Nothing
    except _Nothing:
        return None
    return act


def _external_id_add(customer: Customer, outside: Outside) -> None:
    """Waits for another transaction that is adding the same id."""
    try:
        with transaction.atomic():
            ExternalId.objects.create(customer=customer, system=outside.system, value=outside.value)
    except IntegrityError as error:
        raise ExternalIdTaken(
            _("Another card already has the id %(value)s in %(system)s.") % outside._asdict()
        ) from error
