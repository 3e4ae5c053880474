"""The clock of a rehearsal, and the steps of a definition with what came of each."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from automations.definition import definition_read
from automations.models import DryRun
from automations.rehearsal.clock import COARSE, Clock, grain_for
from automations.rehearsal.selectors import counted_of
from messaging.gate.schedule import Hours
from tests.automations.houses import definition, wait

OSLO = ZoneInfo("Europe/Oslo")
TEN = dt.timedelta(minutes=10)


def at(clock: str, day: str = "2026-06-16") -> dt.datetime:
    """A moment on the clock of Oslo."""
    return dt.datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=OSLO)


def test_without_a_grain_every_moment_is_its_own() -> None:
    clock = Clock((OSLO,), Hours())
    assert clock.reach(at("12:00")) == at("12:00")


@pytest.mark.parametrize(
    ("moment", "reached"),
    [
        ("12:00", at("12:10")),
        ("20:55", at("20:59:59.999999")),
        ("21:00", at("21:10")),
        ("23:55", at("23:59:59.999999")),
        ("08:59", at("08:59:59.999999")),
        ("00:00", at("00:10")),
    ],
)
def test_the_clock_goes_beyond_no_moment_at_which_the_answer_changes(moment: str, reached: dt.datetime) -> None:
    assert Clock((OSLO,), Hours(), TEN).reach(at(moment)) == reached


def test_every_zone_has_its_own_evening() -> None:
    clock = Clock((OSLO, ZoneInfo("Europe/London")), Hours(), TEN)
    assert clock.reach(at("21:55")) == at("21:59:59.999999"), "21:00 in London"


def test_an_hour_that_repeats_itself_ends_nothing() -> None:
    clock = Clock((OSLO,), Hours(), TEN)
    first = dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    assert clock.reach(first) == first + TEN


def test_the_more_moments_the_coarser() -> None:
    start = at("00:00")
    several = [start + number * dt.timedelta(seconds=1) for number in range(10_001)]
    assert grain_for(several[:1_000]) == dt.timedelta(0)
    assert grain_for([start] * 5_000) == dt.timedelta(0), "one moment, however many begin then"
    assert grain_for(several[:1_001]) == TEN
    assert grain_for(several) == COARSE


def test_steps_stand_as_in_the_automation_each_with_what_came_of_it() -> None:
    tree = {"match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nb"]}]}
    found = definition_read(
        definition(
            wait(days=1),
            {
                "do": "branch",
                "tree": tree,
                "yes": [{"id": "y1", "do": "stop"}],
                "no": [{"id": "n1", **wait(days=2)}, {"id": "n2", "do": "stop"}],
            },
        )
    )
    run = DryRun(business_id=1, counts={"s1": {"done.": 3}, "n1": {"done.": 2}, "s2": {"yes.": 1, "no.": 2}})
    told = [(each.step.id, each.depth, each.branch, each.number) for each in counted_of(run, found)]
    assert told == [("s1", 0, "", 3), ("s2", 0, "", 3), ("y1", 1, "yes", 0), ("n1", 1, "no", 2), ("n2", 1, "", 0)]
    second = counted_of(run, found)[1]
    assert [(each.outcome, each.number) for each in second.told] == [("no", 2), ("yes", 1)]
