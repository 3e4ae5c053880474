"""Steps added, moved and taken away; when each comes; what is likely not meant."""

import datetime as dt
from typing import Any

import pytest

from automations.building.course import Moment, course_of
from automations.building.editing import lines_of, part_set, step_added, step_moved, step_removed, step_set
from automations.building.warnings import WORDS, Facts, Letter, Other, warnings_of
from automations.definition import Do, definition_read
from tests.automations.houses import definition, wait

TODAY = dt.date(2026, 6, 16)
BRANCH: dict[str, Any] = {
    "do": "branch",
    "tree": {"version": 1, "rules": [{"field": "is_vip", "operator": "yes"}]},
    "yes": [{"id": "y1", "do": "stop"}],
}
MAIL = {"do": "email", "template": 1}
NEWS = Letter("News", "email", "newsletter", frozenset({"en", "nb"}))
STAY = Letter("Welcome", "email", "stay", frozenset({"en", "nb"}))
FACTS = Facts(TODAY, letters={1: STAY, 2: NEWS}, languages=["en", "nb"])


def ids(data: dict[str, Any]) -> list[str]:
    return [f"{line.row}/{line.pk}" if line.row else line.pk for line in lines_of(data)]


def codes(*steps: dict[str, Any], facts: Facts = FACTS, **values: Any) -> list[tuple[str, str]]:
    return [(each.code, each.place) for each in warnings_of(definition_read(definition(*steps, **values)), facts, pk=1)]


def test_a_step_is_added_at_the_end_of_a_row_with_an_id_of_its_own() -> None:
    data = definition(wait(days=2), BRANCH)
    changed, pk = step_added(data, Do.STOP)
    assert (ids(changed), pk) == (["s1", "s2", "s2.yes/y1", "s3"], "s3")
    changed, pk = step_added(changed, Do.WAIT, "s2.no")
    assert (ids(changed), pk) == (["s1", "s2", "s2.yes/y1", "s2.no/s4", "s3"], "s4")
    assert step_added(data, Do.STOP, "s1.yes")[1] == "", "that one is no branch"
    assert ids(data) == ["s1", "s2", "s2.yes/y1"], "what was given stays as it is"


def test_a_step_moves_down_through_the_arms_of_a_branch_and_up_again() -> None:
    data = definition(wait(days=2), BRANCH)
    seen = [ids(data)]
    for _each in range(5):
        data = step_moved(data, "s1", 1)
        seen.append(ids(data))
    assert seen == [
        ["s1", "s2", "s2.yes/y1"],
        ["s2", "s2.yes/s1", "s2.yes/y1"],
        ["s2", "s2.yes/y1", "s2.yes/s1"],
        ["s2", "s2.yes/y1", "s2.no/s1"],
        ["s2", "s2.yes/y1", "s1"],
        ["s2", "s2.yes/y1", "s1"],
    ]
    for expected in reversed(seen[:4]):
        data = step_moved(data, "s1", -1)
        assert ids(data) == expected


def test_a_step_goes_with_its_arms_and_the_focus_to_what_follows() -> None:
    data = definition(wait(days=2), BRANCH, {"do": "stop"})
    assert step_removed(data, "s2") == ({**data, "steps": [data["steps"][0], data["steps"][2]]}, "s3")
    assert step_removed(data, "s3")[1] == "s2"
    assert step_removed(data, "y1")[1] == "s2", "the last one of an arm leads to its branch"
    assert step_removed(data, "s9") == (data, "")


def test_a_step_is_set_and_keeps_its_place() -> None:
    data = definition(BRANCH, MAIL)
    changed = step_set(step_set(data, "s2", {"template": 7, "expires": None}), "s1", {"tree": None})
    assert changed["steps"][1] == {"id": "s2", "do": "email", "template": 7}
    assert changed["steps"][0] == {"id": "s1", "do": "branch", "yes": [{"id": "y1", "do": "stop"}]}


def test_parts_and_rules_of_leaving_are_set_and_taken_away() -> None:
    data = definition(MAIL)
    changed = part_set(part_set(data, "exits.0", {"kind": "paid"}), "exits.1", {"kind": "booked"})
    assert changed["exits"] == [{"kind": "paid"}, {"kind": "booked"}]
    changed = part_set(changed, "exits.0", None)
    assert part_set(changed, "exits.0", None) == data
    assert part_set(part_set(data, "goal", {"kind": "books"}), "goal", None) == data


def test_the_course_counts_days_and_knows_the_clock() -> None:
    steps = (
        MAIL,
        wait(days=2, hours=15),
        MAIL,
        wait(until="time", at="09:00"),
        MAIL,
        wait(until="arrival", days=-1, at="12:00"),
        MAIL,
    )
    course = course_of(definition_read(definition(*steps)))
    assert course["s1"] == Moment(0, dt.time(10))
    assert course["s3"] == Moment(3, dt.time(1)), "two days and fifteen hours after ten is in the night"
    assert course["s5"] == Moment(3, dt.time(9))
    assert course["s7"] == Moment(-1, dt.time(12), "arrival")


def test_the_longer_arm_says_when_it_goes_on() -> None:
    branch = {**BRANCH, "yes": [{"id": "w", **wait(days=4)}], "no": []}
    course = course_of(definition_read(definition(branch, MAIL)))
    assert course["s2"] == Moment(4, dt.time(10))


