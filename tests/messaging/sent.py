"""A message that has gone out, whose links are opened and of which services report."""

import datetime as dt
from typing import Any

from django.utils import timezone

from customers.card.models import ContactPoint, Customer
from messaging.outbox.models import Message
from messaging.transports.models import Transport


def message_sent(customer: Customer, *, transport: Transport | None = None, **values: Any) -> Message:
    """A newsletter to a guest's primary address, as the outbox leaves it once it is sent."""
    channel = values.get("channel", "email")
    kind = ContactPoint.Kind.PHONE if channel == "sms" else ContactPoint.Kind.EMAIL
    point = ContactPoint.objects.filter(customer=customer, kind=kind).order_by("-is_primary", "id").first()
    now = timezone.now() - dt.timedelta(minutes=5)
    told: dict[str, Any] = {
        "key": f"sent:{channel}:{customer.pk}:{values.get('provider_id', '')}",
        "channel": channel,
        "purpose": "newsletter",
        "customer": customer,
        "origin": "card",
        "address": point.normalised if point else "",
        "state": Message.State.SENT,
        "due_at": now,
        "attempted_at": now,
        "attempts": 1,
        "sent_at": now,
        "zone": "Europe/Oslo",
        "transport": transport,
    }
    return Message.objects.create(**{**told, **values})
