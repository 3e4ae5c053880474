"""Every service through its own address, in the shapes it documents: delivered, opened, followed, bounced, complained,
answered STOP. Told five times, shuffled and among forged calls, it is as told once in order."""

import base64
import hashlib
import hmac
import json
import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from django.test import Client

from accounts.tenancy import business_scope
from messaging.callbacks.mail import KINDS as MAIL
from messaging.callbacks.models import CallbackEvent
from messaging.callbacks.sms import READERS as SMS
from messaging.outbox.models import Message
from messaging.transports.models import Transport
from tests.cast import Cast, House
from tests.factories import ConsentEventFactory
from tests.messaging.callbacks.amazon import certificates_served, signed
from tests.messaging.callbacks.reports import PHONE, guest_of, standing, url
from tests.messaging.callbacks.test_sms import jwt
from tests.messaging.sent import message_sent
from tests.messaging.transports.making import transport_made

pytestmark = pytest.mark.django_db
AT = 1781604000
"""16 June 2026, 10:00 UTC."""
ISO = "2026-06-16T10:0{}:00.000Z"
LINK = "https://fjordstuen.example/sauna?x=1"
WORDS = ("delivered", "opened", "clicked", "bounced", "complained")
PRIVATE = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    PRIVATE.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
SVIX = base64.b64encode(b"resend's own key of some length").decode()


@dataclass(frozen=True)
class Posted:
    """A call as it goes over the wire."""

    body: bytes
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def put(told: Any, **headers: str) -> Posted:
    return Posted(json.dumps(told).encode(), headers=headers)


Say = Callable[[Message, str, str], Posted]
"""Of a message, what happened, to which address: the call of a service."""


def postmark(message: Message, what: str, _to: str) -> Posted:
    place = WORDS.index(what)
    told = {
        "delivered": {"RecordType": "Delivery", "DeliveredAt": ISO.format(place), "Details": "250 ok"},
        "opened": {"RecordType": "Open", "FirstOpen": True, "ReceivedAt": ISO.format(place)},
        "clicked": {"RecordType": "Click", "OriginalLink": LINK, "ReceivedAt": ISO.format(place)},
        "bounced": {"RecordType": "Bounce", "Type": "HardBounce", "ID": 42, "BouncedAt": ISO.format(place)},
        "complained": {
            "RecordType": "SpamComplaint",
            "Type": "SpamComplaint",
            "ID": 43,
            "BouncedAt": ISO.format(place),
        },
    }
    common = {"ServerID": 23, "MessageStream": "outbound", "Recipient": message.address, "Tag": ""}
    return put({**common, "MessageID": message.provider_id, "Metadata": {"ref": str(message.ref)}, **told[what]})


