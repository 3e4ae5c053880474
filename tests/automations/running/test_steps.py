"""What steps do: messages, tags, fields, tasks, conditions and waits, for many journeys at once."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from automations.models import Automation, AutomationVersion, Journey, JourneyStep
from automations.planning.services import plan_pass
from automations.running.services import Ran, run_batch
from customers.card.models import Customer, CustomerTag
from customers.changes.models import ChangeSet
from customers.fields.models import CustomField, GuestFieldValue
from customers.history.models import Todo
from messaging.outbox.models import Message
from messaging.webhooks.models import WebhookDelivery
from messaging.webhooks.services import endpoint_create
from tests.automations.houses import automation_on, journey, wait
from tests.automations.planning.houses import changed
from tests.cast import House
from tests.factories import CustomerFactory, CustomerTagFactory, StayFactory, StayParticipantFactory, TagFactory
from tests.messaging.campaigns.houses import letter, open_all_day
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
HAND: dict[str, Any] = {"kind": "by_hand"}


def ran(now: dt.datetime | None = None, **values: Any) -> Ran:
    return run_batch(now=now or timezone.now(), **values)


def hand(*steps: dict[str, Any], **values: Any) -> Automation:
    return automation_on(*steps, trigger=values.pop("trigger", HAND), **values)


def begun(made: Automation, customer: Customer, **values: Any) -> Journey:
    return journey(made, customer, **{"began_at": None, **values})


def lines(made: Automation) -> list[tuple[str, str, str]]:
    return list(JourneyStep.objects.filter(automation=made).order_by("id").values_list("step", "outcome", "reason"))


def stands(one: Journey) -> tuple[str, str, str]:
    one.refresh_from_db()
    return one.state, one.reason, one.step


def test_a_journey_goes_through_everything_at_once_up_to_a_wait(fjordstuen: House) -> None:
    open_all_day()
    tag = TagFactory(name="Welcomed")
    made = hand(
        {"do": "email", "template": letter().pk},
        {"do": "tag", "tag": tag.pk},
        {"do": "task", "title": "Call", "days": 2},
        wait(days=2),
        {"do": "untag", "tag": tag.pk},
        {"do": "stop"},
    )
    kari = guest()
    one, now = begun(made, kari), timezone.now()
    assert ran(now) == Ran(taken=1, steps=3, more=False)
    assert stands(one) == ("running", "", "s4")
    assert (one.waiting, one.number_done, one.began_at, one.due_at) == ("s4", 3, now, one.due_at)
    assert one.due_at is not None and one.due_at > now + 47 * HOUR
    message = Message.objects.get(key=f"automation:{one.pk}:s1")
    assert (message.state, message.origin, message.origin_id, message.purpose) == (
        "planned", "automation", made.pk, "newsletter",
    )  # fmt: skip
    assert CustomerTag.objects.filter(customer=kari, tag=tag).exists()
    todo = Todo.objects.get(customer=kari)
    assert (todo.title, todo.origin, todo.due_on) == ("Call", "automation", (now + 2 * DAY).date())
    acts = ChangeSet.objects.filter(kind="automation").order_by("id")
    assert [(act.is_event, act.state, act.params["automation"]) for act in acts] == [(True, "done", "Welcome")] * 2
    step = JourneyStep.objects.get(journey_id=one.pk, step="s3")
    assert step.todo_id == todo.pk
    assert ran(one.due_at).steps == 3
    assert stands(one) == ("done", "", "")
    assert one.due_at is None and one.ended_at is not None
    assert lines(made) == [(f"s{n}", "done", "") for n in range(1, 7)]
    assert not CustomerTag.objects.filter(customer=kari).exists()
    assert ran(now + 30 * DAY) == Ran()


def test_conditions_and_branches_ask_the_register(fjordstuen: House) -> None:
    tag, other = TagFactory(name="VIP"), TagFactory(name="Seen")
    tree = {"version": 1, "match": "all", "rules": [{"field": "tags", "operator": "any_of", "value": [tag.pk]}]}
    made = hand(
        {"do": "branch", "tree": tree, "yes": [{"id": "y1", "do": "task", "title": "Champagne"}],
         "no": [{"id": "n1", "do": "tag", "tag": tag.pk}]},
        {"do": "only_if", "tree": tree},
        {"do": "tag", "tag": other.pk},
    )  # fmt: skip
    vip, plain = CustomerFactory(), CustomerFactory()
    CustomerTagFactory(customer=vip, tag=tag)
    ways = begun(made, vip), begun(made, plain)
    ran()
    assert [stands(each)[0] for each in ways] == ["done", "done"]
    told = {
        pk: list(JourneyStep.objects.filter(journey_id=pk).order_by("id").values_list("step", "outcome"))
        for pk in (ways[0].pk, ways[1].pk)
    }
    assert told[ways[0].pk] == [("s1", "yes"), ("y1", "done"), ("s2", "yes"), ("s3", "done")]
    assert told[ways[1].pk] == [("s1", "no"), ("n1", "done"), ("s2", "yes"), ("s3", "done")]
    assert Todo.objects.filter(title="Champagne").count() == 1


def test_whoever_does_not_meet_a_condition_leaves(fjordstuen: House) -> None:
    tree = {
        "version": 1,
        "match": "all",
        "rules": [{"field": "tags", "operator": "any_of", "value": [TagFactory().pk]}],
    }
    made = hand({"do": "only_if", "tree": tree}, {"do": "task", "title": "Call"})
    one = begun(made, CustomerFactory())
    ran()
    assert stands(one) == ("left", "condition", "s1")
    assert lines(made) == [("s1", "no", "")]


def test_an_own_field_is_set_emptied_and_left_as_it_is(fjordstuen: House) -> None:
    CustomField.objects.create(target="guest", key="pillow", label="Pillow", kind="text")
    CustomField.objects.create(target="guest", key="score", label="Score", kind="number")
    made = hand(
        {"do": "field", "field": "pillow", "value": "Down"},
        {"do": "field", "field": "pillow", "value": "Down"},
        {"do": "field", "field": "score", "value": 1.234},
        {"do": "field", "field": "pillow", "value": None},
        {"do": "field", "field": "nobody", "value": "x"},
    )
    kari = CustomerFactory()
    begun(made, kari)
    ran()
    assert lines(made) == [
        ("s1", "done", ""), ("s2", "left", "same"), ("s3", "done", ""), ("s4", "done", ""), ("s5", "failed", "gone"),
    ]  # fmt: skip
    (value,) = GuestFieldValue.objects.filter(customer=kari)
    assert str(value.number) in ("1.2340", "1.234")


def test_what_cannot_be_done_says_why_and_the_journey_goes_on(fjordstuen: House) -> None:
    tag = TagFactory(name="Ninth")
    full, restricted = CustomerFactory(), CustomerFactory()
    for number in range(9):
        CustomerTagFactory(customer=full, tag=TagFactory(name=f"Tag {number}"), slot=number + 1)
    made = hand({"do": "tag", "tag": tag.pk}, {"do": "task", "title": "Call"}, {"do": "email", "template": 1})
    ways = [begun(made, full), journey(made, restricted)]
    changed(restricted, is_restricted=True)
    ran()
    assert {stands(each) for each in ways} == {("done", "", "")}
    told = {
        each.pk: list(JourneyStep.objects.filter(journey_id=each.pk).order_by("id").values_list("outcome", "reason"))
        for each in ways
    }
    assert told[ways[0].pk] == [("left", "full"), ("done", ""), ("failed", "gone")]
    assert told[ways[1].pk] == [("left", "restricted"), ("left", "restricted"), ("failed", "gone")]
    assert Todo.objects.filter(title__contains="Welcome", customer=None).count() == 1


def test_a_message_that_may_not_go_is_refused_and_the_journey_goes_on(fjordstuen: House) -> None:
    open_all_day()
    made = hand({"do": "email", "template": letter().pk}, {"do": "task", "title": "Call"})
    one = begun(made, guest(consents=False))
    ran()
    assert stands(one)[0] == "done"
    step = JourneyStep.objects.get(journey_id=one.pk, step="s1")
    message = Message.objects.get(pk=step.message_id)
    assert (step.outcome, step.reason, message.state) == ("refused", message.reason, "skipped")
    assert step.reason


def test_after_an_outage_nothing_is_sent_late_and_waits_are_not_begun_anew(fjordstuen: House) -> None:
    open_all_day()
    template = letter().pk
    made = hand(
        {"do": "email", "template": template}, wait(days=2), {"do": "email", "template": template}, wait(days=4),
        {"do": "email", "template": template},
    )  # fmt: skip
    now = timezone.now()
    one = begun(made, guest(), due_at=now - 5 * DAY)
    ran(now)
    assert lines(made) == [("s1", "refused", "expired"), ("s2", "done", ""), ("s3", "refused", "expired")]
    assert stands(one) == ("running", "", "s4")
    assert one.due_at is not None
    assert abs(one.due_at - (now + DAY)) <= 2 * HOUR
    ran(one.due_at + HOUR)
    assert lines(made)[-1] == ("s5", "done", "")


def test_a_wait_for_a_stay_follows_it(fjordstuen: House) -> None:
    today = timezone.localdate()
    stay = StayFactory(arrival=today + 3 * DAY, departure=today + 5 * DAY, status="booked")
    kari = CustomerFactory()
    StayParticipantFactory(stay=stay, customer=kari, is_booker=True)
    made = hand(
        {"do": "wait", "wait": {"until": "arrival", "days": -1, "at": "10:00"}},
        {"do": "task", "title": "Call"},
        trigger={"kind": "stay_booked"},
    )
    one = begun(made, kari, stay=stay)
    ran()
    one.refresh_from_db()
    first = one.due_at
    assert first is not None and one.due_local == f"{today + 2 * DAY}T10:00"
    changed(stay, arrival=today + 6 * DAY, departure=today + 7 * DAY)
    ran(first)
    assert stands(one) == ("running", "", "s1")
    assert one.due_local == f"{today + 5 * DAY}T10:00"
    assert one.due_at is not None
    ran(one.due_at)
    assert stands(one)[0] == "done"


def test_a_webhook_tells_once(fjordstuen: House) -> None:
    endpoint = endpoint_create(business=fjordstuen.business, name="Till", url="https://example.com/in").endpoint
    made = hand({"do": "webhook", "webhook": endpoint.pk})
    kari = CustomerFactory(given_name="Kari")
    one = begun(made, kari)
    ran()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.key, delivery.customer_id) == (f"automation:{one.pk}:s1", kari.pk)
    assert delivery.body["data"]["guest"]["given_name"] == "Kari"
    assert JourneyStep.objects.get(journey_id=one.pk).delivery_id == delivery.pk
    endpoint.delete()
    two = begun(made, kari)
    ran()
    assert JourneyStep.objects.get(journey_id=two.pk).reason == "gone"


def test_a_step_behind_a_journey_is_not_done_again(fjordstuen: House) -> None:
    made = hand({"do": "task", "title": "Call"}, wait(days=1), {"do": "task", "title": "Write"})
    one = begun(made, CustomerFactory())
    ran()
    turned = {**made.draft, "steps": [*reversed(made.draft["steps"])]}
    version = AutomationVersion.objects.create(automation=made, number=2, definition=turned)
    Journey.objects.filter(pk=one.pk).update(version=version, step="s3", waiting="", due_at=timezone.now())
    ran()
    assert stands(one)[2] == "s2"
    ran(timezone.now() + 2 * DAY)
    assert stands(one)[0] == "done"
    assert sorted(Todo.objects.values_list("title", flat=True)) == ["Call", "Write"]


def test_a_wait_is_over_earlier_where_the_stay_comes_earlier(fjordstuen: House) -> None:
    today, now = timezone.localdate(), timezone.now()
    stay = StayFactory(arrival=today + 30 * DAY, departure=today + 35 * DAY, status="booked")
    kari = CustomerFactory()
    StayParticipantFactory(stay=stay, customer=kari, is_booker=True)
    made = hand(
        {"do": "wait", "wait": {"until": "arrival", "days": -1, "at": "10:00"}},
        {"do": "task", "title": "Call"},
        trigger={"kind": "stay_booked"},
    )
    one = begun(made, kari, stay=stay)
    other = begun(hand(wait(days=9), name="Other"), kari, stay=stay)
    ran()
    changed(stay, arrival=today + 3 * DAY)
    plan_pass(now=timezone.now())
    one.refresh_from_db()
    other.refresh_from_db()
    assert one.due_local == f"{today + 2 * DAY}T10:00"
    assert other.due_at is not None and other.due_at > now + 8 * DAY
    assert one.due_at is not None
    ran(one.due_at)
    assert stands(one)[0] == "done"
