"""Messages that came too late, or may have gone before a backup was read in: sent when a member says so, never else."""

import datetime as dt
from collections.abc import Collection
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.audit import audit_record
from accounts.models import Member
from messaging.outbox.labels import Trouble
from messaging.outbox.models import Message

REASONS: Final = ("expired", "restored")
OFFERED_FOR: Final = dt.timedelta(days=30)
"""So long after it was due a message may still be sent."""
USEFUL_FOR: Final = dt.timedelta(days=1)
"""So long what somebody has sent nevertheless is of use: it waits for quiet hours, and not for a week without a way."""


def late_messages() -> QuerySet[Message]:
    """Those that may still be sent, in no order."""
    found = Message.objects.filter(state=Message.State.SKIPPED, reason__in=REASONS)
    return found.filter(due_at__gt=timezone.now() - OFFERED_FOR).exclude(origin=Message.Origin.TEST)


def late_send(
    *, ids: Collection[int] | None = None, member: Member | None = None, at: dt.datetime | None = None
) -> int:
    """Have messages sent although they come late, all that there are without ``ids``; how many.

    The gate looks at each again before it goes. Said twice, or by two members, it is done once: what waits already is
    not late any more. The caller lets a worker know.
    """
    at = at or timezone.now()
    return _decide(
        ids,
        "message.late_sent",
        member,
        state=Message.State.PLANNED,
        reason="",
        is_held=False,
        due_at=at,
        expires_at=at + USEFUL_FOR,
    )


def late_leave(*, ids: Collection[int] | None = None, member: Member | None = None) -> int:
    """Leave messages unsent for good, all that there are without ``ids``; how many."""
    return _decide(ids, "message.late_left", member, reason=Trouble.CANCELLED)


def _decide(ids: Collection[int] | None, action: str, member: Member | None, **changes: object) -> int:
    with transaction.atomic():
        found = late_messages() if ids is None else late_messages().filter(pk__in=list(ids))
        chosen = sorted(found.select_for_update().values_list("pk", flat=True))
        if not chosen:
            return 0
        Message.objects.filter(pk__in=chosen).update(**changes)
        audit_record(action=action, member=member, object_type="message", data={"messages": len(chosen)})
    return len(chosen)
