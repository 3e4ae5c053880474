"""What a transport is given and what it answers. Pure."""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, ready to leave.

    ``ref`` names it for ever: it is the provider's idempotency key and part of the Message-ID. ``address`` is an e-mail
    address or a number in E.164. An SMS has ``text`` alone. Empty sender fields are the transport's own.
    ``customer_id`` goes to nobody outside.
    """

    ref: uuid.UUID
    address: str
    name: str = ""
    subject: str = ""
    html: str = ""
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    sender_address: str = ""
    sender_name: str = ""
    reply_to: str = ""
    customer_id: int | None = None


class Outcome(StrEnum):
    """What became of one message at the provider's door."""

    TAKEN = "taken"
    """The provider has it, and answers for it from now on."""
    REFUSED = "refused"
    """It will not be taken, however often it is offered."""
    LATER = "later"
    """It was surely not taken, and may be offered again."""
    UNKNOWN = "unknown"
    """It may have been taken: the answer was lost. Only an idempotent provider may be asked again."""


class Reason(StrEnum):
    """Why a message was not taken; words in :mod:`messaging.transports.labels`."""

    ADDRESS = "address"
    """The provider does not deliver to this address."""
    DEAD = "dead"
    """There is nobody at this address or number: it is to be held as after a hard bounce."""
    STOPPED = "stopped"
    """The guest has told the provider to stop: never offer this address again."""
    CONTENT = "content"
    SENDER = "sender"
    """The provider does not let us send under this name."""
    CREDENTIALS = "credentials"
    BALANCE = "balance"
    LIMIT = "limit"
    UNREACHABLE = "unreachable"
    SETTINGS = "settings"
    """Something is missing or does not open: nothing was tried."""
    OTHER = "other"
    LOST = "lost"
    """The connection broke after the message was handed over."""


STOPPING: Final = frozenset(
    {
        Reason.SENDER,
        Reason.CREDENTIALS,
        Reason.BALANCE,
        Reason.LIMIT,
        Reason.UNREACHABLE,
        Reason.SETTINGS,
        Reason.LOST,
    }
)
"""What concerns every message of a batch alike: the rest is not offered now."""

ERROR_MAX: Final = 300
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one message. ``error`` are the provider's own words, for whoever looks for the cause."""

    ref: uuid.UUID
    outcome: Outcome
    provider_id: str = ""
    error: str = ""
    reason: Reason | None = None


OnAttempt = Callable[[Outgoing], None]
"""Told of a message right before the provider is asked to take it."""


def taken(outgoing: Outgoing, provider_id: str = "") -> Result:
    """The provider has it."""
    return Result(outgoing.ref, Outcome.TAKEN, provider_id[:200])


def not_taken(outgoing: Outgoing, outcome: Outcome, reason: Reason, error: object = "") -> Result:
    """It has not, or nobody knows."""
    return Result(outgoing.ref, outcome, "", " ".join(str(error).split())[:ERROR_MAX], reason)


def not_built(outgoing: Outgoing, fault: Exception) -> Result:
    """It cannot be put into the provider's words, for a reason that nobody has foreseen: logged, and given up alone.

    Raised, it would keep back everything that waits behind it.
    """
    _log.error("Message %s could not be built", outgoing.ref, exc_info=fault)
    return not_taken(outgoing, Outcome.REFUSED, Reason.CONTENT, f"It could not be built ({type(fault).__name__}).")
