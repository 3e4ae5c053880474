"""SMS gateways against a real https server: what is asked of each, and what its answers mean."""

import base64
import ipaddress
import json
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

import pytest

from accounts import outgoing as gate
from accounts.networks import Address
from messaging.transports import gateways
from messaging.transports.outgoing import Outcome, Reason
from tests.accounts.web import HOST, Web, a_web
from tests.messaging.transports.servers import LOOPBACK, made, outgoing, sent

PHONE = "+4791234567"


@pytest.fixture(scope="module")
def running(tmp_path_factory: Any) -> Iterator[Web]:
    with a_web(tmp_path_factory.mktemp("gateway")) as web:
        yield web


class Asked:
    """A gateway that answers as it is told, and remembers what was asked."""

    def __init__(self, web: Web) -> None:
        self.web, self.bodies = web, list[str]()
        self.status, self.answer = 200, "{}"
        self.breaks = False
        self.missing = 0
        self.headers_told: dict[str, str] = {}
        web.answers.clear()
        web.asked.clear()
        for path in ("/sms", "/accounts/AC1/Messages.json"):
            web.answers[path] = self.told

    def told(self, request: BaseHTTPRequestHandler) -> None:
        self.bodies.append(request.rfile.read(int(request.headers["Content-Length"])).decode())
        if self.breaks:
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        data = self.answer.encode()
        request.send_response(self.status)
        request.send_header("Content-Length", str(len(data) + self.missing))
        for name, value in self.headers_told.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)

    @property
    def headers(self) -> dict[str, str]:
        return self.web.asked[-1][1]

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.bodies[-1]).items()}