PURCHASE = {"kind": "purchase"}
TAGGED = {"kind": "tag_added", "tag": 5}
LATE = {"kind": "after_last_stay", "months": 11, "at": "23:00"}
CASES: list[tuple[str, str, tuple[dict[str, Any], ...], dict[str, Any]]] = [
    ("no_exit", "s2", (wait(days=1), MAIL), {}),
    ("no_exit_paid", "s2", (wait(days=1), MAIL), {"trigger": {"kind": "invoice_due"}}),
    ("no_exit_booked", "s2", (wait(days=1), MAIL), {"trigger": LATE}),
    ("no_cause", "s1", (MAIL,), {"trigger": PURCHASE}),
    ("loop_self", "s1", ({"do": "tag", "tag": 5},), {"trigger": TAGGED}),
    ("loop_self", "s1", (MAIL,), {"trigger": {"kind": "message_opened"}}),
    ("passed", "s1", (wait(until="arrival"), MAIL), {"trigger": {"kind": "checked_out"}}),
    ("passed", "s2", (wait(days=3), wait(until="arrival", days=-2), MAIL), {}),
    ("after_arrival", "s2", (wait(days=4), MAIL), {}),
    ("quiet", "s1", ({"do": "email", "template": 2},), {"trigger": LATE}),
    ("unreachable", "s2", ({"do": "stop"}, MAIL), {}),
    ("past_date", "s1", (wait(until="date", date="2026-01-01"), MAIL), {}),
    ("goal_never", "goal", ({"do": "tag", "tag": 5},), {"goal": {"kind": "answers"}}),
    ("goal_never", "goal", (MAIL,), {"goal": {"kind": "pays"}}),
    ("goal_self", "goal", ({"do": "tag", "tag": 5},), {"goal": {"kind": "tagged", "tag": 5}}),
    ("once_stay", "entry", (MAIL,), {"entry": {"rule": "once"}}),
    ("nothing", "", (wait(days=1),), {}),
]


@pytest.mark.parametrize(("code", "place", "steps", "values"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_what_is_likely_not_meant_is_said(code: str, place: str, steps: Any, values: Any) -> None:
    facts = Facts(TODAY, FACTS.letters, (), FACTS.languages, opens=dt.time(9), closes=dt.time(21))
    assert (code, place) in codes(*steps, facts=facts, **values)
    assert code in WORDS


def test_an_automation_as_it_should_be_is_not_doubted() -> None:
    assert codes(MAIL, exits=[{"kind": "cancelled"}]) == []
    both = definition(wait(days=2), {"do": "stop"})["steps"]
    branch = {**BRANCH, "yes": [{**both[1], "id": "y"}], "no": []}
    assert codes(branch, MAIL, exits=[{"kind": "cancelled"}]) == [], "one of two ways goes on"


def test_a_wait_of_no_time_is_said_of_a_draft() -> None:
    draft = definition_read(
        {"trigger": PURCHASE, "steps": [{"id": "s1", "do": "wait", "wait": {"until": "duration"}}]}, whole=False
    )
    assert ("wait_zero", "s1") in [(each.code, each.place) for each in warnings_of(draft, FACTS)]


def test_messages_need_a_way_a_language_and_guests_who_may_get_them() -> None:
    news = Letter("News", "email", "newsletter", frozenset({"en"}), share=0.03)
    facts = Facts(TODAY, letters={2: news}, languages=["en", "nl"], channels=frozenset())
    found = codes(
        {"do": "email", "template": 2}, {"do": "sms", "template": 9}, facts=facts, trigger={"kind": "by_hand"}
    )
    assert found == [("no_email", "s1"), ("no_basis", "s1"), ("languages", "s1"), ("no_sms", "s2")]


def other(*steps: dict[str, Any], pk: int = 2, **values: Any) -> Other:
    return Other(pk, f"Other {pk}", definition_read(definition(*steps, **values)))


def test_a_loop_by_way_of_others_names_them() -> None:
    back = other({"do": "tag", "tag": 5}, trigger={"kind": "tag_added", "tag": 6})
    facts = Facts(TODAY, others=[back])
    adds = {"do": "tag", "tag": 6}
    (doubt,) = warnings_of(definition_read(definition(adds, trigger=TAGGED)), facts, pk=1)
    assert (doubt.code, doubt.place, doubt.params["names"]) == ("loop", "s1", "“Other 2”")
    assert codes(adds, facts=facts, trigger=TAGGED, entry={"rule": "once"}) == [], "once a guest it ends"


def test_two_that_write_about_the_same_at_the_same_time_are_in_conflict() -> None:
    thanks = other({"do": "email", "template": 1}, trigger={"kind": "after_departure", "days": 1})
    facts = Facts(TODAY, letters={1: STAY, 3: STAY, 2: NEWS}, others=[thanks])
    mine = {"do": "email", "template": 3}
    assert codes(wait(days=1), mine, facts=facts, trigger={"kind": "checked_out"}) == [("conflict", "s2")]
    assert codes(wait(days=4), mine, facts=facts, trigger={"kind": "checked_out"}) == []
    alone = Facts(TODAY, letters=facts.letters, others=[Other(1, "Itself", thanks.definition)])
    assert codes(mine, facts=alone, trigger={"kind": "after_departure", "days": 1}) == []
