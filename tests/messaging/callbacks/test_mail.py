"""What e-mail services call with: read by django-anymail, checked by what each signs."""

import base64
import contextlib
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from messaging.callbacks.mail import KINDS, mail_reports
from messaging.callbacks.report import Forged, Told, Unreadable
from tests.messaging.callbacks.amazon import certificates_served, signed
from tests.messaging.callbacks.reports import SNS, notification, posted_request

REF = uuid.UUID("6f2c8a90-0b1e-4c55-9a54-0d6c1f0e2b7a")


class TestPostmark:
    def report(self, **told: Any) -> list[tuple[Told, bool]]:
        event = {"MessageID": "pm-1", "Metadata": {"ref": str(REF)}, "ID": 4323372036854775807} | told
        reports = mail_reports("postmark", posted_request(event), {})
        assert all((report.ref, report.provider_id) == (REF, "pm-1") for report in reports)
        return [(report.told, report.is_hard) for report in reports]

    @pytest.mark.parametrize(
        ("told", "expected"),
        [
            ({"RecordType": "Delivery", "DeliveredAt": "2026-06-16T10:00:00Z"}, [(Told.DELIVERED, False)]),
            ({"RecordType": "Bounce", "Type": "HardBounce"}, [(Told.BOUNCED, True)]),
            ({"RecordType": "Bounce", "Type": "SpamComplaint"}, [(Told.COMPLAINED, False)]),
            ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, [(Told.COMPLAINED, False)]),
            ({"RecordType": "Bounce", "Type": "Transient"}, []),
            ({"RecordType": "Open", "FirstOpen": True}, [(Told.OPENED, False)]),
            ({"RecordType": "Click", "OriginalLink": "https://a.example/"}, [(Told.CLICKED, False)]),
        ],
    )
    def test_reports(self, told: dict[str, Any], expected: list[tuple[Told, bool]]) -> None:
        assert self.report(**told) == expected

    def test_a_full_mailbox_is_no_dead_address(self) -> None:
        assert self.report(RecordType="Bounce", Type="SoftBounce") == [(Told.BOUNCED, False)]


class TestMailgun:
    KEY = "mailgun's key"

    def event(self, *, key: str = KEY, **told: Any) -> dict[str, Any]:
        token, timestamp = "a" * 50, str(int(time.time()))
        signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
        data = {
            "event": "failed",
            "severity": "permanent",
            "id": "ev1",
            "timestamp": 1790000000.0,
            "recipient": "kari@example.com",
            "message": {"headers": {"message-id": "20260616@mg.example.com"}},
            "user-variables": {"ref": str(REF)},
            "delivery-status": {"code": 550, "message": "No such user", "description": ""},
            "reason": "bounce",
        }
        return {
            "signature": {"timestamp": timestamp, "token": token, "signature": signature},
            "event-data": data | told,
        }

    def test_a_signed_report(self) -> None:
        (report,) = mail_reports("mailgun", posted_request(self.event()), {"signing_key": self.KEY})
        assert (report.told, report.is_hard, report.ref, report.event_id) == (Told.BOUNCED, True, REF, "ev1")

    def test_what_is_put_off_is_no_outcome(self) -> None:
        event = self.event(severity="temporary")
        assert mail_reports("mailgun", posted_request(event), {"signing_key": self.KEY}) == []

    def test_forged(self) -> None:
        event = self.event(key="guessed")
        with pytest.raises(Forged):
            mail_reports("mailgun", posted_request(event), {"signing_key": self.KEY})
        del event["signature"]
        with pytest.raises(Forged):
            mail_reports("mailgun", posted_request(event), {"signing_key": self.KEY})


