"""Send what is due: claim a batch, fill it in, hand it over outside any transaction, write down what became of it."""

import datetime as dt
import logging
import uuid
from collections import deque
from typing import Final

from django.utils import timezone

from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from messaging.outbox.claiming import LEASE, Batch, batch_claim
from messaging.outbox.drafts import Sent
from messaging.outbox.recording import Record, Withdrawn
from messaging.outbox.writing import Written, batch_write
from messaging.transports.models import Transport
from messaging.transports.sending import Outcome, Outgoing, Reason, send

BATCH: Final = 100
"""Messages in hand at once: some seconds of a mail server's time."""

_log = logging.getLogger(__name__)


def send_due(*, business_id: int, most: int = BATCH, lease: dt.timedelta = LEASE, turn: str = "") -> Sent:
    """Send one batch of a business's messages that are due, up to ``most``; ``turn`` names a task that comes again.

    Opens its own scopes and may not be called inside one. What a killed call leaves is taken up by another once its
    lease has run out (:mod:`messaging.outbox.claiming`). Errors of a transport are logged, not raised.
    """

    def claimed() -> Batch:
        with business_scope(business_id):
            return batch_claim(at=timezone.now(), most=most, lease=lease, turn=turn)

    def filled() -> Written:
        with business_scope(business_id):
            return batch_write(batch=batch)

    batch = tried_again(claimed)
    sent = Sent(
        skipped=batch.skipped.total(),
        deferred=batch.deferred,
        more=not (batch.is_idle or batch.is_busy or batch.is_last),
    )
    if batch.transport is None:
        return sent
    record = Record(business_id=business_id, batch=batch, transport=batch.transport, lease=lease)
    error = ""
    try:
        written = tried_again(filled)
        record.values = written.values
        error = _hand_over(batch.transport, written.outgoing, record)
    except Exception as fault:
        error = type(fault).__name__
        raise
    finally:
        record.close(error=error)
    done = record.sent
    done.skipped += sent.skipped + written.skipped.total()
    done.deferred, done.more = sent.deferred, sent.more
    return done


def _hand_over(transport: Transport, outgoing: list[Outgoing], record: Record) -> str:
    """Offer everything; a message that was withdrawn meanwhile is left out and the rest goes on. What broke, if
    anything did."""
    left = deque(outgoing)
    while left:
        try:
            for result in send(transport, list(left), record.attempt):
                record.result(result)
                _leave_out(left, result.ref)
                if result.outcome is Outcome.LATER and not record.has_tried(result.ref):
                    # The rest of the batch is answered alike, without being offered: it waits for the provider.
                    record.rest(result.reason or Reason.OTHER, result.error)
                    return ""
            return ""
        except Withdrawn:
            _leave_out(left, record.withdrawn)
        except Exception as fault:
            _log.exception("Transport %s of business %s broke", transport.pk, transport.business_id)
            record.rest(Reason.OTHER, f"{type(fault).__name__}: {fault}")
            return f"{type(fault).__name__}: {fault}"
    return ""


def _leave_out(left: deque[Outgoing], ref: uuid.UUID | None) -> None:
    for each in list(left):
        if each.ref == ref:
            left.remove(each)
            return
