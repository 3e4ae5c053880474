"""Claim deliveries: what is due of one endpoint, marked as in hand before anything leaves; what dead workers left."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q

from accounts.models import Business
from messaging.webhooks.labels import Trouble
from messaging.webhooks.models import SETTLED, WebhookDelivery, WebhookEndpoint

BATCH: Final = 50
SPELL: Final = dt.timedelta(seconds=45)
"""So long a worker stays with one endpoint before the next one has its turn."""
LEASE: Final = dt.timedelta(minutes=2)
"""So long nobody else touches a batch: a spell, and the longest request begun at its end."""
LANES: Final = 3
"""Batches of one endpoint that may be in hand at once."""
KEPT: Final = dt.timedelta(days=30)
_AT_ONCE: Final = 2_000

_State = WebhookDelivery.State

_CLAIM: Final = """
    WITH due AS MATERIALIZED (
        SELECT d.id FROM messaging_webhookdelivery d
        WHERE d.business_id = %(business)s AND d.endpoint_id = %(endpoint)s AND d.state = 'planned'
          AND d.due_at <= %(at)s
        ORDER BY d.due_at, d.id LIMIT %(most)s FOR UPDATE SKIP LOCKED
    )
    UPDATE messaging_webhookdelivery d
    SET state = CASE WHEN c.is_restricted THEN 'failed' ELSE 'claimed' END,
        reason = CASE WHEN c.is_restricted THEN %(restricted)s ELSE d.reason END,
        settled_at = CASE WHEN c.is_restricted THEN %(at)s END,
        claim = CASE WHEN c.is_restricted THEN NULL ELSE %(claim)s::uuid END,
        claimed_until = CASE WHEN c.is_restricted THEN NULL ELSE %(until)s END
    FROM due JOIN messaging_webhookdelivery own ON own.business_id = %(business)s AND own.id = due.id
    LEFT JOIN customers_customer c ON c.business_id = own.business_id AND c.id = own.customer_id
    WHERE d.business_id = %(business)s AND d.id = due.id
    RETURNING d.id, d.state
"""
"""A guest may have asked meanwhile that nothing be done with their data."""


@dataclass(slots=True)
class Batch:
    """Deliveries in hand, all to one endpoint. Without an endpoint nothing was due, or others have it in hand."""

    claim: uuid.UUID
    business: Business
    endpoint: WebhookEndpoint | None = None
    deliveries: list[WebhookDelivery] = field(default_factory=list)


def batch_claim(*, business: Business, at: dt.datetime, most: int = BATCH, lease: dt.timedelta = LEASE) -> Batch:
    """Take a batch in hand, in the caller's transaction, which is to end before anything is delivered.

    The endpoint not used for longest comes first, so that a long queue of one holds up no other. One that has just
    failed is tried with a single delivery.
    """
    batch = Batch(claim=uuid.uuid4(), business=business)
    _tidy(at)
    endpoint = _next(at)
    if endpoint is None:
        return batch
    values: dict[str, Any] = {
        "business": business.pk,
        "endpoint": endpoint.pk,
        "at": at,
        "until": at + lease,
        "claim": str(batch.claim),
        "most": 1 if endpoint.failures else most,
        "restricted": Trouble.RESTRICTED.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, values)
        taken = [pk for pk, state in cursor.fetchall() if state == _State.CLAIMED]
    endpoint.used_at = at
    endpoint.save(update_fields=["used_at"])
    batch.endpoint = endpoint
    batch.deliveries = list(WebhookDelivery.objects.filter(pk__in=taken).order_by("due_at", "pk"))
    return batch


def _next(at: dt.datetime) -> WebhookEndpoint | None:
    """The endpoint whose turn it is, locked: of two workers one takes another."""
    waiting = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), state=_State.PLANNED, due_at__lte=at)
    found = WebhookEndpoint.objects.filter(Exists(waiting), is_on=True)
    found = found.filter(Q(rests_until=None) | Q(rests_until__lte=at)).exclude(pk__in=_full())
    order = (F("used_at").asc(nulls_first=True), "pk")
    return found.order_by(*order).select_for_update(skip_locked=True, of=("self",), no_key=True).first()


def _full() -> list[int]:
    """Endpoints that as many workers are at as may be; at one that has just failed a single one."""
    claimed = WebhookDelivery.objects.filter(state=_State.CLAIMED)
    lanes = claimed.values("endpoint").annotate(lanes=Count("claim", distinct=True))
    rows = lanes.values_list("endpoint", "endpoint__failures", "lanes")
    return [pk for pk, failures, number in rows if number >= (1 if failures else LANES)]


def _tidy(at: dt.datetime) -> None:
    """Take back what dead workers had in hand, give up what has waited too long, and forget what is old."""
    left = WebhookDelivery.objects.filter(state=_State.CLAIMED, claimed_until__lte=at)
    left = left.select_for_update(skip_locked=True).order_by("pk")
    # Delivered twice it has the same id, by which the receiver knows it again.
    again = list(left.values_list("pk", flat=True)[:_AT_ONCE])
    if again:
        WebhookDelivery.objects.filter(pk__in=again).update(state=_State.PLANNED, claim=None, claimed_until=None)
    late = WebhookDelivery.objects.filter(state=_State.PLANNED, expires_at__lte=at)
    over = list(late.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    if over:
        WebhookDelivery.objects.filter(pk__in=over).update(state=_State.FAILED, reason=Trouble.EXPIRED, settled_at=at)
    old = WebhookDelivery.objects.filter(state__in=SETTLED, settled_at__lt=at - KEPT).order_by("settled_at")
    gone = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_AT_ONCE])
    if gone:
        WebhookDelivery.objects.filter(pk__in=gone).delete()
