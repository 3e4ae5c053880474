"""Ways of sending that are told of messages, guests they went to, and what services tell."""

import datetime as dt
import json
from typing import Any

from django.http import HttpRequest
from django.test import Client, RequestFactory

from accounts.tenancy import business_scope
from customers.card.models import ContactPoint, Customer
from customers.consent.models import ConsentEvent
from customers.history.models import Activity
from customers.permission.models import Suppression
from messaging.callbacks.models import CallbackEvent
from messaging.outbox.models import Message
from messaging.transports.models import Transport
from messaging.transports.secrets import CALLBACK, secrets_open
from messaging.transports.services import TransportValues, transport_create
from tests.cast import House
from tests.factories import ConsentEventFactory, CustomerFactory, EmailFactory, PhoneFactory

MAIL, PHONE = "kari@example.com", "+4791234567"
NOW = dt.datetime(2026, 6, 16, 10, 0, tzinfo=dt.UTC)


def postmark(house: House) -> Transport:
    return transport_create(
        business=house.business,
        values=TransportValues(
            kind="postmark", name="Postmark", secrets={"server_token": "t"}, sender_address="hello@fjordstuen.example"
        ),
    )


def elks(house: House) -> Transport:
    return transport_create(
        business=house.business,
        values=TransportValues(
            kind="elks46", name="46elks", options={"user": "u"}, secrets={"password": "p"}, sender_address="Fjordstuen"
        ),
    )


def guest_of() -> Customer:
    guest = CustomerFactory()
    EmailFactory(customer=guest, value=MAIL, is_primary=True)
    PhoneFactory(customer=guest, value=PHONE, is_primary=True)
    for channel in ("email", "sms"):
        ConsentEventFactory(customer=guest, channel=channel, at=dt.datetime(2026, 5, 1, tzinfo=dt.UTC))
    return guest


def url(transport: Transport) -> str:
    return f"/m/callback/{secrets_open(transport)[CALLBACK]}/"


def told_of(message: Message, **told: Any) -> dict[str, Any]:
    return {"MessageID": message.provider_id, "Metadata": {"ref": str(message.ref)}} | told


DELIVERED = {"RecordType": "Delivery", "DeliveredAt": "2026-06-16T10:00:00Z"}
BOUNCED = {"RecordType": "Bounce", "Type": "HardBounce", "BouncedAt": "2026-06-16T10:00:05Z", "ID": 1}
SPAM = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "BouncedAt": "2026-06-16T11:00:00Z", "ID": 2}
OPENED = {"RecordType": "Open", "FirstOpen": True, "ReceivedAt": "2026-06-16T10:30:00Z"}


Sent = tuple[House, Transport, Message, Customer]


def posted(path: str, told: Any) -> int:
    return Client(enforce_csrf_checks=True).post(path, json.dumps(told), content_type="application/json").status_code


def standing(house: House, message: Message, guest: Customer) -> dict[str, Any]:
    """All that reports can change, without the moments at which rows were written."""
    with business_scope(house.pk):
        row = Message.objects.get(pk=message.pk)
        return {
            "message": (row.state, row.delivered_at, row.opened_at, row.clicked_at),
            "points": sorted(ContactPoint.objects.values_list("kind", "state")),
            "suppressed": sorted(Suppression.objects.values_list("kind", "reason", "at")),
            "consents": sorted(ConsentEvent.objects.values_list("channel", "act", "source")),
            "activities": sorted(Activity.objects.values_list("kind", "text")),
            "events": sorted(CallbackEvent.objects.values_list("told", "state")),
        }


def posted_request(told: Any, **headers: str) -> HttpRequest:
    named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return RequestFactory().post("/m/callback/x/", json.dumps(told), content_type="application/json", **named)


def notification(event: Any, **more: str) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "sns-1",
        "TopicArn": "arn:aws:sns:eu-north-1:123456789012:ses",
        "Timestamp": "2026-06-16T10:00:02.000Z",
        "Message": json.dumps(event),
        **more,
    }


SNS = {"x_amz_sns_message_type": "Notification", "x_amz_sns_message_id": "sns-1"}
