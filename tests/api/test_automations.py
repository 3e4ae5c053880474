"""Automations by API: made, changed, looked through, turned on and off."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from automations.api.fields import WELCOME
from automations.models import Automation, Journey
from tests.api.calling import Caller, caller_make
from tests.automations.houses import automation_on, journey
from tests.cast import Cast
from tests.factories import CustomerFactory, TagFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nudged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Businesses of which the planner was told."""
    found: list[int] = []
    monkeypatch.setattr("automations.tasks.automations_plan.delay", found.append)
    yield found


def tagged(tag: int | None = None) -> dict[str, Any]:
    step: dict[str, Any] = {"id": "tag", "do": "tag"}
    return {"trigger": {"kind": "by_hand"}, "steps": [step | ({"tag": tag} if tag else {})]}


def test_from_a_draft_to_its_end(
    caller: Caller, cast: Cast, nudged: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with business_scope(cast.fjordstuen.pk):
        tag = TagFactory().pk
    made = caller.post("automations/", {"name": "Greet", "definition": tagged()})
    assert made.status == 201, made.text
    told = {name: made.body[name] for name in ("state", "version", "current_number", "has_changes", "trouble")}
    assert told == {"state": "draft", "version": 1, "current_number": None, "has_changes": False, "trouble": ""}
    path = f"automations/{made.body['id']}/"
    refused = caller.post(f"{path}turn-on/", {})
    assert (refused.status, refused.errors) == (422, {"definition.tag.tag": "Choose a tag."})
    changed = caller.patch(path, {"definition": tagged(tag), "version": 1})
    assert (changed.body["version"], changed.body["definition"]) == (2, tagged(tag))
    stale = caller.patch(path, {"name": "x"}, if_match='"1"')
    assert (stale.status, stale.code, stale.body["current"]["version"]) == (409, "changed_meanwhile", 2)
    assert caller.post(f"{path}turn-on/", {}, if_match='"1"').code == "changed_meanwhile"
    with django_capture_on_commit_callbacks(execute=True):
        on = caller.post(f"{path}turn-on/", {"take_present": False}, if_match='"2"')
    assert (on.status, on.body["state"], on.body["current_number"]) == (200, "on", 1), on.text
    assert nudged == [cast.fjordstuen.pk]
    assert caller.post(f"{path}turn-on/", {}).code == "refused"
    assert caller.delete(path).code == "refused"
    again = caller.patch(path, {"definition": {**tagged(tag), "entry": {"rule": "once"}}})
    assert again.body["has_changes"]
    published = caller.post(f"{path}publish/").body
    assert (published["current_number"], published["has_changes"]) == (2, False)
    versions = caller.get(f"{path}versions/").body["items"]
    assert [(each["number"], each["is_current"]) for each in versions] == [(1, False), (2, True)]
    assert versions[0]["definition"] == tagged(tag)
    assert caller.post(f"{path}pause/").body["state"] == "paused"
    assert caller.post(f"{path}pause/").code == "refused"
    assert caller.post(f"{path}resume/").body["state"] == "on"
    assert caller.post(f"{path}turn-off/").body["state"] == "off"
    assert caller.post(f"{path}copy/", {"name": "Greet again"}).body["name"] == "Greet again"
    copied = caller.post(f"{path}copy/", {})
    assert (copied.status, copied.body["name"], copied.body["state"]) == (201, "Greet (copy)", "draft")
    assert [each["id"] for each in caller.get("automations/?state=off").body["items"]] == [made.body["id"]]
    assert caller.delete(path).status == 204
    assert caller.get(path).status == 404
    with business_scope(cast.fjordstuen.pk):
        assert AuditEntry.objects.filter(action="automation.on", actor="Booking system").count() == 1


def faulty(**values: Any) -> dict[str, Any]:
    return {**copy.deepcopy(WELCOME), **values}


@pytest.mark.parametrize(
    ("definition", "field"),
    [
        ([], "definition"),
        ({}, "definition"),
        (faulty(trigger={"kind": "never"}), "definition.trigger.kind"),
        (faulty(steps=[{"id": "a", "do": "dance"}]), "definition.a.do"),
        (faulty(steps=[{"id": "a", "do": "stop"}] * 2), "definition.a.id"),
        (faulty(steps=[{"id": "a", "do": "task", "title": "\x00"}]), "definition"),
        (faulty(steps=[{"id": "a", "do": "task", "title": "\ud800"}]), "definition"),
        (
            faulty(only={"deep": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}),
            "definition",
        ),
        (faulty(only={"long": "x" * 200_000}), "definition"),
    ],
)
def test_what_is_no_definition_is_not_kept(caller: Caller, definition: Any, field: str) -> None:
    answer = caller.post("automations/", {"name": "Greet", "definition": definition})
    assert (answer.status, list(answer.errors)) == (422, [field]), answer.text


def test_what_nests_without_end_is_refused(caller: Caller) -> None:
    step: dict[str, Any] = {"id": "a", "do": "stop"}
    for _each in range(150):
        step = {"id": "b", "do": "branch", "yes": [step]}
    answer = caller.post("automations/check/", {"definition": faulty(steps=[step])})
    assert (answer.status, list(answer.errors)) == (422, ["definition"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "definition": WELCOME}, "name"),
        ({"name": "x" * 81, "definition": WELCOME}, "name"),
        ({"name": "x"}, "definition"),
        ({"name": "x", "definition": WELCOME, "state": "on"}, "state"),
    ],
)
def test_what_cannot_be_names_its_field(caller: Caller, body: dict[str, Any], field: str) -> None:
    answer = caller.post("automations/", body)
    assert (answer.status, list(answer.errors)) == (422, [field])


