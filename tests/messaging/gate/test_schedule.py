"""Local times, and the hours in which messages go out, on ordinary days and in the two nights that break a clock."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.gate.schedule import Hours, at_local, next_day_opens, opens_at

OSLO = zoneinfo.ZoneInfo("Europe/Oslo")
ZONES = [zoneinfo.ZoneInfo(name) for name in ("Europe/Oslo", "America/St_Johns", "Australia/Lord_Howe", "Asia/Tokyo")]
DAY = Hours()


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2026-06-16", "09:00", "2026-06-16T07:00"),
        ("2026-01-16", "09:00", "2026-01-16T08:00"),
        # 29 March 2026: from 02:00 the clock jumps to 03:00, at 01:00 UTC.
        ("2026-03-29", "01:59", "2026-03-29T00:59"),
        ("2026-03-29", "02:00", "2026-03-29T01:00"),
        ("2026-03-29", "02:30", "2026-03-29T01:00"),
        ("2026-03-29", "03:00", "2026-03-29T01:00"),
        ("2026-03-29", "03:01", "2026-03-29T01:01"),
        # 25 October 2026: from 03:00 the clock goes back to 02:00, at 01:00 UTC.
        ("2026-10-25", "02:00", "2026-10-25T00:00"),
        ("2026-10-25", "02:30", "2026-10-25T00:30"),
        ("2026-10-25", "03:00", "2026-10-25T02:00"),
    ],
)
def test_a_local_time_is_one_moment(day: str, clock: str, expected: str) -> None:
    assert at_local(dt.date.fromisoformat(day), dt.time.fromisoformat(clock), OSLO) == utc(expected)


def test_a_jump_of_half_an_hour() -> None:
    """Lord Howe: on 4 October 2026 from 02:00 to 02:30, at 15:30 UTC of the day before."""
    zone = zoneinfo.ZoneInfo("Australia/Lord_Howe")
    assert at_local(dt.date(2026, 10, 4), dt.time(2, 15), zone) == utc("2026-10-03T15:30")


@pytest.mark.parametrize(
    ("what", "at", "hours", "expected"),
    [
        ("in the day", "2026-06-16T10:00", DAY, "2026-06-16T10:00"),
        ("the first moment", "2026-06-16T07:00", DAY, "2026-06-16T07:00"),
        ("early in the morning", "2026-06-16T03:00", DAY, "2026-06-16T07:00"),
        ("the last moment", "2026-06-16T18:59:59", DAY, "2026-06-16T18:59:59"),
        ("closing time", "2026-06-16T19:00", DAY, "2026-06-17T07:00"),
        ("the night to summer time", "2026-03-28T22:00", DAY, "2026-03-29T07:00"),
        ("the night to winter time", "2026-10-24T22:00", DAY, "2026-10-25T08:00"),
        ("opening in the gap", "2026-03-29T00:00", Hours(dt.time(2, 30), dt.time(21)), "2026-03-29T01:00"),
        ("opening twice, before", "2026-10-24T23:00", Hours(dt.time(2, 30), dt.time(21)), "2026-10-25T00:30"),
        ("opening twice, between", "2026-10-25T01:10", Hours(dt.time(2, 30), dt.time(21)), "2026-10-25T01:30"),
        ("open until midnight", "2026-06-16T21:59", Hours(dt.time(9), dt.time(0)), "2026-06-16T21:59"),
        ("past midnight", "2026-06-16T22:00", Hours(dt.time(9), dt.time(0)), "2026-06-17T07:00"),
        ("always", "2026-06-16T01:00", Hours(dt.time(0), dt.time(0)), "2026-06-16T01:00"),
    ],
)
def test_messages_wait_for_the_opening(what: str, at: str, hours: Hours, expected: str) -> None:
    assert opens_at(utc(at), OSLO, hours) == utc(expected), what


times = st.times(max_value=dt.time(23, 59)).map(lambda each: each.replace(second=0, microsecond=0))
_FIRST, _LAST = dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 31)  # noqa: DTZ001 - Hypothesis adds the zone
moments = st.datetimes(_FIRST, _LAST, timezones=st.just(dt.UTC))


@given(at=moments, zone=st.sampled_from(ZONES), opened=times, closed=times)
def test_the_opening_is_the_first_moment_within_the_hours(
    at: dt.datetime, zone: zoneinfo.ZoneInfo, opened: dt.time, closed: dt.time
) -> None:
    """Compared with a walk along the clock on the wall, minute by minute."""
    if closed != dt.time(0) and opened >= closed:
        opened, closed = closed, opened
    if opened == closed:
        return
    hours = Hours(opened, closed)
    found = opens_at(at, zone, hours)
    walked = at
    if not _open(walked, zone, hours):
        walked = at.replace(second=0, microsecond=0) + dt.timedelta(minutes=1)
        while not _open(walked, zone, hours):
            walked += dt.timedelta(minutes=1)
    skipped = _skips(walked, zone, hours)
    assert found == walked or (skipped and found < walked), (found, walked)
    if not skipped:
        assert _open(found, zone, hours)


def _open(at: dt.datetime, zone: zoneinfo.ZoneInfo, hours: Hours) -> bool:
    clock = at.astimezone(zone).time()
    return hours.open_from <= clock and (clock < hours.open_until or hours.open_until == dt.time(0))


def _skips(at: dt.datetime, zone: zoneinfo.ZoneInfo, hours: Hours) -> bool:
    """Whether a night before ``at`` jumps over all of the opening hours: then they are taken to be at the jump."""
    day = at.astimezone(zone).date()
    for back in range(3):
        local = dt.datetime.combine(day - dt.timedelta(days=back), hours.open_from, zone)
        if local.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            return True
    return False


@given(at=moments, zone=st.sampled_from(ZONES), opened=times)
def test_the_next_day_is_the_next_day(at: dt.datetime, zone: zoneinfo.ZoneInfo, opened: dt.time) -> None:
    found = next_day_opens(at, zone, Hours(opened, dt.time(0)))
    assert found.astimezone(zone).date() == at.astimezone(zone).date() + dt.timedelta(days=1)
    assert found > at
