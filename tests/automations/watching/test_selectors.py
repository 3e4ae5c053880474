"""How many are where, whose turn it is when, what it came to."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automations.models import Automation, AutomationVersion, Journey, JourneyStep
from automations.watching.selectors import PAGE, counts_of, journeys_page, next_steps_of, results_of
from messaging.outbox.models import Message
from tests.automations.houses import automation_on, definition, journey, wait
from tests.cast import House
from tests.factories import CustomerFactory, StayFactory, StayParticipantFactory
from tests.messaging.campaigns.houses import letter

pytestmark = pytest.mark.django_db
TASK = {"do": "task", "title": "Call"}


def ended(made: Journey, state: str, reason: str = "") -> Journey:
    Journey.objects.filter(pk=made.pk).update(state=state, reason=reason, due_at=None, ended_at=timezone.now())
    made.refresh_from_db()
    return made


def came(made: Journey, step: str, outcome: str, reason: str = "", **values: Any) -> None:
    JourneyStep.objects.create(
        automation_id=made.automation_id, customer_id=made.customer_id, journey_id=made.pk, step=step,
        outcome=outcome, reason=reason, due_at=timezone.now(), **values,
    )  # fmt: skip


@pytest.fixture
def house(fjordstuen: House) -> Automation:
    return automation_on(wait(days=2), TASK)


def test_journeys_are_counted_by_state_step_and_reason(house: Automation) -> None:
    for number in range(3):
        journey(house, CustomerFactory(), step="s1" if number else "")
    ended(journey(house, CustomerFactory()), "left", "booked")
    done = ended(journey(house, CustomerFactory()), "done")
    came(done, "s1", "done")
    came(done, "s2", "refused", "no_consent")
    came(journey(house, CustomerFactory(), step="s2"), "s1", "skipped")
    journey(automation_on(TASK, name="Other"), CustomerFactory())
    counts = counts_of(automation_id=house.pk)
    assert counts.states == {"running": 4, "left": 1, "done": 1}
    assert (counts.open, counts.all, counts.older) == (4, 6, 0)
    assert counts.reasons == {"left": {"booked": 1}}
    assert {step: each.waiting for step, each in counts.steps.items()} == {"": 1, "s1": 2, "s2": 1}
    assert counts.steps["s1"].outcomes == {"done": 1, "skipped": 1}
    assert counts.steps["s2"].reasons == {"refused": {"no_consent": 1}}


def test_counting_takes_as_many_queries_for_many(house: Automation) -> None:
    journey(house, CustomerFactory())
    with CaptureQueriesContext(
        connection,
    ) as few:
        counts_of(automation_id=house.pk)
    for _ in range(5):
        ended(journey(house, CustomerFactory()), "left", "booked")
    with CaptureQueriesContext(connection) as many:
        counts_of(automation_id=house.pk)
    assert len(few) == len(many) == 4


def test_those_on_older_versions_are_counted(house: Automation) -> None:
    journey(house, CustomerFactory())
    newer = AutomationVersion.objects.create(automation=house, number=2, definition=definition(TASK))
    Automation.objects.filter(pk=house.pk).update(current=newer)
    assert counts_of(automation_id=house.pk).older == 1


def test_a_page_is_narrowed(house: Automation) -> None:
    stands = journey(house, CustomerFactory(), step="s1")
    left = ended(journey(house, CustomerFactory()), "left", "booked")
    refused = journey(house, CustomerFactory(), step="s2")
    came(refused, "s1", "refused", "no_consent")

    def found(**asked: Any) -> list[int]:
        return [each.pk for each in journeys_page(automation_id=house.pk, **asked).journeys]

    assert found() == [refused.pk, left.pk, stands.pk]
    assert found(state="left") == found(reason="booked") == [left.pk]
    assert found(step="s1") == [stands.pk]
    assert found(step="s1", outcome="refused") == [refused.pk]
    assert found(step="s1", outcome="refused", reason="no_consent") == [refused.pk]
    assert found(step="s1", outcome="refused", reason="expired") == []


def test_pages_follow_each_other(house: Automation) -> None:
    guest = CustomerFactory()
    made = [journey(house, guest).pk for _ in range(PAGE + 3)][::-1]
    first = journeys_page(automation_id=house.pk)
    assert [each.pk for each in first.journeys] == made[:PAGE]
    second = journeys_page(automation_id=house.pk, after=first.after)
    assert ([each.pk for each in second.journeys], second.after) == (made[PAGE:], "")


def test_of_those_who_go_on_whose_turn_it_is_soonest_stands_first(house: Automation) -> None:
    guest, soon = CustomerFactory(), timezone.now()
    moments = [soon + dt.timedelta(minutes=number // 2) for number in range(PAGE + 3)]
    made = [journey(house, guest, step="s1", due_at=moment) for moment in reversed(moments)]
    wanted = [each.pk for each in sorted(made, key=lambda each: (each.due_at, each.pk))]
    for asked in ({"state": "running"}, {"step": "s1"}):
        first = journeys_page(automation_id=house.pk, **asked)
        second = journeys_page(automation_id=house.pk, **asked, after=first.after)
        assert [each.pk for page in (first, second) for each in page.journeys] == wanted
    assert journeys_page(automation_id=house.pk, after="of nobody").journeys[0].pk == max(wanted)


def test_what_comes_next_is_told_soonest_first(house: Automation) -> None:
    guest, now = CustomerFactory(), timezone.now()
    later = journey(house, guest, step="s1", waiting="s1", due_at=now + dt.timedelta(days=2))
    sooner = journey(automation_on(TASK, name="Soon", state="paused"), guest, due_at=now + dt.timedelta(days=1))
    journey(automation_on(TASK, name="Off", state="off"), guest)
    ended(journey(house, guest), "done")
    journey(house, CustomerFactory())
    found = next_steps_of(customer_id=guest.pk)
    assert [each.journey.pk for each in found] == [sooner.pk, later.pk]
    assert found[1].ahead is not None
    assert (found[1].ahead.step.id, found[1].at) == ("s2", later.due_at)


def test_a_step_that_will_be_skipped_is_not_told(house: Automation) -> None:
    guest = CustomerFactory()
    made = journey(automation_on(TASK, {"do": "task", "title": "Write"}, name="Two"), guest, number_done=1)
    came(made, "s1", "skipped")
    (found,) = next_steps_of(customer_id=guest.pk)
    assert found.ahead is not None
    assert found.ahead.step.id == "s2"


def booked(customer_id: int, *, day: dt.date, amount: int = 1_000, **stay: Any) -> Any:
    told = {"booked_on": day, "arrival": day + dt.timedelta(days=9), "amount": Decimal(amount), "currency": "NOK"}
    made = StayFactory(**{**told, **stay})
    StayParticipantFactory(stay=made, customer_id=customer_id, is_payer=True)
    return made


def test_results_count_what_was_booked_after_a_guest_began(fjordstuen: House, house: Automation) -> None:
    now = timezone.now()
    began = now - dt.timedelta(days=10)
    today = timezone.localdate(began, fjordstuen.business.zone)
    guest, other = CustomerFactory(), CustomerFactory()
    own = booked(guest.pk, day=today)
    made = journey(house, guest, began_at=began, stay=own)
    journey(house, guest, began_at=began + dt.timedelta(days=1))
    ended(journey(house, other, began_at=began), "goal", "books")
    journey(house, CustomerFactory(), began_at=None)
    shared = booked(guest.pk, day=today + dt.timedelta(days=3))
    StayParticipantFactory(stay=shared, customer=other, is_guest=True)
    booked(guest.pk, day=today + dt.timedelta(days=3), status="cancelled")
    booked(guest.pk, day=today + dt.timedelta(days=3), currency="EUR")
    booked(guest.pk, day=today + dt.timedelta(days=40))
    Message.objects.create(
        key="a", channel="email", purpose="stay", customer=guest, origin="automation", origin_id=house.pk,
        template_text=letter().texts.get(), due_at=now, zone="Europe/Oslo", state="delivered", sent_at=now,
        attempted_at=now, clicked_at=now,
    )  # fmt: skip
    came(made, "s1", "done")
    found = results_of(automation_id=house.pk, business=fjordstuen.business)
    assert (found.journeys, found.guests, found.goals) == (3, 2, 1)
    assert (found.sent, found.opened, found.clicked) == (1, 1, 1)
    # The one that they share counts once, the one in another currency without its amount, the journey's own not at all.
    assert (found.booked, found.stays, found.revenue) == (2, 2, 1_000)
    assert results_of(automation_id=house.pk, business=fjordstuen.business, days=60).stays == 3


def test_nothing_came_of_what_nobody_began(fjordstuen: House, house: Automation) -> None:
    assert results_of(automation_id=house.pk, business=fjordstuen.business).stays == 0
