"""Reads of the outbox: its list, one message, and what stands in the way of all of it."""

import base64
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet

from customers.search.fetch_sql import rows
from messaging.outbox.late import late_messages
from messaging.outbox.models import Message, OutboxPace
from messaging.texts.models import Channel
from messaging.transports.models import Transport

PAGE: Final = 50
LATE: Final = "late"
"""Asked for as a state: what came too late and may still be sent."""
COUNTED: Final = 10_000
"""Numbers beside the filters end here: whoever has more has many."""
_COUNTS: Final = """
    SELECT s.state, (
        SELECT count(*) FROM (
            SELECT FROM messaging_message m WHERE m.state = s.state AND m.due_at >= %s LIMIT %s
        ) few
    ) FROM unnest(%s::text[]) AS s (state)
"""
LATELY: Final = dt.timedelta(days=30)


@dataclass(frozen=True)
class Asked:
    """What of the outbox is shown: a state or :data:`LATE`, a channel, a guest; empty for all."""

    state: str = ""
    channel: str = ""
    customer_id: int | None = None


@dataclass(frozen=True)
class Page:
    """A page of messages, newest first; the cursors of its neighbours, empty where there is none."""

    messages: list[Message]
    older: str = ""
    newer: str = ""


def message_list(*, asked: Asked) -> QuerySet[Message]:
    """Messages, in no order."""
    found = late_messages() if asked.state == LATE else Message.objects.all()
    if asked.state and asked.state != LATE:
        found = found.filter(state=asked.state)
    if asked.channel:
        found = found.filter(channel=asked.channel)
    return found if asked.customer_id is None else found.filter(customer_id=asked.customer_id)


def message_page(*, asked: Asked, before: str = "", after: str = "") -> Page:
    """A page by keyset: ``before`` or ``after`` is a cursor of another page; one that cannot be read is the first."""
    found = message_list(asked=asked).select_related("customer", "template_text__template", "transport")
    place = _place(before or after)
    if place is not None:
        due_at, pk = place
        older = Q(due_at__lt=due_at) | Q(due_at=due_at, pk__lt=pk)
        newer = Q(due_at__gt=due_at) | Q(due_at=due_at, pk__gt=pk)
        found = found.filter(older if before else newer)
    if after and place is not None:
        taken = list(found.order_by("due_at", "id")[: PAGE + 1])
        shown = taken[:PAGE][::-1]
        return _page(shown, has_older=bool(shown), has_newer=len(taken) > PAGE)
    taken = list(found.order_by("-due_at", "-id")[: PAGE + 1])
    return _page(taken[:PAGE], has_older=len(taken) > PAGE, has_newer=bool(before and taken))


def message_get(*, message_id: int) -> Message:
    """One message with its guest, words and way. Raises ``Message.DoesNotExist``."""
    related = ("customer", "template_text__template", "transport", "stay", "property")
    return Message.objects.select_related(*related).get(pk=message_id)


def state_counts(*, since: dt.datetime) -> dict[str, int]:
    """How many messages due since then are in each state, up to :data:`COUNTED` each."""
    return dict(rows(_COUNTS, [since, COUNTED, list(Message.State.values)]))


@dataclass(frozen=True)
class Obstacle:
    """Why messages of a channel wait: no way of sending, or one that takes nothing."""

    channel: str
    waiting: int
    since: dt.datetime
    transport: Transport | None = None
    trouble: str = ""
    detail: str = ""


def obstacles(*, at: dt.datetime) -> list[Obstacle]:
    """What stands in the way of messages that are due."""
    due = Message.objects.filter(state=Message.State.PLANNED, is_held=False, due_at__lte=at)
    waiting: Mapping[str, Any] = {
        row["channel"]: row for row in due.values("channel").annotate(waiting=Count("id"), since=Min("due_at"))
    }
    if not waiting:
        return []
    ways = {each.channel: each for each in Transport.objects.filter(is_default=True, is_on=True)}
    troubled = {
        each.transport_id: each
        for each in OutboxPace.objects.filter(transport__in=ways.values(), troubled_since__isnull=False)
    }
    found = []
    for channel in Channel.values:
        row, way = waiting.get(channel), ways.get(channel)
        paced = troubled.get(way.pk) if way else None
        if row is not None and (way is None or paced is not None):
            told = {"trouble": paced.trouble, "detail": paced.trouble_detail} if paced else {}
            found.append(Obstacle(channel, row["waiting"], row["since"], way, **told))
    return found


def late_count() -> int:
    """How many messages came too late and wait for somebody to say whether they are sent, up to :data:`COUNTED`."""
    return late_messages().values("pk")[:COUNTED].count()


def unknown_count() -> int:
    """How many messages wait for somebody to say whether they went."""
    return Message.objects.filter(state=Message.State.UNKNOWN).count()


def _page(shown: list[Message], *, has_older: bool, has_newer: bool) -> Page:
    if not shown:
        return Page([])
    return Page(shown, _cursor(shown[-1]) if has_older else "", _cursor(shown[0]) if has_newer else "")


def _cursor(message: Message) -> str:
    told = json.dumps([message.due_at.isoformat(), message.pk])
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[dt.datetime, int] | None:
    try:
        due_at, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = dt.datetime.fromisoformat(due_at)
    except (ValueError, TypeError, RecursionError):
        return None
    return (moment, pk) if type(pk) is int and moment.tzinfo is not None and 0 <= pk < 2**63 else None
