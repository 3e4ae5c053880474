"""Who may enter again, who is there already, who is entered by hand, and automations that name what is gone."""

import datetime as dt
from typing import Any

import pytest

from automations.definition import definition_read
from automations.models import Automation, Journey
from automations.planning.services import (
    LOOKAHEAD,
    Entered,
    enter_by_hand,
    plan_reset,
    present_count,
    present_take,
)  # fmt: skip
from customers.card.models import Tag
from customers.fields.models import CustomField
from customers.segments.models import Segment
from tests.automations.houses import automation_on, definition, wait
from tests.automations.planning.houses import DAY, NOON, TODAY, booking, changed, one, passed, seen
from tests.cast import House
from tests.factories import (
    ConsentEventFactory,
    CustomerFactory,
    CustomerTagFactory,
    CustomFieldFactory,
    InvoiceFactory,
    SegmentFactory,
    SegmentMemberFactory,
    TagFactory,
)

DANES = {"match": "all", "version": 1, "rules": [{"field": "language", "operator": "any_of", "value": ["da"]}]}


def on(kind: str, rule: str = "each", gap: int = 0, **trigger: Any) -> Automation:
    entry = {"rule": rule, **({"days": gap} if gap else {})}
    name = f"On {kind} {rule} {Automation.objects.count()}"
    return automation_on(wait(days=1), trigger={"kind": kind, **trigger}, entry=entry, name=name)


@pytest.mark.parametrize(("rule", "days", "times"), [("each", 0, 3), ("once", 0, 1), ("after", 30, 2)])
def test_how_often_a_guest_enters(fjordstuen: House, rule: str, days: int, times: int) -> None:
    made = on("stay_booked", rule, days)
    _stay, (guest,) = booking()
    for later in (0, 5, 40):
        if later:
            booking(guest, arrives=later + 5)
        passed(NOON + later * DAY)
        Journey.objects.filter(began_at=None).update(began_at=NOON + later * DAY)
    assert Journey.objects.filter(automation=made).count() == times


@pytest.mark.parametrize(("rule", "days", "found"), [("each", 0, [5, 8, 12]), ("once", 0, [5]), ("after", 6, [5, 12])])
def test_how_often_dates_let_a_guest_in(fjordstuen: House, rule: str, days: int, found: list[int]) -> None:
    on("before_arrival", rule, days, at="10:00")
    _stay, (guest,) = booking(arrives=5)
    booking(guest, arrives=8)
    booking(guest, arrives=12)
    passed()
    passed()
    assert [(each.anchor - TODAY).days for each in Journey.objects.order_by("due_at") if each.anchor] == found


def test_who_may_enter_once_enters_with_the_next_stay_where_the_first_is_cancelled(fjordstuen: House) -> None:
    made = on("before_arrival", "once")
    first, (guest,) = booking(arrives=5)
    passed()
    changed(first, status="cancelled")
    second, _same = booking(guest, arrives=7)
    passed()
    assert (one(made).occurrence, one(made).state, one(made).stay_id) == ("once", "planned", second.pk)


def test_journeys_are_of_the_version_that_runs(fjordstuen: House) -> None:
    made = on("before_arrival")
    booking(arrives=5)
    passed()
    assert (plan_reset(automation=made), made.planned_through) == (1, None)
    assert not Journey.objects.exists()
    passed()
    assert one(made).version_id == made.current_id
    made.refresh_from_db()
    assert made.planned_through == TODAY + LOOKAHEAD * DAY


def _present(kind: str) -> tuple[dict[str, Any], set[int]]:
    """A trigger, and whom it would have met."""
    match kind:
        case "stay_booked":
            booking(arrives=-1)
            return {}, {booking(arrives=3)[1][0].pk}
        case "checked_in":
            return {}, {booking(arrives=-1, nights=3, status="checked_in")[1][0].pk}
        case "tag_added":
            tag = TagFactory()
            return {"tag": tag.pk}, {CustomerTagFactory(tag=tag).customer_id}
        case "segment_entered":
            segment = SegmentFactory()
            SegmentMemberFactory(segment=segment, left_at=NOON, left_xid=1)
            return {"segment": segment.pk}, {SegmentMemberFactory(segment=segment).customer_id}
        case "consent_given":
            guest = CustomerFactory()
            ConsentEventFactory(customer=guest)
            return {"purpose": "newsletter"}, {guest.pk}
        case "before_arrival":
            booking(arrives=9)
            return {"days": 3}, {booking(arrives=1)[1][0].pk}
        case "after_last_stay":
            booking(arrives=-100, status="checked_out")
            return {"months": 11}, {booking(arrives=-800, status="checked_out")[1][0].pk}
        case "invoice_due":
            InvoiceFactory(due_on=TODAY)
            InvoiceFactory(paid_on=TODAY)
            return {"days": 3}, {InvoiceFactory(due_on=TODAY - 40 * DAY).customer_id}
    CustomerFactory(birth_date=dt.date(1980, 6, 16))
    return {}, set()


@pytest.mark.parametrize(
    "kind",
    [
        *("stay_booked", "checked_in", "tag_added", "segment_entered", "consent_given", "before_arrival"),
        *("after_last_stay", "invoice_due", "birthday", "purchase", "by_hand"),
    ],
)
def test_those_who_are_there_already_are_counted_and_taken(fjordstuen: House, kind: str) -> None:
    trigger, guests = _present(kind)
    made = on(kind, **trigger)
    found = definition_read(made.draft)
    assert present_count(definition=found, now=NOON) == len(guests)
    assert (present_take(automation=made, now=NOON), present_take(automation=made, now=NOON)) == (len(guests), 0)
    assert {guest for guest, _key in seen(made, "running")} == guests


