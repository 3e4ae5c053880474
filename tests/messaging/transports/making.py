"""Transports in the database, as a member makes them."""

from typing import Any

from accounts.models import Business
from messaging.transports.models import Transport
from messaging.transports.services import TransportValues, transport_create


def transport_made(*, business: Business, kind: str = "local", **values: Any) -> Transport:
    """A transport of the business in scope."""
    sender = "Fjordstuen" if kind == "local_sms" else "post@fjordstuen.no"
    told = {"name": kind, "sender_address": sender, **values}
    return transport_create(business=business, values=TransportValues(kind=kind, **told))
