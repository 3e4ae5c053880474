"""Nudges: what is due stands in the runs themselves, and a sweep takes up what a lost message or a dead worker left."""

from celery import shared_task

from accounts.tenancy.tasks import TenantTask
from customers.bulk.selectors import runs_silent
from customers.bulk.services import bulk_work


@shared_task(base=TenantTask, scoped=False)
def bulk_run_work(business_id: int, run_id: int) -> None:
    """Carry on a run."""
    bulk_work(business_id=business_id, run_id=run_id)


@shared_task
def bulk_sweep() -> None:
    """Nudge runs that have fallen silent, everywhere."""
    for business_id, run_id in runs_silent():
        bulk_run_work.delay(business_id, run_id)
