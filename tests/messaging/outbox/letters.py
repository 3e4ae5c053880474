"""Guests who may be written to, ways of sending, and drafts for them."""

import datetime as dt
from typing import Any

from django.utils import timezone

from accounts.models import Business
from customers.card.models import Customer
from customers.consent.models import Channel as ConsentChannel
from customers.consent.models import ConsentEvent
from messaging.outbox.models import Message
from messaging.outbox.services import Draft, plan
from messaging.transports.models import Transport
from messaging.transports.services import TransportValues, transport_create
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory, PhoneFactory

NOON = dt.datetime(2026, 6, 16, 10, 0, tzinfo=dt.UTC)
"""A Tuesday, 12:00 in Oslo."""


def guest(*, consents: bool = True, phone: bool = False, **fields: Any) -> Customer:
    """Somebody with an address who has consented to the newsletter through every channel."""
    made = CustomerFactory(**fields)
    EmailFactory(customer=made, is_primary=True)
    if phone:
        PhoneFactory(customer=made, is_primary=True)
    if consents:
        for channel in (ConsentChannel.EMAIL, ConsentChannel.SMS):
            ConsentEventFactory(customer=made, channel=channel)
    return made


def withdraw(customer: Customer, channel: str = ConsentChannel.EMAIL) -> None:
    """Take the consent back."""
    ConsentEventFactory(customer=customer, channel=channel, act=ConsentEvent.Act.WITHDRAWN)


def local(business: Business, channel: str = "email", **values: Any) -> Transport:
    """A local inbox as the way of a channel."""
    kind = "local" if channel == "email" else "local_sms"
    options: dict[str, Any] = {"kind": kind, "name": f"Inbox {channel}"}
    if channel == "email":
        options["sender_address"] = "hello@fjordstuen.example"
    else:
        options["sender_address"] = "Fjordstuen"
    return transport_create(business=business, values=TransportValues(**{**options, **values}))


def smtp(business: Business, port: int, **values: Any) -> Transport:
    """A mail server on this machine."""
    return transport_create(
        business=business,
        values=TransportValues(
            kind="smtp",
            name="Mail server",
            options={"host": "127.0.0.1", "port": port, "security": "none"},
            sender_address="hello@fjordstuen.example",
            **values,
        ),
    )


def draft(customer: Customer | int, key: str = "", **values: Any) -> Draft:
    """A word about a guest's own stay, written on the card, due a moment ago."""
    pk = customer if isinstance(customer, int) else customer.pk
    channel = values.get("channel", "email")
    words: dict[str, Any] = (
        {"subject": "Your room", "blocks": ({"kind": "paragraph", "text": "Hello {guest.given_name}, it is ready."},)}
        if channel == "email"
        else {"body": "Hello {guest.given_name}, your room is ready."}
    )
    if "template_id" in values:
        words = {}
    told: dict[str, Any] = {
        "customer_id": pk,
        "channel": channel,
        "purpose": "stay",
        "key": key or f"card:{pk}",
        "due_at": timezone.now() - dt.timedelta(seconds=1),
        "origin": "card",
        **words,
    }
    return Draft(**{**told, **values})


def news(customer: Customer | int, campaign: int = 7, **values: Any) -> Draft:
    """The newsletter of a campaign."""
    pk = customer if isinstance(customer, int) else customer.pk
    told: dict[str, Any] = {
        "key": f"campaign:{campaign}:{pk}",
        "purpose": "newsletter",
        "origin": "campaign",
        "origin_id": campaign,
    }
    return draft(pk, **{**told, **values})


def planned(*drafts: Draft, at: dt.datetime | None = None) -> list[Message]:
    """Messages of drafts, in their order."""
    found = plan(drafts=drafts, at=at)
    return [Message.objects.get(pk=found.ids[each.key]) for each in drafts]
