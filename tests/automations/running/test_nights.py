"""The two nights on which the clock is changed: every local time of them comes once, and only once."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from automations.definition import Until, Wait, moment_at
from automations.models import Journey, JourneyStep
from automations.running.going import RUNNING, Going
from automations.running.services import run_batch
from tests.automations.houses import automation_on, journey
from tests.cast import House
from tests.factories import CustomerFactory

ZONES = ("Europe/Oslo", "Europe/Copenhagen", "Europe/Amsterdam")
NIGHTS = (dt.date(2026, 3, 29), dt.date(2026, 10, 25))
MINUTE = dt.timedelta(minutes=1)
CLOCKS = [dt.time(minute // 60, minute % 60) for minute in range(24 * 60)][: 6 * 60]
"""Every minute from midnight to six."""


def going(zone: str, due_at: dt.datetime) -> Going:
    """A journey that comes to its wait."""
    return Going(
        pk=1, customer_id=1, version_id=1, occurrence="", stay_id=None, invoice_id=None, state=RUNNING, step="s1",
        waiting="", due_at=due_at, due_local="", zone=zone, number_done=0, began_at=due_at,
    )  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("night", NIGHTS)
def test_every_minute_of_the_night_comes_exactly_once(zone: str, night: dt.date) -> None:
    place = ZoneInfo(zone)
    evening = dt.datetime.combine(night - dt.timedelta(days=1), dt.time(20), place).astimezone(dt.UTC)
    morning = dt.datetime.combine(night, dt.time(8), place).astimezone(dt.UTC)
    waits = [(clock, going(zone, evening)) for clock in CLOCKS]
    for clock, each in waits:
        assert each.wait(Wait(Until.TIME, at=clock), None, now=evening)
        assert each.due_local == f"{night}T{clock:%H:%M}"
    ran: dict[dt.time, list[dt.datetime]] = {clock: [] for clock in CLOCKS}
    now = evening
    while now <= morning:
        for clock, each in waits:
            if not each.waiting or each.due_at > now:
                continue
            ran[clock].append(now)
            each.go("s2")
        now += MINUTE
    assert all(len(moments) == 1 for moments in ran.values())
    for clock, (moment,) in ran.items():
        shown = moment.astimezone(place).replace(tzinfo=None)
        jumped = moment_at(night, clock, place).astimezone(place).time() != clock
        assert shown == dt.datetime.combine(night, clock) or (jumped and shown.time() == dt.time(3))


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("night", NIGHTS)
def test_workers_do_each_step_of_the_night_once(fjordstuen: House, zone: str, night: dt.date) -> None:
    place = ZoneInfo(zone)
    evening = dt.datetime.combine(night - dt.timedelta(days=1), dt.time(20), place).astimezone(dt.UTC)
    clocks = ("00:00", "01:59", "02:00", "02:30", "02:59", "03:00", "04:15")
    made = {
        clock: automation_on(
            {"do": "wait", "wait": {"until": "time", "at": clock}},
            {"do": "task", "title": clock},
            name=clock,
            trigger={"kind": "by_hand"},
        )
        for clock in clocks
    }
    for each in made.values():
        journey(each, CustomerFactory(), due_at=evening, zone=zone)
    for minutes in range(0, 12 * 60 + 1, 15):
        run_batch(now=evening + minutes * MINUTE)
    assert set(Journey.objects.values_list("state", flat=True)) == {"done"}
    done = dict(JourneyStep.objects.filter(step="s2").values_list("automation__name", "at"))
    assert JourneyStep.objects.count() == 2 * len(clocks)
    for clock, at in done.items():
        due = moment_at(night, dt.time.fromisoformat(clock), place)
        assert dt.timedelta(0) <= at - due < 15 * MINUTE
