"""Nudges: what is due stands in the outbox, and a sweep takes up what a lost message or a dead worker left."""

from functools import partial
from uuid import uuid4

from celery import shared_task
from django.db import connection, transaction

from accounts.tenancy.runs import SWEPT_AT_ONCE
from accounts.tenancy.tasks import TenantTask
from messaging.callbacks.tasks import callbacks_again, callbacks_sweep
from messaging.campaigns.services import campaigns_settle
from messaging.campaigns.tasks import campaign_run, campaigns_sweep
from messaging.outbox.services import send_due
from messaging.transports.tasks import inbox_expire, transport_check, transport_try, transports_sweep
from messaging.webhooks.tasks import webhooks_nudge, webhooks_send, webhooks_sweep

__all__ = [
    "callbacks_again",
    "callbacks_sweep",
    "campaign_run",
    "campaigns_sweep",
    "inbox_expire",
    "outbox_nudge",
    "outbox_send",
    "outbox_sweep",
    "transport_check",
    "transport_try",
    "transports_sweep",
    "webhooks_nudge",
    "webhooks_send",
    "webhooks_sweep",
]


@shared_task(base=TenantTask, scoped=False)
def outbox_send(business_id: int, turn: str = "") -> None:
    """Send one batch of a business, and come again behind everybody else's if there is more."""
    turn = turn or uuid4().hex
    if send_due(business_id=business_id, turn=turn).more:
        outbox_send.delay(business_id, turn)
    else:
        # Whoever looks at a campaign that has just left need not wait for the sweep to be told so.
        campaigns_settle(business_id=business_id)


@shared_task
def outbox_sweep() -> None:
    """Nudge the businesses that have something due, everywhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id FROM messaging_due(%s)", [SWEPT_AT_ONCE])
        due = [row[0] for row in cursor.fetchall()]
    for business_id in due:
        outbox_send.delay(business_id)


def outbox_nudge(*, business_id: int) -> None:
    """Have what has just been planned sent after the commit. A broker that is away loses nothing: the sweep does it."""
    transaction.on_commit(partial(outbox_send.delay, business_id), robust=True)
