"""SMS gateways over HTTP: GatewayAPI, 46elks, Twilio and LINK Mobility.

A gateway is a pure pair: the request that offers a message, and what its answer means. All are asked through
:mod:`accounts.outgoing`.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from accounts.outgoing import OutgoingError, https_open
from messaging.sms import beyond_gsm
from messaging.transports.addresses import callback_address
from messaging.transports.models import Transport
from messaging.transports.outgoing import (
    STOPPING,
    OnAttempt,
    Outcome,
    Outgoing,
    Reason,
    Result,
    not_built,
    not_taken,
    taken,
)
from messaging.transports.secrets import secrets_open

SECONDS: Final = 20.0
ANSWER_MAX: Final = 100_000
ADDRESSES: Final[dict[str, str]] = {
    "gatewayapi.eu": "https://gatewayapi.eu/rest/mtsms",
    "gatewayapi.com": "https://gatewayapi.com/rest/mtsms",
    "elks46": "https://api.46elks.com/a1/sms",
    "twilio": "https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json",
}
"""Where each is asked; LINK tells every customer their own."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a gateway: a POST."""

    address: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """What a gateway needs to know of a transport: its options and secrets, and where to report."""

    options: Mapping[str, Any]
    secrets: Mapping[str, str]
    sender: str
    callback: str


@dataclass(frozen=True, slots=True)
class Gateway:
    """How one gateway is asked, and what its answer means: of the status and the parsed body (None: no JSON)."""

    request: Callable[[Given, Outgoing], Request]
    result: Callable[[Outgoing, int, Any], Result]


def send_sms(transport: Transport, batch: Sequence[Outgoing], on_attempt: OnAttempt) -> Iterator[Result]:
    """Offer every message to the gateway, one request each."""
    gateway = GATEWAYS[transport.kind]
    given = Given(transport.options, secrets_open(transport), transport.sender_address, callback_address(transport))
    stopped: Result | None = None
    for outgoing in batch:
        if stopped is not None and stopped.reason is not None:
            yield not_taken(outgoing, Outcome.LATER, stopped.reason, stopped.error)
            continue
        result = _offered(gateway, given, outgoing, on_attempt)
        stopped = result if result.reason in STOPPING else None
        yield result


def _offered(gateway: Gateway, given: Given, outgoing: Outgoing, on_attempt: OnAttempt) -> Result:
    if not re.fullmatch(r"\+[1-9]\d{6,14}", outgoing.address):
        return not_taken(outgoing, Outcome.REFUSED, Reason.ADDRESS, f"{outgoing.address!r} is not a number.")
    try:
        request = gateway.request(given, outgoing)
    except KeyError as error:
        return not_taken(outgoing, Outcome.LATER, Reason.SETTINGS, f"{error.args[0]} is missing.")
    except Exception as fault:
        return not_built(outgoing, fault)
    on_attempt(outgoing)
    try:
        with https_open(
            request.address,
            method="POST",
            body=request.body,
            headers=request.headers,
            limit=ANSWER_MAX,
            seconds=SECONDS,
            refusals=True,
        ) as answer:
            status, said = answer.status, answer.read()
    except OutgoingError as error:
        if error.was_asked:
            return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, error)
        return not_taken(outgoing, Outcome.LATER, Reason.UNREACHABLE, error)
    except ValueError as error:
        return not_taken(outgoing, Outcome.LATER, Reason.SETTINGS, error)
    try:
        body = json.loads(said)
    except ValueError:
        body = None
    return gateway.result(outgoing, status, body)


def _by_status(outgoing: Outgoing, status: int, words: str) -> Result:
    """What an HTTP status says where the gateway says nothing more."""
    words = f"{status} {words}".strip()
    match status:
        case _ if status < 400:
            # Taken, in words that cannot be read.
            return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, words)
        case 401 | 403:
            return not_taken(outgoing, Outcome.LATER, Reason.CREDENTIALS, words)
        case 402:
            return not_taken(outgoing, Outcome.LATER, Reason.BALANCE, words)
        case 404 | 405 | 410:
            return not_taken(outgoing, Outcome.LATER, Reason.SETTINGS, words)
        case 425 | 429:
            return not_taken(outgoing, Outcome.LATER, Reason.LIMIT, words)
        case _ if status < 500 and status != 408:
            return not_taken(outgoing, Outcome.REFUSED, Reason.CONTENT, words)
        case _:
            # 408, 503 and 504 too: a machine before the gateway says so of a request that may be on its way behind it.
            return not_taken(outgoing, Outcome.UNKNOWN, Reason.LOST, words)


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _words_of(body: Any, *names: str) -> str:
    """The first of the fields that holds something, as text."""
    if not isinstance(body, dict):
        return ""
    return next((str(body[name]) for name in names if body.get(name) not in (None, "")), "")


# GatewayAPI: https://gatewayapi.com/docs/apis/rest/


def _gatewayapi_request(given: Given, outgoing: Outgoing) -> Request:
    body: dict[str, Any] = {
        "message": outgoing.text,
        "sender": outgoing.sender_address or given.sender,
        "userref": str(outgoing.ref),
        "recipients": [{"msisdn": int(outgoing.address.removeprefix("+"))}],
    }
    if beyond_gsm(outgoing.text):
        body["encoding"] = "UCS2"
    if given.callback:
        body["callback_url"] = given.callback
    return Request(
        ADDRESSES[f"gatewayapi.{given.options.get('region', 'eu')}"],
        json.dumps(body).encode(),
        {"Authorization": _basic(given.secrets["token"], ""), "Content-Type": "application/json"},
    )


