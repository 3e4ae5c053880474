"""Nudges: what is due stands in the campaigns themselves, and a sweep takes up what a lost message or a dead worker
left, and whatever time has come."""

from datetime import timedelta

from celery import shared_task

from accounts.tenancy.runs import nudge, runs_due
from accounts.tenancy.tasks import TenantTask
from messaging.campaigns.models import Campaign
from messaging.campaigns.services import campaign_work

STEPS = 5
"""Batches a task: some seconds, then it is somebody else's turn."""
SILENT_AFTER = timedelta(seconds=10)
"""A batch takes a second or so. What only waits for its messages to go out is asked about with every sweep."""


@shared_task(base=TenantTask, scoped=False)
def campaign_run(business_id: int, campaign_id: int, after: int = 0) -> None:
    """Carry a campaign on, have what it planned sent, and come again behind everybody else's if there is more."""
    # That room imports this one, so that Celery finds the tasks of both.
    from messaging.tasks import outbox_send

    left = campaign_work(business_id=business_id, campaign_id=campaign_id, after=after, steps=STEPS)
    outbox_send.delay(business_id)
    if left is not None:
        campaign_run.delay(business_id, campaign_id, left)


@shared_task
def campaigns_sweep() -> None:
    """Nudge campaigns whose time has come and those that have fallen silent, everywhere."""
    for business_id, campaign_id in runs_due("messaging_campaigns_due", silent=SILENT_AFTER):
        campaign_run.delay(business_id, campaign_id)


def campaign_nudge(campaign: Campaign) -> None:
    """Let a worker know of a campaign after the commit; a broker away loses nothing."""
    nudge(campaign_run, campaign)
