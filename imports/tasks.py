"""Nudges: what is due stands in the runs themselves, and a sweep takes up what a lost message or a dead worker left."""

from celery import shared_task

from accounts.tenancy.tasks import TenantTask
from customers.sensitive.tasks import sensitive_erase
from imports.feeds.folder import folders_sweep
from imports.feeds.tasks import feeds_sweep, import_feed_fetch, import_fetch_advance
from imports.retention import files_expire, nobodys_files_remove
from imports.selectors import runs_forgotten, runs_silent
from imports.services import run_check, run_expire, run_work

__all__ = [
    "feeds_sweep",
    "import_feed_fetch",
    "import_fetch_advance",
    "import_run_check",
    "import_run_work",
    "imports_retention",
    "imports_sweep",
]


@shared_task(base=TenantTask, scoped=False)
def import_run_check(business_id: int, run_id: int) -> None:
    """Look a file through."""
    run_check(business_id=business_id, run_id=run_id)


@shared_task(base=TenantTask, scoped=False)
def import_run_work(business_id: int, run_id: int) -> None:
    """Write a run, and erase what consents that it withdrew no longer cover."""
    run_work(business_id=business_id, run_id=run_id)
    sensitive_erase(business_id)


@shared_task
def imports_sweep() -> None:
    """Nudge runs that have fallen silent, put away those nobody starts; everywhere."""
    for run in runs_silent():
        task = import_run_check if run.state == "checking" else import_run_work
        task.delay(run.business_id, run.run_id)
    for run in runs_forgotten():
        run_expire(business_id=run.business_id, run_id=run.run_id)


@shared_task
def imports_retention() -> None:
    """Remove files whose time is over, and those that no run knows; everywhere."""
    files_expire()
    nobodys_files_remove()
    folders_sweep()
