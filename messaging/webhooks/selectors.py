"""Reads of webhooks: where they go, and what became of deliveries."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Max, QuerySet

from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint

PAGE: Final = 25
_State = WebhookDelivery.State


@dataclass(frozen=True, slots=True)
class Counts:
    """Deliveries of one endpoint by what became of them; ``last`` is when one was delivered last."""

    waiting: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    last: dt.datetime | None = None

    @property
    def in_vain(self) -> int:
        """Those that could be delivered once more, all together."""
        return self.failed + self.unknown


def endpoint_list() -> list[WebhookEndpoint]:
    """All endpoints by name."""
    return list(WebhookEndpoint.objects.order_by("name", "pk"))


def endpoint_get(*, endpoint_id: int) -> WebhookEndpoint:
    """One endpoint with its business. Raises ``WebhookEndpoint.DoesNotExist``."""
    return WebhookEndpoint.objects.select_related("business", "member__user").get(pk=endpoint_id)


def endpoint_choices() -> list[tuple[int, str]]:
    """Id and name of every endpoint, for whoever chooses one."""
    return list(WebhookEndpoint.objects.order_by("name", "pk").values_list("pk", "name"))


def counts_of(*, endpoint_ids: list[int]) -> dict[int, Counts]:
    """How many deliveries of each endpoint there are, of those still kept. One query."""
    rows = (
        WebhookDelivery.objects.filter(endpoint_id__in=endpoint_ids)
        .values("endpoint_id", "state")
        .annotate(number=Count("pk"), last=Max("sent_at"))
    )
    found: dict[int, dict[str, int]] = {}
    lasts: dict[int, dt.datetime] = {}
    for row in rows:
        found.setdefault(row["endpoint_id"], {})[row["state"]] = row["number"]
        if row["state"] == _State.SENT and row["last"]:
            lasts[row["endpoint_id"]] = row["last"]
    return {
        pk: Counts(
            waiting=states.get(_State.PLANNED, 0) + states.get(_State.CLAIMED, 0),
            sent=states.get(_State.SENT, 0),
            failed=states.get(_State.FAILED, 0),
            unknown=states.get(_State.UNKNOWN, 0),
            last=lasts.get(pk),
        )
        for pk, states in found.items()
    }


def delivery_list(*, endpoint_id: int, state: str = "") -> QuerySet[WebhookDelivery]:
    """Deliveries of an endpoint, without what they say."""
    found = WebhookDelivery.objects.filter(endpoint_id=endpoint_id).select_related("customer").defer("body")
    return found.filter(state=state) if state in _State else found


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """A page of deliveries, newest first. ``older`` is where the next page begins, 0 on the last one."""

    items: list[WebhookDelivery]
    older: int


def delivery_page(*, endpoint_id: int, state: str = "", before: int = 0, limit: int = PAGE) -> DeliveryPage:
    """Deliveries of an endpoint, newest first, from the one after ``before``."""
    found = delivery_list(endpoint_id=endpoint_id, state=state).order_by("-pk")
    rows = list((found.filter(pk__lt=before) if before else found)[: limit + 1])
    return DeliveryPage(rows[:limit], rows[limit - 1].pk if len(rows) > limit else 0)


def delivery_get(*, endpoint_id: int, delivery_id: int) -> WebhookDelivery:
    """One delivery of an endpoint. Raises ``WebhookDelivery.DoesNotExist``."""
    return WebhookDelivery.objects.select_related("endpoint", "customer").get(pk=delivery_id, endpoint_id=endpoint_id)
