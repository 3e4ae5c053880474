"""Who begins, who leaves early, who reaches the goal, and what becomes of a journey that nobody can take on."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automations.models import Journey
from automations.running import acts
from automations.running.services import run_batch
from customers.card.models import Customer, CustomerTag, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Todo
from messaging.outbox.models import Message
from tests.automations.houses import ARRIVALS, automation_on, journey, wait
from tests.automations.planning.houses import changed
from tests.automations.running.test_steps import DAY, begun, hand, lines, ran, stands
from tests.cast import House
from tests.factories import (
    CustomerFactory,
    CustomerTagFactory,
    InvoiceFactory,
    ProductFactory,
    PurchaseFactory,
    StayFactory,
    StayParticipantFactory,
    TagFactory,
)
from tests.messaging.campaigns.houses import letter, open_all_day
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db

CALL: dict[str, Any] = {"do": "task", "title": "Call"}
Happening = Callable[[Customer, Journey], None]


def _cancelled(kari: Customer, one: Journey) -> None:
    changed(one.stay, status="cancelled")


def _booked(kari: Customer, one: Journey) -> None:
    arrival = timezone.localdate() + 30 * DAY
    StayParticipantFactory(
        stay=StayFactory(arrival=arrival, departure=arrival + DAY, status="booked"), customer=kari, is_booker=True
    )


def _paid(kari: Customer, one: Journey) -> None:
    changed(one.invoice, paid_on=timezone.localdate())


def _bought(kari: Customer, one: Journey) -> None:
    PurchaseFactory(customer=kari)


def _tagged(kari: Customer, one: Journey) -> None:
    CustomerTagFactory(customer=kari, tag=Tag.objects.get(name="Now"), slot=2)


def _untagged(kari: Customer, one: Journey) -> None:
    with change_set(kind=ChangeSet.Kind.EDIT):
        CustomerTag.objects.filter(customer=kari).delete()


def _answered(kari: Customer, one: Journey) -> None:
    Message.objects.filter(customer=kari).update(opened_at=timezone.now())


@pytest.mark.parametrize(
    ("rule", "happens", "state"),
    [
        ({"exits": [{"kind": "cancelled"}]}, _cancelled, ("left", "cancelled")),
        ({"exits": [{"kind": "booked"}]}, _booked, ("left", "booked")),
        ({"exits": [{"kind": "paid"}]}, _paid, ("left", "paid")),
        ({"exits": [{"kind": "tag_added", "tag": "Now"}]}, _tagged, ("left", "tag_added")),
        ({"exits": [{"kind": "tag_removed", "tag": "Had"}]}, _untagged, ("left", "tag_removed")),
        ({"exits": [{"kind": "matches", "tag": "Now"}]}, _tagged, ("left", "matches")),
        ({"goal": {"kind": "books"}, "exits": [{"kind": "booked"}]}, _booked, ("goal", "books")),
        ({"goal": {"kind": "buys"}}, _bought, ("goal", "buys")),
        ({"goal": {"kind": "pays"}}, _paid, ("goal", "pays")),
        ({"goal": {"kind": "answers"}}, _answered, ("goal", "answers")),
        ({"goal": {"kind": "tagged", "tag": "Now"}}, _tagged, ("goal", "tagged")),
    ],
)
def test_before_each_step_it_is_asked_whether_to_go_on(
    fjordstuen: House, rule: dict[str, Any], happens: Happening, state: tuple[str, str]
) -> None:
    open_all_day()
    tags = {name: TagFactory(name=name) for name in ("Now", "Had")}
    for each in (rule.get("goal"), *rule.get("exits", ())):
        if each and isinstance(each.get("tag"), str):
            tag = tags[each["tag"]].pk
            each["tag"] = tag
            if each["kind"] == "matches":
                del each["tag"]
                tree = {"field": "tags", "operator": "any_of", "value": [tag]}
                each["tree"] = {"version": 1, "match": "all", "rules": [tree]}
    made = hand({"do": "email", "template": letter().pk}, wait(days=1), CALL, **rule)
    ways = []
    for _number in range(2):
        kari, today = guest(), timezone.localdate()
        stay = StayFactory(arrival=today + 9 * DAY, departure=today + 12 * DAY, status="booked")
        StayParticipantFactory(stay=stay, customer=kari, is_booker=True)
        CustomerTagFactory(customer=kari, tag=tags["Had"])
        ways.append(begun(made, kari, stay=stay, invoice=InvoiceFactory(customer=kari, paid_on=None)))
    ran()
    one, other = ways
    assert [stands(each)[0] for each in ways] == ["running", "running"]
    one.refresh_from_db()
    happens(one.customer, one)
    ran(timezone.now() + 2 * DAY)
    assert stands(one)[:2] == state
    assert stands(other) == ("done", "", "")
    assert list(Todo.objects.values_list("customer_id", flat=True)) == [other.customer_id]


def test_a_product_that_was_not_bought_is_no_goal(fjordstuen: House) -> None:
    product = ProductFactory()
    made = hand(wait(days=1), CALL, goal={"kind": "buys", "product": product.pk})
    one = begun(made, CustomerFactory())
    ran()
    PurchaseFactory(customer=one.customer)
    ran(timezone.now() + 2 * DAY)
    assert stands(one)[0] == "done"


@pytest.mark.parametrize("reason", ["restricted", "deceased", "only", "changed"])
def test_a_planned_journey_begins_only_if_it_still_may(fjordstuen: House, reason: str) -> None:
    tree = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nb"]}]}
    made = automation_on(CALL, only=tree, trigger={**ARRIVALS, "who": "guests"})
    kari = CustomerFactory(language="nb")
    arrival = timezone.localdate() + 3 * DAY
    stay = StayFactory(arrival=arrival, departure=arrival + DAY, status="booked")
    StayParticipantFactory(stay=stay, customer=kari, is_booker=True)
    other = CustomerFactory(language="nb")
    StayParticipantFactory(stay=stay, customer=other)
    ways = [
        begun(made, each, stay=stay, anchor=arrival, state="planned", occurrence=f"arrival:{stay.pk}")
        for each in (kari, other)
    ]
    match reason:
        case "restricted":
            changed(kari, is_restricted=True)
        case "deceased":
            changed(kari, is_deceased=True)
        case "only":
            changed(kari, language="nl")
        case _:
            changed(stay, arrival=arrival - DAY)
    ran()
    assert stands(ways[0]) == ("left", reason, "")
    assert stands(ways[1])[0] == ("left" if reason == "changed" else "done")


@pytest.mark.parametrize("state", ["paused", "off"])
def test_journeys_of_an_automation_that_is_not_on_stand_still(fjordstuen: House, state: str) -> None:
    made = hand(CALL, state=state)
    one = begun(made, CustomerFactory())
    assert not ran().taken
    assert stands(one) == ("running", "", "")


def test_a_poisoned_journey_fails_alone(fjordstuen: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made = hand(CALL)
    ways = [begun(made, CustomerFactory()) for _number in range(9)]
    poison, tasks = ways[4].customer_id, acts.Acts._tasks

    def poisoned(self: acts.Acts, step: Any, going: Any) -> Any:
        found = tasks(self, step, going)
        if any(each.customer_id == poison for each in going):
            raise ValueError("poison")
        return found

    monkeypatch.setattr(acts.Acts, "_tasks", poisoned)
    assert ran().taken == 9
    assert [stands(each)[:2] for each in ways] == [*[("done", "")] * 4, ("failed", "error"), *[("done", "")] * 4]
    assert Todo.objects.filter(title="Call").count() == 8
    told = Todo.objects.get(customer_id=poison)
    assert told.origin == "automation" and "Welcome" in told.title
    assert not ran().taken


def test_a_filter_that_nobody_can_read_any_more_lets_nobody_on(fjordstuen: House) -> None:
    made = hand(CALL)
    gone = {"version": 1, "match": "all", "rules": [{"field": "own.gone", "operator": "is", "value": ["x"]}]}
    version = made.current
    assert version is not None
    version.definition = {**version.definition, "exits": [{"kind": "matches", "tree": gone}]}
    version.save()
    one = begun(made, CustomerFactory())
    ran()
    assert stands(one)[:2] == ("failed", "gone")
    assert Todo.objects.count() == 1


def test_statements_do_not_grow_with_journeys(fjordstuen: House) -> None:
    open_all_day()
    tag = TagFactory()
    tree = {"version": 1, "match": "all", "rules": [{"field": "tags", "operator": "any_of", "value": [tag.pk]}]}
    other = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]}
    made = hand(
        {"do": "email", "template": letter().pk}, {"do": "tag", "tag": tag.pk}, {"do": "only_if", "tree": tree}, CALL,
        wait(days=1), {"do": "untag", "tag": tag.pk},
        goal={"kind": "books"}, exits=[{"kind": "cancelled"}, {"kind": "matches", "tree": other}],
    )  # fmt: skip
    counts = []
    for number in (2, 40):
        for _each in range(number):
            begun(made, guest())
        with CaptureQueriesContext(connection) as seen:
            assert ran().taken == number
        counts.append(len(seen))
        with CaptureQueriesContext(connection) as seen:
            assert ran(timezone.now() + 2 * DAY).taken == number
        counts.append(len(seen))
    assert counts[:2] == counts[2:]
    assert counts[0] < 90


def test_one_automation_with_very_many_does_not_keep_the_others_waiting(fjordstuen: House) -> None:
    many, few = hand(CALL, name="Many"), hand(CALL, name="Few")
    now = timezone.now()
    for _number in range(30):
        begun(many, CustomerFactory(), due_at=now - dt.timedelta(hours=3))
    one = begun(few, CustomerFactory(), due_at=now)
    ran_once = run_batch(now=timezone.now(), most=10)
    assert (ran_once.taken, ran_once.more) == (6, True)
    assert stands(one)[0] == "done"
    assert run_batch(now=timezone.now(), most=100).taken == 25
    assert lines(few) == [("s1", "done", "")]


def test_only_the_automations_asked_for(fjordstuen: House) -> None:
    made, other = hand(CALL, name="One"), hand(CALL, name="Other")
    journey(made, CustomerFactory())
    two = journey(other, CustomerFactory())
    assert run_batch(now=timezone.now(), automation_ids=[made.pk]).taken == 1
    assert stands(two)[0] == "running"
