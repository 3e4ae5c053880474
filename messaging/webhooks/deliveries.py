"""Write deliveries, in sets: what automations tell, tests, and what is to be delivered once more."""

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Member
from accounts.services.refusals import Refused
from accounts.tenancy import require_business_id
from messaging.webhooks.models import SETTLED, WebhookDelivery, WebhookEndpoint
from messaging.webhooks.pauses import EXPIRES_AFTER

BATCH: Final = 5_000
"""Deliveries a statement."""
TEST: Final = "webhook.test"
TESTS_AN_HOUR: Final = 20

_State = WebhookDelivery.State

_HOLD: Final = "SELECT id FROM messaging_webhookendpoint WHERE business_id = %s AND id = %s FOR KEY SHARE"
_INSERT: Final = """
    WITH wanted AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (key text, customer_id bigint, kind text, body jsonb)
    ), cards AS MATERIALIZED (
        SELECT c.id FROM customers_customer c
        WHERE c.business_id = %(business)s AND c.id IN (SELECT w.customer_id FROM wanted w)
        ORDER BY c.id FOR KEY SHARE
    ), written AS (
        INSERT INTO messaging_webhookdelivery (
            business_id, endpoint_id, ref, key, customer_id, kind, body, state, attempts, due_at, expires_at,
            reason, detail, created_at
        )
        SELECT %(business)s, %(endpoint)s, gen_random_uuid(), w.key, w.customer_id, w.kind, w.body, 'planned', 0,
               %(at)s, %(expires)s, '', '', %(at)s
        FROM wanted w JOIN cards c ON c.id = w.customer_id
        ON CONFLICT (business_id, key) DO NOTHING
        RETURNING id, key
    )
    SELECT key, id FROM written
    UNION ALL
    SELECT d.key, d.id FROM messaging_webhookdelivery d
    WHERE d.business_id = %(business)s AND d.key IN (SELECT w.key FROM wanted w)
"""
"""The second half sees what was there before the statement, and nothing that it has just written."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook to be: ``key`` makes it once in the business, ``kind`` is its type for the receiver, ``body`` all
    that goes over the wire (:func:`messaging.webhooks.bodies.bodies_of`)."""

    key: str
    customer_id: int
    kind: str
    body: Mapping[str, Any]


def deliver_all(*, endpoint_id: int, deliveries: Sequence[Delivery], now: dt.datetime) -> dict[str, int]:
    """Plan deliveries to an endpoint, in the caller's transaction; their ids by key.

    A key that is there already answers its id and changes nothing. A guest whose card has gone meanwhile has none.
    Whoever calls lets a worker know after the commit (:func:`messaging.tasks.webhooks_nudge`); without that a sweep
    finds what is due within half a minute. Raises ``WebhookEndpoint.DoesNotExist``.
    """
    business_id = require_business_id()
    with connection.cursor() as cursor:
        # Nobody removes it before these rows point to it.
        cursor.execute(_HOLD, [business_id, endpoint_id])
        if cursor.fetchone() is None:
            raise WebhookEndpoint.DoesNotExist
        found: dict[str, int] = {}
        for start in range(0, len(deliveries), BATCH):
            part = {each.key: each for each in deliveries[start : start + BATCH]}
            rows = [
                {"key": each.key, "customer_id": each.customer_id, "kind": each.kind, "body": dict(each.body)}
                for each in part.values()
            ]
            values: dict[str, Any] = {
                "rows": json.dumps(rows),
                "business": business_id,
                "endpoint": endpoint_id,
                "at": now,
                "expires": now + EXPIRES_AFTER,
            }
            cursor.execute(_INSERT, values)
            found |= dict(cursor.fetchall())
            missing = [key for key in part if key not in found]
            if missing:
                # Somebody else wrote them while this statement waited, or their cards have gone.
                found |= dict(WebhookDelivery.objects.filter(key__in=missing).values_list("key", "pk"))
    return found


def endpoint_try(*, endpoint_id: int, member: Member | None = None) -> WebhookDelivery:
    """Plan a test, which tells of nobody. It goes at once, even while the endpoint rests.

    Raises Refused for one that is switched off or tried too often, and ``WebhookEndpoint.DoesNotExist``.
    """
    now = timezone.now()
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint_id)
        if not endpoint.is_on:
            raise Refused(_("It is switched off. Switch it on first."))
        tests = WebhookDelivery.objects.filter(endpoint=endpoint, kind=TEST)
        if tests.filter(created_at__gt=now - dt.timedelta(hours=1)).count() >= TESTS_AN_HOUR:
            raise Refused(_("There were %(most)s tests within the last hour. Wait a little.") % {"most": TESTS_AN_HOUR})
        _wake(endpoint)
        return WebhookDelivery.objects.create(
            endpoint=endpoint,
            key=f"test:{uuid4().hex}",
            kind=TEST,
            body={
                "type": TEST,
                "timestamp": now.isoformat(timespec="seconds"),
                "data": {"webhook": {"id": endpoint.pk, "name": endpoint.name}},
            },
            due_at=now,
            expires_at=now + dt.timedelta(hours=1),
        )


def deliveries_resend(
    *, endpoint_id: int, delivery_ids: Collection[int] | None = None, member: Member | None = None
) -> int:
    """Deliver once more, under the same ids, what is settled: these, or without any all that failed or is unclear.

    Returns how many; what is under way anyway is not counted. Raises Refused for an endpoint that is switched off, and
    ``WebhookEndpoint.DoesNotExist``.
    """
    now = timezone.now()
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint_id)
        if not endpoint.is_on:
            raise Refused(_("It is switched off. Switch it on first."))
        found = WebhookDelivery.objects.filter(endpoint=endpoint)
        if delivery_ids is None:
            found = found.filter(state__in=(_State.FAILED, _State.UNKNOWN))
        else:
            found = found.filter(pk__in=delivery_ids, state__in=SETTLED)
        number = found.update(
            state=_State.PLANNED,
            attempts=0,
            due_at=now,
            expires_at=now + EXPIRES_AFTER,
            reason="",
            detail="",
            status=None,
            sent_at=None,
            settled_at=None,
        )
        if number:
            _wake(endpoint)
            audit_record(
                action="webhook.resent",
                member=member,
                object_type="webhook",
                object_id=endpoint.pk,
                data={"name": endpoint.name, "deliveries": number},
            )
    return number


def _wake(endpoint: WebhookEndpoint) -> None:
    """Somebody wants to see now whether it works again."""
    if endpoint.rests_until is not None:
        endpoint.rests_until = None
        endpoint.save(update_fields=["rests_until"])
