"""Save what a form or another system tells of a guest, the business's own fields among it, as one act."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_noop

from accounts.models import Business, Member
from customers.card.external import Outside, external_id_add
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
    outside: Iterable[Outside] = (),
    member: Member | None = None,
) -> tuple[Customer, ChangeSet]:
    """Create a card with its contact points, own fields and ids in other systems.

    Raises ``FieldsRefused`` and ``ExternalIdTaken``; then nothing is written.
    """
    with change_set(kind=ChangeSet.Kind.EDIT, title=NEW_GUEST, member=member) as act:
        customer, _act = customer_create(business=business, values=values, contacts=contacts, member=member)
        for each in outside:
            external_id_add(customer=customer, outside=each)
        guest_values_set(customer_id=customer.pk, values=own, member=member)
    return customer, act


def guest_change(
    *,
    business: Business,
    customer_id: int,
    values: Mapping[str, Any],
    contacts: ContactValues | None = None,
    own: Mapping[str, str] | None = None,
    seen: Mapping[str, Any] | None = None,
    member: Member | None = None,
) -> tuple[Customer, ChangeSet | None]:
    """Change a card and its own fields; ``None`` when nothing was different.

    What is left out stays as it is. ``seen`` is what the editor had before them, where there is one: ``values``,
    ``contacts`` and ``own``. Raises ``EditConflict`` with all fields that a colleague changed meanwhile, own ones as
    ``own_<key>``; ``FieldsRefused``, ``CardRestricted``, ``Customer.DoesNotExist``. Then nothing is written.
    """
    before = seen or {}
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
                    seen=before.get("values"),
                    seen_contacts=before.get("contacts"),
                    member=member,
                )
            except EditConflict as conflict:
                clashes |= conflict.current
            try:
                filled = guest_values_set(
                    customer_id=customer_id, values=own or {}, seen=before.get("own"), member=member
                )
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
