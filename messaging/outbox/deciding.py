"""What members and other rooms decide about messages: cancel, pause, go on, and what became of those in doubt."""

import datetime as dt
from collections.abc import Collection
from typing import Final

from django.db import connection, transaction
from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.audit import audit_record
from accounts.models import Member
from messaging.outbox.labels import Trouble
from messaging.outbox.models import Message

_WAITS = (Message.State.PLANNED, Message.State.CLAIMED)
_BY_ID: Final = "m.id = ANY (%(ids)s)"
_BY_ORIGIN: Final = "m.origin = %(origin)s AND m.origin_id = %(origin_id)s"
_CANCEL: Final = """
    WITH cancelled AS (
        UPDATE messaging_message m
        SET state = CASE WHEN m.attempted_at IS NULL THEN 'skipped' ELSE m.state END,
            reason = CASE WHEN m.attempted_at IS NULL THEN %(reason)s ELSE m.reason END,
            deferred_reason = CASE WHEN m.attempted_at IS NULL THEN '' ELSE m.deferred_reason END,
            claim = CASE WHEN m.attempted_at IS NULL THEN NULL ELSE m.claim END,
            claimed_until = CASE WHEN m.attempted_at IS NULL THEN NULL ELSE m.claimed_until END,
            expires_at = CASE WHEN m.attempted_at IS NULL THEN m.expires_at ELSE %(at)s END
        WHERE {asked} AND m.state = ANY (%(waits)s)
        RETURNING m.attempted_at IS NULL AS is_ours
    )
    SELECT count(*) FILTER (WHERE is_ours) FROM cancelled
"""
"""One statement: between two of them a worker could offer a message, or be told to come back later, and neither would
find it."""


def cancel(
    *,
    ids: Collection[int] | None = None,
    origin: str = "",
    origin_id: int | None = None,
    reason: str = Trouble.CANCELLED,
    member: Member | None = None,
) -> int:
    """Take back messages that have not been offered to anybody, by id or by what asked for them; how many those were.

    What is in hand and not offered yet is taken back, too: its worker finds out before it offers it. What has been
    offered is not offered again, should the provider not have taken it. A member's own act is written to the log.
    Raises ``ValueError`` when neither ids nor an origin with its id is given.
    """
    with transaction.atomic():
        count = _cancelled(ids, origin, origin_id, str(reason))
        if count and member is not None:
            data = {"messages": count, "origin": origin}
            audit_record(action="message.cancelled", member=member, object_type=origin, object_id=origin_id, data=data)
    return count


def _cancelled(ids: Collection[int] | None, origin: str, origin_id: int | None, reason: str) -> int:
    values = {
        "ids": None if ids is None else list(ids),
        "origin": origin,
        "origin_id": origin_id,
        "waits": [each.value for each in _WAITS],
        "reason": reason,
        "at": timezone.now(),
    }
    if ids is None:
        _asked(ids, origin, origin_id)
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL.format(asked=_BY_ORIGIN if ids is None else _BY_ID), values)
        return int(cursor.fetchone()[0])


def hold(*, origin: str, origin_id: int) -> int:
    """Pause what waits: it stays planned and is not claimed. What is in hand goes, unless it is given back: then it
    waits, too. How many were paused."""
    return _asked(None, origin, origin_id).filter(state__in=_WAITS, is_held=False).update(is_held=True)


def release(*, origin: str, origin_id: int, until: dt.datetime | None = None) -> int:
    """Let what was paused go on; the gate looks at it again when it is claimed. ``until``: it is of use at least as
    long, so that no pause makes it too late. How many go on."""
    found = _asked(None, origin, origin_id).filter(state__in=_WAITS, is_held=True)
    if until is None:
        return found.update(is_held=False)
    useful = Case(When(expires_at__isnull=False, then=Greatest("expires_at", Value(until))))
    return found.update(is_held=False, expires_at=useful)


def retry_unknown(*, ids: Collection[int], member: Member | None = None, at: dt.datetime | None = None) -> int:
    """Send messages once more of which nobody knows whether they went: a member's decision, written to the log.

    They keep their ``ref``, and the gate looks at them again. How many those were.
    """
    return _decide(
        ids,
        "message.retried",
        member,
        state=Message.State.PLANNED,
        reason="",
        detail="",
        attempted_at=None,
        attempts=0,
        # It may have been in hand while what asked for it was paused.
        is_held=False,
        due_at=at or timezone.now(),
    )


def settle_unknown(*, ids: Collection[int], member: Member | None = None) -> int:
    """Take messages for sent of which nobody knows whether they went: a member's decision, written to the log."""
    return _decide(ids, "message.settled", member, state=Message.State.SENT, reason=Trouble.BELIEVED)


def _decide(ids: Collection[int], action: str, member: Member | None, **changes: object) -> int:
    with transaction.atomic():
        found = Message.objects.filter(pk__in=list(ids), state=Message.State.UNKNOWN)
        chosen = sorted(found.select_for_update().values_list("id", flat=True))
        if not chosen:
            return 0
        Message.objects.filter(pk__in=chosen).update(**changes)
        audit_record(action=action, member=member, object_type="message", data={"messages": len(chosen)})
    return len(chosen)


def _asked(ids: Collection[int] | None, origin: str, origin_id: int | None) -> QuerySet[Message]:
    if ids is not None:
        return Message.objects.filter(pk__in=list(ids))
    if not origin or origin_id is None:
        raise ValueError("Name the messages, or what asked for them.")
    return Message.objects.filter(origin=origin, origin_id=origin_id)
