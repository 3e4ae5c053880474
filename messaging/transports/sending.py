"""Sending: a batch through one transport, one answer a message.

Called outside any transaction and scope: a slow provider must hold nothing.
"""

import datetime as dt
from collections.abc import Iterator, Sequence

from accounts.tenancy import current_business_id
from messaging.transports.gateways import send_sms
from messaging.transports.kinds import KINDS, Way
from messaging.transports.local import send_local
from messaging.transports.models import Transport
from messaging.transports.outgoing import OnAttempt, Outcome, Outgoing, Reason, Result, not_taken
from messaging.transports.providers import send_provider
from messaging.transports.secrets import SecretLost
from messaging.transports.smtp import send_smtp

__all__ = ["Outcome", "Outgoing", "Reason", "Result", "can_ask_again", "is_idempotent", "send"]


_WAYS = {Way.LOCAL: send_local, Way.SMTP: send_smtp, Way.PROVIDER: send_provider, Way.GATEWAY: send_sms}


def is_idempotent(kind: str) -> bool:
    """Whether a provider that is asked a second time with the same ``ref`` takes the message once."""
    return KINDS[kind].is_idempotent


def can_ask_again(kind: str, *, since: dt.datetime, at: dt.datetime) -> bool:
    """Whether a message that was first offered at ``since`` can be offered once more at ``at`` and is taken once."""
    declared = KINDS[kind]
    return declared.is_idempotent and (declared.remembers is None or at - since < declared.remembers)


def send(transport: Transport, batch: Sequence[Outgoing], on_attempt: OnAttempt) -> Iterator[Result]:
    """Offer every message of ``batch`` to the provider, in order, and say of each what became of it.

    ``on_attempt`` is called right before the provider is asked for a message and never for one that was not offered;
    what it raises ends the batch. After a failure that concerns the provider and not the message, the rest is answered
    ``later`` without being offered, so that a batch takes a minute or two at the most. Raises nothing else but
    RuntimeError, when it is called within a business's scope.
    """
    if current_business_id() is not None:
        raise RuntimeError("Messages are sent outside the scope of a business: a provider may be slow.")
    try:
        yield from _WAYS[KINDS[transport.kind].way](transport, batch, on_attempt)
    except SecretLost as error:
        for outgoing in batch:
            yield not_taken(outgoing, Outcome.LATER, Reason.SETTINGS, error)
