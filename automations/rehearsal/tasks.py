"""Nudges: what is to be rehearsed stands in the dry runs themselves, and a sweep takes up what a lost message or a dead
worker left."""

from typing import Final

from celery import shared_task

from accounts.tenancy import business_scope
from accounts.tenancy.runs import SILENT_AFTER, nudge, runs_due
from accounts.tenancy.tasks import TenantTask
from automations.models import DryRun
from automations.rehearsal.services import KEPT_FOR, dry_run_work, dry_runs_expire

PARTS: Final = 2
"""Parts a task: some seconds, then it is somebody else's turn."""


@shared_task(base=TenantTask, scoped=False)
def dry_run_carry_on(business_id: int, run_id: int) -> None:
    """Carry a dry run on, and come again behind everybody else's if there is more; forget what is kept long enough."""
    with business_scope(business_id):
        dry_runs_expire()
    if dry_run_work(business_id=business_id, run_id=run_id, steps=PARTS):
        dry_run_carry_on.delay(business_id, run_id)


@shared_task
def dry_runs_sweep() -> None:
    """Nudge dry runs that have fallen silent, everywhere, and have those forgotten whose time is over."""
    for business_id, run_id in runs_due("automations_dry_runs_due", KEPT_FOR, silent=SILENT_AFTER):
        dry_run_carry_on.delay(business_id, run_id)


def dry_run_nudge(run: DryRun) -> None:
    """Let a worker know of a dry run after the commit; a broker away loses nothing."""
    nudge(dry_run_carry_on, run)
