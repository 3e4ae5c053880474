"""Nudges: what is to be planned and what is due stands in the database, and a sweep finds what a lost message left."""

from functools import partial

from celery import shared_task
from django.db import connection, transaction

from accounts.tenancy.runs import SWEPT_AT_ONCE
from accounts.tenancy.tasks import TenantTask
from automations.events.tasks import guest_events_expire
from automations.models import Automation
from automations.planning.services import plan_business
from automations.rehearsal.tasks import dry_run_carry_on, dry_runs_sweep
from automations.running.services import run_business

__all__ = [
    "automations_nudge",
    "automations_plan",
    "automations_run",
    "automations_sweep",
    "dry_run_carry_on",
    "dry_runs_sweep",
    "guest_events_expire",
]


@shared_task(base=TenantTask, scoped=False)
def automations_plan(business_id: int) -> None:
    """A pass of the planner; what it let in goes on at once."""
    passed = plan_business(business_id=business_id)
    if passed.again:
        automations_plan.delay(business_id)
    if passed.entered or passed.moved:
        automations_run.delay(business_id)


@shared_task(base=TenantTask, scoped=False)
def automations_run(business_id: int) -> None:
    """Some batches of what is due in a business, and the next ones behind everybody else's."""
    if run_business(business_id=business_id):
        automations_run.delay(business_id)


@shared_task
def automations_sweep() -> None:
    """Nudge the businesses whose planner is behind and those in which a journey is due, everywhere."""
    for business_id in _of("automations_unplanned"):
        automations_plan.delay(business_id)
    for business_id in _of("automations_due"):
        automations_run.delay(business_id)


def automations_nudge(*, business_id: int, **_sent: object) -> None:
    """Have what has just happened looked at after the commit, where an automation is on. A broker that is away loses
    nothing: the sweep does it."""
    if Automation.objects.filter(state=Automation.State.ON).exists():
        transaction.on_commit(partial(automations_plan.delay, business_id), robust=True)


def _of(function: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT business_id FROM {function}(%s)", [SWEPT_AT_ONCE])
        return [business_id for (business_id,) in cursor.fetchall()]
