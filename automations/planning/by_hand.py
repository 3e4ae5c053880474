"""Guests entered by hand, in one statement, with what became of each."""

from collections.abc import Sequence
from typing import Final

from accounts.tenancy import require_business_id
from automations.definition import Rule
from automations.planning.entering import ONCE, Gate
from automations.planning.pieces import anything, joined
from customers.filters import Sql
from customers.search.fetch_sql import rows

ALREADY: Final = "already"
_ASKED: Final = """
    WITH asked AS MATERIALIZED (
        SELECT o.customer_id, c.id IS NULL AS is_missing, c.is_restricted, c.is_deceased,
               EXISTS (SELECT FROM automations_journey j WHERE j.business_id = %s AND j.automation_id = %s
                       AND j.customer_id = o.customer_id AND (
                           j.state IN ('planned', 'running')
                           OR %s AND NOT (j.state = 'left' AND j.began_at IS NULL)
                           OR %s > 0 AND NOT (j.state = 'left' AND j.began_at IS NULL)
                              AND coalesce(j.began_at, j.created_at) > %s::timestamptz - make_interval(days => %s)
                       )) AS is_already,
               (SELECT count(*) FROM automations_journey j WHERE j.business_id = %s AND j.automation_id = %s
                AND j.customer_id = o.customer_id AND j.occurrence LIKE 'hand:%%') AS before
        FROM unnest(%s::bigint[]) AS o (customer_id)
        LEFT JOIN customers_customer c ON c.business_id = %s AND c.id = o.customer_id
    ), told AS MATERIALIZED (
        SELECT o.customer_id, o.before, CASE
            WHEN o.is_missing THEN 'missing'
            WHEN o.is_restricted THEN 'restricted'
            WHEN o.is_deceased THEN 'deceased'
            WHEN o.is_already THEN 'already'
"""
_INSERT: Final = """
            ELSE '' END AS reason
        FROM asked o
    ), made AS (
        INSERT INTO automations_journey AS kept (
            business_id, automation_id, version_id, customer_id, occurrence, state, reason, step, due_at, due_local,
            zone, number_done, created_at
        )
        SELECT %s, %s, %s, t.customer_id, CASE WHEN %s THEN %s ELSE 'hand:' || t.before + 1 END, 'running', '', '',
               %s::timestamptz, to_char(%s::timestamptz AT TIME ZONE b.time_zone, 'YYYY-MM-DD"T"HH24:MI'), b.time_zone,
               0, %s
        FROM told t JOIN accounts_business b ON b.id = %s WHERE t.reason = '' ORDER BY t.customer_id
        ON CONFLICT (business_id, automation_id, customer_id, occurrence) DO UPDATE SET
            version_id = excluded.version_id, stay_id = NULL, invoice_id = NULL, anchor = NULL, state = 'running',
            reason = '', step = '', due_at = excluded.due_at, due_local = excluded.due_local, zone = excluded.zone,
            ended_at = NULL
        WHERE kept.state = 'left' AND kept.began_at IS NULL
        RETURNING customer_id
    )
    SELECT CASE WHEN t.reason = '' AND m.customer_id IS NULL THEN 'already' ELSE t.reason END
    FROM told t LEFT JOIN made m ON m.customer_id = t.customer_id
"""


def hand_enter(gate: Gate, customer_ids: Sequence[int]) -> list[str]:
    """Why each of these guests did not enter, empty where one did."""
    house, automation, now = require_business_id(), gate.automation, gate.now
    entry = gate.definition.entry
    days = entry.days if entry.rule == Rule.AFTER else 0
    is_once = entry.rule == Rule.ONCE
    found = joined(
        anything(
            _ASKED, house, automation.pk, is_once, days, now, days, house, automation.pk, list(customer_ids), house
        ),
        _unmet(gate, house),
        anything(
            _INSERT, house, automation.pk, automation.current_id, is_once, ONCE, now, now, now, house
        ),
    )  # fmt: skip
    return [reason for (reason,) in rows(found.text, found.values)]


def _unmet(gate: Gate, house: int) -> Sql:
    """Who does not match the filter."""
    if gate.only is None:
        return Sql("", [])
    return joined(
        anything(
            "WHEN NOT EXISTS (SELECT FROM customers_customerfacts f"
            " WHERE f.business_id = %s AND f.customer_id = o.customer_id AND (",
            house,
        ),
        gate.only.on_rows(),
        ")) THEN 'only'",
    )
