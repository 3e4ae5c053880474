"""What the outbox would do with the messages of a rehearsal: the gate when each is due, holes, the moment it leaves.

The same questions in the same order as :mod:`messaging.outbox.claiming` and :mod:`messaging.outbox.writing` ask; only
nothing is handed over. What leaves counts for the caps of what comes after.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import connection

from messaging.campaigns.holes import HOLE, needed_in
from messaging.gate.rules import Verdict
from messaging.gate.selectors import gate
from messaging.outbox.claiming import wanted_of
from messaging.outbox.models import Message
from messaging.texts.selectors import as_text
from messaging.texts.values import Wanted, values_for

ORIGIN: Final = Message.Origin.AUTOMATION.value
_WAITS: Final = Message.State.PLANNED.value
_SETTLE: Final = """
    UPDATE messaging_message m
    SET state = r.state, reason = CASE WHEN r.due_at IS NULL THEN r.reason ELSE '' END,
        due_at = coalesce(r.due_at, m.due_at), sent_at = r.sent_at,
        deferred_reason = CASE WHEN r.due_at IS NULL THEN m.deferred_reason ELSE r.reason END
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
         AS r (id, state, reason, due_at, sent_at)
    WHERE m.id = r.id
"""


def post(*, origin_id: int, moments: Mapping[int, dt.datetime], now: dt.datetime) -> None:
    """Let an automation's messages leave, wait or be left out that are due at the moments of their guests, of which
    ``now`` is the first. A fixed number of queries."""
    waiting = Message.objects.filter(
        origin=ORIGIN,
        origin_id=origin_id,
        state=_WAITS,
        customer_id__in=list(moments),
        due_at__lte=max(moments.values()),
    )
    found = waiting.select_related("template_text__template").order_by("urgency", "due_at", "id")
    due = [each for each in found if each.due_at <= moments[each.customer_id]]
    if not due:
        return
    holes = _holes(due)
    settled: list[tuple[int, str, str, dt.datetime | None, dt.datetime | None]] = []
    # Each is ruled for its own moment, at which it is due.
    for each, ruling in zip(due, gate(wanted=[wanted_of(one) for one in due], at=now), strict=True):
        match ruling.verdict:
            case Verdict.DEFER:
                settled.append((each.pk, _WAITS, ruling.reason, ruling.until, None))
            case Verdict.REFUSE:
                settled.append((each.pk, Message.State.SKIPPED.value, ruling.reason, None, None))
            case _ if each.pk in holes:
                settled.append((each.pk, Message.State.SKIPPED.value, HOLE, None, None))
            case _:
                settled.append((each.pk, Message.State.SENT.value, "", None, each.due_at))
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, [list(column) for column in zip(*settled, strict=True)])


def _holes(messages: Sequence[Message]) -> set[int]:
    """Those in whose text something stands that is not known of their guest."""
    needed: dict[int, frozenset[str]] = {}
    for each in messages:
        if each.template_text is not None and each.template_text.pk not in needed:
            needed[each.template_text.pk] = needed_in(as_text(each.template_text, purpose=each.purpose))
    asked = [each for each in messages if needed.get(each.template_text_id or 0)]
    if not asked:
        return set()
    names = frozenset().union(*needed.values())
    values = values_for([Wanted(each.customer_id, each.stay_id) for each in asked], names=names)
    return {
        each.pk
        for each, known in zip(asked, values, strict=True)
        if any(known.get(name) is None for name in needed[each.template_text_id or 0])
    }
