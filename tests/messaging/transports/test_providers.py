"""E-mail services against a real http server: what django-anymail asks of each, and what its answers mean."""

import base64
import datetime as dt
import email
import email.policy
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from messaging.transports import providers
from messaging.transports.kinds import KINDS, Way
from messaging.transports.outgoing import Outcome, Reason
from messaging.transports.sending import can_ask_again, is_idempotent
from tests.messaging.transports.servers import made, outgoing, sent

SERVICES = [kind.code for kind in KINDS.values() if kind.way is Way.PROVIDER]
SECRETS = {
    "brevo": {"api_key": "k-secret"},
    "mailgun": {"api_key": "k-secret"},
    "mailjet": {"secret_key": "k-secret"},
    "postmark": {"server_token": "k-secret"},
    "resend": {"api_key": "k-secret"},
    "sendgrid": {"api_key": "k-secret"},
    "ses": {"secret_key": "k-secret"},
    "sparkpost": {"api_key": "k-secret"},
}
OPTIONS: dict[str, dict[str, str]] = {"mailjet": {"api_key": "k1"}, "ses": {"access_key": "AKIA1"}}
TO = "kari@example.no"
TAKEN: dict[str, tuple[Any, str]] = {
    "brevo": ({"messageId": "<2026.1@relay.brevo>"}, "<2026.1@relay.brevo>"),
    "mailgun": ({"id": "<2026.1@fjordstuen.no>", "message": "Queued."}, "<2026.1@fjordstuen.no>"),
    "mailjet": (
        {"Messages": [{"Status": "success", "To": [{"Email": TO, "MessageID": 77}], "Cc": [], "Bcc": []}]},
        "77",
    ),
    "postmark": ({"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": TO}, "pm-1"),
    "resend": ({"id": "re-1"}, "re-1"),
    "sendgrid": ("", ""),
    "ses": ({"MessageId": "ses-1"}, "ses-1"),
    "sparkpost": ({"results": {"total_accepted_recipients": 1, "total_rejected_recipients": 0, "id": "sp-1"}}, "sp-1"),
}


class Service:
    """A service that answers as it is told, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.answer = 200, "{}"
        self.breaks = False
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.casefold(): value for name, value in self.headers.items()}
                service.asked.append((self.path, headers, body))
                if service.breaks:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                data = service.answer.encode()
                self.send_response(service.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: Any) -> None:
                """Nothing: tests read what was asked."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


@pytest.fixture
def service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    running = Service()
    names = ("BREVO", "MAILGUN", "MAILJET", "POSTMARK", "RESEND", "SENDGRID", "SPARKPOST")
    settings.ANYMAIL = {f"{name}_API_URL": running.url for name in names}
    for place in providers.ADDRESSES:
        monkeypatch.setitem(providers.ADDRESSES, place, running.url)
    monkeypatch.setitem(providers._SES_PARAMS, "endpoint_url", running.url.rstrip("/"))
    yield running
    running.server.shutdown()
    running.server.server_close()


def transport_of(kind: str, **values: Any) -> Any:
    return made(kind, secrets=SECRETS[kind], **{**OPTIONS.get(kind, {}), **values})


