"""What gateways call with, as they document it, and what proves that it is theirs."""

import base64
import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.callbacks.report import Forged, Report, Told, Unreadable
from messaging.callbacks.signatures import LEEWAY, jwt_opened, twilio_signed, webhook_signed
from messaging.callbacks.sms import READERS, Call, reports_of
from messaging.callbacks.stop_words import STOP_WORDS, is_stop

REF = uuid.UUID("6f2c8a90-0b1e-4c55-9a54-0d6c1f0e2b7a")
ADDRESS = "https://crm.example/m/callback/abc/"


def called(
    form: Mapping[str, str] | None = None,
    told: Any = None,
    headers: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Call:
    body = json.dumps(told).encode() if told is not None else urlencode(form or {}).encode()
    return Call(ADDRESS, body, form or {}, headers or {}, secrets or {})


def jwt(claims: Any, *, key: str = "secret", alg: str = "HS256") -> str:
    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    head = part(json.dumps({"alg": alg, "typ": "JWT"}).encode())
    said = f"{head}.{part(json.dumps(claims).encode())}"
    return f"{said}.{part(hmac.new(key.encode(), said.encode(), hashlib.sha256).digest())}"


def twilio(form: Mapping[str, str], *, key: str = "token", address: str = ADDRESS) -> Call:
    said = address + "".join(name + value for name, value in sorted(form.items()))
    signature = base64.b64encode(hmac.new(key.encode(), said.encode(), hashlib.sha1).digest()).decode()
    return called(form, headers={"x-twilio-signature": signature}, secrets={"token": "token"})


class TestGatewayApi:
    STATUS = {"id": 1000001, "msisdn": 4791234567, "time": 1790000000, "status": "DELIVERED", "userref": str(REF)}

    def test_a_report_names_our_own_reference(self) -> None:
        (report,) = reports_of("gatewayapi", called(told=self.STATUS))
        assert (report.told, report.ref, report.provider_id) == (Told.DELIVERED, REF, "1000001")
        assert report.at == dt.datetime.fromtimestamp(1790000000, dt.UTC)

    @pytest.mark.parametrize(
        ("status", "told"),
        [
            ("UNDELIVERABLE", Told.FAILED),
            ("EXPIRED", Told.FAILED),
            ("REJECTED", Told.FAILED),
            ("ENROUTE", None),
            ("ACCEPTED", None),
            ("BUFFERED", None),
        ],
    )
    def test_what_is_on_its_way_is_no_outcome(self, status: str, told: Told | None) -> None:
        reports = reports_of("gatewayapi", called(told=self.STATUS | {"status": status}))
        assert [report.told for report in reports] == ([told] if told else [])

    def test_an_answer(self) -> None:
        told = {"id": 7, "msisdn": 4791234567, "receiver": 451204, "message": "Stopp", "senttime": 1790000000}
        (report,) = reports_of("gatewayapi", called(told=told))
        assert (report.told, report.sender, report.text, report.event_id) == (
            Told.REPLIED,
            "+4791234567",
            "Stopp",
            "7",
        )

    def test_with_a_key_what_is_signed_counts_and_not_what_stands_beside_it(self) -> None:
        signed = called(
            told=self.STATUS | {"status": "UNDELIVERABLE", "userref": str(uuid.uuid4())},
            headers={"x-gwapi-signature": jwt(self.STATUS)},
            secrets={"callback_key": "secret"},
        )
        (report,) = reports_of("gatewayapi", signed)
        assert (report.told, report.ref) == (Told.DELIVERED, REF)

    @pytest.mark.parametrize(
        "token",
        [
            jwt(STATUS, key="guessed"),
            jwt(STATUS, alg="none"),
            jwt(STATUS, alg="HS512"),
            jwt([1]),
            jwt(STATUS)[:-4],
            "a.b",
            "a.b.c",
            "....",
            "æ.ø.å",
        ],
    )
    def test_a_forged_token_is_refused(self, token: str) -> None:
        with pytest.raises(Forged):
            jwt_opened(token, key="secret")

    def test_the_newer_interface_signs_the_body(self) -> None:
        told = {"event": {"status": "DELIVERED", "msg_id": "01H", "recipient": 4791234567, "reference": str(REF)}}
        call = called(told=told, secrets={"callback_key": "secret"})
        signature = "v1=" + hmac.new(b"secret", call.body, hashlib.sha256).hexdigest()
        (report,) = reports_of("gatewayapi", called(told=told, headers={"signature": signature}, secrets=call.secrets))
        assert (report.told, report.ref, report.provider_id) == (Told.DELIVERED, REF, "01H")
        for forged in ("", "v1=", signature[:-1] + "0", signature.replace("v1", "v0")):
            if forged != signature:
                with pytest.raises(Forged):
                    reports_of("gatewayapi", called(told=told, headers={"signature": forged}, secrets=call.secrets))


class TestElks46:
    def test_reports_and_answers(self) -> None:
        (report,) = reports_of(
            "elks46", called({"id": "s70df", "status": "delivered", "delivered": "2026-06-16T10:00:00.123000"})
        )
        assert (report.told, report.provider_id) == (Told.DELIVERED, "s70df")
        assert report.at == dt.datetime(2026, 6, 16, 10, 0, 0, 123000, dt.UTC)
        (report,) = reports_of("elks46", called({"id": "s70df", "status": "failed"}))
        assert report.told is Told.FAILED
        assert reports_of("elks46", called({"id": "s70df", "status": "sent"})) == []
        incoming = {"direction": "incoming", "id": "sf84", "from": "+46706861004", "to": "+46706860000"}
        (report,) = reports_of("elks46", called(incoming | {"message": "Tack!"}))
        assert (report.told, report.sender, report.text) == (Told.REPLIED, "+46706861004", "Tack!")


class TestTwilio:
    @pytest.mark.parametrize(
        ("form", "told", "is_hard"),
        [
            ({"MessageStatus": "delivered"}, Told.DELIVERED, False),
            ({"MessageStatus": "undelivered", "ErrorCode": "30003"}, Told.FAILED, False),
            ({"MessageStatus": "undelivered", "ErrorCode": "30005"}, Told.BOUNCED, True),
            ({"MessageStatus": "failed", "ErrorCode": "21610"}, Told.UNSUBSCRIBED, False),
            ({"MessageStatus": "sent"}, None, False),
        ],
    )
    def test_reports(self, form: dict[str, str], told: Told | None, is_hard: bool) -> None:
        reports = reports_of("twilio", twilio({"MessageSid": "SM1", "To": "+4791234567"} | form))
        assert [(report.told, report.is_hard) for report in reports] == ([(told, is_hard)] if told else [])

    def test_an_answer(self) -> None:
        form = {"MessageSid": "SM2", "SmsStatus": "received", "From": "+4791234567", "Body": "STOPP"}
        (report,) = reports_of("twilio", twilio(form))
        assert (report.told, report.sender, report.event_id) == (Told.REPLIED, "+4791234567", "SM2")

    def test_forged(self) -> None:
        form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
        good = twilio(form)
        reports_of("twilio", good)
        for call in (
            twilio(form, key="guessed"),
            twilio(form, address="https://crm.example/m/callback/other/"),
            called(form, secrets=good.secrets),
            Call(good.address, good.body, form | {"MessageStatus": "failed"}, good.headers, good.secrets),
        ):
            with pytest.raises(Forged):
                reports_of("twilio", call)

    def test_the_signature_is_the_documented_one(self) -> None:
        """The example of Twilio's own page on security."""
        form = {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        }
        address = "https://mycompany.com/myapp.php?foo=1&bar=2"
        twilio_signed(address, form, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", key="12345")


class TestLink:
    REPORT = {
        "refId": str(REF),
        "id": "Dcshuhod0PMAAAFQ+/PbnR3x$1",
        "resultCode": 1001,
        "timestamp": "2026-06-16T10:00:00Z",
    }

    def test_reports_and_answers(self) -> None:
        (report,) = reports_of("link", called(told=self.REPORT))
        assert (report.told, report.ref, report.provider_id) == (Told.DELIVERED, REF, "Dcshuhod0PMAAAFQ+/PbnR3x")
        assert reports_of("link", called(told=self.REPORT | {"resultCode": 1000})) == []
        (report,) = reports_of("link", called(told=self.REPORT | {"resultCode": 2105, "refId": None}))
        assert (report.told, report.ref, report.detail) == (Told.FAILED, None, "2105")
        answer = {"messageId": "m1", "source": "+4791234567", "destination": "2077", "userData": "Hei"}
        (report,) = reports_of("link", called(told=answer))
        assert (report.told, report.sender, report.text) == (Told.REPLIED, "+4791234567", "Hei")


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"{}", b"\xff\xfe", b'{"id": null}', b"null"])
def test_what_no_gateway_sends_is_unreadable(kind: str, body: bytes) -> None:
    with pytest.raises((Unreadable, Forged)):
        reports_of(kind, Call(ADDRESS, body, {}, {}, {"token": "t"}))


