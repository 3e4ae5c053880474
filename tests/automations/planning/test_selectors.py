"""Whom a trigger would have met in a span of time, and what still holds."""

import datetime as dt
from typing import Any

import pytest

from automations.definition import definition_read
from automations.models import GuestEvent
from automations.planning.selectors import Occurrence, occurrences_between, still_holds
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from tests.automations.houses import automation_on, definition, wait
from tests.automations.planning.houses import DAY, NOON, TODAY, booking, changed, one, passed
from tests.cast import House
from tests.factories import (
    CustomerFactory,
    CustomerTagFactory,
    InvoiceFactory,
    PurchaseFactory,
    SegmentFactory,
    SegmentMemberFactory,
    TagFactory,
)
from tests.held import transaction_number

HOUR = dt.timedelta(hours=1)


def met(first: dt.datetime, last: dt.datetime, **trigger: Any) -> list[Occurrence]:
    found = definition_read(definition(wait(days=1), trigger=trigger))
    return occurrences_between(definition=found, first=first, last=last, now=NOON)


def just_now(**trigger: Any) -> list[tuple[int, str]]:
    now = dt.datetime.now(dt.UTC)
    assert met(now - 3 * HOUR, now - 2 * HOUR, **trigger) == []
    return [(each.customer_id, each.key) for each in met(now - HOUR, now + HOUR, **trigger)]


def test_events_that_happened(fjordstuen: House) -> None:
    tag, segment = TagFactory(), SegmentFactory()
    with change_set(kind=ChangeSet.Kind.IMPORT, title="Silent"):
        CustomerTagFactory(tag=tag)
    stay, (guest,) = booking(arrives=900)
    changed(stay, status="checked_in")
    changed(stay, status="checked_out")
    tagged, bought = CustomerTagFactory(tag=tag, customer=guest), PurchaseFactory(customer=guest)
    told = GuestEvent.objects.create(kind="told", customer_id=guest.pk, name="spa")
    member = SegmentMemberFactory(segment=segment, customer=guest, entered_xid=transaction_number())
    assert just_now(kind="stay_booked") == [(guest.pk, f"booked:{stay.pk}")]
    assert just_now(kind="checked_in") == [(guest.pk, f"in:{stay.pk}")]
    assert just_now(kind="checked_out") == [(guest.pk, f"out:{stay.pk}")]
    assert just_now(kind="tag_added", tag=tag.pk) == [(guest.pk, f"tag:{tagged.pk}")]
    assert just_now(kind="purchase") == [(guest.pk, f"bought:{bought.pk}")]
    assert just_now(kind="event", name="spa") == [(guest.pk, f"event:{told.pk}")]
    assert just_now(kind="segment_entered", segment=segment.pk) == [(guest.pk, f"segment:{member.pk}")]
    assert just_now(kind="by_hand") == []


def test_days_of_the_calendar(fjordstuen: House) -> None:
    stay, (guest,) = booking(arrives=60)
    (found,) = met(NOON, NOON + 90 * DAY, kind="before_arrival", days=3, at="10:00")
    assert found == Occurrence(
        guest.pk, f"arrival:{stay.pk}", dt.datetime(2026, 8, 12, 8, tzinfo=dt.UTC), "2026-08-12T10:00", "Europe/Oslo",
        stay.pk, None, stay.arrival,
    )  # fmt: skip
    assert met(found.at + HOUR, found.at + DAY, kind="before_arrival", days=3, at="10:00") == []


def test_birthdays_of_two_years(fjordstuen: House) -> None:
    CustomerFactory(birth_date=dt.date(1984, 2, 29))
    found = met(NOON, NOON + 700 * DAY, kind="birthday")
    assert [each.local[:10] for each in found] == ["2027-02-28", "2028-02-29"]


@pytest.mark.parametrize(
    ("trigger", "values"),
    [
        ({"kind": "before_arrival", "days": 1}, {"arrival": TODAY + 4 * DAY}),
        ({"kind": "before_arrival", "days": 1}, {"status": "cancelled"}),
        ({"kind": "before_arrival", "days": 1}, {"status": "no_show"}),
        ({"kind": "after_departure"}, {"departure": TODAY + 8 * DAY}),
        ({"kind": "after_departure"}, {"status": "cancelled"}),
    ],
)
def test_what_planned_a_journey_may_not_hold_any_more(
    fjordstuen: House, trigger: dict[str, Any], values: dict[str, Any]
) -> None:
    made = automation_on(wait(days=1), trigger=trigger)
    stay, _guests = booking(arrives=5)
    passed()
    found, planned = definition_read(made.draft), one(made)
    assert still_holds(definition=found, journeys=[planned]) == {planned.pk}
    changed(stay, **values)
    assert still_holds(definition=found, journeys=[planned]) == set()


@pytest.mark.parametrize(
    ("trigger", "values", "holds"),
    [
        ({"kind": "birthday"}, {"birth_date": dt.date(1980, 6, 21)}, False),
        ({"kind": "birthday"}, {"birth_date": dt.date(1981, 6, 20)}, True),
        ({"kind": "birthday"}, {"city": "Bergen"}, True),
    ],
)
def test_a_birthday_holds_or_not(
    fjordstuen: House, trigger: dict[str, Any], values: dict[str, Any], holds: bool
) -> None:
    made = automation_on(wait(days=1), trigger=trigger)
    guest = CustomerFactory(birth_date=dt.date(1980, 6, 20))
    passed()
    changed(guest, **values)
    planned = one(made)
    assert still_holds(definition=definition_read(made.draft), journeys=[planned]) == ({planned.pk} if holds else set())


def test_a_leap_day_is_kept_in_other_years(fjordstuen: House) -> None:
    made = automation_on(wait(days=1), trigger={"kind": "birthday"})
    CustomerFactory(birth_date=dt.date(1980, 2, 29))
    passed(dt.datetime(2027, 2, 20, 12, tzinfo=dt.UTC))
    planned = one(made)
    assert planned.anchor == dt.date(2027, 2, 28)
    assert still_holds(definition=definition_read(made.draft), journeys=[planned]) == {planned.pk}


def test_an_invoice_holds_until_it_is_paid_and_an_event_for_ever(fjordstuen: House) -> None:
    due = automation_on(wait(days=1), trigger={"kind": "invoice_due", "days": 3}, name="Due")
    booked = automation_on(wait(days=1), trigger={"kind": "stay_booked"}, name="Booked")
    invoice = InvoiceFactory(due_on=TODAY)
    stay, _guests = booking()
    passed()
    assert still_holds(definition=definition_read(due.draft), journeys=[one(due)]) == {one(due).pk}
    changed(invoice, paid_on=TODAY)
    changed(stay, status="cancelled")
    assert still_holds(definition=definition_read(due.draft), journeys=[one(due)]) == set()
    assert still_holds(definition=definition_read(booked.draft), journeys=[one(booked)]) == {one(booked).pk}