@pytest.fixture
def gateway(running: Web, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Asked:
    def resolve(host: str, port: int) -> list[Address]:
        assert host == HOST
        return [ipaddress.ip_address("127.0.0.1")]

    monkeypatch.setattr(gate, "_resolve", resolve)
    settings.INNKEEPER_OUTGOING_NETWORKS = LOOPBACK
    settings.INNKEEPER_OUTGOING_PORTS = (443, running.port)
    settings.INNKEEPER_OUTGOING_AUTHORITIES = str(running.authority)
    for name in ("gatewayapi.eu", "gatewayapi.com", "elks46"):
        monkeypatch.setitem(gateways.ADDRESSES, name, running.url("/sms"))
    monkeypatch.setitem(gateways.ADDRESSES, "twilio", running.url("/accounts/{account}/Messages.json"))
    return Asked(running)


def transport_of(kind: str, web: Web, **values: Any) -> Any:
    secrets: dict[str, dict[str, str]] = {
        "gatewayapi": {"token": "tok"},
        "elks46": {"password": "pw"},
        "twilio": {"token": "tok"},
        "link": {"password": "pw"},
    }
    options: dict[str, dict[str, str]] = {
        "gatewayapi": {},
        "elks46": {"user": "u1"},
        "twilio": {"account": "AC1"},
        "link": {"address": web.url("/sms"), "user": "u1", "platform_id": "0", "partner_id": "3333", "gate_id": "g7"},
    }
    return made(kind, secrets=secrets[kind], **{**options[kind], **values})


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_gatewayapi(gateway: Asked) -> None:
    gateway.answer = json.dumps({"ids": [421332671], "usage": {"countries": {"NO": 1}}})
    transport = transport_of("gatewayapi", gateway.web)
    message = outgoing(PHONE, text="Velkommen, vi sees kl. 15")
    ((result,), offered) = sent(transport, message)
    assert (result.outcome, result.provider_id, offered) == (Outcome.TAKEN, "421332671", [message])
    assert json.loads(gateway.bodies[0]) == {
        "message": "Velkommen, vi sees kl. 15",
        "sender": "Fjordstuen",
        "userref": str(message.ref),
        "recipients": [{"msisdn": 4791234567}],
    }
    assert gateway.headers["authorization"] == basic("tok", "")
    assert gateway.headers["content-type"] == "application/json"


@pytest.mark.parametrize(("text", "ucs2"), [("æøå €[]", False), ("Velkommen 🏔", True), ("ë", True), ("`", True)])
def test_gatewayapi_is_told_when_letters_need_more_room(gateway: Asked, text: str, ucs2: bool) -> None:
    gateway.answer = json.dumps({"ids": [1]})
    sent(transport_of("gatewayapi", gateway.web), outgoing(PHONE, text=text))
    assert ("encoding" in json.loads(gateway.bodies[0])) is ucs2


def test_46elks(gateway: Asked) -> None:
    gateway.answer = json.dumps({"id": "s17a6dafb12d6b1cabc053d57dac2b9d8", "status": "created", "to": PHONE})
    transport = transport_of("elks46", gateway.web, sender_address="+46 70 000 00 00")
    ((result,), _offered) = sent(transport, outgoing(PHONE, text="Hei på deg & velkommen"))
    assert (result.outcome, result.provider_id) == (Outcome.TAKEN, "s17a6dafb12d6b1cabc053d57dac2b9d8")
    assert gateway.form == {"from": "+46700000000", "to": PHONE, "message": "Hei på deg & velkommen"}
    assert gateway.headers["authorization"] == basic("u1", "pw")


def test_twilio(gateway: Asked) -> None:
    gateway.status, gateway.answer = 201, json.dumps({"sid": "SM87105da9", "status": "queued"})
    transport = transport_of("twilio", gateway.web)
    ((result,), _offered) = sent(transport, outgoing(PHONE, text="Hei"))
    assert (result.outcome, result.provider_id) == (Outcome.TAKEN, "SM87105da9")
    assert gateway.form == {"From": "Fjordstuen", "To": PHONE, "Body": "Hei"}
    service = transport_of("twilio", gateway.web, name="service", service="MG1", sender_address="")
    sent(service, outgoing(PHONE, text="Hei"))
    assert gateway.form == {"MessagingServiceSid": "MG1", "To": PHONE, "Body": "Hei"}
    assert gateway.headers["authorization"] == basic("AC1", "tok")


def test_link(gateway: Asked) -> None:
    gateway.answer = json.dumps({"messageId": "Dcshuhod0PMAAAFQ+/PbnR3x", "resultCode": 1005, "description": "Queued"})
    message = outgoing(PHONE, text="Hei")
    ((result,), _offered) = sent(transport_of("link", gateway.web), message)
    assert (result.outcome, result.provider_id) == (Outcome.TAKEN, "Dcshuhod0PMAAAFQ+/PbnR3x")
    assert json.loads(gateway.bodies[0]) == {
        "source": "Fjordstuen",
        "sourceTON": "ALPHANUMERIC",
        "destination": PHONE,
        "userData": "Hei",
        "platformId": "0",
        "platformPartnerId": "3333",
        "refId": str(message.ref),
        "useDeliveryReport": True,
        "deliveryReportGates": ["g7"],
    }


@pytest.mark.parametrize(
    ("kind", "status", "answer", "outcome", "reason"),
    [
        ("gatewayapi", 422, {"code": "0x0213", "message": "Invalid msisdn"}, Outcome.REFUSED, Reason.DEAD),
        ("gatewayapi", 403, {"code": "0x0216", "message": "Insufficient credit"}, Outcome.LATER, Reason.BALANCE),
        ("gatewayapi", 401, {"code": "0x0004", "message": "Unauthorized"}, Outcome.LATER, Reason.CREDENTIALS),
        ("gatewayapi", 400, {"code": "0x0300", "message": "Bad message"}, Outcome.REFUSED, Reason.CONTENT),
        ("elks46", 401, "API access requires Basic HTTP authentication", Outcome.LATER, Reason.CREDENTIALS),
        ("elks46", 403, "Not enough credits", Outcome.LATER, Reason.BALANCE),
        ("elks46", 400, "Invalid from", Outcome.LATER, Reason.SENDER),
        ("twilio", 400, {"code": 21610, "message": "Unsubscribed recipient"}, Outcome.REFUSED, Reason.STOPPED),
        ("twilio", 400, {"code": 21614, "message": "Not a mobile number"}, Outcome.REFUSED, Reason.DEAD),
        ("twilio", 400, {"code": 21606, "message": "From not yours"}, Outcome.LATER, Reason.SENDER),
        ("twilio", 401, {"code": 20003, "message": "Authenticate"}, Outcome.LATER, Reason.CREDENTIALS),
        ("twilio", 429, {"code": 20429, "message": "Too many"}, Outcome.LATER, Reason.LIMIT),
        ("link", 401, {}, Outcome.LATER, Reason.CREDENTIALS),
        ("link", 404, {}, Outcome.LATER, Reason.SETTINGS),
        ("link", 400, {"resultCode": 106200, "description": "Bad destination"}, Outcome.REFUSED, Reason.CONTENT),
        *[(kind, 429, {}, Outcome.LATER, Reason.LIMIT) for kind in gateways.GATEWAYS],
        # Something before the gateway may have given up waiting for it.
        *[(kind, late, {}, Outcome.UNKNOWN, Reason.LOST) for kind in gateways.GATEWAYS for late in (408, 503, 504)],
        *[(kind, 500, {}, Outcome.UNKNOWN, Reason.LOST) for kind in gateways.GATEWAYS],
        *[(kind, 502, "<html>", Outcome.UNKNOWN, Reason.LOST) for kind in gateways.GATEWAYS],
        *[(kind, 200, {"strange": True}, Outcome.UNKNOWN, Reason.LOST) for kind in gateways.GATEWAYS],
    ],
)
def test_what_a_refusal_means(
    gateway: Asked, kind: str, status: int, answer: Any, outcome: Outcome, reason: Reason
) -> None:
    gateway.status = status
    gateway.answer = answer if isinstance(answer, str) and kind != "elks46" else json.dumps(answer)
    results, offered = sent(transport_of(kind, gateway.web), outgoing(PHONE), outgoing("+4799999999"))
    assert (results[0].outcome, results[0].reason) == (outcome, reason), results[0]
    # What concerns us and not the guest lets the others wait, without offering them.
    about_the_guest = reason in (Reason.ADDRESS, Reason.DEAD, Reason.STOPPED, Reason.CONTENT)
    assert len(offered) == (2 if about_the_guest else 1)
    assert about_the_guest or results[1].outcome == Outcome.LATER


@pytest.mark.parametrize("kind", list(gateways.GATEWAYS))
def test_an_answer_that_was_lost_is_unknown(gateway: Asked, kind: str) -> None:
    gateway.breaks = True
    ((result, second), offered) = sent(transport_of(kind, gateway.web), outgoing(PHONE), outgoing(PHONE))
    assert (result.outcome, result.reason, second.outcome) == (Outcome.UNKNOWN, Reason.LOST, Outcome.LATER)
    assert len(offered) == len(gateway.bodies) == 1


def packed(gateway: Asked) -> None:
    gateway.headers_told = {"Content-Encoding": "gzip"}


def broken_off(gateway: Asked) -> None:
    gateway.missing = 20


def endless(gateway: Asked) -> None:
    gateway.answer = "x" * (gateways.ANSWER_MAX + 1)


def sent_elsewhere(gateway: Asked) -> None:
    gateway.status, gateway.headers_told = 302, {"Location": "https://elsewhere.example/"}


@pytest.mark.parametrize("answers", [packed, broken_off, endless, sent_elsewhere])
@pytest.mark.parametrize("kind", list(gateways.GATEWAYS))
def test_an_answer_that_cannot_be_read_is_unknown(gateway: Asked, kind: str, answers: Callable[[Asked], None]) -> None:
    """The message had been handed over by then: offered again, it could go twice."""
    answers(gateway)
    ((result, second), offered) = sent(transport_of(kind, gateway.web), outgoing(PHONE), outgoing(PHONE))
    assert (result.outcome, result.reason, second.outcome) == (Outcome.UNKNOWN, Reason.LOST, Outcome.LATER)
    assert len(offered) == len(gateway.bodies) == 1


def test_what_cannot_be_built_fails_alone(gateway: Asked) -> None:
    gateway.answer = json.dumps({"id": "s1", "status": "created"})
    results, offered = sent(transport_of("elks46", gateway.web), outgoing(PHONE, text="\ud800"), outgoing(PHONE))
    assert [each.outcome for each in results] == [Outcome.REFUSED, Outcome.TAKEN]
    assert results[0].reason == Reason.CONTENT and "UnicodeEncodeError" in results[0].error
    assert len(offered) == 1


@pytest.mark.parametrize("kind", list(gateways.GATEWAYS))
def test_a_gateway_that_cannot_be_reached_was_not_asked(gateway: Asked, kind: str, settings: Any) -> None:
    transport = transport_of(kind, gateway.web)
    settings.INNKEEPER_OUTGOING_AUTHORITIES = ""
    ((result,), _offered) = sent(transport, outgoing(PHONE))
    assert (result.outcome, result.reason, gateway.bodies) == (Outcome.LATER, Reason.UNREACHABLE, [])


@pytest.mark.parametrize("address", ["91234567", "kari@example.no", "", "+47 912 34 567", "+479123456x"])
def test_what_is_no_number_is_not_offered(gateway: Asked, address: str) -> None:
    ((result,), offered) = sent(transport_of("gatewayapi", gateway.web), outgoing(address))
    assert (result.outcome, result.reason, offered, gateway.bodies) == (Outcome.REFUSED, Reason.ADDRESS, [], [])


def test_secrets_are_told_to_nobody_else(gateway: Asked) -> None:
    gateway.status, gateway.answer = 401, json.dumps({"message": "Unauthorized"})
    transport = transport_of("twilio", gateway.web)
    results, _offered = sent(transport, outgoing(PHONE))
    assert "tok" not in repr(results) and b"tok" not in bytes(transport.secret)
    assert "tok" not in json.dumps(transport.options)
