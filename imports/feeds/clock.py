"""When a nightly import is due. Pure.

A time of day is the business's own. Where the clocks of its zone go forward over it, it is as much later as they go
forward (RFC 5545, 3.3.5): 02:30 becomes 03:30. Where they go back over it, it is the first of the two. So every night
has one, and only one.
"""

import datetime as dt
from zoneinfo import ZoneInfo


def next_time(at: dt.time, zone: ZoneInfo, after: dt.datetime) -> dt.datetime:
    """The next moment, in UTC, at which it is ``at`` in ``zone``: strictly later than ``after``, which has its zone."""
    day = after.astimezone(zone).date()
    # Yesterday's may still be to come: where a whole day is left out of the calendar, as Samoa did.
    moments = (_moment(day + dt.timedelta(days=offset), at, zone) for offset in (-1, 0, 1, 2))
    return min(moment for moment in moments if moment > after)


def _moment(day: dt.date, at: dt.time, zone: ZoneInfo) -> dt.datetime:
    # fold=0 takes the first of two, and of a time that is left out the offset that held before.
    return dt.datetime.combine(day, at.replace(fold=0, tzinfo=None), tzinfo=zone).astimezone(dt.UTC)
