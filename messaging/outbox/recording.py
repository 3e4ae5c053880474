"""Write down what happens to a batch while it is being sent: each attempt before it is made, each outcome after it.

One short transaction a message: the outcomes known so far and the next attempt are written together, so that whatever
is killed when, no more than one message of a batch has been offered without anybody knowing what became of it.
"""

import datetime as dt
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils import timezone

from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from messaging.outbox.claiming import LEASE, Batch
from messaging.outbox.drafts import Sent
from messaging.outbox.heeding import refusals_heed
from messaging.outbox.labels import Trouble
from messaging.outbox.models import Message, OutboxPace
from messaging.outbox.pace import MOST_ATTEMPTS, RESTS, backoff
from messaging.outbox.writing import still_allowed
from messaging.transports.masking import masked
from messaging.transports.models import Transport
from messaging.transports.sending import Outcome, Outgoing, Reason, Result, is_idempotent

_ATTEMPT: Final = """
    UPDATE messaging_message
    SET attempted_at = coalesce(attempted_at, %(at)s), attempts = attempts + 1,
        values = coalesce(%(values)s::jsonb, values)
    WHERE id = %(id)s AND state = 'claimed' AND claim = %(claim)s AND claimed_until > %(at)s
    RETURNING attempts
"""
"""Since when it is in doubt: a provider that takes it once counts from the first time it was offered."""
_RENEW: Final = (
    "UPDATE messaging_message SET claimed_until = %s WHERE id = ANY (%s) AND state = 'claimed' AND claim = %s"
)
_TAKEN: Final = """
    UPDATE messaging_message
    SET state = CASE WHEN state IN ('claimed', 'unknown', 'planned') THEN 'sent' ELSE state END,
        claim = NULL, claimed_until = NULL, sent_at = coalesce(sent_at, %(at)s), provider_id = %(provider_id)s,
        reason = CASE WHEN state IN ('claimed', 'unknown', 'planned') THEN '' ELSE reason END, deferred_reason = ''
    WHERE id = %(taken)s AND attempted_at IS NOT NULL
"""
"""Whoever holds the message by now: it was taken. What a callback has told already is not taken back."""
_TAKEN_AND_ATTEMPT: Final = f"WITH taken AS ({_TAKEN} RETURNING id) {_ATTEMPT}"
"""What nearly every message needs, in one round trip: the one before was taken, this one is offered."""
_ENDED: Final = """
    UPDATE messaging_message
    SET state = %(state)s, reason = %(reason)s, detail = %(detail)s, claim = NULL, claimed_until = NULL,
        deferred_reason = %(deferred_reason)s, due_at = coalesce(%(due_at)s, due_at),
        attempted_at = CASE WHEN %(is_clean)s THEN NULL ELSE attempted_at END
    WHERE id = %(id)s AND state = 'claimed' AND claim = %(claim)s
"""


_ASKED_AGAIN: Final = dt.timedelta(seconds=2)
"""How long what was learned of the guests' permission is good for: a slow provider may need minutes for a batch."""
_PATIENCE: Final = 60.0
"""Seconds in which a database that has gone away may come back; meanwhile nobody else can take up what we have."""
_CONNECTION_LOST: Final = (None, "57P01", "57P02", "57P03")

T = TypeVar("T")


class Withdrawn(Exception):
    """The message is not ours to send any more: cancelled, or in somebody else's hands."""


