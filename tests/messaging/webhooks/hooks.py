"""Webhooks in the database, as a member makes them, and deliveries of a guest."""

import datetime as dt
from typing import Any

from django.utils import timezone

from accounts.models import Business
from customers.card.models import Customer
from messaging.webhooks.models import WebhookDelivery, WebhookEndpoint
from messaging.webhooks.services import Delivery, deliver_all, endpoint_create


def endpoint_made(*, business: Business, name: str = "Locks", url: str = "https://hooks.example.org/in") -> Any:
    """An endpoint of the business in scope."""
    return endpoint_create(business=business, name=name, url=url).endpoint


def planned(endpoint: WebhookEndpoint, *customers: Customer, at: dt.datetime | None = None) -> list[WebhookDelivery]:
    """A delivery for each guest, due now, in their order."""
    wanted = [
        Delivery(f"test:{endpoint.pk}:{each.pk}", each.pk, "automation.reached", {"type": "t", "data": {"id": each.pk}})
        for each in customers
    ]
    found = deliver_all(endpoint_id=endpoint.pk, deliveries=wanted, now=at or timezone.now())
    return [WebhookDelivery.objects.get(pk=found[each.key]) for each in wanted]
