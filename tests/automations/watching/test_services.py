"""Steering journeys by hand: stop, skip, move; never together with a worker."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.services.refusals import Refused
from automations.models import Automation, AutomationVersion, Journey, JourneyStep
from automations.running.services import run_batch
from automations.watching.services import journey_stop, journeys_move, journeys_stop_of, step_skip
from messaging.outbox.models import Message
from tests.automations.houses import automation_on, definition, journey, wait
from tests.cast import House
from tests.factories import CustomerFactory
from tests.messaging.campaigns.houses import letter

pytestmark = pytest.mark.django_db
STOP = {"do": "stop"}
TASK = {"do": "task", "title": "Call"}


def outcomes(made: Journey) -> list[tuple[str, str]]:
    return list(JourneyStep.objects.filter(journey_id=made.pk).order_by("id").values_list("step", "outcome"))


def test_a_stopped_journey_goes_no_further(fjordstuen: House) -> None:
    made = journey(automation_on(TASK), CustomerFactory())
    stopped = journey_stop(journey_id=made.pk, member=fjordstuen.marketing)
    assert (stopped.state, stopped.reason, stopped.due_at) == ("stopped", "hand", None)
    assert stopped.ended_at is not None
    run_batch(now=timezone.now())
    assert outcomes(made) == []
    assert AuditEntry.objects.filter(action="journey.stopped").count() == 1
    with pytest.raises(Refused):
        journey_stop(journey_id=made.pk)


def test_its_messages_that_wait_are_taken_back(fjordstuen: House) -> None:
    guest, house = CustomerFactory(), automation_on(wait(days=2))
    made = journey(house, guest)
    message = Message.objects.create(
        key="automation:1:s1", channel="email", purpose="stay", customer=guest, origin="automation",
        origin_id=house.pk, template_text=letter().texts.get(), due_at=timezone.now(), zone="Europe/Oslo",
    )  # fmt: skip
    JourneyStep.objects.create(
        automation=house, customer=guest, journey_id=made.pk, step="s0", outcome="done", due_at=timezone.now(),
        message_id=message.pk,
    )  # fmt: skip
    journey_stop(journey_id=made.pk)
    message.refresh_from_db()
    assert (message.state, message.reason) == ("skipped", "cancelled")


def test_many_are_stopped_at_once(fjordstuen: House) -> None:
    house = automation_on(wait(days=2))
    guests = [CustomerFactory() for _ in range(3)]
    going = [journey(house, each) for each in guests]
    ended = journey(house, guests[0])
    Journey.objects.filter(pk=ended.pk).update(state="done", due_at=None, ended_at=timezone.now())
    stopped = journeys_stop_of(automation_id=house.pk, customer_ids=[each.pk for each in guests[:2]], act=None)
    assert stopped == 2
    assert [Journey.objects.get(pk=each.pk).state for each in going] == ["stopped", "stopped", "running"]
    assert journeys_stop_of(automation_id=house.pk, customer_ids=[each.pk for each in guests[:2]]) == 0


def test_a_wait_that_is_skipped_is_over_at_once(fjordstuen: House) -> None:
    made = journey(automation_on(wait(days=9), TASK), CustomerFactory(), began_at=None)
    run_batch(now=timezone.now())
    made.refresh_from_db()
    assert (made.step, made.waiting) == ("s1", "s1")
    skipped = step_skip(journey_id=made.pk, member=fjordstuen.marketing)
    assert (skipped.step, skipped.waiting, skipped.number_done) == ("s2", "", 1)
    assert skipped.due_at is not None
    assert skipped.due_at <= timezone.now()
    run_batch(now=timezone.now())
    assert outcomes(made) == [("s1", "skipped"), ("s2", "done")]
    made.refresh_from_db()
    assert made.state == "done"


def test_the_last_step_skipped_is_the_end(fjordstuen: House) -> None:
    made = journey(automation_on(wait(days=9)), CustomerFactory(), step="s1", waiting="s1")
    assert step_skip(journey_id=made.pk).state == "done"


def test_a_later_step_is_left_out_when_it_comes(fjordstuen: House) -> None:
    made = journey(automation_on(wait(days=1), TASK, {"do": "task", "title": "Write"}), CustomerFactory())
    step_skip(journey_id=made.pk, step="s2")
    now = timezone.now()
    run_batch(now=now)
    run_batch(now=now + dt.timedelta(days=2))
    assert sorted(outcomes(made)) == [("s1", "done"), ("s2", "skipped"), ("s3", "done")]
    with pytest.raises(Refused):
        step_skip(journey_id=made.pk)


@pytest.mark.parametrize("step", ["s1", "s2", "nonsense"])
def test_what_cannot_be_skipped_is_refused(fjordstuen: House, step: str) -> None:
    house = automation_on(TASK, STOP)
    made = journey(house, CustomerFactory(), step="s2")
    JourneyStep.objects.create(
        automation=house, customer=made.customer, journey_id=made.pk, step="s1", outcome="done", due_at=timezone.now()
    )
    with pytest.raises(Refused):
        step_skip(journey_id=made.pk, step=step)


def test_one_that_has_not_begun_skips_its_first_step(fjordstuen: House) -> None:
    made = journey(automation_on(TASK, wait(days=1)), CustomerFactory(), began_at=None)
    step_skip(journey_id=made.pk)
    run_batch(now=timezone.now())
    made.refresh_from_db()
    assert (outcomes(made), made.step) == ([("s1", "skipped")], "s2")


def test_older_journeys_move_where_their_step_stands(fjordstuen: House) -> None:
    house = automation_on(wait(days=3), TASK)
    stays, goes, ended = (journey(house, CustomerFactory(), step=step, waiting=step) for step in ("s2", "s1", "s1"))
    Journey.objects.filter(pk=ended.pk).update(state="done", due_at=None, ended_at=timezone.now())
    newer = AutomationVersion.objects.create(automation=house, number=2, definition=definition(wait(days=1)))
    Automation.objects.filter(pk=house.pk).update(current=newer)
    assert journeys_move(automation_id=house.pk, member=fjordstuen.marketing, journey_ids=[stays.pk]) == 0
    assert journeys_move(automation_id=house.pk, member=fjordstuen.marketing) == 1
    versions = [Journey.objects.get(pk=each.pk).version_id for each in (stays, goes, ended)]
    assert versions == [house.current_id, newer.pk, house.current_id]
    assert Journey.objects.get(pk=goes.pk).waiting == "s1"
    assert AuditEntry.objects.filter(action="journeys.moved").count() == 1


def test_one_that_never_ran_has_nobody_to_move(fjordstuen: House) -> None:
    draft = Automation.objects.create(name="Draft", draft=definition())
    with pytest.raises(Refused):
        journeys_move(automation_id=draft.pk)