def _gatewayapi_result(outgoing: Outgoing, status: int, body: Any) -> Result:
    ids = body.get("ids") if isinstance(body, dict) else None
    if status < 300 and isinstance(ids, list) and ids:
        return taken(outgoing, str(ids[0]))
    words = f"{_words_of(body, 'code')} {_words_of(body, 'message')}".strip()
    match _words_of(body, "code").casefold():
        case "0x0213" | "0x0214":
            return not_taken(outgoing, Outcome.REFUSED, Reason.DEAD, words)
        case "0x0216":
            return not_taken(outgoing, Outcome.LATER, Reason.BALANCE, words)
    return _by_status(outgoing, status, words)


# 46elks: https://46elks.com/docs/send-sms


def _elks_request(given: Given, outgoing: Outgoing) -> Request:
    body = {"from": outgoing.sender_address or given.sender, "to": outgoing.address, "message": outgoing.text}
    if given.callback:
        body["whendelivered"] = given.callback
    return Request(
        ADDRESSES["elks46"],
        urlencode(body).encode(),
        {
            "Authorization": _basic(given.options["user"], given.secrets["password"]),
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )


def _elks_result(outgoing: Outgoing, status: int, body: Any) -> Result:
    if status < 300 and isinstance(body, dict) and body.get("id"):
        if body.get("status") == "failed":
            return not_taken(outgoing, Outcome.REFUSED, Reason.ADDRESS, "failed")
        return taken(outgoing, str(body["id"]))
    words = body if isinstance(body, str) else _words_of(body, "message", "error", "status")
    if status == 403 and "credit" in words.casefold():
        return not_taken(outgoing, Outcome.LATER, Reason.BALANCE, words)
    if status == 400 and "from" in words.casefold():
        return not_taken(outgoing, Outcome.LATER, Reason.SENDER, words)
    return _by_status(outgoing, status, words)


# Twilio: https://www.twilio.com/docs/messaging/api/message-resource


def _twilio_request(given: Given, outgoing: Outgoing) -> Request:
    account = given.options["account"]
    body = {"To": outgoing.address, "Body": outgoing.text}
    if given.options.get("service"):
        body["MessagingServiceSid"] = given.options["service"]
    else:
        body["From"] = outgoing.sender_address or given.sender
    if given.callback:
        body["StatusCallback"] = given.callback
    return Request(
        ADDRESSES["twilio"].format(account=quote(account, safe="")),
        urlencode(body).encode(),
        {
            "Authorization": _basic(account, given.secrets["token"]),
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )


_TWILIO: Final[Mapping[int, tuple[Outcome, Reason]]] = {
    20003: (Outcome.LATER, Reason.CREDENTIALS),
    20429: (Outcome.LATER, Reason.LIMIT),
    14107: (Outcome.LATER, Reason.LIMIT),
    21211: (Outcome.REFUSED, Reason.DEAD),
    21408: (Outcome.REFUSED, Reason.ADDRESS),
    21610: (Outcome.REFUSED, Reason.STOPPED),
    21611: (Outcome.LATER, Reason.LIMIT),
    21612: (Outcome.REFUSED, Reason.ADDRESS),
    21614: (Outcome.REFUSED, Reason.DEAD),
    21617: (Outcome.REFUSED, Reason.CONTENT),
    **dict.fromkeys((21212, 21603, 21606, 21659, 21660, 21701, 21703), (Outcome.LATER, Reason.SENDER)),
}


def _twilio_result(outgoing: Outgoing, status: int, body: Any) -> Result:
    if status < 300 and isinstance(body, dict) and body.get("sid"):
        return taken(outgoing, str(body["sid"]))
    words = f"{_words_of(body, 'code')} {_words_of(body, 'message')}".strip()
    code = body.get("code") if isinstance(body, dict) else None
    if isinstance(code, int) and code in _TWILIO:
        return not_taken(outgoing, *_TWILIO[code], words)
    return _by_status(outgoing, status, words)


# LINK Mobility: https://www.linkmobility.com/developer/ (SMS REST API, MT and delivery reports)


def _link_request(given: Given, outgoing: Outgoing) -> Request:
    sender = outgoing.sender_address or given.sender
    body: dict[str, Any] = {
        "source": sender,
        "sourceTON": _source_type(sender),
        "destination": outgoing.address,
        "userData": outgoing.text,
        "platformId": given.options["platform_id"],
        "platformPartnerId": given.options["partner_id"],
        "refId": str(outgoing.ref),
        "useDeliveryReport": bool(given.options.get("gate_id")),
    }
    if given.options.get("gate_id"):
        body["deliveryReportGates"] = [given.options["gate_id"]]
    return Request(
        given.options["address"],
        json.dumps(body).encode(),
        {
            "Authorization": _basic(given.options["user"], given.secrets["password"]),
            "Content-Type": "application/json",
        },
    )


def _source_type(sender: str) -> str:
    if re.fullmatch(r"\+?\d{7,15}", sender):
        return "MSISDN"
    return "SHORTNUMBER" if sender.isdigit() else "ALPHANUMERIC"


def _link_result(outgoing: Outgoing, status: int, body: Any) -> Result:
    if status < 300 and isinstance(body, dict) and body.get("messageId"):
        return taken(outgoing, str(body["messageId"]))
    words = f"{_words_of(body, 'resultCode', 'status')} {_words_of(body, 'description', 'translatedDescription')}"
    return _by_status(outgoing, status, words.strip())


GATEWAYS: Final[Mapping[str, Gateway]] = {
    "gatewayapi": Gateway(_gatewayapi_request, _gatewayapi_result),
    "elks46": Gateway(_elks_request, _elks_result),
    "twilio": Gateway(_twilio_request, _twilio_result),
    "link": Gateway(_link_request, _link_result),
}
