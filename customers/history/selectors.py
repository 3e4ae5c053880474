"""Reads of a guest's history."""

from datetime import date

from accounts.tenancy import require_business_id
from customers.history.models import CustomerFacts, Stay


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
