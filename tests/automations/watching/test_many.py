"""Start and stop automations for many guests, and take that back."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from automations.models import Automation, Journey, JourneyStep
from automations.running.services import run_batch
from automations.tasks import automations_run
from customers.bulk.models import BulkRun
from customers.bulk.registry import ValuesRefused, action_get
from customers.bulk.selection import Selection, guests_preview
from customers.bulk.services import bulk_start
from customers.changes.services import change_set_undo
from messaging.outbox.models import Message
from tests.automations.houses import automation_on, journey, wait
from tests.cast import House
from tests.factories import CustomerFactory
from tests.messaging.campaigns.houses import letter, signed_in

pytestmark = pytest.mark.django_db
TASK = {"do": "task", "title": "Call"}
DUTCH = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]}


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automations_run, "delay", lambda business_id: None)


def done(house: House, key: str, made: Automation, *guests: Any) -> BulkRun:
    return bulk_start(
        business=house.business,
        action=key,
        values={"automation": str(made.pk)},
        ids=[each.pk for each in guests],
        member=house.marketing,
    )


def states() -> list[tuple[str, str]]:
    return sorted(Journey.objects.values_list("state", "reason"))


def test_guests_begin_and_others_are_told_why_not(fjordstuen: House) -> None:
    made = automation_on(wait(days=1), only=DUTCH)
    goes, twice = (CustomerFactory(language="nl") for _each in range(2))
    late, other = CustomerFactory(language="nl", is_deceased=True), CustomerFactory(language="nl", is_restricted=True)
    german = CustomerFactory(language="de")
    journey(made, twice)
    run = done(fjordstuen, "automation_add", made, goes, twice, late, other, german)
    assert (run.state, run.changed) == ("done", 1)
    assert run.skipped == {"already": 1, "deceased": 1, "restricted": 1, "only": 1}
    begun = Journey.objects.get(customer=goes)
    assert (begun.state, begun.occurrence, begun.bulk_id) == ("running", "hand:1", run.change_set.pk)
    action = action_get("automation_add")
    assert action is not None
    asked = action.read({"automation": str(made.pk)})
    found = guests_preview(action=action, values=asked.values, selection=Selection(), business=fjordstuen.business)
    assert (found.wanted, found.left) == (0, {"already": 2, "deceased": 1, "restricted": 1, "only": 1})


def test_one_that_is_not_on_cannot_be_started(fjordstuen: House) -> None:
    for made in (automation_on(TASK, state="paused"), Automation(pk=2**62)):
        with pytest.raises(ValuesRefused):
            done(fjordstuen, "automation_add", made, CustomerFactory())


def test_undoing_a_start_ends_those_who_got_nothing(fjordstuen: House) -> None:
    made = automation_on(TASK, wait(days=1))
    first, second = CustomerFactory(), CustomerFactory()
    run = done(fjordstuen, "automation_add", made, first, second)
    told = Journey.objects.get(customer=first)
    message = Message.objects.create(
        key="a", channel="email", purpose="stay", customer=first, origin="automation", origin_id=made.pk,
        template_text=letter().texts.get(), due_at=timezone.now(), zone="Europe/Oslo", state="sent",
        sent_at=timezone.now(), attempted_at=timezone.now(),
    )  # fmt: skip
    JourneyStep.objects.create(
        automation=made, customer=first, journey_id=told.pk, step="s0", outcome="done", due_at=timezone.now(),
        message_id=message.pk,
    )  # fmt: skip
    undo, outcome = change_set_undo(change_set_id=run.change_set.pk, member=fjordstuen.marketing)
    assert (outcome.reverted, outcome.kept) == (1, 1)
    assert states() == [("running", ""), ("stopped", "undone")]
    change_set_undo(change_set_id=undo.pk, member=fjordstuen.marketing)
    assert states() == [("running", ""), ("running", "")]
    run_batch(now=timezone.now())
    assert JourneyStep.objects.filter(step="s1", outcome="done").count() == 2


def test_undoing_a_stop_lets_them_go_on_where_they_stood(fjordstuen: House) -> None:
    made = automation_on(wait(days=1), TASK)
    guest, planned, other = CustomerFactory(), CustomerFactory(), CustomerFactory()
    going = journey(made, guest, step="s1", waiting="s1")
    journey(made, planned, state="planned", began_at=None, anchor=timezone.localdate())
    run = done(fjordstuen, "automation_remove", made, guest, planned, other)
    assert (run.changed, run.skipped) == (2, {"none": 1})
    assert states() == [("stopped", "hand"), ("stopped", "hand")]
    undo, _outcome = change_set_undo(change_set_id=run.change_set.pk, member=fjordstuen.marketing)
    assert states() == [("planned", ""), ("running", "")]
    due_at = going.due_at
    going.refresh_from_db()
    assert (going.due_at, going.step, going.waiting) == (due_at, "s1", "s1")
    assert going.due_local
    change_set_undo(change_set_id=undo.pk, member=fjordstuen.marketing)
    assert states() == [("stopped", "hand"), ("stopped", "hand")]


def test_nobody_goes_on_in_one_that_is_off(fjordstuen: House) -> None:
    made = automation_on(wait(days=1))
    guest = CustomerFactory()
    journey(made, guest)
    run = done(fjordstuen, "automation_remove", made, guest)
    Automation.objects.filter(pk=made.pk).update(state="off")
    _undo, outcome = change_set_undo(change_set_id=run.change_set.pk)
    assert (outcome.reverted, outcome.kept) == (0, 1)
    assert states() == [("stopped", "hand")]


def test_it_is_chosen_on_a_page_of_its_own(fjordstuen: House) -> None:
    made, guest = automation_on(wait(days=1)), CustomerFactory()
    marketer: Client = signed_in(fjordstuen.marketing)
    send = reverse("bulk_do", kwargs={"slug": "fjordstuen"})
    answer = marketer.post(send, {"action": "automation_add", "guest": guest.pk})
    page = marketer.get(answer["Location"]).content.decode()
    assert "Start an automation" in page
    assert made.name in page
    page = marketer.get(f"{answer['Location']}&automation={made.pk}").content.decode()
    assert "Started in bulk: Welcome" in page
    assert f'name="automation" value="{made.pk}"' in page
    marketer.post(send, {"action": "automation_add", "guest": guest.pk, "automation": made.pk, "sure": "1"})
    assert states() == [("running", "")]
    desk = signed_in(fjordstuen.reception)
    assert desk.post(send, {"action": "automation_add", "guest": guest.pk}).status_code == 403
