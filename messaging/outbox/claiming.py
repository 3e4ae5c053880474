"""Claim a batch: what is due, one more time through the gate, marked as in hand before anything leaves."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.db.models import Q

from customers.search.fetch_sql import rows
from messaging.gate.rules import Ruling, Verdict, Wanted
from messaging.gate.selectors import gate
from messaging.gate.services import settings_lock
from messaging.outbox import pace
from messaging.outbox.labels import Trouble
from messaging.outbox.models import Message, OutboxPace
from messaging.transports.models import Transport
from messaging.transports.sending import can_ask_again, is_idempotent

LANES: Final = 4
"""Batches of one business that may be in hand at once; the workers of the others are somebody else's."""
LEASE: Final = dt.timedelta(seconds=45)
"""So long nobody else touches a batch whose worker says nothing; it is renewed while the worker does. What a killed one
left goes within a minute, the sweep included. A service answers within 40 seconds; a message that a mail server thinks
about for longer is in doubt until it answers."""
_TURNS: Final = 5

_QUEUES: Final = """
    SELECT q.channel, q.urgency, first.due_at
    FROM (VALUES ('email', 0), ('email', 1), ('email', 2), ('sms', 0), ('sms', 1), ('sms', 2)) AS q (channel, urgency)
    JOIN LATERAL (
        SELECT m.due_at FROM messaging_message m
        WHERE m.channel = q.channel AND m.urgency = q.urgency AND m.state = 'planned' AND NOT m.is_held
          AND m.due_at <= %s
        ORDER BY m.due_at LIMIT 1
    ) first ON true
    ORDER BY q.urgency, first.due_at
"""
_ALLOW: Final = """
    UPDATE messaging_message m
    SET state = 'claimed', claim = %(claim)s, claimed_until = %(until)s, transport_id = %(transport)s,
        address = r.address, zone = r.zone, deferred_reason = '', reason = ''
    FROM unnest(%(ids)s::bigint[], %(addresses)s::text[], %(zones)s::text[]) AS r (id, address, zone)
    WHERE m.id = r.id
"""
_DEFER: Final = """
    UPDATE messaging_message m SET due_at = r.due_at, deferred_reason = r.reason, zone = r.zone
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[]) AS r (id, due_at, reason, zone)
    WHERE m.id = r.id
"""
_REFUSE: Final = """
    UPDATE messaging_message m
    SET state = CASE WHEN m.attempted_at IS NULL THEN 'skipped' ELSE 'unknown' END, reason = r.reason,
        deferred_reason = ''
    FROM unnest(%s::bigint[], %s::text[]) AS r (id, reason)
    WHERE m.id = r.id
"""
"""What a provider may have taken is not said to be unsent."""


@dataclass(slots=True)
class Batch:
    """Messages in hand. ``is_idle``: nothing was due; ``is_busy``: others have all lanes; ``is_last``: as many turns
    as there are lanes go on without this one."""

    claim: uuid.UUID
    until: dt.datetime
    transport: Transport | None = None
    messages: list[Message] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    deferred: int = 0
    is_idle: bool = False
    is_busy: bool = False
    is_last: bool = False


def batch_claim(*, at: dt.datetime, most: int, lease: dt.timedelta = LEASE, turn: str = "") -> Batch:
    """Take a batch in hand, in the caller's transaction, which is to end before anything is sent.

    One claim of a business at a time: the row of its settings is locked, so that what one lets through, the next one
    counts. Claims that have run out are taken back first. ``turn`` names a task that comes again; there are no more of
    them than lanes, however often a business was nudged.
    """
    batch = Batch(claim=uuid.uuid4(), until=at + lease)
    settings_lock()
    _take_back(at)
    if Message.objects.filter(state=Message.State.CLAIMED).values("claim").distinct().count() >= LANES:
        batch.is_busy = True
        _leave_turn(turn)
        return batch
    for transport, paced in _ways(at):
        room = pace.left(paced.taken, transport.per_minute, at)
        wanted = most if room is None else min(most, room)
        if wanted and _fill(batch, transport, paced, wanted, at):
            _take_turn(batch, paced, turn, at)
            return batch
    batch.is_idle = True
    _leave_turn(turn)
    return batch


def _ways(at: dt.datetime) -> list[tuple[Transport, OutboxPace]]:
    """Transports that something waits for, the most urgent first, of alike the one not used for longest."""
    waiting: dict[str, tuple[int, dt.datetime]] = {}
    for channel, urgency, due_at in rows(_QUEUES, [at]):
        waiting.setdefault(channel, (urgency, due_at))
    if not waiting:
        return []
    ways = {each.pk: each for each in Transport.objects.filter(channel__in=waiting, is_default=True, is_on=True)}
    known = {each.transport_id for each in OutboxPace.objects.filter(transport_id__in=ways)}
    OutboxPace.objects.bulk_create([OutboxPace(transport_id=pk) for pk in ways if pk not in known])
    rested = OutboxPace.objects.filter(transport_id__in=ways).filter(Q(rests_until=None) | Q(rests_until__lte=at))
    found = [(ways[each.transport_id], each) for each in rested]
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(found, key=lambda way: (waiting[way[0].channel][0], way[1].used_at or never, way[0].pk))


def _fill(batch: Batch, transport: Transport, paced: OutboxPace, wanted: int, at: dt.datetime) -> bool:
    """Claim up to ``wanted`` messages of a transport. Whether anything was due."""
    found_any = False
    for _turn in range(_TURNS):
        due = _due(transport.channel, wanted - len(batch.messages), at)
        if not due:
            break
        found_any = True
        allowed = _ruled(batch, _not_stranded(due, transport, at), at)
        if allowed:
            _mark(batch, transport, allowed)
        if len(batch.messages) >= wanted:
            break
    if batch.messages:
        batch.transport = transport
        paced.taken, paced.used_at = pace.took(paced.taken, len(batch.messages), at), at
        paced.save(update_fields=["taken", "used_at"])
    return found_any


