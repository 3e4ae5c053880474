"""What SMS gateways call with: reports of what became of a message, and guests' answers. Pure.

GatewayAPI: https://gatewayapi.com/docs/apis/rest/ · 46elks: https://46elks.com/docs/sms-delivery-reports ·
Twilio: https://www.twilio.com/docs/messaging/guides/track-outbound-message-status · LINK Mobility: SMS REST API, MT and
delivery reports, and MO messages (https://www.linkmobility.com/developer/).
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from messaging.callbacks.report import Report, Told, Unreadable
from messaging.callbacks.signatures import body_signed, jwt_opened, twilio_signed


@dataclass(frozen=True)
class Call:
    """A call as it came: the address that was called, the body, its fields, headers in small letters; and what the
    transport knows to check it with."""

    address: str
    body: bytes
    form: Mapping[str, str]
    headers: Mapping[str, str]
    secrets: Mapping[str, str]


def reports_of(kind: str, call: Call) -> list[Report]:
    """What a gateway's call tells; nothing for what is of no interest. Raises Forged and Unreadable."""
    return READERS[kind](call)


def _gatewayapi(call: Call) -> list[Report]:
    told: Any
    if key := call.secrets.get("callback_key"):
        if token := call.headers.get("x-gwapi-signature"):
            # What is signed is what counts: the body beside it is not.
            told = jwt_opened(token, key=key)
        else:
            body_signed(call.body, call.headers.get("signature", ""), key=key)
            told = _json(call)
    else:
        told = _json(call)
    if not isinstance(told, dict):
        raise Unreadable("gatewayapi")
    # The newer interface puts the event into an envelope.
    event = told["event"] if isinstance(told.get("event"), dict) else told
    number = _text(event, "msisdn", "recipient")
    if "status" not in event:
        if not number or "message" not in event:
            raise Unreadable("gatewayapi")
        return [_answer(number, _text(event, "message"), _text(event, "id"), _moment(event.get("senttime")))]
    status = _text(event, "status").upper()
    outcome = _GATEWAYAPI.get(status)
    if outcome is None:
        return []
    words = " ".join(part for part in (status, _text(event, "error"), _text(event, "code")) if part)
    return [
        Report(
            outcome,
            ref=_ref(_text(event, "userref", "reference")),
            provider_id=_text(event, "id", "msg_id"),
            at=_moment(event.get("time") or event.get("timestamp")),
            detail=words,
        )
    ]


_GATEWAYAPI: Final = {
    "DELIVERED": Told.DELIVERED,
    "EXPIRED": Told.FAILED,
    "REJECTED": Told.FAILED,
    "SKIPPED": Told.FAILED,
    "UNDELIVERABLE": Told.FAILED,
    "UNDELIVERED": Told.FAILED,
}


def _elks46(call: Call) -> list[Report]:
    form = call.form
    if form.get("direction") == "incoming":
        if not form.get("from"):
            raise Unreadable("elks46")
        return [_answer(form["from"], form.get("message", ""), form.get("id", ""), _moment(form.get("created")))]
    if not form.get("id") or "status" not in form:
        raise Unreadable("elks46")
    outcome = {"delivered": Told.DELIVERED, "failed": Told.FAILED}.get(form["status"])
    if outcome is None:
        return []
    return [Report(outcome, provider_id=form["id"], at=_moment(form.get("delivered")), detail=form["status"])]


def _twilio(call: Call) -> list[Report]:
    twilio_signed(
        call.address, call.form, call.headers.get("x-twilio-signature", ""), key=call.secrets.get("token", "")
    )
    form = call.form
    sid = form.get("MessageSid") or form.get("SmsSid", "")
    if not sid:
        raise Unreadable("twilio")
    status = form.get("MessageStatus") or form.get("SmsStatus", "")
    if status == "received" or ("Body" in form and "MessageStatus" not in form):
        return [_answer(form.get("From", ""), form.get("Body", ""), sid, None)]
    code = form.get("ErrorCode", "")
    match status:
        case "delivered" | "read":
            return [Report(Told.DELIVERED, provider_id=sid, detail=status)]
        case "undelivered" | "failed" if code in _NO_SUCH_NUMBER:
            return [Report(Told.BOUNCED, provider_id=sid, detail=f"{status} {code}", is_hard=True)]
        case "undelivered" | "failed" if code == "21610":
            return [Report(Told.UNSUBSCRIBED, provider_id=sid, detail=f"{status} {code}")]
        case "undelivered" | "failed" | "canceled":
            return [Report(Told.FAILED, provider_id=sid, detail=f"{status} {code}".strip())]
    return []


_NO_SUCH_NUMBER: Final = frozenset({"30005", "30006"})
"""Unknown destination, landline: https://www.twilio.com/docs/api/errors."""


def _link(call: Call) -> list[Report]:
    told = _json(call)
    if not isinstance(told, dict):
        raise Unreadable("link")
    if "resultCode" not in told:
        number, said = _text(told, "source"), _text(told, "userData", "content")
        if not number or not ("userData" in told or "content" in told):
            raise Unreadable("link")
        return [_answer(number, said, _text(told, "messageId", "id"), _moment(told.get("timestamp")))]
    code = _text(told, "resultCode")
    # A message in several parts is reported part by part: the id, a dollar sign, the part.
    sid = _text(told, "id", "messageId").partition("$")[0]
    outcome = Told.DELIVERED if code in _LINK_DELIVERED else None if code in _LINK_ON_ITS_WAY else Told.FAILED
    if outcome is None:
        return []
    return [
        Report(
            outcome,
            ref=_ref(_text(told, "refId")),
            provider_id=sid,
            at=_moment(told.get("timestamp")),
            detail=" ".join(part for part in (code, _text(told, "operatorResultCode")) if part),
        )
    ]


_LINK_DELIVERED: Final = frozenset({"1001"})
_LINK_ON_ITS_WAY: Final = frozenset({"1000", "1005"})

READERS: Final[Mapping[str, Callable[[Call], list[Report]]]] = {
    "gatewayapi": _gatewayapi,
    "elks46": _elks46,
    "twilio": _twilio,
    "link": _link,
}


def _answer(number: str, text: str, event_id: str, at: dt.datetime | None) -> Report:
    digits = "".join(letter for letter in number if letter.isascii() and letter.isdigit()).removeprefix("00")
    if not digits:
        raise Unreadable("sender")
    return Report(Told.REPLIED, event_id=event_id, at=at, sender=f"+{digits}", text=text[:4000])


def _json(call: Call) -> Any:
    try:
        return json.loads(call.body)
    except ValueError as error:
        raise Unreadable("JSON") from error


def _text(told: Mapping[str, Any], *names: str) -> str:
    """The first field that holds something, as text."""
    return next((str(told[name]).strip() for name in names if told.get(name) not in (None, "")), "")


def _ref(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _moment(told: Any) -> dt.datetime | None:
    """A moment as gateways write it: seconds since 1970, or ISO 8601, in UTC where no zone is told."""
    try:
        if isinstance(told, int | float) or (isinstance(told, str) and told.isdecimal()):
            return dt.datetime.fromtimestamp(float(told), dt.UTC)
        moment = dt.datetime.fromisoformat(str(told))
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
