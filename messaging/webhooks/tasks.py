"""Webhooks in the background: what is due stands in the database, messages only nudge."""

from functools import partial

from celery import shared_task
from django.db import connection, transaction

from accounts.tenancy.runs import SWEPT_AT_ONCE
from accounts.tenancy.tasks import TenantTask
from messaging.webhooks.claiming import KEPT
from messaging.webhooks.sending import send_due


@shared_task(base=TenantTask, scoped=False)
def webhooks_send(business_id: int) -> None:
    """Deliver one batch of a business, and come again behind everybody else's if there may be more."""
    if send_due(business_id=business_id).more:
        webhooks_send.delay(business_id)


@shared_task
def webhooks_sweep() -> None:
    """Nudge the businesses in which something is due, everywhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT business_id FROM messaging_webhooks_due(make_interval(secs => %s), %s)",
            [KEPT.total_seconds(), SWEPT_AT_ONCE],
        )
        due = [row[0] for row in cursor.fetchall()]
    for business_id in due:
        webhooks_send.delay(business_id)


def webhooks_nudge(*, business_id: int) -> None:
    """Have what has just been planned delivered after the commit. A broker away loses nothing: the sweep does it."""
    transaction.on_commit(partial(webhooks_send.delay, business_id), robust=True)