class TestSendGrid:
    def test_signed_by_its_key(self) -> None:
        private = ec.generate_private_key(ec.SECP256R1())
        der = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        secrets = {"signing_key": base64.b64encode(der).decode()}
        told = [
            {"event": "delivered", "sg_event_id": "e1", "smtp-id": "<1@x>", "ref": str(REF), "timestamp": 1790000000},
            {"event": "bounce", "type": "bounce", "sg_event_id": "e2", "anymail_id": "2", "timestamp": 1790000001},
        ]
        body = json.dumps(told).encode()
        signature = base64.b64encode(private.sign(b"1790000000" + body, ec.ECDSA(hashes.SHA256()))).decode()
        headers = {
            "x_twilio_email_event_webhook_signature": signature,
            "x_twilio_email_event_webhook_timestamp": "1790000000",
        }
        reports = mail_reports("sendgrid", posted_request(told, **headers), secrets)
        assert [(report.told, report.event_id) for report in reports] == [
            (Told.DELIVERED, "e1"),
            (Told.BOUNCED, "e2"),
        ]
        assert [report.is_hard for report in reports] == [False, True]
        assert reports[0].ref == REF
        for forged in (
            posted_request(told),
            posted_request(told[:1], **headers),
            posted_request(told, **(headers | {"x_twilio_email_event_webhook_timestamp": "1790000001"})),
        ):
            with pytest.raises(Forged):
                mail_reports("sendgrid", forged, secrets)


class TestResend:
    KEY = base64.b64encode(b"resend's own key of some length").decode()
    TOLD = {
        "type": "email.bounced",
        "created_at": "2026-06-16T10:00:00.000Z",
        "data": {
            "email_id": "re-1",
            "to": ["kari@example.com"],
            "bounce": {"message": "No such user", "type": "Permanent"},
        },
    }

    def headers(self, body: bytes) -> dict[str, str]:
        now = int(time.time())
        signature = hmac.new(b"resend's own key of some length", f"m1.{now}.".encode() + body, hashlib.sha256)
        return {
            "svix_id": "m1",
            "svix_timestamp": str(now),
            "svix_signature": f"v1,{base64.b64encode(signature.digest()).decode()}",
        }

    def test_signed_as_standard_webhooks_are(self) -> None:
        headers = self.headers(json.dumps(self.TOLD).encode())
        secrets = {"signing_key": f"whsec_{self.KEY}"}
        (report,) = mail_reports("resend", posted_request(self.TOLD, **headers), secrets)
        assert (report.told, report.is_hard, report.provider_id, report.event_id) == (Told.BOUNCED, True, "re-1", "m1")
        with pytest.raises(Forged):
            mail_reports("resend", posted_request(self.TOLD), secrets)
        with pytest.raises(Forged):
            mail_reports("resend", posted_request(self.TOLD | {"type": "email.delivered"}, **headers), secrets)


