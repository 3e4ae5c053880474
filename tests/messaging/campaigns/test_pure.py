"""When a campaign begins and is due, who is held out, and what a difference is worth: tables and laws."""

import datetime as dt
import math
import random
import statistics
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.campaigns.arms import is_held_out
from messaging.campaigns.timing import begins_at, due_at, hour_of, hours_read, moment_of
from messaging.campaigns.uplift import FEWEST, Sums, mean_difference, share_difference, wilson

OSLO, SYDNEY = ZoneInfo("Europe/Oslo"), ZoneInfo("Australia/Sydney")
NOW = dt.datetime(2026, 6, 16, 10, 0, tzinfo=dt.UTC)
DAY, NINE = dt.date(2026, 6, 18), dt.time(9)


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        (dt.date(2026, 1, 10), dt.time(9), "2026-01-10T08:00:00+00:00"),
        (dt.date(2026, 7, 10), dt.time(9), "2026-07-10T07:00:00+00:00"),
        (dt.date(2026, 3, 29), dt.time(2, 30), "2026-03-29T01:30:00+00:00"),
        (dt.date(2026, 10, 25), dt.time(2, 30), "2026-10-25T00:30:00+00:00"),
    ],
    ids=["winter", "summer", "an hour that is not", "an hour that is twice"],
)
def test_local_times_are_moments(day: dt.date, hour: dt.time, expected: str) -> None:
    assert moment_of(day=day, hour=hour, zone=OSLO).isoformat() == expected


def test_when_it_begins_and_is_due() -> None:
    assert begins_at(timing="now", day=None, hour=None, zone=OSLO, now=NOW) == NOW
    at_nine = dt.datetime(2026, 6, 18, 7, tzinfo=dt.UTC)
    assert begins_at(timing="moment", day=DAY, hour=NINE, zone=OSLO, now=NOW) == at_nine
    begun = begins_at(timing="morning", day=DAY, hour=NINE, zone=OSLO, now=NOW)
    for zone in (OSLO, SYDNEY, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")):
        due = due_at(timing="morning", day=DAY, hour=NINE, zone=zone, now=begun)
        assert due >= begun
        assert due.astimezone(zone).replace(tzinfo=None) == dt.datetime.combine(DAY, NINE)
    assert due_at(timing="moment", day=DAY, hour=NINE, zone=OSLO, now=at_nine + dt.timedelta(hours=2)) > at_nine
    for timing in ("moment", "morning"):
        with pytest.raises(ValueError, match=timing):
            begins_at(timing=timing, day=DAY, hour=None, zone=OSLO, now=NOW)
        with pytest.raises(ValueError, match=timing):
            due_at(timing=timing, day=None, hour=NINE, zone=OSLO, now=NOW)


def test_languages_have_times_of_their_own() -> None:
    hours = hours_read({"nl": dt.time(8, 30), "da": "21:15:00", "en": "", "nb": None})
    assert hours == {"nl": "08:30", "da": "21:15"}
    assert hour_of("nl", hours=hours, hour=NINE) == dt.time(8, 30)
    assert hour_of("en", hours=hours, hour=NINE) == NINE
    first = begins_at(timing="moment", day=DAY, hour=NINE, hours=hours, zone=OSLO, now=NOW)
    assert first == moment_of(day=DAY, hour=dt.time(8, 30), zone=OSLO), "it begins with the earliest"
    for wrong in ("nine", "25:00", 9):
        with pytest.raises(ValueError, match=r".+"):
            hours_read({"nl": wrong})


@given(campaign=st.integers(1, 2**60), guest=st.integers(1, 2**60), percent=st.integers(0, 50))
def test_a_guest_falls_the_same_way_each_time(campaign: int, guest: int, percent: int) -> None:
    held = is_held_out(campaign_id=campaign, customer_id=guest, percent=percent)
    assert held == is_held_out(campaign_id=campaign, customer_id=guest, percent=percent)
    assert not is_held_out(campaign_id=campaign, customer_id=guest, percent=0)
    if held:
        assert is_held_out(campaign_id=campaign, customer_id=guest, percent=50), "a larger share holds the same ones"


@pytest.mark.parametrize("percent", [5, 10, 50])
def test_as_many_are_held_out_as_was_said(percent: int) -> None:
    number = 20_000
    held = [is_held_out(campaign_id=3, customer_id=guest, percent=percent) for guest in range(number)]
    share = percent / 100
    assert abs(sum(held) / number - share) < 4 * math.sqrt(share * (1 - share) / number)
    other = [is_held_out(campaign_id=4, customer_id=guest, percent=percent) for guest in range(number)]
    both = sum(one and two for one, two in zip(held, other, strict=True)) / number
    assert abs(both - share * share) < 0.01, "another campaign draws others"


def test_a_difference_of_shares_is_newcombes() -> None:
    """Table II of the paper: 56/70 and 48/80; 9/10 and 3/10 (here on a hundredfold for the fewest)."""
    found = share_difference(56, 70, 48, 80)
    assert found is not None
    assert [round(each, 4) for each in (found.value, found.low, found.high)] == [0.2, 0.0524, 0.3339]
    assert found.is_clear
    none = share_difference(50, 100, 50, 100)
    assert none is not None
    assert (none.value, none.is_clear) == (0, False)
    assert share_difference(1, FEWEST - 1, 1, 1_000) is None
    assert share_difference(1, 1_000, 0, FEWEST - 1) is None


@given(hits=st.integers(0, 500), more=st.integers(0, 500))
def test_wilson_holds_its_share(hits: int, more: int) -> None:
    number = hits + more
    if number:
        low, high = wilson(hits, number)
        assert 0 <= low <= hits / number + 1e-12
        assert hits / number - 1e-12 <= high <= 1


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    """Two groups that book with 12 % and 8 %: how often the interval holds the four points between them."""
    chance = random.Random(7)
    held = 0
    for _turn in range(400):
        one = sum(chance.random() < 0.12 for _each in range(300))
        two = sum(chance.random() < 0.08 for _each in range(200))
        found = share_difference(one, 300, two, 200)
        assert found is not None
        held += found.low <= 0.04 <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_a_difference_of_means_is_welchs() -> None:
    one = [0.0] * 20 + [100.0, 250.0, 80.0] * 10
    two = [0.0] * 25 + [90.0] * 10
    found = mean_difference(Sums.of(one), Sums.of(two))
    assert found is not None
    error = math.sqrt(statistics.variance(one) / len(one) + statistics.variance(two) / len(two))
    assert found.value == pytest.approx(statistics.mean(one) - statistics.mean(two))
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * error, rel=1e-6)
    assert mean_difference(Sums.of(one), Sums.of(two[:10])) is None
    assert (Sums.of([]).mean, Sums.of([5.0]).variance_of_mean) == (0, 0)
