"""Dry runs and tries by API."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from automations.models import DryRun, DryRunStep, Journey
from automations.rehearsal.tasks import dry_run_carry_on
from customers.history.models import Todo
from tests.api.calling import Caller
from tests.automations.houses import automation_on, definition
from tests.cast import Cast
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
DAYS = {"first": "2026-05-01", "last": "2026-05-31"}


@pytest.fixture(autouse=True)
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Business and run of which workers were told."""
    found: list[tuple[int, ...]] = []
    monkeypatch.setattr(dry_run_carry_on, "delay", lambda *ids: found.append(ids))
    return found


def test_asked_for_and_read(
    caller: Caller, cast: Cast, nudged: list[tuple[int, ...]], django_capture_on_commit_callbacks: Any
) -> None:
    with business_scope(cast.fjordstuen.pk):
        made = automation_on({"do": "task", "title": "Call"})
        guest = CustomerFactory()
    path = f"automations/{made.pk}/dry-runs/"
    with django_capture_on_commit_callbacks(execute=True):
        run = caller.post(path, DAYS)
    assert (run.status, run.body["state"], run.body["counts"]) == (201, "waiting", {}), run.text
    assert nudged == [(cast.fjordstuen.pk, run.body["id"])]
    one = f"dry-runs/{run.body['id']}/"
    with business_scope(cast.fjordstuen.pk):
        kept = DryRun.objects.get()
        same = {"run": kept, "customer": guest, "journey": 1, "at": kept.created_at}
        DryRunStep.objects.create(outcome="left", reason="cancelled", **same)
        DryRunStep.objects.create(step="s1", outcome="done", sends_at=kept.created_at, **same)
    head, step = caller.get(f"{one}steps/").body["items"]
    assert (head["guest_id"], head["step"], head["outcome"]) == (guest.pk, "", "left")
    assert head["why"] and (step["why"], bool(step["sends_at"])) == ("", True)
    for asked in ("step=s1", "outcome=done", f"guest_id={guest.pk}&outcome=done"):
        assert caller.get(f"{one}steps/?{asked}").body["items"] == [step], asked
    assert caller.get(f"{one}steps/?reason=cancelled").body["items"] == [head]
    assert [each["id"] for each in caller.get(path).body["items"]] == [run.body["id"]]
    assert caller.delete(one).status == 204
    assert caller.get(one).status == caller.get(f"{one}steps/").status == caller.delete(one).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"first": "2026-05-01"}, "last"),
        ({"first": "2026-05-01", "last": "2026-04-30"}, "last"),
        ({"first": "2024-05-01", "last": "2026-04-30"}, "last"),
        ({**DAYS, "first": "May"}, "first"),
    ],
)
def test_days_that_cannot_be(caller: Caller, cast: Cast, body: dict[str, Any], field: str) -> None:
    with business_scope(cast.fjordstuen.pk):
        made = automation_on({"do": "stop"})
    answer = caller.post(f"automations/{made.pk}/dry-runs/", body)
    assert (answer.status, list(answer.errors)) == (422, [field])


def test_one_guest_is_sent_through_and_nothing_happens(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        made = automation_on({"do": "task", "title": "Call"}, trigger={"kind": "by_hand"})
        guest = CustomerFactory()
    tried = caller.post(f"automations/{made.pk}/try/", {"guest_id": guest.pk})
    assert tried.status == 200, tried.text
    assert (tried.body["guest_id"], tried.body["state"], tried.body["keeps_out"]) == (guest.pk, "done", "")
    assert [(each["step"], each["outcome"]) for each in tried.body["steps"]] == [("s1", "done")]
    assert list(caller.post(f"automations/{made.pk}/try/", {"guest_id": 2**40}).errors) == ["guest_id"]
    with business_scope(cast.fjordstuen.pk):
        assert not Journey.objects.exists() and not Todo.objects.exists()
        assert AuditEntry.objects.filter(action="guest.viewed", object_id=str(guest.pk)).exists()


def test_what_cannot_run_is_not_tried(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        made = automation_on({"do": "stop"}, trigger={"kind": "by_hand"})
        made.draft = {**definition(trigger={"kind": "by_hand"}), "steps": [{"id": "m", "do": "email"}]}
        made.save()
        guest = CustomerFactory()
    for path, body in (
        (f"automations/{made.pk}/try/", {"guest_id": guest.pk}),
        (f"automations/{made.pk}/dry-runs/", DAYS),
    ):
        assert list(caller.post(path, body).errors) == ["definition.m.template"]
