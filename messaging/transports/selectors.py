"""Reads of transports, of their test messages, and of what a local inbox caught."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.tenancy.runs import runs_due
from messaging.transports.kinds import is_local
from messaging.transports.models import Caught, Channel, Transport, TransportTry

TRY_SILENT_AFTER: Final = dt.timedelta(minutes=3)
"""A test message is over after a minute or two; a worker that has not been heard of for longer is dead."""
CHECK_SILENT_AFTER: Final = dt.timedelta(minutes=1)
CAUGHT_KEPT: Final = dt.timedelta(days=30)
SWEPT_AT_ONCE: Final = 100


def transport_list(*, channel: str | None = None) -> list[Transport]:
    """All transports, e-mail first, the default of each channel first, then by name."""
    found = Transport.objects.select_related("business").order_by("channel", "-is_default", "name", "id")
    return list(found.filter(channel=channel) if channel else found)


def transport_get(*, transport_id: int) -> Transport:
    """One transport with its business. Raises ``Transport.DoesNotExist``."""
    return Transport.objects.select_related("business", "member__user").get(pk=transport_id)


def transport_default(*, channel: str) -> Transport | None:
    """What messages of a channel leave through unless told otherwise; ``None``: the business has set up nothing."""
    return Transport.objects.select_related("business").filter(channel=channel, is_default=True, is_on=True).first()


def transport_of_callback(*, token_hash: str) -> Transport | None:
    """The transport whose callback address holds the secret with this hash, in the business in scope."""
    return Transport.objects.select_related("business").filter(callback_hash=token_hash).first()


def try_list(*, transport: Transport, limit: int = 10) -> list[TransportTry]:
    """The latest test messages, newest first."""
    return list(
        TransportTry.objects.filter(transport=transport)
        .select_related("member__user")
        .order_by("-asked_at", "-id")[:limit]
    )


@dataclass(frozen=True, slots=True)
class CaughtPage:
    """A page of the local inbox. ``older`` is where the next page begins: pass it as ``before``."""

    items: Sequence[Caught]
    older: str


def caught_list(*, channel: str = "", text: str = "", before: str = "", limit: int = 50) -> CaughtPage:
    """Caught messages, newest first; ``text`` is looked for in address, name and subject."""
    found = Caught.objects.defer("html", "headers")
    if channel in Channel:
        found = found.filter(channel=channel)
    if text:
        found = found.filter(Q(address__icontains=text) | Q(name__icontains=text) | Q(subject__icontains=text))
    found = _before(found, before)
    rows = list(found.order_by("-at", "-id")[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return CaughtPage(rows[:limit], f"{last.at.timestamp():.6f}_{last.pk}" if last else "")


def caught_get(*, caught_id: int) -> Caught:
    """One caught message. Raises ``Caught.DoesNotExist``."""
    return Caught.objects.select_related("transport").get(pk=caught_id)


def caught_of(*, refs: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Which of these messages a local inbox caught: ref and id."""
    return dict(Caught.objects.filter(ref__in=refs).values_list("ref", "pk"))


def conversation(*, caught: Caught, limit: int = 50) -> list[Caught]:
    """The SMS to one number, oldest first, as a phone shows them."""
    found = Caught.objects.filter(channel=Channel.SMS, address=caught.address).order_by("-at", "-id")[:limit]
    return list(reversed(found))


def has_local_inbox() -> bool:
    """Whether something is, or was, caught here."""
    kinds = Transport.objects.values_list("kind", flat=True).distinct()
    return any(is_local(kind) for kind in kinds) or Caught.objects.exists()


def tries_due() -> list[tuple[int, int]]:
    """(business, test message) of any business whose worker has died."""
    return runs_due("messaging_tries_due", silent=TRY_SILENT_AFTER, most=SWEPT_AT_ONCE)


def checks_due() -> list[tuple[int, int]]:
    """(business, transport) of sender domains of any business that are to be checked."""
    return runs_due("messaging_checks_due", silent=CHECK_SILENT_AFTER, most=SWEPT_AT_ONCE)


def caught_due() -> list[int]:
    """Businesses whose local inbox, or list of test messages, holds any older than they are kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT business_id FROM messaging_caught_due(make_interval(secs => %s), %s)",
            [CAUGHT_KEPT.total_seconds(), SWEPT_AT_ONCE],
        )
        return [business_id for (business_id,) in cursor.fetchall()]


def _before(found: QuerySet[Caught], before: str) -> QuerySet[Caught]:
    seconds, _underscore, pk = before.partition("_")
    try:
        at = dt.datetime.fromtimestamp(float(seconds), dt.UTC)
        number = int(pk)
    except (ValueError, OverflowError, OSError):
        return found
    return found.filter(Q(at__lt=at) | Q(at=at, pk__lt=number))