def mailgun(message: Message, what: str, _to: str) -> Posted:
    token, timestamp = uuid.uuid4().hex, str(int(time.time()))
    signature = hmac.new(b"key", f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    told: dict[str, dict[str, Any]] = {
        "bounced": {"event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": {"code": 550}},
        "clicked": {"event": "clicked", "url": LINK},
    }
    data = {
        "event": what,
        "id": f"event-{what}",
        "timestamp": AT + WORDS.index(what) + 0.25,
        "recipient": message.address,
        "message": {"headers": {"message-id": message.provider_id.strip("<>"), "to": message.address}},
        "user-variables": {"ref": str(message.ref)},
        **told.get(what, {}),
    }
    return put({"signature": {"timestamp": timestamp, "token": token, "signature": signature}, "event-data": data})


def sendgrid(message: Message, what: str, _to: str) -> Posted:
    names = {"opened": "open", "clicked": "click", "bounced": "bounce", "complained": "spamreport"}
    event = {
        "email": message.address,
        "timestamp": AT + WORDS.index(what),
        "event": names.get(what, what),
        "sg_event_id": f"event-{what}",
        "sg_message_id": "14c5d75ce93.dfd.64b469",
        "smtp-id": message.provider_id,
        "ref": str(message.ref),
        **({"type": "bounce", "reason": "550 no such user", "status": "5.1.1"} if what == "bounced" else {}),
        **({"url": LINK} if what == "clicked" else {}),
    }
    body = json.dumps([event]).encode()
    signature = base64.b64encode(PRIVATE.sign(b"1790000000" + body, ec.ECDSA(hashes.SHA256()))).decode()
    named = "HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_"
    return Posted(body, headers={f"{named}SIGNATURE": signature, f"{named}TIMESTAMP": "1790000000"})


def resend(message: Message, what: str, _to: str) -> Posted:
    data = {
        "email_id": message.provider_id,
        "to": [message.address],
        "created_at": ISO.format(0),
        "headers": [{"name": "X-Metadata", "value": json.dumps({"ref": str(message.ref)})}],
        **({"click": {"link": LINK, "timestamp": ISO.format(2)}} if what == "clicked" else {}),
        **({"bounce": {"message": "No such user", "type": "Permanent"}} if what == "bounced" else {}),
    }
    told = {"type": f"email.{what}", "created_at": ISO.format(WORDS.index(what)), "data": data}
    body, now = json.dumps(told).encode(), int(time.time())
    said = f"msg_{what}.{now}.".encode() + body
    signature = base64.b64encode(hmac.new(base64.b64decode(SVIX), said, hashlib.sha256).digest()).decode()
    headers = {"HTTP_SVIX_ID": f"msg_{what}", "HTTP_SVIX_TIMESTAMP": str(now), "HTTP_SVIX_SIGNATURE": f"v1,{signature}"}
    return Posted(body, headers=headers)


def brevo(message: Message, what: str, _to: str) -> Posted:
    names = {"opened": "unique_opened", "clicked": "click", "bounced": "hard_bounce", "complained": "spam"}
    told = {
        "event": names.get(what, what),
        "email": message.address,
        "id": 26224,
        "date": "2026-06-16 10:00:00",
        "ts_epoch": (AT + WORDS.index(what)) * 1000,
        "message-id": message.provider_id,
        "X-Mailin-custom": json.dumps({"ref": str(message.ref)}),
        **({"link": LINK} if what == "clicked" else {}),
    }
    return put(told)


def mailjet(message: Message, what: str, _to: str) -> Posted:
    names = {"delivered": "sent", "opened": "open", "clicked": "click", "bounced": "bounce", "complained": "spam"}
    told = {
        "event": names[what],
        "time": AT + WORDS.index(what),
        "MessageID": int(message.provider_id),
        "email": message.address,
        "Payload": json.dumps({"ref": str(message.ref)}),
        **({"hard_bounce": True, "blocked": False, "error": "user unknown"} if what == "bounced" else {}),
        **({"url": LINK} if what == "clicked" else {}),
    }
    return put([told])


def ses(message: Message, what: str, _to: str) -> Posted:
    names = {
        "delivered": "Delivery",
        "opened": "Open",
        "clicked": "Click",
        "bounced": "Bounce",
        "complained": "Complaint",
    }
    recipients = [{"emailAddress": message.address}]
    parts: dict[str, dict[str, Any]] = {
        "bounced": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": recipients},
        "complained": {"complainedRecipients": recipients, "complaintFeedbackType": "abuse"},
        "clicked": {"link": LINK},
        "delivered": {"recipients": [message.address]},
    }
    event = {
        "eventType": names[what],
        "mail": {
            "messageId": message.provider_id,
            "timestamp": ISO.format(0),
            "destination": [message.address],
            "headers": [{"name": "X-Metadata", "value": json.dumps({"ref": str(message.ref)})}],
        },
        names[what].lower(): {"timestamp": ISO.format(WORDS.index(what)), **parts.get(what, {})},
    }
    told = {
        "Type": "Notification",
        "MessageId": f"sns-{what}",
        "TopicArn": "arn:aws:sns:eu-north-1:123456789012:ses",
        "Timestamp": ISO.format(WORDS.index(what)),
        "Message": json.dumps(event),
    }
    headers = {"HTTP_X_AMZ_SNS_MESSAGE_TYPE": "Notification", "HTTP_X_AMZ_SNS_MESSAGE_ID": f"sns-{what}"}
    return put(signed(told, version="2" if what == "bounced" else "1"), **headers)


def sparkpost(message: Message, what: str, _to: str) -> Posted:
    names = {"delivered": "delivery", "opened": "open", "clicked": "click", "bounced": "bounce"}
    event = {
        "type": names.get(what, "spam_complaint"),
        "event_id": f"event-{what}",
        "transmission_id": message.provider_id,
        "timestamp": str(AT + WORDS.index(what)),
        "raw_rcpt_to": message.address,
        "rcpt_meta": {"ref": str(message.ref)},
        **({"bounce_class": "10", "raw_reason": "550 no such user"} if what == "bounced" else {}),
        **({"target_link_url": LINK} if what == "clicked" else {}),
    }
    kind = "track_event" if what in ("opened", "clicked") else "message_event"
    return put([{"msys": {kind: event}}])


def gatewayapi(message: Message, what: str, _to: str) -> Posted:
    number = int(message.address.lstrip("+"))
    told: dict[str, Any] = {
        "id": 1000001,
        "msisdn": number,
        "time": AT,
        "status": "DELIVERED",
        "userref": str(message.ref),
    }
    if what == "on its way":
        told |= {"status": "ENROUTE"}
    elif what == "stop":
        told = {"id": 2000002, "msisdn": number, "receiver": 451204, "message": "STOPP", "senttime": AT + 60}
    return put(told, HTTP_X_GWAPI_SIGNATURE=jwt(told))


def elks46(message: Message, what: str, to: str) -> Posted:
    told = {
        "on its way": {"id": message.provider_id, "status": "sent"},
        "delivered": {"id": message.provider_id, "status": "delivered", "delivered": "2026-06-16T10:00:00.000000"},
        "stop": {"id": "in-1", "direction": "incoming", "from": to, "to": "+4759440000", "message": "Stopp"},
    }
    return Posted(urlencode(told[what]).encode(), "application/x-www-form-urlencoded")


def twilio(message: Message, what: str, to: str) -> Posted:
    told = {
        "on its way": {"MessageSid": message.provider_id, "MessageStatus": "sent"},
        "delivered": {"MessageSid": message.provider_id, "MessageStatus": "delivered"},
        "stop": {"MessageSid": "SMin", "SmsStatus": "received", "From": to, "To": "+4759440000", "Body": "STOP"},
    }
    common = {"AccountSid": "AC1", "ApiVersion": "2010-04-01"}
    return Posted(urlencode(common | told[what]).encode(), "application/x-www-form-urlencoded", {"sign": "twilio"})


def link(message: Message, what: str, to: str) -> Posted:
    report = {"refId": str(message.ref), "id": f"{message.provider_id}$1", "timestamp": ISO.format(0)}
    answer = {"messageId": "mo-1", "source": to, "destination": "2077", "userData": "stop", "timestamp": ISO.format(1)}
    told = {"on its way": report | {"resultCode": 1000}, "delivered": report | {"resultCode": 1001}, "stop": answer}
    return put(told[what])


@dataclass(frozen=True)
class Service:
    """A service as it is set up; ``id_made`` is an id as it gives messages."""

    say: Say
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    id_made: str = "0100018f-3a2b"
    is_signed: bool = False


SERVICES = {
    "brevo": Service(brevo, secrets={"api_key": "k"}, id_made="<202606161000.1@relay.example>"),
    "mailgun": Service(
        mailgun, {"sender_domain": "mg.example.com"}, {"api_key": "k", "signing_key": "key"}, "<1@mg.example>", True
    ),
    "mailjet": Service(mailjet, {"api_key": "k"}, {"secret_key": "s"}, "1152921504624521"),
    "postmark": Service(postmark, secrets={"server_token": "t"}),
    "resend": Service(resend, secrets={"api_key": "k", "signing_key": f"whsec_{SVIX}"}, is_signed=True),
    "sendgrid": Service(sendgrid, secrets={"api_key": "k", "signing_key": PUBLIC}, id_made="<1@sg>", is_signed=True),
    "ses": Service(ses, {"access_key": "AKIA1", "region": "eu-north-1"}, {"secret_key": "s"}, is_signed=True),
    "sparkpost": Service(sparkpost, secrets={"api_key": "k"}),
    "gatewayapi": Service(
        gatewayapi, secrets={"token": "t", "callback_key": "secret"}, id_made="1000001", is_signed=True
    ),
    "elks46": Service(elks46, {"user": "u"}, {"password": "p"}, "s70df59406a1b4643b96f3f91e0bfb7b0"),
    "twilio": Service(twilio, {"account": "AC1"}, {"token": "token"}, "SM1", is_signed=True),
    "link": Service(
        link,
        {"user": "u", "platform_id": "COMMON_API", "partner_id": "1", "address": "https://n-eu.linkmobility.io"},
        {"password": "p"},
        "Dcshuhod0PMAAAFQ",
    ),
}


def way_of(house: House, kind: str) -> Transport:
    told = SERVICES[kind]
    sender = "Fjordstuen" if kind in SMS else "post@fjordstuen.no"
    return transport_made(
        business=house.business,
        kind=kind,
        options=dict(told.options),
        secrets=dict(told.secrets),
        sender_address=sender,
    )


def post(path: str, call: Posted, *, signed_for: str = "") -> int:
    headers = dict(call.headers)
    if headers.pop("sign", ""):
        headers["HTTP_X_TWILIO_SIGNATURE"] = _twilio_signature(signed_for or path, call.body)
    client = Client(enforce_csrf_checks=True)
    return client.post(path, call.body, content_type=call.kind, **headers).status_code  # type: ignore[arg-type]


def _twilio_signature(path: str, body: bytes) -> str:
    said = f"https://crm.example{path}" + "".join(name + value for name, value in sorted(parse_qsl(body.decode())))
    return base64.b64encode(hmac.new(b"token", said.encode(), hashlib.sha1).digest()).decode()


def end_of(house: House, kind: str, times: int, seed: int) -> dict[str, Any]:
    """How all stands after a house was told of a message so many times; if not once, shuffled, with forgeries."""
    service = SERVICES[kind]
    channel = "sms" if kind in SMS else "email"
    with business_scope(house.pk):
        transport, guest = way_of(house, kind), guest_of()
        ConsentEventFactory(customer=guest, purpose="tracking", channel="")
        message = message_sent(guest, transport=transport, provider_id=service.id_made, channel=channel)
    told: Sequence[str] = ("on its way", "delivered", "stop") if kind in SMS else WORDS
    calls = list(told) * times
    chance = random.Random(f"{kind} {seed}")
    if times > 1:
        chance.shuffle(calls)
    path = url(transport)
    for place, what in enumerate(calls):
        call = service.say(message, what, PHONE)
        if times > 1 and place % 4 == 0:
            forge(service, path, call)
        assert post(path, call) == 200, (kind, what)
    end = standing(house, message, guest)
    if kind in ("twilio", "elks46"):
        # They do not tell when of everything: what is noted is when it was told.
        end["message"] = end["message"][:1]
        end["suppressed"] = [each[:2] for each in end["suppressed"]]
    return end


def forge(service: Service, path: str, call: Posted) -> None:
    """A secret that was guessed, and where the service signs, another's signature or none."""
    guessed = path[:-6] + ("AAAAA/" if path[-6:-1] != "AAAAA" else "BBBBB/")
    assert post(guessed, call) in (404, 429)
    cache.clear()
    if not service.is_signed:
        return
    # Without the signature, wherever it stands; with one that was made for something else.
    assert post(path, Posted(call.body.replace(b'"signature"', b'"sign"'), call.kind)) == 403
    if service.say is ses:
        assert post(path, Posted(call.body.replace(b"0100018f", b"0100018e"), call.kind, call.headers)) == 403
    if "sign" in call.headers:
        assert post(path, call, signed_for="/m/callback/another/") == 403
    elif service.say in (sendgrid, resend):
        assert post(path, Posted(call.body + b" ", call.kind, call.headers)) == 403


def test_every_service_is_here() -> None:
    assert set(SERVICES) == set(MAIL) | set(SMS)


@pytest.mark.parametrize("kind", sorted(SERVICES))
def test_told_once_or_five_times_it_is_the_same(
    cast: Cast, kind: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INNKEEPER_URL = "https://crm.example"
    certificates_served(monkeypatch)
    once = end_of(cast.duinzicht, kind, 1, 0)
    assert once == end_of(cast.fjordstuen, kind, 5, 1)
    assert once["message"][0] == ("delivered" if kind in SMS else "complained")
    reasons = {reason for _kind, reason, *_at in once["suppressed"]}
    assert reasons == ({"stop"} if kind in SMS else {"bounce", "complaint"})
    assert dict(once["points"])["phone" if kind in SMS else "email"] == "opted_out"
    with business_scope(cast.fjordstuen.pk):
        kept = CallbackEvent.objects.all()
        assert {event.state for event in kept} == {"done"}
        assert len(kept) == (2 if kind in SMS else 5)
        for event in kept:
            said = f"{event.raw} {event.report}"
            assert "kari" not in said and PHONE[1:] not in said, "what is done with holds nothing of the guest"
