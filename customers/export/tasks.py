"""Nudges: what is due stands in the runs themselves, and a sweep takes up what a lost message or a dead worker left."""

from celery import shared_task

from accounts.tenancy.tasks import TenantTask
from customers.export.selectors import runs_silent
from customers.export.services import export_work
from customers.export.store import exports_expire


@shared_task(base=TenantTask, scoped=False)
def export_run_work(business_id: int, run_id: int) -> None:
    """Write a run's file."""
    export_work(business_id=business_id, run_id=run_id)


@shared_task
def exports_sweep() -> None:
    """Nudge runs that have fallen silent, everywhere, and remove files whose time is over."""
    exports_expire()
    for business_id, run_id in runs_silent():
        export_run_work.delay(business_id, run_id)