class TestOthers:
    def test_brevo(self) -> None:
        told = {
            "event": "unsubscribe",
            "message-id": "<b1@x>",
            "id": 9,
            "date": "2026-06-16 10:00:00",
            "ts_epoch": 1790000000000,
        }
        (report,) = mail_reports("brevo", posted_request(told), {})
        assert (report.told, report.provider_id) == (Told.UNSUBSCRIBED, "<b1@x>")

    @pytest.mark.parametrize(
        ("event", "is_hard"), [("hard_bounce", True), ("invalid_email", True), ("soft_bounce", False)]
    )
    def test_brevo_tells_dead_addresses_from_full_ones(self, event: str, is_hard: bool) -> None:
        (report,) = mail_reports("brevo", posted_request({"event": event, "message-id": "<b1@x>"}), {})
        assert (report.told, report.is_hard) == (Told.BOUNCED, is_hard)

    @pytest.mark.parametrize(("bounce_type", "is_hard"), [("Permanent", True), ("Transient", False)])
    def test_amazon_ses(self, bounce_type: str, is_hard: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        certificates_served(monkeypatch)
        event = {
            "eventType": "Bounce",
            "mail": {"messageId": "ses-1", "timestamp": "2026-06-16T10:00:00.000Z", "tags": {}, "headers": []},
            "bounce": {
                "bounceType": bounce_type,
                "bounceSubType": "General",
                "bouncedRecipients": [{"emailAddress": "kari@example.com"}],
                "timestamp": "2026-06-16T10:00:01.000Z",
            },
        }
        told = signed(notification(event))
        (report,) = mail_reports("ses", posted_request(told, **SNS), {})
        assert (report.told, report.is_hard, report.provider_id) == (Told.BOUNCED, is_hard, "ses-1")
        with pytest.raises(Forged):
            mail_reports("ses", posted_request(told), {})

    @pytest.mark.parametrize(("bounce_class", "is_hard"), [("10", True), ("30", True), ("22", False)])
    def test_sparkpost(self, bounce_class: str, is_hard: bool) -> None:
        event = {"type": "bounce", "bounce_class": bounce_class, "event_id": "e1", "transmission_id": "sp-1"}
        told = [{"msys": {"message_event": event | {"timestamp": "1790000000", "rcpt_meta": {"ref": str(REF)}}}}]
        (report,) = mail_reports("sparkpost", posted_request(told), {})
        assert (report.told, report.is_hard, report.ref) == (Told.BOUNCED, is_hard, REF)

    def test_mailjet(self) -> None:
        told = [{"event": "spam", "time": 1790000000, "MessageID": 5, "email": "kari@example.com"}]
        (report,) = mail_reports("mailjet", posted_request(told), {})
        assert (report.told, report.provider_id) == (Told.COMPLAINED, "5")

    @pytest.mark.parametrize("kind", sorted(KINDS))
    @pytest.mark.parametrize("told", [None, 7, "x", [7], {"event": []}, {"event-data": 1}, {"Type": "x"}])
    def test_what_no_service_sends(self, kind: str, told: Any) -> None:
        with contextlib.suppress(Forged, Unreadable):
            assert mail_reports(kind, posted_request(told), {}) == []

    def test_a_reply_is_known_by_the_message_it_answers(self) -> None:
        told = {
            "FromFull": {"Email": "Kari@Example.com", "Name": "Kari"},
            "From": "Kari <Kari@Example.com>",
            "Subject": "Re: Your room",
            "TextBody": "Thank you!\n\n> Your room is ready",
            "StrippedTextReply": "Thank you!",
            "Date": "Tue, 16 Jun 2026 10:00:00 +0000",
            "Headers": [{"Name": "In-Reply-To", "Value": f"<{REF.hex}@fjordstuen.example>"}],
            "MessageID": "in-1",
            "ToFull": [],
            "CcFull": [],
            "BccFull": [],
            "Attachments": [],
        }
        (report,) = mail_reports("postmark", posted_request(told), {}, replies=True)
        assert (report.told, report.ref, report.sender) == (Told.REPLIED, REF, "kari@example.com")
        assert (report.subject, report.text) == ("Re: Your room", "Thank you!")
        own = told | {"Headers": [{"Name": "In-Reply-To", "Value": "<8f3a-77@mtasv.net>"}]}
        (report,) = mail_reports("postmark", posted_request(own), {}, replies=True)
        assert (report.ref, report.provider_id) == (None, "<8f3a-77@mtasv.net>")
        for name, value in (
            ("Auto-Submitted", "auto-replied"),
            ("Precedence", "auto_reply"),
            ("X-Autoreply", "yes"),
        ):
            absent = told | {"Headers": [*told["Headers"], {"Name": name, "Value": value}]}  # type: ignore[misc]
            assert mail_reports("postmark", posted_request(absent), {}, replies=True) == [], name
        human = told | {"Headers": [*told["Headers"], {"Name": "Auto-Submitted", "Value": "no"}]}  # type: ignore[misc]
        assert len(mail_reports("postmark", posted_request(human), {}, replies=True)) == 1
        stranger = told | {"Headers": []}
        assert mail_reports("postmark", posted_request(stranger), {}, replies=True) == []
