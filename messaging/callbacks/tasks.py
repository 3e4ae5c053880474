"""What waits for its message is looked at again, everywhere."""

from celery import shared_task
from django.db import connection
from django.utils import timezone

from accounts.tenancy.tasks import TenantTask
from messaging.callbacks.services import KEPT_FOR, callbacks_work

MOST = 200
"""Businesses a sweep takes up."""


@shared_task(base=TenantTask)
def callbacks_again(business_id: int) -> None:
    """Look again at what waits in a business."""
    callbacks_work()


@shared_task
def callbacks_sweep() -> None:
    """Nudge the businesses in which something waits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id FROM messaging_callbacks_due(%s, %s)", [timezone.now() - KEPT_FOR, MOST])
        due = [row[0] for row in cursor.fetchall()]
    for business_id in due:
        callbacks_again.delay(business_id)
