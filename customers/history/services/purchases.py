"""Writes on what a guest bought beside nights."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Business, Member, Property
from customers.card.services import card_held
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Product, Purchase
from customers.history.services.parts import changed_fields, not_overtaken, takes_part
from customers.history.services.refusals import PurchaseRefused

PURCHASE_FIELDS = (
    "stay_id",
    "property_id",
    "product_id",
    "description",
    "quantity",
    "amount",
    "currency",
    "bought_on",
    "reference",
)
"""The fields of a purchase that people and machines may set."""


def purchase_add(
    *, business: Business, customer_id: int, values: Mapping[str, Any], member: Member | None = None
) -> tuple[Purchase, ChangeSet]:
    """Write what a guest bought, in the business's currency if none is said.

    Raises ``Customer.DoesNotExist``, and :class:`PurchaseRefused` when nothing says what was bought, or the stay,
    product or property is not the guest's or the business's.
    """
    customer = card_held(customer_id=customer_id)
    purchase = Purchase(customer=customer, **{name: values[name] for name in PURCHASE_FIELDS if name in values})
    purchase.currency = purchase.currency or business.currency
    _check(purchase, set(values))
    with change_set(
        kind=ChangeSet.Kind.EDIT,
        title=gettext_noop("New purchase by %(guests)s"),
        params={"guests": [customer.pk]},
        member=member,
    ) as act:
        purchase.save(force_insert=True)
    return purchase, act


def purchase_update(
    *, purchase_id: int, values: Mapping[str, Any], version: int | None = None, member: Member | None = None
) -> ChangeSet | None:
    """Change a purchase; ``None`` when nothing was different.

    Raises ``Purchase.DoesNotExist``, :class:`Overtaken` when it is no longer the ``version`` the editor saw, and
    :class:`PurchaseRefused` as :func:`purchase_add` does.
    """
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update(no_key=True).get(pk=purchase_id)
        changed = changed_fields(purchase, values, PURCHASE_FIELDS)
        if not changed:
            return None
        not_overtaken(purchase, version)
        for name in changed:
            setattr(purchase, name, values[name])
        _check(purchase, set(changed))
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Changed a purchase by %(guests)s"),
            params={"guests": [purchase.customer_id]},
            member=member,
        ) as act:
            purchase.save(update_fields=changed)
    return act


def purchase_remove(*, purchase_id: int, member: Member | None = None) -> ChangeSet:
    """Take a purchase off the card. Raises ``Purchase.DoesNotExist``."""
    with transaction.atomic():
        purchase = Purchase.objects.select_for_update().get(pk=purchase_id)
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Removed a purchase by %(guests)s"),
            params={"guests": [purchase.customer_id]},
            member=member,
        ) as act:
            purchase.delete()
    return act


def _check(purchase: Purchase, given: set[str]) -> None:
    if purchase.product_id is None and not purchase.description.strip():
        raise PurchaseRefused(_("Choose a product or write what was bought."))
    if purchase.quantity <= 0:
        raise PurchaseRefused(_("The quantity must be more than nothing."))
    if purchase.amount is not None and purchase.amount < 0:
        raise PurchaseRefused(_("An amount cannot be negative."))
    if (
        "product_id" in given
        and purchase.product_id is not None
        and not Product.objects.filter(pk=purchase.product_id).exists()
    ):
        raise PurchaseRefused(_("This product is not among yours."))
    if (
        "property_id" in given
        and purchase.property_id is not None
        and not Property.objects.filter(pk=purchase.property_id).exists()
    ):
        raise PurchaseRefused(_("This property is not one of yours."))
    if (
        "stay_id" in given
        and purchase.stay_id is not None
        and not takes_part(customer_id=purchase.customer_id, stay_id=purchase.stay_id)
    ):
        raise PurchaseRefused(_("This is not a stay of the guest."))
