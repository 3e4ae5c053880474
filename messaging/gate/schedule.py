"""Local times, and the hours in which messages go out. Pure.

Two nights a year break a clock. The rules: a time that does not exist is the moment at which the clock jumps over it; a
time that there is twice is the first of the two. Whether messages go out is read from the clock on the wall: where an
hour repeats itself, it is open or closed both times alike.
"""

import datetime as dt
import zoneinfo
from functools import cache
from typing import NamedTuple

_DAY = dt.timedelta(days=1)
_SECOND = dt.timedelta(seconds=1)


class Hours(NamedTuple):
    """When messages go out: from the first time to before the second, which as midnight is the end of the day."""

    open_from: dt.time = dt.time(9)
    open_until: dt.time = dt.time(21)

    def hold(self, clock: dt.time) -> bool:
        """Whether the clock on the wall shows one of these hours."""
        return self.open_from <= clock and (self.open_until == dt.time(0) or clock < self.open_until)


@cache
def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The zone of an IANA name. Raises ``zoneinfo.ZoneInfoNotFoundError``."""
    return zoneinfo.ZoneInfo(name)


def at_local(day: dt.date, clock: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The moment in UTC at which a place's clock shows ``clock`` on ``day``, by the rules above."""
    first = dt.datetime.combine(day, clock.replace(fold=0), zone).astimezone(dt.UTC)
    if first.astimezone(zone).replace(tzinfo=None) == dt.datetime.combine(day, clock.replace(fold=0)):
        return first
    return _jump(day, clock, zone)


def opens_at(at: dt.datetime, zone: dt.tzinfo, hours: Hours) -> dt.datetime:
    """The first moment from ``at`` on, in UTC, at which messages go out; ``at`` itself within the hours."""
    local = at.astimezone(zone)
    if hours.hold(local.time()):
        return at.astimezone(dt.UTC)
    for days in range(3):
        day = local.date() + days * _DAY
        for fold in (0, 1):
            # Where the opening time is there twice, whoever comes after the first waits for the second.
            moment = dt.datetime.combine(day, hours.open_from.replace(fold=fold), zone).astimezone(dt.UTC)
            if moment >= at and moment.astimezone(zone).replace(tzinfo=None, fold=0) == dt.datetime.combine(
                day, hours.open_from
            ):
                return moment
        moment = at_local(day, hours.open_from, zone)
        if moment >= at:
            return moment
    raise AssertionError("unreachable")


def next_day_opens(at: dt.datetime, zone: dt.tzinfo, hours: Hours) -> dt.datetime:
    """The opening of the local day after that of ``at``."""
    return at_local(at.astimezone(zone).date() + _DAY, hours.open_from, zone)


def _jump(day: dt.date, clock: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The moment at which the clock jumps over ``clock``: the offset's change between its two readings, to a second."""
    readings = sorted(dt.datetime.combine(day, clock.replace(fold=fold), zone).astimezone(dt.UTC) for fold in (0, 1))
    low, high = readings
    before = low.astimezone(zone).utcoffset()
    low, high = low.replace(microsecond=0), high.replace(microsecond=0) + _SECOND
    while high - low > _SECOND:
        middle = low + dt.timedelta(seconds=int((high - low).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