def _take_turn(batch: Batch, paced: OutboxPace, turn: str, at: dt.datetime) -> None:
    """Whether the task comes again. Nudges pile up while a long campaign goes out: each begins one."""
    if not turn:
        return
    turns = pace.turns_with(paced.turns, turn, LANES, at)
    batch.is_last = turns is None
    if turns is not None:
        paced.turns = turns
        paced.save(update_fields=["turns"])


def _leave_turn(turn: str) -> None:
    """The task does not come again: somebody else may."""
    for paced in OutboxPace.objects.exclude(turns=[]) if turn else ():
        left = [each for each in paced.turns if each[0] != turn]
        if left != paced.turns:
            paced.turns = left
            paced.save(update_fields=["turns"])


def _due(channel: str, most: int, at: dt.datetime) -> list[Message]:
    """What waits, the urgent before the rest, each in the order it was due; locked until the transaction ends."""
    found: list[Message] = []
    for urgency in Message.Urgency:
        if len(found) < most:
            queue = Message.objects.filter(channel=channel, urgency=urgency, state=Message.State.PLANNED, is_held=False)
            queue = queue.filter(due_at__lte=at).order_by("due_at", "id")
            found += queue.select_for_update(skip_locked=True)[: most - len(found)]
    return found


def _not_stranded(due: Sequence[Message], transport: Transport, at: dt.datetime) -> list[Message]:
    """What may leave by this transport. What another one was offered, and may have taken, is in doubt for good; so is
    what this one was offered so long ago that it has forgotten it."""
    offered = [(each, each.attempted_at) for each in due if each.attempted_at is not None]
    elsewhere = {each.pk for each, _since in offered if each.transport_id != transport.pk}
    late = {each.pk for each, since in offered if not can_ask_again(transport.kind, since=since, at=at)}
    forgotten = late - elsewhere
    for stranded, reason in ((elsewhere, Trouble.KILLED), (forgotten, Trouble.FORGOTTEN)):
        if stranded:
            Message.objects.filter(pk__in=stranded).update(
                state=Message.State.UNKNOWN, reason=reason, deferred_reason=""
            )
    return [each for each in due if each.pk not in elsewhere | forgotten]


def _ruled(batch: Batch, due: Sequence[Message], at: dt.datetime) -> list[tuple[Message, Ruling]]:
    """The gate, at the moment of sending: what is put off or refused is written down, what may go is returned."""
    rulings = gate(wanted=[wanted_of(each) for each in due], at=at)
    pairs = list(zip(due, rulings, strict=True))
    deferred = [(each, ruling) for each, ruling in pairs if ruling.verdict is Verdict.DEFER]
    refused = [(each, ruling) for each, ruling in pairs if ruling.verdict is Verdict.REFUSE]
    with connection.cursor() as cursor:
        if deferred:
            ids = [each.pk for each, _ruling in deferred]
            told = [(ruling.until, ruling.reason, ruling.zone) for _each, ruling in deferred]
            cursor.execute(_DEFER, [ids, *(list(column) for column in zip(*told, strict=True))])
        if refused:
            cursor.execute(_REFUSE, [[each.pk for each, _r in refused], [ruling.reason for _e, ruling in refused]])
    batch.deferred += len(deferred)
    batch.skipped.update(ruling.reason for _each, ruling in refused)
    return [(each, ruling) for each, ruling in pairs if ruling.verdict is Verdict.ALLOW]


def _mark(batch: Batch, transport: Transport, allowed: Sequence[tuple[Message, Ruling]]) -> None:
    values: dict[str, Any] = {
        "claim": batch.claim,
        "until": batch.until,
        "transport": transport.pk,
        "ids": [each.pk for each, _ruling in allowed],
        "addresses": [ruling.address for _each, ruling in allowed],
        "zones": [ruling.zone for _each, ruling in allowed],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ALLOW, values)
    for each, ruling in allowed:
        each.address, each.zone, each.transport = ruling.address, ruling.zone, transport
        batch.messages.append(each)


def wanted_of(message: Message) -> Wanted:
    """A message as the gate takes it."""
    return Wanted(
        customer_id=message.customer_id,
        channel=message.channel,
        purpose=message.purpose,
        due_at=message.due_at,
        expires_at=message.expires_at,
        property_id=message.property_id,
        stay_id=message.stay_id,
        origin=message.origin,
        origin_id=message.origin_id,
        message_id=message.pk,
        address=message.address if message.origin == Message.Origin.TEST else "",
    )


def _take_back(at: dt.datetime) -> None:
    """Claims whose worker is gone: what was not offered goes again, and so does what an idempotent provider was
    offered; of anything else that was offered nobody knows, and it is not sent again by itself."""
    left = Message.objects.filter(state=Message.State.CLAIMED, claimed_until__lte=at)
    found = list(
        left.select_for_update(skip_locked=True, of=("self",)).values_list("id", "attempted_at", "transport__kind")
    )
    again = [pk for pk, attempted, kind in found if attempted is None or (kind and is_idempotent(kind))]
    lost = [pk for pk, attempted, kind in found if attempted is not None and not (kind and is_idempotent(kind))]
    if again:
        Message.objects.filter(pk__in=again).update(state=Message.State.PLANNED, claim=None, claimed_until=None)
    if lost:
        Message.objects.filter(pk__in=lost).update(
            state=Message.State.UNKNOWN, reason=Trouble.KILLED, claim=None, claimed_until=None
        )
