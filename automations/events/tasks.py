"""What nobody needs any more goes."""

from celery import shared_task

from accounts.models import Business
from accounts.tenancy import business_scope
from automations.events.services import events_expire


@shared_task
def guest_events_expire() -> None:
    """Drop, in every business, the events of guests that are older than ninety days."""
    for business_id in Business.objects.order_by("pk").values_list("pk", flat=True):
        with business_scope(business_id):
            events_expire()
