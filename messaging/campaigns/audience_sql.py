"""Whom a campaign goes to, in sets: fixed when it begins, taken up in batches, given back when it pauses."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from accounts.tenancy import require_business_id
from customers.filters import Sql
from customers.search.fetch_sql import ids, rows, scanning
from messaging.campaigns.models import CampaignGuest
from messaging.outbox.models import Message

_GUESTS = CampaignGuest._meta.db_table
_MESSAGES = Message._meta.db_table


def audience_fix(*, campaign_id: int, matching: Sql) -> int:
    """Note every guest that ``matching`` selects; whoever is noted already stays as they are. Returns how many are."""
    house = require_business_id()
    with scanning(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_GUESTS} (business_id, campaign_id, customer_id, arm, reason)"
            f" SELECT %s, %s, m.customer_id, 'waiting', '' FROM ({matching.text}) AS m (customer_id)"
            " ORDER BY m.customer_id ON CONFLICT DO NOTHING",
            [house, campaign_id, *matching.values],
        )
    ((number,),) = rows(
        f"SELECT count(*) FROM {_GUESTS} WHERE business_id = %s AND campaign_id = %s", [house, campaign_id]
    )
    return int(number)


def waiting_taken(*, campaign_id: int, after: int, most: int) -> list[int]:
    """The next guests beyond ``after`` that nothing has been decided for, by their ids; locked until the transaction
    ends. Read along the primary key from there on: the same whatever the planner expects of a new campaign."""
    return ids(
        f"SELECT customer_id FROM {_GUESTS} WHERE business_id = %s AND campaign_id = %s AND customer_id > %s"
        " AND arm = 'waiting' ORDER BY customer_id LIMIT %s FOR UPDATE",
        [require_business_id(), campaign_id, after, most],
    )


def arms_write(*, campaign_id: int, arms: Mapping[int, tuple[str, str, int | None]]) -> None:
    """Keep what was decided: ``(arm, reason, message)`` by guest.

    Each row finds its values by halving, and not by a join: of a campaign that is new to its statistics a planner
    expects one row, and compares every guest with every other.
    """
    guests = sorted(arms)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_GUESTS} SET arm = (%(arms)s::text[])[width_bucket(customer_id, %(guests)s::bigint[])],"
            " reason = (%(reasons)s::text[])[width_bucket(customer_id, %(guests)s::bigint[])],"
            " message_id = (%(messages)s::bigint[])[width_bucket(customer_id, %(guests)s::bigint[])],"
            " decided_at = now()"
            " WHERE business_id = %(business)s AND campaign_id = %(campaign)s"
            " AND customer_id = ANY (%(guests)s::bigint[])",
            {
                "guests": guests,
                "arms": [str(arms[guest][0]) for guest in guests],
                "reasons": [arms[guest][1] for guest in guests],
                "messages": [arms[guest][2] for guest in guests],
                "business": require_business_id(),
                "campaign": campaign_id,
            },
        )


def arms_settle(*, campaign_id: int) -> int:
    """Whoever was to get it and whose message was not sent after all is excluded, with the message's reason.

    The gate looks again when a message is sent: a guest who has opted out since gets none. Returns how many they are.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_GUESTS} g SET arm = 'excluded', reason = m.reason FROM {_MESSAGES} m"
            " WHERE g.business_id = %s AND g.campaign_id = %s AND g.arm = 'sent'"
            " AND m.business_id = g.business_id AND m.id = g.message_id AND m.origin = 'campaign'"
            " AND m.origin_id = g.campaign_id AND m.state = 'skipped'",
            [require_business_id(), campaign_id],
        )
        return int(cursor.rowcount)


def waiting_exclude(*, campaign_id: int, reason: str) -> int:
    """Nobody who still waits gets it. Returns how many they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_GUESTS} SET arm = 'excluded', reason = %s, decided_at = now()"
            " WHERE business_id = %s AND campaign_id = %s AND arm = 'waiting'",
            [reason, require_business_id(), campaign_id],
        )
        return int(cursor.rowcount)


def is_underway(*, campaign_id: int) -> bool:
    """Whether a message of it still waits in the outbox or is being sent."""
    found = rows(
        f"SELECT 1 FROM {_MESSAGES} WHERE business_id = %s AND origin = 'campaign' AND origin_id = %s"
        " AND state IN ('planned', 'claimed') LIMIT 1",
        [require_business_id(), campaign_id],
    )
    return bool(found)


def arms_counted(*, campaign_id: int) -> list[tuple[str, str, int]]:
    """How many guests by ``(arm, reason)``."""
    found: list[tuple[Any, ...]] = rows(
        f"SELECT arm, reason, count(*) FROM {_GUESTS} WHERE business_id = %s AND campaign_id = %s GROUP BY 1, 2",
        [require_business_id(), campaign_id],
    )
    return [(arm, reason, int(number)) for arm, reason, number in found]


def states_counted(*, campaign_id: int) -> dict[str, int]:
    """How many messages by state."""
    found = rows(
        f"SELECT state, count(*) FROM {_MESSAGES} WHERE business_id = %s AND origin = 'campaign' AND origin_id = %s"
        " GROUP BY 1",
        [require_business_id(), campaign_id],
    )
    return {state: int(number) for state, number in found}
