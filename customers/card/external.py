"""Ids of cards in other systems: noted, and found by."""

from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.card.models import Customer, ExternalId


class ExternalIdTaken(Exception):
    """The id in the other system belongs to another card; the message says so, for people."""


class Outside(NamedTuple):
    """A guest's id in another system."""

    system: str
    value: str


def guest_find(*, outside: Outside) -> int | None:
    """The card with this id in another system, or ``None``."""
    return (
        ExternalId.objects.filter(system=outside.system, value=outside.value)
        .values_list("customer_id", flat=True)
        .first()
    )


def external_id_add(*, customer: Customer, outside: Outside) -> None:
    """Note a card's id in another system; waits for another transaction that is adding the same id.

    Joins the act that is open. Raises :class:`ExternalIdTaken`.
    """
    try:
        with transaction.atomic():
            ExternalId.objects.create(customer=customer, system=outside.system, value=outside.value)
    except IntegrityError as error:
        raise ExternalIdTaken(
            _("Another card already has the id %(value)s in %(system)s.") % outside._asdict()
        ) from error
