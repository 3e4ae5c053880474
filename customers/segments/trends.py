"""How the numbers of members went, of all segments at once."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import require_business_id
from customers.search.fetch_sql import rows
from customers.segments.models import Segment

DAYS = 30


class Trend(NamedTuple):
    """Members at the end of each day, today last, and how many more they are than at the first."""

    members: list[int]
    change: int


_MOVES = """
    SELECT segment_id, (entered_at AT TIME ZONE %(zone)s)::date AS day, count(*) FROM customers_segmentmember
    WHERE business_id = %(business)s AND segment_id = ANY (%(ids)s) AND entered_at >= %(start)s GROUP BY 1, 2
    UNION ALL
    SELECT segment_id, (left_at AT TIME ZONE %(zone)s)::date, -count(*) FROM customers_segmentmember
    WHERE business_id = %(business)s AND segment_id = ANY (%(ids)s) AND left_at >= %(start)s GROUP BY 1, 2
"""


def segment_trends(*, segments: Sequence[Segment], business: Business) -> dict[int, Trend]:
    """The last :data:`DAYS` days of each segment that has been counted, as far back as it goes.

    Told backwards from what the segments hold now, so that only who came or went is read.
    """
    today = timezone.localdate(timezone=business.zone)
    first = today - dt.timedelta(days=DAYS - 1)
    moves: dict[tuple[int, dt.date], int] = {}
    found = rows(
        _MOVES,
        {
            "zone": business.zone.key,
            "business": require_business_id(),
            "ids": [each.pk for each in segments],
            "start": dt.datetime.combine(first, dt.time.min, business.zone),
        },
    )
    for segment_id, day, number in found:
        moves[segment_id, day] = moves.get((segment_id, day), 0) + number
    trends = {}
    for segment in segments:
        if segment.members is None:
            continue
        begun = max(first, timezone.localdate(segment.created_at, business.zone))
        members, day = [segment.members], today
        while day > begun:
            members.append(members[-1] - moves.get((segment.pk, day), 0))
            day -= dt.timedelta(days=1)
        members.reverse()
        trends[segment.pk] = Trend(members, members[-1] - members[0])
    return trends
