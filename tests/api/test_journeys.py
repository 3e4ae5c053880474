"""Journeys by API: listed, read, stopped, a step skipped, moved to what runs now."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from automations.models import Automation, AutomationVersion, Journey, JourneyStep
from dedup.merging.services import merge
from tests.api.calling import Caller
from tests.automations.houses import automation_on, definition, journey, wait
from tests.cast import Cast
from tests.factories import CustomerFactory, StayFactory

pytestmark = pytest.mark.django_db
STEPS = (wait(days=2), {"do": "task", "title": "Call"})


def test_listed_and_read_with_their_steps(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest, other = CustomerFactory.create_batch(2)
        made = automation_on(*STEPS)
        way = journey(made, guest, stay=StayFactory(), step="s2")
        ended = journey(made, other)
        Journey.objects.filter(pk=ended.pk).update(state="done", due_at=None, ended_at=timezone.now())
        JourneyStep.objects.create(
            automation=made, customer=guest, journey_id=way.pk, step="s1", outcome="done", due_at=timezone.now()
        )
    both = caller.get(f"journeys/?automation_id={made.pk}").body["items"]
    assert [each["guest_id"] for each in both] == [guest.pk, other.pk]
    for asked in (f"guest_id={guest.pk}", "state=running", "step=s2"):
        assert [each["id"] for each in caller.get(f"journeys/?{asked}").body["items"]] == [way.pk], asked
    read = caller.get(f"journeys/{way.pk}/").body
    assert (read["number"], read["state"], read["step"], read["why"]) == (1, "running", "s2", "")
    assert [(each["step"], each["outcome"]) for each in read["steps"]] == [("s1", "done")]
    page = caller.get("journeys/?limit=1").body
    assert caller.get(page["next"].partition("/api/v1/b/fjordstuen/")[2]).body["items"][0]["guest_id"] == other.pk


def test_a_merged_guests_are_those_of_the_card_that_carries_on(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk, cast.fjordstuen.owner.pk):
        stays, goes = CustomerFactory.create_batch(2)
        way = journey(automation_on(*STEPS), goes)
        merge(customer_ids=[stays.pk, goes.pk], survivor_id=stays.pk)
    for asked in (stays.pk, goes.pk):
        listed = caller.get(f"journeys/?guest_id={asked}").body["items"]
        assert [(each["id"], each["guest_id"]) for each in listed] == [(way.pk, stays.pk)]


def test_one_is_stopped(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        way = journey(automation_on(*STEPS), CustomerFactory(), step="s1")
    stopped = caller.post(f"journeys/{way.pk}/stop/").body
    assert (stopped["state"], stopped["due_at"]) == ("stopped", None)
    assert stopped["why"]
    assert caller.post(f"journeys/{way.pk}/stop/").code == "refused"
    assert caller.post(f"journeys/{way.pk}/skip/", {}).code == "refused"


def test_a_step_is_skipped(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        later = timezone.now() + dt.timedelta(days=2)
        way = journey(automation_on(*STEPS), CustomerFactory(), step="s1", due_at=later)
    skipped = caller.post(f"journeys/{way.pk}/skip/", {}).body
    assert skipped["step"] == "s2"
    assert [(each["step"], each["outcome"]) for each in skipped["steps"]] == [("s1", "skipped")]


def test_older_ones_are_moved(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        made = automation_on(*STEPS)
        way = journey(made, CustomerFactory(), step="s2")
        said = definition({"id": "s2", "do": "task", "title": "Write"})
        version = AutomationVersion.objects.create(automation=made, number=2, definition=said)
        Automation.objects.filter(pk=made.pk).update(current=version, draft=said)
    assert caller.post(f"automations/{made.pk}/move/").body == {"moved": 1}
    assert caller.get(f"journeys/{way.pk}/").body["number"] == 2


def test_what_comes_next_for_a_guest(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        way = journey(automation_on(*STEPS, name="Greet"), guest, step="s2")
    (step,) = caller.get(f"guests/{guest.pk}/next-steps/").body["items"]
    assert (step["journey_id"], step["automation"], step["step"]) == (way.pk, "Greet", "s2")
    assert caller.get(f"guests/{2**40}/next-steps/").status == 404


def test_a_neighbours_journey_is_not_there(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        way = journey(automation_on(*STEPS), CustomerFactory(), step="s1")
    path = f"journeys/{way.pk}/"
    assert [
        answer.status for answer in (caller.get(path), caller.post(f"{path}stop/"), caller.post(f"{path}skip/", {}))
    ] == [
        404,
        404,
        404,
    ]
    with business_scope(cast.duinzicht.pk):
        assert Journey.objects.get().state == "running"
