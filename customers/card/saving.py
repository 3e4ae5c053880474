"""Save what a form of the card holds, the business's own fields among it, as one act."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from accounts.models import Business, Member
from customers.card.models import Customer
from customers.card.services import NEW_GUEST, ContactValues, EditConflict, customer_create, customer_update
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.fields.forms import PREFIX
from customers.fields.selectors import guest_values
from customers.fields.services import guest_values_set


class _Unchanged(Exception):
    """Nothing was different: the act is taken away again."""


def guest_create(
    *,
    business: Business,
    values: Mapping[str, Any],
    contacts: ContactValues,
    own: Mapping[str, str],
    member: Member | None = None,
) -> tuple[Customer, ChangeSet]:
    """Create a card with its contact points and own fields. Raises ``FieldsRefused``."""
    with change_set(kind=ChangeSet.Kind.EDIT, title=NEW_GUEST, member=member) as act:
        customer, _act = customer_create(business=business, values=values, contacts=contacts, member=member)
        guest_values_set(customer_id=customer.pk, values=own, member=member)
    return customer, act


def guest_change(
    *,
    business: Business,
    customer_id: int,
    values: Mapping[str, Any],
    contacts: ContactValues,
    own: Mapping[str, str],
    seen: Mapping[str, Any],
    member: Member | None = None,
) -> tuple[Customer, ChangeSet | None]:
    """Change a card and its own fields; ``None`` when nothing was different.

    ``seen`` is what the editor had before them: ``values``, ``contacts`` and ``own``. Raises ``EditConflict`` with all
    fields that a colleague changed meanwhile, own ones as ``own_<key>``; ``FieldsRefused``, ``CardRestricted``,
    ``Customer.DoesNotExist``. Then nothing is written.
    """
    clashes: dict[str, Any] = {}
    customer, edited, filled = None, None, None
    try:
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Edited %(guests)s"),
            params={"guests": [customer_id]},
            member=member,
        ) as act:
            try:
                customer, edited = customer_update(
                    business=business,
                    customer_id=customer_id,
                    values=values,
                    contacts=contacts,
                    seen=seen.get("values"),
                    seen_contacts=seen.get("contacts"),
                    member=member,
                )
            except EditConflict as conflict:
                clashes |= conflict.current
            try:
                filled = guest_values_set(customer_id=customer_id, values=own, seen=seen.get("own"), member=member)
            except EditConflict as conflict:
                shown = {line.field.key: line.shown for line in guest_values(customer_id=customer_id)}
                clashes |= {f"{PREFIX}{key}": shown[key] for key in conflict.current}
            if clashes or customer is None:
                raise EditConflict(clashes)
            if edited is None and filled is None:
                raise _Unchanged
    except _Unchanged:
        return Customer.objects.get(pk=customer_id), None
    return customer, act