def test_two_of_a_name(caller: Caller) -> None:
    body = {"name": "Greet", "definition": WELCOME}
    assert caller.post("automations/", body).status == 201
    assert list(caller.post("automations/", {**body, "name": "GREET"}).errors) == ["name"]


def test_a_definition_is_looked_through_and_not_kept(caller: Caller, cast: Cast) -> None:
    right = caller.post("automations/check/", {"definition": WELCOME})
    assert (right.status, right.body["problems"]) == (200, []), right.text
    lacking = caller.post("automations/check/", {"definition": tagged()}).body
    assert lacking == {"problems": [{"place": "tag", "field": "tag", "detail": "Choose a tag."}], "warnings": []}
    gone = caller.post("automations/check/", {"definition": tagged(2**40)}).body["problems"]
    assert [(each["place"], each["field"]) for each in gone] == [("tag", "tag")]
    waits = {**tagged(), "steps": [{"id": "w", "do": "wait", "wait": {"until": "duration", "days": 2}}]}
    doubts = caller.post("automations/check/", {"definition": waits}).body
    assert doubts["problems"] == [] and "It does nothing yet" in doubts["warnings"][0]["detail"]
    with business_scope(cast.fjordstuen.pk):
        assert not Automation.objects.exists()


def test_looking_through_needs_no_more_than_reading(cast: Cast) -> None:
    assert caller_make(cast.fjordstuen, ["read"]).post("automations/check/", {"definition": WELCOME}).status == 200


def test_recipes_are_told_and_made(caller: Caller) -> None:
    told = caller.get("automation-recipes/").body["items"]
    assert {"welcome", "birthday"} <= {each["code"] for each in told}
    assert caller.get("automation-recipes/", accept_language="nb").body["items"][0]["name"] != told[0]["name"]
    made = caller.post("automation-recipes/", {"recipe": "birthday"})
    assert (made.status, made.body["recipe"], made.body["state"]) == (201, "birthday", "draft"), made.text
    named = caller.post("automation-recipes/", {"recipe": "birthday", "name": "Hurra"})
    assert named.body["name"] == "Hurra"
    assert made.body["definition"] == named.body["definition"]
    assert caller.post(f"automations/{made.body['id']}/turn-on/", {}).body["state"] == "on"
    assert list(caller.post("automation-recipes/", {"recipe": "nothing"}).errors) == ["recipe"]


def test_guests_enter_by_hand(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guests = CustomerFactory.create_batch(2)
        restricted = CustomerFactory(is_restricted=True)
        made = automation_on({"do": "stop"}, trigger={"kind": "by_hand"}, entry={"rule": "once"})
    path = f"automations/{made.pk}/guests/"
    ids = [each.pk for each in (*guests, restricted)]
    entered = caller.post(path, {"guest_ids": ids})
    assert entered.status == 201, entered.text
    told = entered.body
    assert (told["entered"], told["already"]) == (2, 0)
    assert [(each["reason"], each["number"]) for each in told["refused"]] == [("restricted", 1)]
    assert caller.post(path, {"guest_ids": ids}).body["already"] == 2
    for nobody in ([], [guests[0].pk, 2**40]):
        assert list(caller.post(path, {"guest_ids": nobody}).errors) == ["guest_ids"]
    with business_scope(cast.fjordstuen.pk):
        assert Journey.objects.count() == 2


def test_a_key_that_may_not_read_gets_the_id_alone(cast: Cast) -> None:
    writer = caller_make(cast.fjordstuen, ["write"])
    made = writer.post("automations/", {"name": "Greet", "definition": WELCOME})
    assert set(made.body) == {"id", "version"}
    assert writer.get("automations/").code == "scope_missing"


def test_a_neighbours_automation_is_not_there(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = automation_on({"do": "stop"})
        journey(theirs, CustomerFactory())
    path = f"automations/{theirs.pk}/"
    for act in ("turn-on", "publish", "pause", "resume", "turn-off", "copy", "guests", "move", "dry-runs", "try"):
        assert caller.post(f"{path}{act}/", {}).status == 404, act
    for part in ("", "versions/", "counts/", "results/", "dry-runs/"):
        assert caller.get(path + part).status == 404, part
    assert caller.patch(path, {"name": "Mine"}).status == caller.delete(path).status == 404
    assert caller.get(f"journeys/?automation_id={theirs.pk}").body["items"] == []
