"""Nightly imports in the background: when each is due stands in the database, messages only nudge."""

from celery import shared_task

from accounts.tenancy.tasks import TenantTask
from customers.sensitive.tasks import sensitive_erase
from imports.feeds.fetching import feed_fetch, fetch_advance
from imports.feeds.selectors import feeds_due, fetches_due


@shared_task(base=TenantTask, scoped=False)
def import_feed_fetch(business_id: int, feed_id: int) -> None:
    """Fetch a feed that is due, and import what came."""
    fetch_id = feed_fetch(business_id=business_id, feed_id=feed_id)
    if fetch_id is not None:
        import_fetch_advance(business_id, fetch_id)


@shared_task(base=TenantTask, scoped=False)
def import_fetch_advance(business_id: int, fetch_id: int) -> None:
    """Move the import of a fetch on, and erase what consents that it withdrew no longer cover."""
    fetch_advance(business_id=business_id, fetch_id=fetch_id)
    sensitive_erase(business_id)


@shared_task
def feeds_sweep() -> None:
    """A task for every nightly import of any business that is due, and for every fetch that waits for its next step."""
    for business_id, feed_id in feeds_due():
        import_feed_fetch.delay(business_id, feed_id)
    for business_id, fetch_id in fetches_due():
        import_fetch_advance.delay(business_id, fetch_id)
