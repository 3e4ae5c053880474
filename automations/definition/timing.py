"""When things happen, on the clock of the place they happen at. Pure.

Two nights a year break a clock: a time that does not exist is the moment at which the clock jumps over it, a time that
there is twice is the first of the two (:mod:`messaging.gate.schedule`). So every local time comes once a day.
"""

import calendar
import datetime as dt

from automations.definition.model import ANCHORS, Start, Trigger, Until, Wait
from messaging.gate.schedule import at_local

_DAY = dt.timedelta(days=1)
_BEFORE = frozenset({Trigger.BEFORE_ARRIVAL, Trigger.BIRTHDAY})


def moment_at(day: dt.date, clock: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """The moment in UTC of a local time."""
    return at_local(day, clock, zone)


def months_later(day: dt.date, months: int) -> dt.date:
    """So many months later, or the last day of that month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def trigger_day(start: Start, anchor: dt.date) -> dt.date:
    """The day on which a trigger of dates comes, of the day it is counted from."""
    if start.kind in _BEFORE:
        return anchor - dt.timedelta(days=start.days)
    return months_later(anchor, start.months) + dt.timedelta(days=start.days)


def birthday_in(birth: dt.date, year: int) -> dt.date:
    """Somebody's birthday in a year; of those born on a leap day the 28th of February in other years."""
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        return dt.date(year, 2, 28)
    return birth.replace(year=year)


def anchored_at(start: Start, anchor: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The moment in UTC at which a trigger of dates comes."""
    return moment_at(trigger_day(start, anchor), start.at, zone)


def wait_until(
    wait: Wait,
    *,
    now: dt.datetime,
    zone: dt.tzinfo,
    arrival: dt.date | None = None,
    departure: dt.date | None = None,
) -> dt.datetime:
    """The moment in UTC until which a wait that begins ``now`` lasts; ``now`` for what has passed or has no day.

    Days are counted on the local calendar, hours and minutes on the clock that never jumps.
    """
    now = now.astimezone(dt.UTC)
    local = now.astimezone(zone)
    match wait.until:
        case Until.DURATION:
            moment = now
            if wait.days:
                moment = moment_at(local.date() + wait.days * _DAY, local.time().replace(fold=0), zone)
            moment += dt.timedelta(hours=wait.hours, minutes=wait.minutes)
        case Until.DATE if wait.date is not None:
            moment = moment_at(wait.date, wait.at or dt.time(0), zone)
        case Until.TIME if wait.at is not None:
            moment = _next(now, local.date(), wait.at, zone)
        case Until.WEEKDAY if wait.weekdays:
            moment = _next(now, local.date(), wait.at or dt.time(0), zone, frozenset(wait.weekdays))
        case _ if wait.until in ANCHORS:
            anchor = arrival if wait.until == Until.ARRIVAL else departure
            moment = now if anchor is None else moment_at(anchor + wait.days * _DAY, wait.at or dt.time(0), zone)
        case _:
            moment = now
    return max(now, moment)


def _next(
    now: dt.datetime, day: dt.date, clock: dt.time, zone: dt.tzinfo, weekdays: frozenset[int] = frozenset(range(7))
) -> dt.datetime:
    """The first moment from now on at which the clock shows a time, on one of these weekdays."""
    for days in range(15):
        on = day + days * _DAY
        if on.weekday() in weekdays and (moment := moment_at(on, clock, zone)) >= now:
            return moment
    raise AssertionError("unreachable")
