"""When a campaign begins and when each message of it is due. Pure.

Clocks that go forward over an hour make it as much later (02:30 becomes 03:30); where they go back it is the first of
the two.
"""

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

EARLIEST = dt.timezone(dt.timedelta(hours=14))
"""Where a day begins first."""
EXPIRES_AFTER = dt.timedelta(days=2)
"""What was not sent so long after it was due is not sent at all."""
LATE_AFTER = dt.timedelta(hours=12)
"""A campaign that nobody began for so long (a machine was away, a backup was restored) asks before it begins."""


def moment_of(*, day: dt.date, hour: dt.time, zone: dt.tzinfo) -> dt.datetime:
    """A local time as a moment in UTC.

    >>> moment_of(day=dt.date(2026, 3, 29), hour=dt.time(2, 30), zone=ZoneInfo("Europe/Oslo")).isoformat()
    '2026-03-29T01:30:00+00:00'
    """
    return dt.datetime.combine(day, hour, zone).astimezone(dt.UTC)


def hours_read(told: Mapping[str, object]) -> dict[str, str]:
    """Times of their own for guests of some languages, as they are kept; those without a time are left out.

    Raises ``ValueError`` for what is no time.

    >>> hours_read({"nl": dt.time(9, 30), "da": "8:00", "nb": ""})
    {'nl': '09:30', 'da': '08:00'}
    """
    read = {}
    for language, told_time in told.items():
        hour = told_time
        if isinstance(hour, str) and hour.strip():
            hour = dt.datetime.strptime(hour.strip()[:5], "%H:%M").time()  # noqa: DTZ007 - a local time, of no zone
        if isinstance(hour, dt.time):
            read[language] = hour.strftime("%H:%M")
        elif hour not in ("", None):
            raise ValueError(str(told_time))
    return read


def hour_of(language: str, *, hours: Mapping[str, str], hour: dt.time | None) -> dt.time | None:
    """The local time for a guest of a language: its own, where it has one, else that of all."""
    own = hours.get(language)
    return dt.time.fromisoformat(own) if own else hour


def begins_at(
    *,
    timing: str,
    day: dt.date | None,
    hour: dt.time | None,
    zone: ZoneInfo,
    now: dt.datetime,
    hours: Mapping[str, str] | None = None,
) -> dt.datetime:
    """When a worker takes a campaign up: ``now``, at its moment, or when the first guest's day has come to that hour;
    with ``hours`` of some languages at the earliest of all.

    Raises ``ValueError`` for a day or hour that is missing.
    """
    if timing == "now":
        return now
    if day is None or hour is None:
        raise ValueError(timing)
    first = min([hour, *map(dt.time.fromisoformat, (hours or {}).values())])
    return max(now, moment_of(day=day, hour=first, zone=EARLIEST if timing == "morning" else zone))


def due_at(*, timing: str, day: dt.date | None, hour: dt.time | None, zone: ZoneInfo, now: dt.datetime) -> dt.datetime:
    """When a guest's message is due; ``zone`` is the guest's own for a campaign of their mornings, never before
    ``now``. Raises ``ValueError`` for a day or hour that is missing."""
    if timing == "now":
        return now
    if day is None or hour is None:
        raise ValueError(timing)
    return max(now, moment_of(day=day, hour=hour, zone=zone))