class Record:
    """Of one batch. Used outside any scope; opens its own."""

    def __init__(self, *, business_id: int, batch: Batch, transport: Transport, lease: dt.timedelta = LEASE) -> None:
        self.sent = Sent()
        self.values: Mapping[uuid.UUID, str] = {}
        """What the placeholders of each message were filled with; kept with the attempt."""
        self._asked_at = timezone.now()
        self._refused: dict[Reason, list[int]] = {Reason.DEAD: [], Reason.STOPPED: []}
        self._business_id, self._batch, self._lease = business_id, batch, lease
        self._ids = {each.ref: each.pk for each in batch.messages}
        self._in_doubt = {each.ref for each in batch.messages if each.attempted_at is not None}
        self._attempts: dict[uuid.UUID, int] = {}
        self._answered: set[uuid.UUID] = set()
        self._waiting: list[Result] = []
        self._is_well = False
        self.withdrawn: uuid.UUID | None = None
        """The message that was asked for last and not ours to send."""
        self._transport = transport
        self._asks_again = is_idempotent(transport.kind)

    def attempt(self, outgoing: Outgoing) -> None:
        """A provider is about to be asked. Raises :class:`Withdrawn` when it must not be."""
        patiently(lambda: self._attempt(outgoing.ref))

    def result(self, result: Result) -> None:
        """What it answered; written with the next attempt, or by :meth:`flush`."""
        self._answered.add(result.ref)
        self._waiting.append(result)

    def has_tried(self, ref: uuid.UUID) -> bool:
        """Whether the provider has been asked for a message."""
        return ref in self._attempts

    def flush(self) -> None:
        """Write the outcomes that have not been."""
        if self._waiting:
            patiently(self._flush)

    def close(self, *, error: str = "") -> None:
        """Write the rest: what was offered and never answered for is in doubt, what was not offered goes again; what
        refusals say of addresses is heeded."""
        unanswered = [ref for ref in self._attempts if ref not in self._answered]
        for ref in unanswered:
            self.result(Result(ref, Outcome.UNKNOWN, error=error))
        self.flush()
        left = [pk for ref, pk in self._ids.items() if ref not in self._answered]
        if left:
            patiently(lambda: self._give_back(left))
        if any(self._refused.values()):
            patiently(self._heed)

    def rest(self, reason: str, detail: str) -> None:
        """The transport takes nothing: give it a minute."""
        patiently(lambda: self._rest(reason, detail))

    def _rest(self, reason: str, detail: str) -> None:
        now = timezone.now()
        with business_scope(self._business_id):
            paced = OutboxPace.objects.select_for_update().filter(transport=self._transport).first()
            if paced is not None:
                paced.rests_until, paced.trouble, paced.trouble_detail = now + RESTS, reason[:20], masked(detail)[:300]
                paced.troubled_since = paced.troubled_since or now
                paced.save(update_fields=["rests_until", "trouble", "trouble_detail", "troubled_since"])

    def _give_back(self, left: Sequence[int]) -> None:
        with business_scope(self._business_id):
            held = Message.objects.filter(pk__in=left, state=Message.State.CLAIMED, claim=self._batch.claim)
            held.update(state=Message.State.PLANNED, claim=None, claimed_until=None)

    def _heed(self) -> None:
        with business_scope(self._business_id):
            refusals_heed(
                dead=self._refused[Reason.DEAD],
                stopped=self._refused[Reason.STOPPED],
                source=self._transport.name,
                has_taken=self.sent.taken > 0,
            )

    def _ask_again(self, now: dt.datetime) -> Counter[str]:
        """Give up what may not be sent any more of what has not been offered yet."""
        skipped: Counter[str] = Counter()
        if now - self._asked_at > _ASKED_AGAIN:
            left = [each for each in self._batch.messages if each.ref not in self._attempts]
            still_allowed(batch=self._batch, messages=left, skipped=skipped)
        return skipped

    def _attempt(self, ref: uuid.UUID) -> None:
        now = timezone.now()
        values: dict[str, Any] = {
            "id": self._ids[ref],
            "claim": self._batch.claim,
            "at": now,
            "values": self.values.get(ref),
        }
        with business_scope(self._business_id), connection.cursor() as cursor:
            if self._batch.until - now < self._lease * 2 / 3:
                self._renew(cursor, now)
            skipped = self._ask_again(now)
            written = list(self._waiting)
            if self._is_well and len(written) == 1 and written[0].outcome is Outcome.TAKEN:
                taken = {"taken": self._ids[written[0].ref], "provider_id": written[0].provider_id}
                cursor.execute(_TAKEN_AND_ATTEMPT, values | taken)
            else:
                self._write(cursor, now)
                cursor.execute(_ATTEMPT, values)
            row = cursor.fetchone()
        self._wrote(written)
        self.sent.skipped += skipped.total()
        if now - self._asked_at > _ASKED_AGAIN:
            self._asked_at = now
        if row is None:
            self.withdrawn = ref
            raise Withdrawn(str(ref))
        self._attempts[ref] = row[0]

    def _flush(self) -> None:
        with business_scope(self._business_id), connection.cursor() as cursor:
            written = self._write(cursor, timezone.now())
        self._wrote(written)

    def _wrote(self, written: Sequence[Result]) -> None:
        """Counted once they are committed: a transaction that is tried again writes the same."""
        del self._waiting[: len(written)]
        for each in written:
            match each.outcome:
                case Outcome.TAKEN:
                    self.sent.taken += 1
                case Outcome.REFUSED:
                    self.sent.refused += 1
                    if each.reason in self._refused:
                        self._refused[each.reason].append(self._ids[each.ref])
                case Outcome.LATER:
                    self.sent.later += 1
                case Outcome.UNKNOWN:
                    self.sent.unknown += 1

    def _renew(self, cursor: Any, now: dt.datetime) -> None:
        until = now + self._lease
        cursor.execute(_RENEW, [until, list(self._ids.values()), self._batch.claim])
        self._batch.until = until

    def _write(self, cursor: Any, now: dt.datetime) -> list[Result]:
        written = list(self._waiting)
        if any(each.outcome is Outcome.TAKEN for each in written):
            self._recovered()
        for each in written:
            if each.outcome is Outcome.TAKEN:
                values = {"taken": self._ids[each.ref], "at": now, "provider_id": each.provider_id}
                cursor.execute(_TAKEN, values)
            else:
                values = {"id": self._ids[each.ref], "claim": self._batch.claim, **self._ended(each, now)}
                cursor.execute(_ENDED, values)
        return written

    def _recovered(self) -> None:
        """Something went: whatever the trouble was, it is over. Once a batch."""
        if not self._is_well:
            OutboxPace.objects.filter(transport=self._transport, troubled_since__isnull=False).update(
                rests_until=None, trouble="", trouble_detail="", troubled_since=None
            )
            self._is_well = True

    def _ended(self, result: Result, now: dt.datetime) -> dict[str, Any]:
        """What to write for a message that was not surely taken."""
        reason = result.reason.value if result.reason else ""
        told: dict[str, Any] = {
            "reason": reason,
            "detail": masked(result.error)[:500],
            "deferred_reason": "",
            "due_at": None,
            "is_clean": False,
        }
        attempts = self._attempts.get(result.ref, 0)
        if result.outcome is Outcome.REFUSED:
            return told | {"state": Message.State.FAILED, "reason": reason or Trouble.PROVIDER}
        if result.outcome is Outcome.LATER and not attempts:
            return told | {"state": Message.State.PLANNED, "reason": ""}
        if result.outcome is Outcome.UNKNOWN and not self._asks_again:
            return told | {"state": Message.State.UNKNOWN, "reason": reason or Trouble.KILLED}
        if attempts >= MOST_ATTEMPTS:
            if result.outcome is Outcome.UNKNOWN:
                return told | {"state": Message.State.UNKNOWN}
            return told | {"state": Message.State.FAILED, "reason": Trouble.GAVE_UP}
        return told | {
            "state": Message.State.PLANNED,
            "reason": "",
            "deferred_reason": Trouble.BUSY,
            "due_at": now + backoff(attempts),
            # Surely not taken, not the first time either: it is as if it had never been offered.
            "is_clean": result.outcome is Outcome.LATER and result.ref not in self._in_doubt,
        }


def patiently(write: Callable[[], T]) -> T:
    """``write``, a short transaction that may be written twice; while the database is away it is waited for.

    What a provider has just said is known here alone: given up, it would be in doubt for good.
    """
    until, pause = time.monotonic() + _PATIENCE, 0.25
    while True:
        try:
            return tried_again(write)
        except (OperationalError, InterfaceError) as error:
            if not _is_lost(error) or time.monotonic() + pause > until:
                raise
        time.sleep(pause)
        pause = min(4.0, 2 * pause)


def _is_lost(error: DatabaseError | InterfaceError) -> bool:
    """Whether the connection broke, or none could be made."""
    return getattr(error.__cause__, "pgcode", None) in _CONNECTION_LOST
