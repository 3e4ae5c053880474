"""Nudges: what is due stands in the database, and a sweep takes up what a lost message or a dead worker left."""

from functools import partial

from celery import shared_task
from django.db import connection, transaction

from accounts.tenancy.runs import SILENT_AFTER, SWEPT_AT_ONCE, nudge, runs_due
from accounts.tenancy.tasks import TenantTask
from dedup.register.follow import register_follow
from dedup.register.runs import register_run


@shared_task(base=TenantTask, scoped=False)
def match_run_work(business_id: int, run_id: int) -> None:
    """Carry on a walk over the register or a merging."""
    merging = register_run(business_id=business_id, run_id=run_id)
    if merging is not None:
        nudge(match_run_work, merging)


@shared_task(base=TenantTask, scoped=False)
def matches_follow(business_id: int) -> None:
    """Look at what has changed in the register."""
    followed = register_follow(business_id=business_id)
    if followed.run is not None:
        nudge(match_run_work, followed.run)


@shared_task
def matches_sweep() -> None:
    """Nudge runs that have fallen silent and businesses whose guests have changed, everywhere."""
    for business_id, run_id in runs_due("dedup_runs_due", silent=SILENT_AFTER):
        match_run_work.delay(business_id, run_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id FROM dedup_follow_due(%s)", [SWEPT_AT_ONCE])
        due = [row[0] for row in cursor.fetchall()]
    for business_id in due:
        matches_follow.delay(business_id)


def follow_nudge(*, business_id: int, **_sent: object) -> None:
    """Have what has just been changed looked at after the commit. A broker that is away loses nothing: the sweep does
    it."""
    transaction.on_commit(partial(matches_follow.delay, business_id), robust=True)
