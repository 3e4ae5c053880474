"""Transports in the background: what waits stands in the database, messages only nudge."""

from celery import shared_task

from accounts.tenancy.tasks import TenantTask
from messaging.transports.selectors import caught_due, checks_due, tries_due
from messaging.transports.services import caught_expire
from messaging.transports.trying import check_run, try_send


@shared_task(base=TenantTask, scoped=False)
def transport_try(business_id: int, try_id: int) -> None:
    """Send a test message."""
    try_send(business_id=business_id, try_id=try_id)


@shared_task(base=TenantTask, scoped=False)
def transport_check(business_id: int, transport_id: int) -> None:
    """Check the sender's domain of a transport."""
    check_run(business_id=business_id, transport_id=transport_id)


@shared_task(base=TenantTask)
def inbox_expire(business_id: int) -> None:
    """Forget what a business's local inbox and its test messages have been kept for long enough."""
    caught_expire()


@shared_task
def transports_sweep() -> None:
    """A task for every test and check that waits, and for every inbox that has something to forget."""
    for business_id, try_id in tries_due():
        transport_try.delay(business_id, try_id)
    for business_id, transport_id in checks_due():
        transport_check.delay(business_id, transport_id)
    for business_id in caught_due():
        inbox_expire.delay(business_id)
