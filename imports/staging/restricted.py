"""Cards whose data may only be stored: what a file would change on them is taken out of the plan again.

Their stays are written: the contract with the guest goes on.
"""

from typing import Final

from django.db.backends.utils import CursorWrapper

from imports.problems import Problem
from imports.staging.found import Resolved
from imports.staging.job import Job

_HELD: Final = (
    "UPDATE plan_card SET differs = false, renamed = false WHERE customer_id = ANY (%s) AND differs"
    " RETURNING customer_id",
    "DELETE FROM plan_contact WHERE customer_id = ANY (%s) RETURNING customer_id",
    "DELETE FROM plan_tag WHERE customer_id = ANY (%s) RETURNING customer_id",
    "DELETE FROM plan_field WHERE of = 'guest' AND row_id = ANY (%s) RETURNING row_id",
)


def restricted_cards(cursor: CursorWrapper, job: Job, known: list[int]) -> set[int]:
    """Which of the cards are restricted."""
    cursor.execute(
        "SELECT id FROM customers_customer WHERE business_id = %(business)s AND id = ANY (%(known)s) AND is_restricted",
        job.values() | {"known": known},
    )
    return {row[0] for row in cursor.fetchall()}


def hold_restricted(cursor: CursorWrapper, found: Resolved, restricted: set[int]) -> list[Problem]:
    """Take their changes out of the plan; a problem for each card that the file would have changed."""
    if not restricted:
        return []
    held: set[int] = set()
    for statement in _HELD:
        cursor.execute(statement, [sorted(restricted)])
        held |= {row[0] for row in cursor.fetchall()}
    lines: dict[int, int] = {}
    for guest in found.guests:
        lines.setdefault(found.card_of[guest.line], guest.line)
    return [Problem(lines[card], "", "", "restricted") for card in sorted(held)]
