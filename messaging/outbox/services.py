"""The outbox for other rooms: plan, send, take back, and write down what became of it. docs/outbox.md

Only :func:`send_due` opens scopes of its own; everything else works in the caller's.
"""

from messaging.outbox.deciding import cancel, hold, release, retry_unknown, settle_unknown
from messaging.outbox.drafts import Draft, Event, Kind, Planned, Sent
from messaging.outbox.outcomes import outcome_record
from messaging.outbox.planning import plan
from messaging.outbox.sending import send_due

__all__ = [
    "Draft",
    "Event",
    "Kind",
    "Planned",
    "Sent",
    "cancel",
    "hold",
    "outcome_record",
    "plan",
    "release",
    "retry_unknown",
    "send_due",
    "settle_unknown",
]
