"""Deliver what is due: claim a batch, ask outside any transaction, write down each answer before the next is asked."""

import datetime as dt
import logging
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from messaging.outbox.recording import patiently
from messaging.webhooks.asking import Outcome, ask, body_bytes
from messaging.webhooks.claiming import BATCH, LEASE, SPELL, Batch, batch_claim
from messaging.webhooks.labels import Trouble
from messaging.webhooks.models import WebhookDelivery
from messaging.webhooks.recording import attempt_begin, attempt_end, endpoint_rest, give_back
from messaging.webhooks.secrets import SecretLost, Secrets, secrets_open

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Sent:
    """What came of a batch. ``more``: something may be due still."""

    taken: int = 0
    failed: int = 0
    more: bool = False


def send_due(*, business_id: int, most: int = BATCH, lease: dt.timedelta = LEASE, spell: dt.timedelta = SPELL) -> Sent:
    """Deliver one batch of a business's webhooks to one endpoint.

    Opens its own scopes and may not be called inside one. What a killed call leaves is delivered again once its lease
    has run out, under the same id: at least once.
    """
    business = Business.objects.get(pk=business_id)

    def claimed() -> Batch:
        with business_scope(business_id):
            return batch_claim(business=business, at=timezone.now(), most=most, lease=lease)

    batch = tried_again(claimed)
    sent = Sent(more=batch.endpoint is not None)
    if batch.endpoint is None or not batch.deliveries:
        return sent
    try:
        secrets = secrets_open(batch.endpoint, business)
        _hand_over(batch, secrets, timezone.now() + spell, sent)
    except SecretLost:
        _rest(batch, Trouble.SECRET)
    except Exception:
        _log.exception("Webhook %s of business %s broke", batch.endpoint.pk, business_id)
        _rest(batch, Trouble.ERROR)
    finally:
        patiently(lambda: _scoped_give_back(batch))
    return sent


def _hand_over(batch: Batch, secrets: Secrets, until: dt.datetime, sent: Sent) -> None:
    """Deliver one after the other until the endpoint fails, or its time is over."""
    assert batch.endpoint is not None  # noqa: S101 – said for the type checker.
    for delivery in batch.deliveries:
        now = timezone.now()
        if now >= until:
            return
        if not _begun(batch, delivery, now):
            continue
        outcome = ask(
            url=batch.endpoint.url,
            secrets=secrets.signing(now),
            webhook_id=delivery.webhook_id,
            body=body_bytes(delivery.body),
            at=now,
        )
        goes_on = _ended(batch, delivery, outcome)
        if outcome.is_taken:
            sent.taken += 1
        else:
            sent.failed += 1
        if not goes_on:
            return


def _begun(batch: Batch, delivery: WebhookDelivery, at: dt.datetime) -> bool:
    def write() -> bool:
        with business_scope(batch.business.pk):
            return attempt_begin(batch=batch, delivery=delivery, at=at)

    return patiently(write)


def _ended(batch: Batch, delivery: WebhookDelivery, outcome: Outcome) -> bool:
    def write() -> bool:
        with business_scope(batch.business.pk):
            return attempt_end(batch=batch, delivery=delivery, outcome=outcome, at=timezone.now())

    return patiently(write)


def _rest(batch: Batch, trouble: str) -> None:
    assert batch.endpoint is not None  # noqa: S101 – said for the type checker.
    with business_scope(batch.business.pk):
        endpoint_rest(endpoint_id=batch.endpoint.pk, trouble=trouble)


def _scoped_give_back(batch: Batch) -> None:
    with business_scope(batch.business.pk):
        give_back(batch=batch)
