"""What is still to come for one guest, and when."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from automations.definition import definition_read
from automations.watching.ahead import Ahead, Stands, ahead_of, next_of
from tests.automations.houses import definition, wait

OSLO = ZoneInfo("Europe/Oslo")
NOW = dt.datetime(2026, 6, 16, 8, 0, tzinfo=dt.UTC)
TAG = {"do": "tag", "tag": 1}
MAIL = {"do": "email", "template": 1}
TREE = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]}


def seen(*steps: dict[str, Any], skipped: frozenset[str] = frozenset(), **stands: Any) -> list[Ahead]:
    told = {"step": "", "waiting": "", "due_at": NOW, "zone": OSLO, **stands}
    return ahead_of(definition_read(definition(*steps)), Stands(**told), skipped)


def days(ahead: list[Ahead]) -> list[float | None]:
    return [(each.at - NOW) / dt.timedelta(days=1) if each.at else None for each in ahead]


def test_waits_put_off_what_follows() -> None:
    ahead = seen(TAG, wait(days=2), MAIL, wait(hours=12), TAG)
    assert days(ahead) == [0, 0, 2, 2, 2.5]
    assert [each.is_now for each in ahead] == [True, False, False, False, False]
    found = next_of(ahead)
    assert found is not None
    assert found.step.id == "s1"


def test_a_wait_that_has_begun_ends_when_it_was_said() -> None:
    ahead = seen(TAG, wait(days=9), MAIL, step="s2", waiting="s2", due_at=NOW + dt.timedelta(days=4))
    assert [each.step.id for each in ahead] == ["s2", "s3"]
    assert ahead[0].until == NOW + dt.timedelta(days=4)
    found = next_of(ahead)
    assert found is not None
    assert (found.step.id, found.at) == ("s3", NOW + dt.timedelta(days=4))


def test_a_wait_for_the_stay_follows_the_stay() -> None:
    before = {"do": "wait", "wait": {"until": "arrival", "days": -1, "at": "10:00"}}
    ahead = seen(before, MAIL, step="s1", waiting="s1", due_at=NOW, arrival=dt.date(2026, 6, 20))
    assert ahead[1].at == dt.datetime(2026, 6, 19, 8, 0, tzinfo=dt.UTC)


def test_behind_a_condition_nothing_is_sure() -> None:
    ahead = seen(TAG, {"do": "only_if", "tree": TREE}, MAIL)
    assert [each.is_maybe for each in ahead] == [False, False, True]


def test_both_ways_of_a_branch_are_told() -> None:
    branch = {"do": "branch", "tree": TREE, "yes": [{"id": "y1", **wait(days=1)}, {"id": "y2", **MAIL}], "no": []}
    ahead = seen(branch, TAG)
    assert [(each.step.id, each.arm, each.depth) for each in ahead] == [
        ("s1", "", 0), ("y1", "yes", 1), ("y2", "yes", 1), ("s2", "", 0),
    ]  # fmt: skip
    assert days(ahead) == [0, 0, 1, None]
    assert not ahead[-1].is_maybe


def test_from_within_a_branch_it_goes_on_behind_it() -> None:
    branch = {"do": "branch", "tree": TREE, "yes": [{"id": "y1", **MAIL}], "no": [{"id": "n1", **TAG}]}
    assert [each.step.id for each in seen(branch, TAG, step="y1")] == ["y1", "s2"]


def test_after_a_stop_nothing_comes() -> None:
    assert [each.step.id for each in seen(TAG, {"do": "stop"}, MAIL)] == ["s1", "s2"]


def test_skipped_steps_and_unknown_places_are_left_out() -> None:
    assert [each.step.id for each in seen(TAG, MAIL, skipped=frozenset({"s1"}))] == ["s2"]
    assert seen(TAG, step="gone") == []
    assert next_of([]) is None
