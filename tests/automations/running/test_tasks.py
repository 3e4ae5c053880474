"""Nudges and the sweep: who is told that there is something to plan or to run."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.tenancy import business_scope
from automations import tasks
from automations.models import Automation, Journey
from automations.planning.services import plan_business
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from tests.automations.houses import automation_on, journey
from tests.cast import Cast, House
from tests.factories import CustomerFactory, CustomerTagFactory, TagFactory

CALL: dict[str, Any] = {"do": "task", "title": "Call"}


class Told:
    """Whose tasks were asked for, in place of a broker."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.plan: list[int] = []
        self.run: list[int] = []
        monkeypatch.setattr(tasks.automations_plan, "delay", self.plan.append)
        monkeypatch.setattr(tasks.automations_run, "delay", self.run.append)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(monkeypatch)


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "number"), [("on", 1), ("paused", 0), ("off", 0), ("draft", 0)])
def test_an_act_on_guests_wakes_the_planner_where_something_is_on(
    fjordstuen: House, told: Told, state: str, number: int, django_capture_on_commit_callbacks: Any
) -> None:
    automation_on(CALL, state=state)
    with django_capture_on_commit_callbacks(execute=True), change_set(kind=ChangeSet.Kind.EDIT):
        CustomerFactory()
    assert set(told.plan) == ({fjordstuen.pk} if number else set())


@pytest.mark.django_db(transaction=True)
def test_the_sweep_finds_who_is_behind_and_who_is_due(transactional_cast: Cast, told: Told) -> None:
    fjord, other = transactional_cast.fjordstuen, transactional_cast.duinzicht
    with business_scope(fjord.pk):
        made = automation_on(CALL)
        later = timezone.now() + dt.timedelta(hours=1)
        one = journey(made, CustomerFactory(), due_at=later)
    told.plan.clear()
    tasks.automations_sweep()
    assert (told.plan, told.run) == ([fjord.pk], [])
    plan_business(business_id=fjord.pk)
    with business_scope(fjord.pk):
        Journey.objects.filter(pk=one.pk).update(due_at=timezone.now() - dt.timedelta(seconds=1))
    with business_scope(other.pk):
        journey(automation_on(CALL, state="paused"), CustomerFactory())
    told.plan.clear()
    tasks.automations_sweep()
    assert (told.plan, told.run) == ([], [fjord.pk])
    tasks.automations_run(fjord.pk)
    told.run.clear()
    tasks.automations_sweep()
    assert told.run == []


@pytest.mark.django_db(transaction=True)
def test_who_is_let_in_goes_on_at_once(transactional_cast: Cast, told: Told) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house), transaction.atomic():
        tag = TagFactory(name="Asked")
        automation_on(CALL, trigger={"kind": "tag_added", "tag": tag.pk})
    with business_scope(house):
        CustomerTagFactory(tag=tag)
    tasks.automations_plan(house)
    assert told.run == [house]
    tasks.automations_run(house)
    with business_scope(house):
        assert Automation.objects.get().journeys.get().state == "done"
