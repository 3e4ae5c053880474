"""Definitions read from JSON: what is wrong is told part by part."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from automations.definition import (
    DefinitionError,
    Do,
    Rule,
    Start,
    Trigger,
    Until,
    Wait,
    anchored_at,
    definition_read,
    program_of,
    wait_until,
)  # fmt: skip

OSLO = ZoneInfo("Europe/Oslo")
TREE = {"match": "all", "rules": [{"field": "stays", "operator": "gte", "value": 1}]}


def made(*steps: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"trigger": {"kind": "birthday"}, "steps": list(steps), **values}


def problems(data: object, **how: bool) -> list[tuple[str, str]]:
    with pytest.raises(DefinitionError) as refused:
        definition_read(data, **how)
    return [(each.place, each.field) for each in refused.value.problems]


def test_a_definition_is_read_whole() -> None:
    found = definition_read(
        made(
            {"id": "a", "do": "wait", "wait": {"until": "weekday", "weekdays": [4, 0], "at": "09:30"}},
            {"id": "b", "do": "branch", "tree": TREE, "yes": [{"id": "c", "do": "sms", "template": 4}]},
            {"id": "d", "do": "task", "title": "Call"},
            entry={"rule": "after", "days": 300},
            exits=[{"kind": "booked"}],
            goal={"kind": "books"},
        )
    )
    assert (found.trigger.kind, found.trigger.at, found.entry.rule) == (Trigger.BIRTHDAY, dt.time(10), Rule.AFTER)
    assert [step.do for step in found.walk()] == [Do.WAIT, Do.BRANCH, Do.SMS, Do.TASK]
    assert found.steps[0].wait == Wait(Until.WEEKDAY, at=dt.time(9, 30), weekdays=(0, 4))
    assert found.trees == [TREE]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, [("", "")]),
        ({"steps": []}, [("", "")]),
        ({"trigger": {"kind": "never"}}, [("trigger", "kind")]),
        (made({"id": "a", "do": "email"}), [("a", "template")]),
        (made({"id": "a", "do": "only_if", "tree": {"match": "all", "rules": []}}), [("a", "tree")]),
        (made({"id": "a", "do": "stop"}, {"id": "a", "do": "stop"}), [("a", "id")]),
        (made({"id": "a", "do": "wait", "wait": {"until": "duration"}}), [("a", "days")]),
        (made({"id": "a", "do": "wait", "wait": {"until": "time"}}), [("a", "at")]),
        (made({"id": "a", "do": "wait", "wait": {"until": "date", "date": "2026-02-30"}}), [("", "")]),
        (made(entry={"rule": "after"}), [("entry", "days")]),
        (made(exits=[{"kind": "paid"}, {"kind": "tag_removed"}]), [("exits.1", "tag")]),
        (made(goal={"kind": "tagged"}), [("goal", "tag")]),
        ({"trigger": {"kind": "tag_added"}}, [("trigger", "tag")]),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(data: object, told: list[tuple[str, str]]) -> None:
    assert problems(data) == told


def test_what_is_not_chosen_yet_is_no_fault_of_a_draft() -> None:
    assert definition_read(made({"id": "a", "do": "email"}), whole=False).steps[0].template is None


def test_branches_have_a_depth_and_steps_a_number() -> None:
    step: dict[str, Any] = {"id": "e", "do": "stop"}
    for name in "dcba":
        step = {"id": name, "do": "branch", "tree": TREE, "yes": [step]}
    assert problems(made(step)) == [("", "steps")]
    many = [{"id": f"{n}", "do": "branch", "tree": TREE, "yes": [{"id": f"y{n}", "do": "stop"}]} for n in range(31)]
    assert problems(made(*many)) == [("", "steps")]


def test_a_program_goes_on_behind_its_branches() -> None:
    program = program_of(
        definition_read(
            made(
                {"id": "a", "do": "branch", "tree": TREE, "yes": [{"id": "b", "do": "stop"}], "no": []},
                {"id": "c", "do": "only_if", "tree": TREE},
                {"id": "d", "do": "task", "title": "Call"},
            )
        )
    )
    assert program.first == "a"
    assert (program.after("a", answer=True), program.after("a", answer=False)) == ("b", "c")
    assert (program.after("b"), program.after("c", answer=True), program.after("c", answer=False)) == ("", "d", "")
    assert program.after("d") == ""


@pytest.mark.parametrize(
    ("start", "anchor", "moment"),
    [
        (Start(Trigger.BEFORE_ARRIVAL, days=3), dt.date(2026, 7, 4), "2026-07-01T08:00"),
        (Start(Trigger.AFTER_DEPARTURE, days=1), dt.date(2026, 1, 31), "2026-02-01T09:00"),
        (Start(Trigger.AFTER_LAST_STAY, months=11), dt.date(2026, 3, 31), "2027-02-28T09:00"),
        (Start(Trigger.INVOICE_DUE, days=-2), dt.date(2026, 3, 1), "2026-02-27T09:00"),
        # The night the clock jumps from two to three, and the one it shows two twice.
        (Start(Trigger.BIRTHDAY, at=dt.time(2, 30)), dt.date(2026, 3, 29), "2026-03-29T01:00"),
        (Start(Trigger.BIRTHDAY, at=dt.time(2, 30)), dt.date(2026, 10, 25), "2026-10-25T00:30"),
    ],
)
def test_dates_come_at_their_local_time(start: Start, anchor: dt.date, moment: str) -> None:
    assert anchored_at(start, anchor, OSLO) == dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("waits", "until"),
    [
        (Wait(Until.DURATION, days=1, hours=2), "2026-03-29T11:00"),
        (Wait(Until.DURATION, hours=24), "2026-03-29T10:00"),
        (Wait(Until.TIME, at=dt.time(9)), "2026-03-29T07:00"),
        (Wait(Until.TIME, at=dt.time(12)), "2026-03-28T11:00"),
        (Wait(Until.WEEKDAY, at=dt.time(9), weekdays=(0,)), "2026-03-30T07:00"),
        (Wait(Until.WEEKDAY, at=dt.time(9), weekdays=(5,)), "2026-04-04T07:00"),
        (Wait(Until.DATE, date=dt.date(2026, 1, 1)), "2026-03-28T10:00"),
        (Wait(Until.DEPARTURE, days=1, at=dt.time(10)), "2026-04-02T08:00"),
        (Wait(Until.ARRIVAL, days=-3, at=dt.time(10)), "2026-03-28T10:00"),
    ],
)
def test_waits_end_when_they_say(waits: Wait, until: str) -> None:
    now = dt.datetime(2026, 3, 28, 10, 0, tzinfo=dt.UTC)
    found = wait_until(waits, now=now, zone=OSLO, arrival=dt.date(2026, 3, 30), departure=dt.date(2026, 4, 1))
    assert found == dt.datetime.fromisoformat(until).replace(tzinfo=dt.UTC)
