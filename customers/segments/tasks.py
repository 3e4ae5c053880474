"""Counting segments: a nudge for one business, and a sweep that needs no nudge."""

from functools import partial

from celery import shared_task
from django.db import transaction

from accounts.models import Business
from accounts.tenancy.tasks import TenantTask
from customers.segments.selectors import segments_due_businesses
from customers.segments.services import OLD_AFTER, segments_refresh


@shared_task(base=TenantTask, scoped=False)
def segments_count(business_id: int) -> None:
    """Count the segments of a business that wait for it, one transaction for each; twice at once does it once."""
    segments_refresh(business=Business.objects.get(pk=business_id), older=OLD_AFTER)


@shared_task
def segments_sweep() -> None:
    """A task of its own for every business with a segment that waits, so that no business waits for a large one."""
    for business_id in segments_due_businesses(older=OLD_AFTER):
        segments_count.delay(business_id)


def segments_nudge(business_id: int) -> None:
    """Have what has just been changed counted after the commit. A broker that is away loses nothing: the sweep does."""
    transaction.on_commit(partial(segments_count.delay, business_id), robust=True)
