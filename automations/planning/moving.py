"""Journeys that are planned and whose day is another one by now: they leave, and enter anew where the day moved."""

import datetime as dt
from collections.abc import Collection
from typing import Final

from accounts.tenancy import require_business_id
from automations.definition import Start, Trigger
from automations.models import Automation
from automations.planning.dates_sql import Touched, holds_of
from automations.planning.pieces import anything, joined
from customers.search.fetch_sql import ids, rows

_LEAVE: Final = """
    WITH gone AS MATERIALIZED (
        SELECT j.id, CASE
            WHEN s.status IN ('cancelled', 'no_show') AND j.invoice_id IS NULL THEN 'cancelled'
            WHEN i.paid_on IS NOT NULL THEN 'paid'
            ELSE 'changed' END AS reason
        FROM automations_journey j
        LEFT JOIN customers_stay s ON s.business_id = j.business_id AND s.id = j.stay_id
        LEFT JOIN customers_invoice i ON i.business_id = j.business_id AND i.id = j.invoice_id
        WHERE j.business_id = %s AND j.id = ANY (%s) AND j.state = 'planned' ORDER BY j.id FOR UPDATE OF j
    )
    UPDATE automations_journey j
    SET state = 'left', reason = gone.reason, due_at = NULL, due_local = '', ended_at = %s
    FROM gone WHERE j.business_id = %s AND j.id = gone.id
    RETURNING j.id
"""


def planned_leave(automation: Automation, start: Start, touched: Touched | None, *, now: dt.datetime) -> list[int]:
    """Let go of the planned journeys, of ``touched`` rows or of all, whose day is not what it was counted from.

    Those whose day has only moved are planned anew, as the same journeys, by whoever looks at these rows next.
    """
    planned = _planned(automation, start, touched)
    if not planned:
        return []
    holding = holds_of(start, planned)
    if holding is None:
        return []
    gone = sorted(set(planned) - set(ids(holding.text, holding.values)))
    if not gone:
        return []
    house = require_business_id()
    return [pk for (pk,) in rows(_LEAVE, [house, gone, now, house])]


def still_left(journeys: Collection[int]) -> int:
    """How many of these have left, and were not planned anew since."""
    if not journeys:
        return 0
    ((number,),) = rows(
        "SELECT count(*) FROM automations_journey WHERE business_id = %s AND id = ANY (%s) AND state = 'left'",
        [require_business_id(), sorted(journeys)],
    )
    return int(number)


def _planned(automation: Automation, start: Start, touched: Touched | None) -> list[int]:
    found = anything(
        "SELECT j.id FROM automations_journey j WHERE j.business_id = %s AND j.automation_id = %s"
        " AND j.state = 'planned'",
        require_business_id(),
        automation.pk,
    )
    if touched is not None:
        column, those = {
            Trigger.BEFORE_ARRIVAL: ("stay_id", touched.stays),
            Trigger.AFTER_DEPARTURE: ("stay_id", touched.stays),
            Trigger.INVOICE_DUE: ("invoice_id", touched.invoices),
        }.get(start.kind, ("customer_id", touched.guests))
        if not those:
            return []
        found = joined(found, anything(f"AND j.{column} = ANY (%s)", sorted(those)))
    return ids(found.text, found.values)
