"""Writes on callbacks: keep what was told, each event once, and draw from it what follows."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.digests import address_digest
from accounts.tenancy import require_business_id
from customers.card.models import ContactPoint
from customers.permission.models import Suppression
from customers.permission.suppressing import Listed, suppress_all
from messaging.callbacks.effects import answer_note, answers_of, newsletter_end
from messaging.callbacks.models import RAW_MAX, CallbackEvent
from messaging.callbacks.report import Report, Told
from messaging.callbacks.stop_words import is_stop
from messaging.links.selectors import trackable
from messaging.outbox.models import Message
from messaging.outbox.services import Event, Kind, outcome_record
from messaging.transports.models import Transport

TRIES: Final = (30, 120, 600, 3600, 4 * 3600, 24 * 3600)
"""Seconds until an event is looked at again that no message is known of; after the last it is of nobody."""
KEPT_FOR: Final = dt.timedelta(days=90)
BATCH: Final = 500
_KIND_OF: Final = {
    Told.DELIVERED: Kind.DELIVERED,
    Told.BOUNCED: Kind.BOUNCED,
    Told.COMPLAINED: Kind.COMPLAINED,
    Told.FAILED: Kind.FAILED,
    Told.OPENED: Kind.OPENED,
    Told.CLICKED: Kind.CLICKED,
    Told.REPLIED: Kind.REPLIED,
}
_IMPERSONAL: Final = frozenset({"told", "ref", "provider_id", "event_id", "at", "is_hard"})
"""What is kept of a report that is done with. In what a service answers an address may stand."""
_SEEN: Final = frozenset({Told.OPENED, Told.CLICKED})
"""What is noted only of guests who consent to it."""


def reports_keep(*, transport: Transport, reports: Sequence[Report], raw: str = "") -> int:
    """Keep what a transport's service has told and work it off; how many events are new.

    A service that is not answered tells it all again: an event that is known already changes nothing. Opens and clicks
    of guests who do not consent are not kept at all.
    """
    with transaction.atomic():
        rows = [
            CallbackEvent(
                transport=transport,
                key=report.key[:100],
                told=report.told,
                report=_stored(report),
                raw=raw[:RAW_MAX] if report.told not in _SEEN else "",
            )
            for report in reports
        ]
        marks = {row.key: row for row in rows}
        known = set(
            CallbackEvent.objects.filter(transport=transport, key__in=list(marks)).values_list("key", flat=True)
        )
        new = [row for key, row in marks.items() if key not in known]
        CallbackEvent.objects.bulk_create(new, ignore_conflicts=True)
        # Of two calls at once one has written each; the other finds it done.
        mine = CallbackEvent.objects.select_for_update(skip_locked=True).filter(
            transport=transport, key__in=[row.key for row in new], state=CallbackEvent.State.WAITING
        )
        _work(list(mine.select_related("transport").order_by("id")))
    return len(new)


def callbacks_work(*, most: int = BATCH) -> int:
    """Look again at events of the business in scope that wait for their message; forget those past keeping. How many
    were looked at."""
    now = timezone.now()
    with transaction.atomic():
        CallbackEvent.objects.filter(received_at__lt=now - KEPT_FOR).delete()
        waiting = CallbackEvent.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            state=CallbackEvent.State.WAITING, due_at__lte=now
        )
        events = list(waiting.select_related("transport").order_by("due_at", "id")[:most])
        _work(events)
    return len(events)


def _work(events: Sequence[CallbackEvent]) -> None:
    """Each event with its message; one that has none yet waits, longer every time."""
    if not events:
        return
    now = timezone.now()
    reports = {event.pk: _report(event) for event in events}
    messages = _messages(events, reports)
    consenting = trackable(customer_ids={message.customer_id for message in messages.values()})
    outcomes: list[Event] = []
    drawn = Drawn()
    for event in events:
        report, message = reports[event.pk], messages.get(event.pk)
        if message is None and not (report.told is Told.REPLIED and report.sender.startswith("+")):
            event.tries += 1
            if event.tries > len(TRIES):
                _put_away(event, CallbackEvent.State.NOBODY)
            else:
                event.due_at = now + dt.timedelta(seconds=TRIES[event.tries - 1])
            continue
        event.message = message
        _put_away(event, CallbackEvent.State.DONE)
        if report.told in _SEEN and (message is None or message.customer_id not in consenting):
            event.report = {}
            continue
        if message is not None and report.told in _KIND_OF:
            outcomes.append(
                Event(
                    kind=_KIND_OF[report.told],
                    at=min(report.at or event.received_at, now),
                    ref=message.ref,
                    detail=report.detail,
                )
            )
        _follow(event, report, message, drawn)
    outcome_record(events=outcomes)
    suppress_all(listed=drawn.listed)
    for channel, at, proof, customers in drawn.ended:
        newsletter_end(customer_ids=customers, channel=channel, at=at, proof=proof)
    CallbackEvent.objects.bulk_update(events, ["message", "state", "tries", "due_at", "report", "raw"])


def _put_away(event: CallbackEvent, state: CallbackEvent.State) -> None:
    """An event that is done with is known by its key; what it says of a guest has gone where it belongs, and the call
    itself is not kept."""
    event.state, event.raw = state, ""
    event.report = {name: value for name, value in event.report.items() if name in _IMPERSONAL}


@dataclass(frozen=True)
class Drawn:
    """What follows from a batch of events and is done for all of them at once: a service tells of thousands of dead
    addresses in one call. ``ended`` are newsletters as ``(channel, at, proof, guests)``."""

    listed: list[Listed] = field(default_factory=list)
    ended: list[tuple[str, dt.datetime, str, Sequence[int]]] = field(default_factory=list)


def _follow(event: CallbackEvent, report: Report, message: Message | None, drawn: Drawn) -> None:
    """What an event means for the guest beside what it means for the message."""
    at = min(report.at or event.received_at, timezone.now())
    source = event.transport.name
    if report.told is Told.REPLIED and not (message and message.origin == Message.Origin.TEST):
        _answered(report, message, drawn, at=at, source=source)
        return
    if message is None or not message.address or message.origin == Message.Origin.TEST:
        return
    kind = _point_kind(message.channel)
    if report.told is Told.BOUNCED and report.is_hard:
        drawn.listed.append(Listed(kind, message.address, Suppression.Reason.BOUNCE, at, source))
    elif report.told in _ENDS:
        drawn.listed.append(Listed(kind, message.address, _ENDS[report.told], at, source))
        drawn.ended.append((message.channel, at, f"message {message.ref}", [message.customer_id]))


_ENDS: Final = {
    Told.COMPLAINED: Suppression.Reason.COMPLAINT,
    Told.UNSUBSCRIBED: Suppression.Reason.UNSUBSCRIBED,
}


def _answered(report: Report, message: Message | None, drawn: Drawn, *, at: dt.datetime, source: str) -> None:
    """An answer goes on the timeline of the guest who was written to; a word to stop is heeded, whoever sends it."""
    channel = "sms" if report.sender.startswith("+") else "email"
    customers = answers_of(sender=report.sender, message=message)
    if channel == "sms" and is_stop(report.text):
        drawn.listed.append(Listed(ContactPoint.Kind.PHONE, report.sender, Suppression.Reason.STOP, at, source))
        drawn.ended.append(("sms", at, _proof(report, message), customers))
    for customer_id in customers:
        answer_note(customer_id=customer_id, channel=channel, subject=report.subject, text=report.text, at=at)


def _proof(report: Report, message: Message | None) -> str:
    """What shows that somebody said stop: the message they answered, else a code of their number. The log of consents
    is kept for good: no number stands there."""
    if message is not None:
        return f"STOP to message {message.ref}"
    digest = address_digest(business_id=require_business_id(), kind=ContactPoint.Kind.PHONE, normalised=report.sender)
    return f"STOP from {digest}"


def _messages(events: Sequence[CallbackEvent], reports: dict[int, Report]) -> dict[int, Message]:
    """The message of each event: by its ``ref`` or the service's id; of an answer by SMS the last one that went to the
    number."""
    refs = {report.ref for report in reports.values() if report.ref is not None}
    ids = {name for report in reports.values() for name in _names(report)}
    by_ref = {message.ref: message for message in Message.objects.filter(ref__in=refs)} if refs else {}
    by_id = {
        (message.transport_id, message.provider_id): message
        # That it is not empty stands in the index; of hundreds of names the planner does not see it.
        for message in (Message.objects.filter(provider_id__in=ids).exclude(provider_id="") if ids else ())
    }
    found = {}
    for event in events:
        report = reports[event.pk]
        message = by_ref.get(report.ref) if report.ref else None
        for name in _names(report) if message is None else ():
            message = message or by_id.get((event.transport_id, name))
        if message is None and report.told is Told.REPLIED and report.sender.startswith("+"):
            sent = Message.objects.filter(
                address=report.sender, channel="sms", sent_at__gte=event.received_at - KEPT_FOR
            )
            message = sent.order_by("-sent_at", "-id").first()
        if message is not None:
            found[event.pk] = message
    return found


def _names(report: Report) -> list[str]:
    """What the service may call the message; of one that was answered also what stands in its ``Message-ID``."""
    name = report.provider_id
    if report.told is not Told.REPLIED or not name:
        return [name] if name else []
    bare = name.strip("<>")
    return [name, bare, bare.partition("@")[0]]


def _point_kind(channel: str) -> str:
    return ContactPoint.Kind.PHONE if channel == "sms" else ContactPoint.Kind.EMAIL


def _stored(report: Report) -> dict[str, object]:
    values = asdict(report)
    values["ref"] = str(report.ref) if report.ref else None
    values["at"] = report.at.isoformat() if report.at else None
    return values


def _report(event: CallbackEvent) -> Report:
    values = dict(event.report)
    values["told"] = Told(event.told)
    values["ref"] = uuid.UUID(values["ref"]) if values.get("ref") else None
    values["at"] = dt.datetime.fromisoformat(values["at"]) if values.get("at") else None
    return Report(**values)