def test_the_filter_narrows_those_who_are_there(fjordstuen: House) -> None:
    tag = TagFactory()
    CustomerTagFactory(tag=tag)
    CustomerTagFactory(tag=tag, customer=CustomerFactory(language="da", is_restricted=True))
    dane = CustomerTagFactory(tag=tag, customer=CustomerFactory(language="da")).customer_id
    made = automation_on(wait(days=1), trigger={"kind": "tag_added", "tag": tag.pk}, only=DANES)
    assert present_count(definition=definition_read(made.draft), now=NOON) == 1
    assert present_take(automation=made, now=NOON) == 1
    assert {guest for guest, _key in seen(made)} == {dane}


def test_guests_enter_by_hand(fjordstuen: House) -> None:
    made = automation_on(wait(days=1), trigger={"kind": "by_hand"}, only=DANES)
    danes = [CustomerFactory(language="da") for _each in range(2)]
    others = [
        CustomerFactory(language="nb"),
        CustomerFactory(language="da", is_restricted=True),
        CustomerFactory(language="da", is_deceased=True),
    ]
    asked = [each.pk for each in (*danes, *others)] + [danes[0].pk, 10**9]
    did = enter_by_hand(automation_id=made.pk, customer_ids=asked, now=NOON)
    assert did == Entered(2, 0, {"only": 1, "restricted": 1, "deceased": 1, "missing": 1})
    assert seen(made) == {(each.pk, "hand:1") for each in danes}
    assert enter_by_hand(automation_id=made.pk, customer_ids=[danes[0].pk], now=NOON) == Entered(0, 1)
    Journey.objects.update(state="done", due_at=None, ended_at=NOON, began_at=NOON)
    assert enter_by_hand(automation_id=made.pk, customer_ids=[danes[0].pk], now=NOON) == Entered(1, 0)
    assert seen(made) == {(danes[0].pk, "hand:2")}


@pytest.mark.parametrize(("rule", "days", "again"), [("once", 0, 0), ("after", 30, 0), ("after", 3, 1)])
def test_by_hand_the_rule_of_entry_holds(fjordstuen: House, rule: str, days: int, again: int) -> None:
    made = on("by_hand", rule, days)
    guest = CustomerFactory()
    enter_by_hand(automation_id=made.pk, customer_ids=[guest.pk], now=NOON)
    Journey.objects.update(state="done", due_at=None, ended_at=NOON, began_at=NOON)
    did = enter_by_hand(automation_id=made.pk, customer_ids=[guest.pk], now=NOON + 5 * DAY)
    assert did == Entered(again, 1 - again)


def test_nobody_enters_by_hand_what_is_not_on(fjordstuen: House) -> None:
    made = automation_on(wait(days=1), trigger={"kind": "by_hand"}, state="paused")
    assert enter_by_hand(automation_id=made.pk, customer_ids=[CustomerFactory().pk]) == Entered(refused={"off": 1})


def test_what_names_something_gone_lets_nobody_in_and_others_go_on(fjordstuen: House) -> None:
    tag, segment, field = TagFactory(), SegmentFactory(), CustomFieldFactory(key="renewal", kind=CustomField.Kind.DATE)
    asking = {
        "version": 1,
        "match": "all",
        "rules": [{"field": "segment", "operator": "any_of", "value": [segment.pk]}],
    }
    broken = [
        on("tag_added", tag=tag.pk),
        on("segment_entered", segment=segment.pk),
        on("date", field="renewal"),
        automation_on(wait(days=1), trigger={"kind": "stay_booked"}, only=asking, name="Asks a segment"),
    ]
    whole = on("stay_booked")
    passed()
    assert set(Automation.objects.values_list("trouble", flat=True)) == {""}
    Tag.objects.filter(pk=tag.pk).delete()
    Segment.objects.filter(pk=segment.pk).delete()
    CustomField.objects.filter(pk=field.pk).update(is_archived=True)
    stay, (guest,) = booking()
    passed()
    troubled = set(Automation.objects.filter(trouble="gone").values_list("pk", flat=True))
    assert troubled == {each.pk for each in broken}
    assert seen(whole) == {(guest.pk, f"booked:{stay.pk}")}
    CustomField.objects.filter(pk=field.pk).update(is_archived=False)
    passed()
    assert Automation.objects.get(pk=broken[2].pk).trouble == ""


def test_a_definition_of_another_time_troubles_nobody_else(fjordstuen: House) -> None:
    made, whole = on("tag_added", tag=TagFactory().pk), on("stay_booked")
    version = made.versions.get()
    version.definition = {"trigger": {"kind": "full_moon"}}
    version.save()
    booking()
    assert passed().entered == 1
    assert (Automation.objects.get(pk=made.pk).trouble, len(seen(whole))) == ("gone", 1)


def test_a_definition_is_read_as_it_was_let_out(fjordstuen: House) -> None:
    made = on("stay_booked")
    Automation.objects.filter(pk=made.pk).update(draft=definition(wait(days=1), trigger={"kind": "purchase"}))
    booking()
    assert passed().entered == 1