@pytest.mark.parametrize("kind", SERVICES)
def test_a_message_is_taken(service: Service, kind: str) -> None:
    answer, provider_id = TAKEN[kind]
    service.status = 202 if kind == "sendgrid" else 200
    service.answer = answer if isinstance(answer, str) else json.dumps(answer)
    message = outgoing(
        TO,
        name="Kari",
        subject="Velkommen til fjorden",
        headers={
            "List-Unsubscribe": "<https://register.example/g/abc>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    ((result,), offered) = sent(transport_of(kind), message)
    assert (result.outcome, result.ref, offered) == (Outcome.TAKEN, message.ref, [message]), result
    assert result.provider_id == provider_id or (kind == "sendgrid" and result.provider_id)
    ((_path, headers, body),) = service.asked
    said = _decoded(kind, body)
    for part in ("Velkommen til fjorden", TO, "post@fjordstuen.no", "register.example/g/abc", "One-Click", "Hei Kari"):
        assert part in said, part
    # What the service tells of the message later comes with its ref.
    assert str(message.ref) in said
    assert "k-secret" not in said and headers["content-length"]


def _decoded(kind: str, body: bytes) -> str:
    """What was asked, in words: forms and messages within JSON taken apart."""
    if kind == "ses":
        raw = base64.b64decode(json.loads(body)["Content"]["Raw"]["Data"])
        message = email.message_from_bytes(raw, policy=email.policy.default)
        parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
        return "\n".join([*(f"{name}: {value}" for name, value in message.items()), *parts])
    if kind == "mailgun":
        from urllib.parse import parse_qs

        if body.startswith(b"--"):
            return body.decode()
        return "\n".join(f"{name}: {values}" for name, values in parse_qs(body.decode()).items())
    return json.dumps(json.loads(body), ensure_ascii=False)


def test_resend_gets_a_key_that_makes_a_second_request_harmless(service: Service) -> None:
    assert is_idempotent("resend")
    service.answer = json.dumps({"id": "re-1"})
    first, second = outgoing(TO), outgoing(TO)
    sent(transport_of("resend"), first, second)
    assert [headers["idempotency-key"] for _path, headers, _body in service.asked] == [str(first.ref), str(second.ref)]
    service.status = 409
    service.answer = json.dumps({"name": "invalid_idempotent_request", "message": "Same key, other body"})
    ((result,), _offered) = sent(transport_of("resend", name="again"), first)
    assert result.outcome == Outcome.TAKEN


def test_resend_forgets_a_key_after_a_day() -> None:
    then = dt.datetime(2026, 6, 16, 10, tzinfo=dt.UTC)
    assert can_ask_again("resend", since=then, at=then + dt.timedelta(hours=22))
    assert not can_ask_again("resend", since=then, at=then + dt.timedelta(hours=24))
    assert can_ask_again("local", since=then, at=then + dt.timedelta(days=20))
    assert not can_ask_again("brevo", since=then, at=then)


@pytest.mark.parametrize("kind", ["postmark", "resend"])
def test_what_cannot_be_built_fails_alone(service: Service, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service.answer = json.dumps(TAKEN[kind][0])
    build = providers.mail_of

    def breaks(transport: Any, message: Any) -> Any:
        return build(transport, message) if message.subject != "bad" else 1 / 0

    monkeypatch.setattr(providers, "mail_of", breaks)
    results, offered = sent(transport_of(kind), outgoing(TO, subject="bad"), outgoing(TO))
    assert [(each.outcome, each.reason) for each in results] == [
        (Outcome.REFUSED, Reason.CONTENT),
        (Outcome.TAKEN, None),
    ]
    assert len(offered) == len(service.asked) == 1


def test_brevo_gets_such_a_key_too_but_forgets_it_soon(service: Service) -> None:
    assert not is_idempotent("brevo")
    service.answer = json.dumps({"messageId": "<1@x>"})
    message = outgoing(TO)
    sent(transport_of("brevo"), message)
    assert json.loads(service.asked[0][2])["headers"]["idempotencyKey"] == str(message.ref)


def test_links_and_opens_are_left_alone(service: Service) -> None:
    service.answer = json.dumps(TAKEN["postmark"][0])
    message = outgoing(TO)
    sent(transport_of("postmark", stream="broadcast"), message)
    body = json.loads(service.asked[0][2])
    assert (body["TrackOpens"], body["TrackLinks"], body["MessageStream"]) == (False, "None", "broadcast")
    headers = {each["Name"]: each["Value"] for each in body["Headers"]}
    assert headers["Message-ID"] == f"<{message.ref.hex}@fjordstuen.no>"
    assert headers["X-PM-KeepID"] == "true"


@pytest.mark.parametrize("kind", [each for each in SERVICES if each != "ses"])
@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (401, Outcome.LATER, Reason.CREDENTIALS),
        (403, Outcome.LATER, Reason.CREDENTIALS),
        (429, Outcome.LATER, Reason.LIMIT),
        (408, Outcome.UNKNOWN, Reason.LOST),
        (503, Outcome.UNKNOWN, Reason.LOST),
        (400, Outcome.REFUSED, Reason.CONTENT),
        (500, Outcome.UNKNOWN, Reason.LOST),
        (504, Outcome.UNKNOWN, Reason.LOST),
    ],
)
def test_what_a_status_means(service: Service, kind: str, status: int, outcome: Outcome, reason: Reason) -> None:
    service.status = status
    error = {"message": "because of this", "code": "x", "ErrorCode": "x", "ErrorMessage": "because of this"}
    service.answer = json.dumps(error if kind == "mailjet" else {"message": "because of this"})
    results, offered = sent(transport_of(kind), outgoing(TO), outgoing(TO))
    assert (results[0].outcome, results[0].reason) == (outcome, reason), results[0]
    assert "because of this" in results[0].error and "k-secret" not in results[0].error
    if outcome == Outcome.REFUSED:
        assert len(offered) == 2
    else:
        assert len(offered) == 1 and results[1].outcome == Outcome.LATER


@pytest.mark.parametrize("kind", SERVICES)
def test_an_answer_that_was_lost_is_unknown(service: Service, kind: str) -> None:
    service.breaks = True
    results, offered = sent(transport_of(kind), outgoing(TO), outgoing(TO))
    assert [each.outcome for each in results] == [Outcome.UNKNOWN, Outcome.LATER], results
    assert len(offered) == len(service.asked) == 1


@pytest.mark.parametrize("kind", SERVICES)
def test_a_service_that_is_not_there_was_not_asked(service: Service, kind: str) -> None:
    service.server.shutdown()
    service.server.server_close()
    results, _offered = sent(transport_of(kind), outgoing(TO), outgoing(TO))
    assert {(each.outcome, each.reason) for each in results} == {(Outcome.LATER, Reason.UNREACHABLE)}, results


@pytest.mark.parametrize(
    ("kind", "status", "answer", "reason"),
    [
        (
            "postmark",
            422,
            {"ErrorCode": 406, "Message": f"Found inactive addresses: {TO}. Inactive recipients are …"},
            Reason.ADDRESS,
        ),
        ("postmark", 422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'kari@example.no'."}, Reason.DEAD),
        (
            "sparkpost",
            200,
            {"results": {"total_accepted_recipients": 0, "total_rejected_recipients": 1, "id": "1"}},
            Reason.ADDRESS,
        ),
    ],
)
def test_an_address_that_the_service_refuses(
    service: Service, kind: str, status: int, answer: dict[str, Any], reason: Reason
) -> None:
    service.status, service.answer = status, json.dumps(answer)
    ((result,), _offered) = sent(transport_of(kind), outgoing(TO))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, reason), result


@pytest.mark.parametrize(
    ("code", "status", "outcome", "reason"),
    [
        ("MessageRejected", 400, Outcome.REFUSED, Reason.CONTENT),
        ("MailFromDomainNotVerifiedException", 400, Outcome.LATER, Reason.SENDER),
        ("TooManyRequestsException", 429, Outcome.LATER, Reason.LIMIT),
        ("SendingPausedException", 400, Outcome.LATER, Reason.CREDENTIALS),
        ("UnrecognizedClientException", 403, Outcome.LATER, Reason.CREDENTIALS),
        ("InternalFailure", 500, Outcome.UNKNOWN, Reason.LOST),
    ],
)
def test_what_amazon_says(service: Service, code: str, status: int, outcome: Outcome, reason: Reason) -> None:
    service.status, service.answer = status, json.dumps({"__type": code, "message": "because of this"})
    results, _offered = sent(transport_of("ses"), outgoing(TO))
    assert (results[0].outcome, results[0].reason) == (outcome, reason), results[0]
    # It never asks a second time by itself.
    assert len(service.asked) == 1


def test_the_environment_of_the_machine_is_not_used(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    service.answer = json.dumps({"id": "re-1"})
    ((result,), _offered) = sent(transport_of("resend"), outgoing(TO))
    assert result.outcome == Outcome.TAKEN, result
