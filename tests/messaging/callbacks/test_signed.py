"""What Amazon signs, and answers that services only name: nothing is asked for elsewhere."""

import contextlib
import json
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from accounts.outgoing_problems import NotReached
from messaging.callbacks import inbound, sns
from messaging.callbacks.mail import mail_reports
from messaging.callbacks.report import Forged, Report, Told, Unreached, Unreadable
from tests.messaging.callbacks.amazon import certificate, certificates_served, signed
from tests.messaging.callbacks.reports import SNS, notification, posted_request

REF = uuid.UUID("6f2c8a90-0b1e-4c55-9a54-0d6c1f0e2b7a")


class TestAmazonSigns:
    EVENT = {
        "eventType": "Complaint",
        "mail": {"messageId": "ses-1", "timestamp": "2026-06-16T10:00:00.000Z", "tags": {}, "headers": []},
        "complaint": {"complainedRecipients": [{"emailAddress": "k@example.com"}]},
    }

    @pytest.mark.parametrize("version", ["1", "2"])
    @pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Event Notification"}])
    def test_either_version(self, version: str, more: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        asked = certificates_served(monkeypatch)
        told = signed(notification(self.EVENT, **more), version=version)
        for _time in range(2):
            (report,) = mail_reports("ses", posted_request(told, **SNS), {})
            assert report.told is Told.COMPLAINED
        assert len(asked) == 1, "a certificate is asked for once"

    @pytest.mark.parametrize(
        "changed",
        [
            {"Message": "{}"},
            {"TopicArn": "arn:aws:sns:eu-north-1:666666666666:ses"},
            {"Timestamp": "2026-06-17T10:00:02.000Z"},
            {"Subject": "Added"},
            {"Signature": ""},
            {"Signature": "AAAA"},
            {"Signature": "!"},
            {"SignatureVersion": "2"},
            {"SignatureVersion": "3"},
            {"SignatureVersion": None},
        ],
    )
    def test_forged(self, changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
        certificates_served(monkeypatch)
        with pytest.raises(Forged):
            mail_reports("ses", posted_request(signed(notification(self.EVENT)) | changed, **SNS), {})

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "http://sns.eu-north-1.amazonaws.com/a.pem",
            "https://sns.eu-north-1.amazonaws.com.evil.example/a.pem",
            "https://evil.example/sns.eu-north-1.amazonaws.com/a.pem",
            "https://sns.eu-north-1.amazonaws.com@evil.example/a.pem",
            "https://sns.eu-north-1.amazonaws.com:8443/a.pem",
            "https://sns.eu-north-1.amazonaws.com/x/../a.pem",
            "https://sns.eu-north-1.amazonaws.com/?Action=a.pem",
            "https://bucket.s3.eu-north-1.amazonaws.com/a.pem",
            "https://sns.eu-north-1.amazonaws.com/a.pem\n",
        ],
    )
    def test_a_certificate_from_elsewhere_is_not_even_asked_for(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = certificates_served(monkeypatch)
        with pytest.raises(Forged):
            mail_reports("ses", posted_request(signed(notification(self.EVENT), address=address), **SNS), {})
        assert asked == []

    def test_a_certificate_out_of_date_or_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        told = signed(notification(self.EVENT))
        for served in (certificate(days=-1), b"", b"<html>"):
            certificates_served(monkeypatch, served=served)
            with pytest.raises(Forged):
                mail_reports("ses", posted_request(told, **SNS), {})

    def test_amazon_away_calls_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        certificates_served(monkeypatch)

        def away(address: str) -> bytes:
            raise NotReached(host="sns")

        monkeypatch.setattr(sns, "certificate_fetch", away)
        with pytest.raises(Unreached):
            mail_reports("ses", posted_request(signed(notification(self.EVENT)), **SNS), {})


class Served:
    """What addresses of a service answer with."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: dict[str, bytes]) -> None:
        self.answers, self.asked = answers, dict[str, dict[str, Any]]()
        monkeypatch.setattr(inbound, "https_open", self.opened)
        # Whatever else would leave the house.
        monkeypatch.setattr(requests.Session, "request", self.never)

    @contextlib.contextmanager
    def opened(self, address: str, **asked: Any) -> Iterator[SimpleNamespace]:
        self.asked[address] = asked
        if address not in self.answers:
            raise NotReached(host="api.resend.com")
        yield SimpleNamespace(read=lambda: self.answers[address])

    def never(self, *args: Any, **kwargs: Any) -> None:
        raise AssertionError("asked without a limit")


class TestWhatServicesOnlyName:
    CALL = {"type": "email.received", "created_at": "2026-06-16T10:00:00.000Z", "data": {"email_id": "in/1"}}
    ADDRESS = "https://api.resend.com/emails/receiving/in%2F1"
    RAW = "https://inbound-cdn.resend.com/1/raw?Signature=s"

    def told(self, headers: Any, raw: str = RAW) -> bytes:
        told = {
            "from": "Kari <Kari@Example.com>",
            "subject": "Re: Your room",
            "text": "Thank you!",
            "html": None,
            "headers": headers,
            "raw": {"download_url": raw},
            "attachments": [{"download_url": "https://inbound-cdn.resend.com/1/a", "filename": "view.jpg"}],
        }
        return json.dumps(told).encode()

    def answer(self) -> list[Report]:
        return mail_reports("resend", posted_request(self.CALL), {"api_key": "k"}, replies=True)

    @pytest.mark.parametrize(
        "headers",
        [
            {"in-reply-to": f"<{REF.hex}@fjordstuen.example>", "content-type": "multipart/mixed; boundary=x"},
            [{"name": "References", "value": f"<{REF.hex}@fjordstuen.example>"}],
            {"references": ["<a@b.example>", f"<{REF.hex}@fjordstuen.example>"]},
        ],
    )
    def test_resend_is_asked_for_the_words_alone(self, headers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        served = Served(monkeypatch, {self.ADDRESS: self.told(headers)})
        (report,) = self.answer()
        assert (report.ref, report.sender, report.subject) == (REF, "kari@example.com", "Re: Your room")
        assert report.text == "Thank you!"
        (asked,) = served.asked.values()
        assert asked["headers"] == {"Authorization": "Bearer k"}
        assert asked["seconds"] <= 30

    def test_what_it_does_not_list_stands_in_the_mail(self, monkeypatch: pytest.MonkeyPatch) -> None:
        mail = f"In-Reply-To: <{REF.hex}@f.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\nx"
        served = Served(monkeypatch, {self.ADDRESS: self.told({}), self.RAW: mail.encode()})
        (report,) = self.answer()
        assert (report.ref, report.text) == (REF, "Thank you!")
        assert served.asked[self.RAW]["headers"] == {}, "the key goes to Resend's own interface alone"

    @pytest.mark.parametrize("raw", ["https://evil.example/x", "https://resend.com.evil.example/", "", "http://[/"])
    def test_nothing_is_fetched_elsewhere(self, raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
        served = Served(monkeypatch, {self.ADDRESS: self.told({}, raw)})
        with contextlib.suppress(Unreadable):
            assert self.answer() == []
        assert list(served.asked) == [self.ADDRESS]

    def test_resend_away_calls_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Served(monkeypatch, {})
        with pytest.raises(Unreached):
            self.answer()

    def test_brevo_keeps_what_hangs_on_an_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Served(monkeypatch, {})
        item = {
            "Uuid": ["u1"],
            "Headers": {"In-Reply-To": f"<{REF.hex}@fjordstuen.example>", "From": "Kari <kari@example.com>"},
            "RawTextBody": "Thank you!",
            "Attachments": [{"Name": "view.jpg", "ContentType": "image/jpeg", "DownloadToken": "t"}],
        }
        (report,) = mail_reports("brevo", posted_request({"items": [item]}), {"api_key": "k"}, replies=True)
        assert (report.ref, report.text) == (REF, "Thank you!")
