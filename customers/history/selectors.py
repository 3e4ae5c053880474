"""Reads of a guest's history."""

from datetime import date

from accounts.tenancy import require_business_id
from customers.facts.models import CustomerFacts
from customers.history.models import Activity, Invoice, Product, Stay


def facts_get(*, customer_id: int) -> CustomerFacts:
    """The guest's facts; every card has them from its first moment."""
    return CustomerFacts.objects.get(customer_id=customer_id)


def stays_ahead(*, customer_id: int, today: date) -> list[Stay]:
    """The stay in progress and those still to come, soonest first."""
    stays = (
        Stay.objects.filter(participants__customer_id=customer_id, participants__business_id=require_business_id())
        .filter(status__in=[Stay.Status.BOOKED, Stay.Status.CHECKED_IN])
        .select_related("property")
        .order_by("arrival", "id")
    )
    return [stay for stay in stays if stay.status == Stay.Status.CHECKED_IN or stay.departure >= today]


def stay_of_guest(*, customer_id: int, stay_id: int) -> Stay:
    """A stay in which the guest takes part. Raises ``Stay.DoesNotExist``."""
    return Stay.objects.select_related("property").get(
        pk=stay_id, participants__customer_id=customer_id, participants__business_id=require_business_id()
    )


def stays_of(*, customer_id: int, limit: int = 50) -> list[Stay]:
    """The guest's latest stays, newest first, for choosing one; ahead and past alike."""
    return list(
        Stay.objects.filter(participants__customer_id=customer_id, participants__business_id=require_business_id())
        .select_related("property")
        .order_by("-arrival", "-id")[:limit]
    )


def pinned_notes(*, customer_id: int) -> list[Activity]:
    """What stands above the guest's timeline, newest first."""
    return list(Activity.objects.filter(customer_id=customer_id, is_pinned=True).order_by("-at", "-id"))


def invoices_open(*, customer_id: int, limit: int = 5) -> list[Invoice]:
    """The guest's unpaid invoices, those due first at the top."""
    return list(Invoice.objects.filter(customer_id=customer_id, paid_on__isnull=True).order_by("due_on", "id")[:limit])


def product_list() -> list[Product]:
    """The business's products by name, archived ones last."""
    return sorted(Product.objects.all(), key=lambda product: (product.is_archived, product.name.casefold()))