class TestStandardWebhooks:
    KEY = "whsec_" + base64.b64encode(b"resend's own key of some length").decode()
    BODY = b'{"type": "email.delivered"}'

    def headers(self, *, at: int = 1_000_000, body: bytes = BODY, name: str = "svix") -> dict[str, str]:
        said = f"msg_1.{at}.".encode() + body
        signature = base64.b64encode(
            hmac.new(b"resend's own key of some length", said, hashlib.sha256).digest()
        ).decode()
        return {f"{name}-id": "msg_1", f"{name}-timestamp": str(at), f"{name}-signature": f"v1,AAAA v1,{signature}"}

    def test_a_good_one_under_either_name(self) -> None:
        for name in ("svix", "webhook"):
            webhook_signed(self.BODY, self.headers(name=name), key=self.KEY, now=1_000_010.0)

    def test_forged_changed_late_or_early(self) -> None:
        good = self.headers()
        for body, headers, now in (
            (b"{}", good, 1_000_000.0),
            (self.BODY, good, 1_000_001 + LEEWAY),
            (self.BODY, good, 999_999 - LEEWAY),
            (self.BODY, good | {"svix-id": "msg_2"}, 1_000_000.0),
            (self.BODY, good | {"svix-timestamp": "soon"}, 1_000_000.0),
            (self.BODY, good | {"svix-signature": ""}, 1_000_000.0),
            (self.BODY, {}, 1_000_000.0),
        ):
            with pytest.raises(Forged):
                webhook_signed(body, headers, key=self.KEY, now=now)
        for key in ("", "whsec_", "whsec_!", "whsec_AAAA"):
            with pytest.raises(Forged):
                webhook_signed(self.BODY, good, key=key, now=1_000_000.0)


