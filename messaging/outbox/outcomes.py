"""What providers, links and guests tell of messages afterwards: in any order, however often, the same in the end."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from messaging.outbox.drafts import Event, Kind
from messaging.outbox.labels import Trouble
from messaging.transports.masking import masked

RANKS: Final = {
    "planned": 0,
    "claimed": 0,
    "unknown": 0,
    "sent": 1,
    "failed": 2,
    "delivered": 3,
    "bounced": 4,
    "complained": 5,
}
"""A state gives way to one of a higher rank only, so that the order of arrival does not matter: a message that was
delivered and comes back later has bounced, one whose delivery is told after its bounce has bounced, too."""
_STATE_OF: Final = {
    Kind.DELIVERED: "delivered",
    Kind.BOUNCED: "bounced",
    Kind.COMPLAINED: "complained",
    Kind.FAILED: "failed",
    # Whoever opens a message has got it.
    Kind.OPENED: "delivered",
    Kind.CLICKED: "delivered",
    Kind.REPLIED: "delivered",
}
_REASON_OF: Final = {
    "failed": Trouble.PROVIDER.value,
    "bounced": Trouble.BOUNCED.value,
    "complained": Trouble.COMPLAINED.value,
}
_FOUND: Final = """
    SELECT e.n, m.id
    FROM unnest(%(numbers)s::int[], %(refs)s::uuid[], %(transports)s::bigint[], %(providers)s::text[])
         AS e (n, ref, transport_id, provider_id)
    JOIN LATERAL (
        SELECT m.id FROM messaging_message m WHERE m.ref = e.ref
        UNION ALL
        SELECT m.id FROM messaging_message m
        WHERE e.ref IS NULL AND e.provider_id <> ''
          AND m.provider_id = e.provider_id AND m.transport_id = e.transport_id
        LIMIT 1
    ) m ON true
"""
_RANK: Final = "(%(ranks)s::jsonb ->> m.state)::int"
_WRITE: Final = f"""
    WITH told AS MATERIALIZED (
        SELECT * FROM unnest(
            %(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(details)s::text[],
            %(delivered)s::timestamptz[], %(opened)s::timestamptz[], %(clicked)s::timestamptz[],
            %(replied)s::timestamptz[]
        ) AS t (id, state, reason, detail, delivered_at, opened_at, clicked_at, replied_at)
    ), known AS MATERIALIZED (
        SELECT m.id, m.state, {_RANK} < (%(ranks)s::jsonb ->> t.state)::int AS rises,
               m.state = t.state AND t.detail <> '' AND (m.detail = '' OR t.detail < m.detail) AS says_more
        FROM told t JOIN messaging_message m ON m.id = t.id
        WHERE m.state <> 'skipped' AND m.attempted_at IS NOT NULL
        ORDER BY m.id FOR NO KEY UPDATE OF m
    )
    UPDATE messaging_message m
    SET state = CASE WHEN k.rises THEN t.state ELSE m.state END,
        reason = CASE WHEN k.rises THEN t.reason ELSE m.reason END,
        detail = CASE WHEN k.rises THEN t.detail WHEN k.says_more THEN t.detail ELSE m.detail END,
        claim = CASE WHEN k.rises THEN NULL ELSE m.claim END,
        claimed_until = CASE WHEN k.rises THEN NULL ELSE m.claimed_until END,
        sent_at = coalesce(m.sent_at, m.attempted_at),
        delivered_at = least(m.delivered_at, t.delivered_at),
        opened_at = least(m.opened_at, t.opened_at),
        clicked_at = least(m.clicked_at, t.clicked_at),
        replied_at = least(m.replied_at, t.replied_at)
    FROM told t JOIN known k ON k.id = t.id
    WHERE m.id = t.id AND (
        k.rises OR k.says_more OR m.sent_at IS NULL
        OR m.delivered_at IS DISTINCT FROM least(m.delivered_at, t.delivered_at)
        OR m.opened_at IS DISTINCT FROM least(m.opened_at, t.opened_at)
        OR m.clicked_at IS DISTINCT FROM least(m.clicked_at, t.clicked_at)
        OR m.replied_at IS DISTINCT FROM least(m.replied_at, t.replied_at)
    )
"""
"""Least of a moment and NULL is the moment. What was never offered to a provider has no fate to be told of."""


def outcome_record(*, events: Sequence[Event]) -> int:
    """Write what is told of messages of the business in scope; how many messages that changed.

    Safe to repeat and in any order. Events of messages that there are not, or that were never offered to a provider,
    change nothing. Raises ``ValueError`` for a kind that there is not.
    """
    told = _told([Kind(each.kind) for each in events], events, _ids_of(events))
    if not told:
        return 0
    columns: dict[str, Any] = {
        name: [each[name] for each in told.values()]
        for name in ("state", "reason", "detail", "delivered", "opened", "clicked", "replied")
    }
    values = {
        "ids": list(told),
        "states": columns["state"],
        "reasons": columns["reason"],
        "details": columns["detail"],
        "ranks": _RANKS_JSON,
        **{name: columns[name] for name in ("delivered", "opened", "clicked", "replied")},
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, values)
        return int(cursor.rowcount)


_RANKS_JSON: Final = "{" + ", ".join(f'"{state}": {rank}' for state, rank in RANKS.items()) + "}"


def _ids_of(events: Sequence[Event]) -> dict[int, int]:
    """The message of each event, by the event's place."""
    if not events:
        return {}
    values: dict[str, Any] = {
        "numbers": list(range(len(events))),
        "refs": [each.ref for each in events],
        "transports": [each.transport_id for each in events],
        "providers": [each.provider_id for each in events],
    }
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, values)
        return dict(cursor.fetchall())


def _told(kinds: Sequence[Kind], events: Sequence[Event], ids: dict[int, int]) -> dict[int, dict[str, Any]]:
    """What the events say of each message together."""
    told: dict[int, dict[str, Any]] = {}
    for place in ids:
        kind, event = kinds[place], events[place]
        state = _STATE_OF[kind]
        empty = {"state": "sent", "reason": "", "detail": "", "delivered": None, "opened": None, "clicked": None}
        message = told.setdefault(ids[place], empty | {"replied": None})
        detail = masked(event.detail)[:500] if state in _REASON_OF else ""
        if RANKS[state] > RANKS[message["state"]]:
            message.update(state=state, reason=_REASON_OF.get(state, ""), detail=detail)
        elif state == message["state"] and detail:
            # Of two that say it in different words the first in the alphabet, whichever came first.
            message["detail"] = min(message["detail"] or detail, detail)
        if state == "delivered":
            message["delivered"] = _first(message["delivered"], event.at)
        if kind in (Kind.OPENED, Kind.CLICKED, Kind.REPLIED):
            message[kind.value] = _first(message[kind.value], event.at)
        if kind is Kind.CLICKED:
            message["opened"] = _first(message["opened"], event.at)
    return told


def _first(known: dt.datetime | None, at: dt.datetime) -> dt.datetime:
    return at if known is None else min(known, at)
