"""Take journeys in hand that are due. The lock on their rows is the lease: it ends with the transaction, however that
ends, and whoever comes meanwhile passes them by."""

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from accounts.tenancy import require_business_id
from automations.running.going import Going
from customers.search.fetch_sql import rows

AUTOMATIONS: Final = 25
"""Automations a batch: those with the oldest journeys."""

_DUE: Final = """
    SELECT a.id FROM automations_automation a
    JOIN LATERAL (
        SELECT j.due_at FROM automations_journey j
        WHERE j.business_id = a.business_id AND j.automation_id = a.id AND j.state IN ('planned', 'running')
          AND j.due_at <= %(now)s
        ORDER BY j.due_at LIMIT 1
    ) first ON true
    WHERE a.business_id = %(business)s AND a.state = 'on' AND a.current_id IS NOT NULL
      AND (%(these)s::bigint[] IS NULL OR a.id = ANY (%(these)s::bigint[]))
    ORDER BY first.due_at, a.id LIMIT %(most)s
"""
_CLAIM: Final = """
    SELECT j.id, j.customer_id, j.version_id, j.occurrence, j.stay_id, j.invoice_id, j.state, j.step, j.waiting,
           j.due_at, j.due_local, j.zone, j.number_done, j.began_at
    FROM automations_journey j
    WHERE j.business_id = %(business)s AND j.automation_id = %(automation)s AND j.state IN ('planned', 'running')
      AND j.due_at <= %(now)s
      AND EXISTS (SELECT FROM automations_automation a
                  WHERE a.business_id = j.business_id AND a.id = j.automation_id AND a.state = 'on')
    ORDER BY j.due_at, j.id LIMIT %(most)s
    FOR UPDATE OF j SKIP LOCKED
"""


class Claimed(NamedTuple):
    """Journeys of one automation in hand; ``is_full``: there may be more."""

    automation_id: int
    journeys: list[Going]
    is_full: bool


def automations_due(*, now: dt.datetime, automation_ids: Collection[int] | None) -> list[int]:
    """The automations that are on in which something is due, the one that has waited longest first."""
    these = None if automation_ids is None else sorted(automation_ids)
    given = {"business": require_business_id(), "now": now, "these": these, "most": AUTOMATIONS}
    return [pk for (pk,) in rows(_DUE, given)]


def claim(*, now: dt.datetime, automation_ids: Collection[int] | None, most: int) -> Iterator[Claimed]:
    """Journeys that are due, automation by automation. Each gets its share of ``most``, and what those before it left:
    one that has very many does not keep the others waiting."""
    due = automations_due(now=now, automation_ids=automation_ids)
    for place, automation in enumerate(due):
        share = max(1, most // (len(due) - place))
        given = {"business": require_business_id(), "automation": automation, "now": now, "most": share}
        journeys = [Going(*row) for row in rows(_CLAIM, given)]
        most -= len(journeys)
        if journeys:
            yield Claimed(automation, journeys, len(journeys) == share)
        if most <= 0:
            return