class TestStopWords:
    @pytest.mark.parametrize("word", sorted(set().union(*STOP_WORDS.values())))
    def test_every_word_in_any_letters(self, word: str) -> None:
        for text in (word, word.upper(), f" {word.capitalize()}. ", f"{word}!!", f"{word}\n"):
            assert is_stop(text), text

    @pytest.mark.parametrize(
        "text",
        [
            "Thank you, see you on Friday",
            "Is there a stop for the bus near the hotel?",
            "Cancel my booking please",
            "Slutt å spør om frokost, vi tar den",
            "nonstop",
            "",
            "…",
        ],
    )
    def test_what_asks_for_something_else(self, text: str) -> None:
        assert not is_stop(text)

    @pytest.mark.parametrize(
        ("text", "asks"),
        [
            # English
            ("please stop", True),
            ("Stop sending me these", True),
            ("I said STOP!", True),
            ("Stop it", True),
            ("unsubscribe me please", True),
            ("Stop by at nine", False),
            ("Can we stop here?", False),
            ("The bus stop", False),
            ("Please don't stop", False),
            ("Cancel my table", False),
            ("We can stop by and then you tell us to stop", False),
            # Norwegian
            ("STOPP.", True),
            ("nei takk, stopp", True),
            ("Stopp, ikke flere", True),
            ("Meld av, takk", True),
            ("Vennligst meld av", True),
            ("Stopp ved resepsjonen?", False),
            ("Stopp i Bergen", False),
            ("Ikke stopp", False),
            ("Slutt med frokost", False),
            # Danish
            ("Nej tak, stop", True),
            ("Afmeld mig", True),
            ("Hold op, stop", True),
            ("Stop ved havnen", False),
            ("Hvor er næste stop?", False),
            # Dutch
            ("Stop aub", True),
            ("Graag afmelden", True),
            ("Nee, dank u, stop", True),
            ("Stop bij de receptie", False),
            ("Waar is de stop", False),
        ],
    )
    def test_a_few_words_in_each_market(self, text: str, asks: bool) -> None:
        assert is_stop(text) is asks

    @given(st.text(max_size=60))
    def test_nothing_breaks_it(self, text: str) -> None:
        assert is_stop(text) in (True, False)


def test_the_same_event_has_the_same_key_and_another_another() -> None:
    report = Report(Told.DELIVERED, ref=REF, provider_id="1", at=dt.datetime(2026, 6, 16, tzinfo=dt.UTC))
    assert report.key == Report(Told.DELIVERED, ref=REF, provider_id="1", at=report.at).key
    others = [
        Report(Told.FAILED, ref=REF, provider_id="1", at=report.at),
        Report(Told.DELIVERED, ref=REF, provider_id="2", at=report.at),
        Report(Told.DELIVERED, ref=REF, provider_id="1"),
        Report(Told.DELIVERED, ref=REF, provider_id="1", at=report.at, event_id="e1"),
    ]
    assert len({report.key, *(other.key for other in others)}) == 5
