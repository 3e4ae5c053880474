"""When nightly imports are due: by table over the nights when clocks change, and by what holds for every zone."""

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imports.feeds.clock import next_time

OSLO = "Europe/Oslo"


@pytest.mark.parametrize(
    ("description", "zone", "at", "after", "due"),
    [
        ("later the same day", OSLO, "03:00", "2026-01-10T00:00", "2026-01-10T02:00"),
        ("gone by: the next day", OSLO, "03:00", "2026-01-10T02:00", "2026-01-11T02:00"),
        ("a minute before", OSLO, "03:00", "2026-01-10T01:59", "2026-01-10T02:00"),
        ("local day is ahead of UTC", OSLO, "00:30", "2026-01-10T23:00", "2026-01-10T23:30"),
        ("summer time", OSLO, "03:00", "2026-07-10T00:00", "2026-07-10T01:00"),
        ("the hour that is left out: as much later", OSLO, "02:30", "2026-03-28T23:00", "2026-03-29T01:30"),
        ("and only once that night", OSLO, "02:30", "2026-03-29T01:30", "2026-03-30T00:30"),
        ("just before it", OSLO, "01:59", "2026-03-28T23:00", "2026-03-29T00:59"),
        ("just after it", OSLO, "03:00", "2026-03-28T23:00", "2026-03-29T01:00"),
        ("the hour that comes twice: the first of them", OSLO, "02:30", "2026-10-24T22:00", "2026-10-25T00:30"),
        ("and only once that night", OSLO, "02:30", "2026-10-25T00:30", "2026-10-26T01:30"),
        ("asked between the two", OSLO, "02:30", "2026-10-25T01:00", "2026-10-26T01:30"),
        ("after it", OSLO, "03:30", "2026-10-24T22:00", "2026-10-25T02:30"),
        ("half an hour of summer time", "Australia/Lord_Howe", "02:15", "2026-10-03T12:00", "2026-10-03T15:45"),
        ("midnight is left out", "America/Santiago", "00:00", "2026-09-05T12:00", "2026-09-06T04:00"),
        ("a day that was left out", "Pacific/Apia", "03:00", "2011-12-29T13:30", "2011-12-30T13:00"),
    ],
)
def test_the_night_has_one_time_whatever_the_clocks_do(
    description: str, zone: str, at: str, after: str, due: str
) -> None:
    moment = dt.datetime.fromisoformat(after).replace(tzinfo=dt.UTC)
    found = next_time(dt.time.fromisoformat(at), ZoneInfo(zone), moment)
    assert found.strftime("%Y-%m-%dT%H:%M") == due
    assert found.utcoffset() == dt.timedelta(0)


@given(
    st.sampled_from(sorted(available_timezones())),
    st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0)),
    st.integers(946_684_800, 2_051_222_400).map(lambda second: dt.datetime.fromtimestamp(second, dt.UTC)),
)
def test_every_day_has_one(zone: str, at: dt.time, after: dt.datetime) -> None:
    place = ZoneInfo(zone)
    first = next_time(at, place, after)
    second = next_time(at, place, first)
    assert after < first <= after + dt.timedelta(hours=49)
    assert first < second
    days = [moment.astimezone(place).date() for moment in (first, second)]
    # A time that was left out may be told as the day after by the clock on the wall.
    assert (days[1] - days[0]).days in (0, 1, 2)
    assert next_time(at, place, first - dt.timedelta(seconds=1)) == first
