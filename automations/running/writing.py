"""Write down where journeys have come to, and what came of their steps: a statement each."""

import datetime as dt
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from django.db import connection

from accounts.tenancy import require_business_id
from automations.running.going import Going

_STEPS: Final = """
    INSERT INTO automations_journeystep (
        business_id, automation_id, at, journey_id, customer_id, step, outcome, reason, due_at, message_id, todo_id,
        delivery_id
    )
    SELECT %s, %s, %s, g.*
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::bigint[],
                %s::bigint[], %s::bigint[]) AS g
"""
_JOURNEYS: Final = """
    UPDATE automations_journey j
    SET state = g.state, reason = g.reason, step = g.step, waiting = g.waiting, number_done = g.number_done,
        zone = g.zone, began_at = g.began_at,
        due_at = CASE WHEN g.state = 'running' THEN g.due_at END,
        due_local = CASE WHEN g.state = 'running' THEN g.due_local ELSE '' END,
        ended_at = CASE WHEN g.state <> 'running' THEN %s::timestamptz END
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::text[],
                %s::timestamptz[], %s::timestamptz[], %s::text[])
         AS g (id, state, reason, step, waiting, number_done, zone, began_at, due_at, due_local)
    WHERE j.business_id = %s AND j.id = g.id
"""
_COLUMNS: Final = (
    *("pk", "state", "reason", "step", "waiting", "number_done", "zone", "began_at", "due_at", "due_local"),
)


def journeys_write(*, automation_id: int, going: Sequence[Going], now: dt.datetime) -> int:
    """Write them. Returns how many steps were done. Raises ``IntegrityError`` for a step that was done before."""
    house = require_business_id()
    lines = list(chain.from_iterable(each.lines for each in going))
    with connection.cursor() as cursor:
        if lines:
            cursor.execute(_STEPS, [house, automation_id, now, *map(list, zip(*lines, strict=True))])
        columns: list[Any] = [[getattr(each, name) for each in going] for name in _COLUMNS]
        cursor.execute(_JOURNEYS, [now, *columns, house])
    return len(lines)
