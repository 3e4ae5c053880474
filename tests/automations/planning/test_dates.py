"""Dates: planned ahead on the calendar, at the local time of the place, and moved with what they are counted from."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from automations.models import Automation, Journey
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.fields.models import CustomField
from customers.history.models import Invoice
from tests.automations.houses import automation_on, wait
from tests.automations.planning.houses import DAY, NOON, TODAY, booking, changed, one, passed, seen
from tests.cast import House
from tests.factories import (
    CustomerFactory,
    CustomFieldFactory,
    GuestFieldValueFactory,
    InvoiceFactory,
    PropertyFactory,
    StayParticipantFactory,
)

BIRTH = dt.date(1980, 6, 20)


def on(**trigger: Any) -> Automation:
    entry = trigger.pop("entry", {"rule": "each"})
    name = f"On {trigger['kind']} {Automation.objects.count()}"
    return automation_on(wait(days=1), trigger={"at": "10:00", **trigger}, name=name, entry=entry)


def test_arrivals_of_the_next_two_weeks_are_planned(fjordstuen: House) -> None:
    made = on(kind="before_arrival", days=3)
    stay, (guest,) = booking(arrives=17)
    for arrives, status in ((18, "booked"), (10, "cancelled"), (9, "no_show"), (8, "checked_in")):
        booking(arrives=arrives, status=status)
    assert (passed().entered, passed().entered) == (1, 0)
    assert seen(made, "planned") == {(guest.pk, f"arrival:{stay.pk}")}
    found = one(made)
    assert (found.due_at, found.due_local) == (dt.datetime(2026, 6, 30, 8, tzinfo=dt.UTC), "2026-06-30T10:00")
    assert (found.anchor, found.stay_id, found.zone) == (stay.arrival, stay.pk, "Europe/Oslo")


def test_every_day_the_next_one_is_planned(fjordstuen: House) -> None:
    made = on(kind="before_arrival", days=3)
    booking(arrives=18)
    assert passed().entered == 0
    assert passed(NOON + DAY).entered == 1
    made.refresh_from_db()
    assert made.planned_through == TODAY + 15 * DAY
    assert passed(NOON + 5 * DAY).entered == 0


def test_what_is_turned_on_begins_with_moments_to_come(fjordstuen: House) -> None:
    """Somebody who arrives tomorrow would have been written to two days ago."""
    made = on(kind="before_arrival", days=3)
    with change_set(kind=ChangeSet.Kind.IMPORT, title="Before"):
        booking(arrives=1)
    assert passed().entered == 0
    assert seen(made) == set()


def test_a_late_booking_begins_at_once(fjordstuen: House) -> None:
    made = on(kind="before_arrival", days=3)
    passed()
    with change_set(kind=ChangeSet.Kind.IMPORT, title="Came with a file"):
        booking(arrives=1)
    booking(arrives=-1)
    stay, (guest,) = booking(arrives=1)
    assert passed().entered == 1
    assert seen(made) == {(guest.pk, f"arrival:{stay.pk}")}
    assert (one(made).due_at, one(made).due_local) == (NOON, "2026-06-16T12:00")


def test_what_an_import_brings_is_planned_when_its_day_comes(fjordstuen: House) -> None:
    made = on(kind="before_arrival", days=3)
    passed()
    with change_set(kind=ChangeSet.Kind.IMPORT, title="Came with a file"):
        stay, (guest,) = booking(arrives=6)
    assert passed().entered == 1
    assert seen(made) == {(guest.pk, f"arrival:{stay.pk}")}


@pytest.mark.parametrize(("days", "state", "reason"), [(4, "planned", ""), (40, "left", "changed")])
def test_a_stay_that_moves_takes_its_journey_along(fjordstuen: House, days: int, state: str, reason: str) -> None:
    made = on(kind="before_arrival", days=3)
    stay, _guests = booking(arrives=6)
    passed()
    before = one(made)
    with change_set(kind=ChangeSet.Kind.IMPORT, title="Moved"):
        changed(stay, departure=stay.departure + days * DAY)
        changed(stay, arrival=stay.arrival + days * DAY)
    did = passed()
    found = one(made)
    assert (found.pk, found.state, found.reason) == (before.pk, state, reason)
    assert (did.entered, did.moved, did.left) == (0, int(state == "planned"), int(state == "left"))
    if state == "planned":
        assert (found.anchor, found.due_at) == (stay.arrival, before.due_at + days * DAY)
    else:
        assert passed(NOON + 40 * DAY).moved == 1
        assert one(made).state == "planned"


@pytest.mark.parametrize("status", ["cancelled", "no_show"])
def test_a_cancelled_stay_lets_its_journey_go(fjordstuen: House, status: str) -> None:
    made = on(kind="before_arrival", days=3)
    stay, _guests = booking(arrives=6)
    passed()
    changed(stay, status=status)
    assert passed().left == 1
    found = one(made)
    assert (found.state, found.reason, found.due_at, found.ended_at) == ("left", "cancelled", None, NOON)
    changed(stay, status="booked")
    assert passed().moved == 1
    assert (one(made).state, one(made).ended_at) == ("planned", None)


def test_what_has_begun_is_left_to_whoever_runs_it(fjordstuen: House) -> None:
    made = on(kind="before_arrival", days=3)
    stay, _guests = booking(arrives=6)
    passed()
    Journey.objects.update(state="running", began_at=NOON)
    changed(stay, status="cancelled")
    assert passed().left == 0
    assert one(made).state == "running"


def test_another_booker_takes_the_place(fjordstuen: House) -> None:
    made = on(kind="before_arrival", days=3)
    stay, (guest,) = booking(arrives=6)
    passed()
    changed(stay.participants.get(), is_booker=False, is_payer=False)
    other = StayParticipantFactory(stay=stay, is_booker=True).customer
    passed()
    assert seen(made) == {(other.pk, f"arrival:{stay.pk}")}
    assert seen(made, "left") == {(guest.pk, f"arrival:{stay.pk}")}


def test_departures(fjordstuen: House) -> None:
    made = on(kind="after_departure", days=1, who="guests")
    stay, who = booking(CustomerFactory(), CustomerFactory(), arrives=-2, nights=2, status="checked_out")
    booking(arrives=-3, nights=3, status="cancelled")
    passed()
    assert seen(made) == {(each.pk, f"departure:{stay.pk}") for each in who}
    assert {each.due_local for each in Journey.objects.all()} == {"2026-06-17T10:00"}


def test_months_after_the_last_stay(fjordstuen: House) -> None:
    made = on(kind="after_last_stay", months=11)
    _stay, (guest,) = booking(arrives=-334, nights=2, status="checked_out")
    assert passed().entered == 1
    found = one(made)
    assert (found.occurrence, found.due_local) == ("last:2025-07-19", "2026-06-19T10:00")
    booking(guest, arrives=-1, status="checked_in")
    assert passed().left == 1
    assert one(made).reason == "changed"


def test_last_stays_of_a_property(fjordstuen: House) -> None:
    there = PropertyFactory()
    made = on(kind="after_last_stay", months=11, properties=[there.pk])
    booking(arrives=-334, status="checked_out")
    _stay, (guest,) = booking(arrives=-334, status="checked_out", property=there)
    passed()
    assert {pk for pk, _key in seen(made)} == {guest.pk}


@pytest.mark.parametrize(
    ("birth", "now", "due"),
    [
        (BIRTH, NOON, "2026-06-18T10:00"),
        (dt.date(1980, 2, 29), dt.datetime(2026, 2, 20, 12, tzinfo=dt.UTC), "2026-02-26T10:00"),
        (dt.date(1980, 2, 29), dt.datetime(2028, 2, 20, 12, tzinfo=dt.UTC), "2028-02-27T10:00"),
        (dt.date(1980, 1, 1), dt.datetime(2026, 12, 20, 12, tzinfo=dt.UTC), "2026-12-30T10:00"),
    ],
)
def test_birthdays(fjordstuen: House, birth: dt.date, now: dt.datetime, due: str) -> None:
    made = on(kind="birthday", days=2)
    guest = CustomerFactory(birth_date=birth)
    CustomerFactory(birth_date=dt.date(1990, 9, 9))
    passed(now)
    found = one(made)
    assert (found.customer_id, found.due_local) == (guest.pk, due)
    assert found.occurrence == f"birthday:{found.anchor and found.anchor.year}"


def test_a_birthday_that_is_corrected(fjordstuen: House) -> None:
    made = on(kind="birthday")
    guest = CustomerFactory(birth_date=BIRTH)
    passed()
    changed(guest, birth_date=BIRTH + 2 * DAY)
    assert passed().moved == 1
    assert (one(made).anchor, one(made).due_local) == (dt.date(2026, 6, 22), "2026-06-22T10:00")


@pytest.mark.parametrize(
    ("trigger", "value", "found"),
    [
        ({"days": -5}, dt.date(2026, 6, 25), "date:renewal:2026-06-25"),
        ({"days": 0}, dt.date(2026, 6, 25), "date:renewal:2026-06-25"),
        ({"yearly": True}, dt.date(2019, 6, 25), "date:renewal:2026-06-25"),
        ({"yearly": True}, dt.date(2026, 6, 25), ""),
        ({}, dt.date(2019, 6, 25), ""),
    ],
)
def test_dates_of_ones_own(fjordstuen: House, trigger: dict[str, Any], value: dt.date, found: str) -> None:
    field = CustomFieldFactory(key="renewal", kind=CustomField.Kind.DATE)
    made = on(kind="date", field="renewal", **trigger)
    given = GuestFieldValueFactory(field=field, text="", date=value)
    passed()
    assert seen(made) == ({(given.customer_id, found)} if found else set())
    changed(given, date=dt.date(2001, 1, 1))
    passed()
    assert seen(made) == set()


def test_unpaid_invoices(fjordstuen: House) -> None:
    made = on(kind="invoice_due", days=3)
    invoice = InvoiceFactory(due_on=TODAY + DAY)
    InvoiceFactory(due_on=TODAY + DAY, paid_on=TODAY)
    passed()
    found = one(made)
    assert (found.customer_id, found.occurrence) == (invoice.customer_id, f"invoice:{invoice.pk}")
    assert (found.invoice_id, found.due_local) == (invoice.pk, "2026-06-20T10:00")
    changed(invoice, paid_on=TODAY)
    assert passed().left == 1
    assert one(made).reason == "paid"


def test_an_invoice_that_is_nearly_due_when_it_is_made(fjordstuen: House) -> None:
    made = on(kind="invoice_due", days=-7)
    passed()
    invoice = InvoiceFactory(due_on=TODAY + 2 * DAY, amount=Decimal(10))
    passed()
    assert seen(made) == {(invoice.customer_id, f"invoice:{invoice.pk}")}
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize(
    ("now", "arrives", "at", "due"),
    [
        # The night that the clock jumps from two to three, and the one in which it shows two twice.
        (dt.datetime(2026, 3, 27, 12, tzinfo=dt.UTC), dt.date(2026, 3, 30), "02:30", "2026-03-29T01:00"),
        (dt.datetime(2026, 10, 23, 12, tzinfo=dt.UTC), dt.date(2026, 10, 26), "02:30", "2026-10-25T00:30"),
    ],
)
def test_nights_that_break_a_clock(fjordstuen: House, now: dt.datetime, arrives: dt.date, at: str, due: str) -> None:
    made = on(kind="before_arrival", days=1, at=at)
    booking(arrives=(arrives - TODAY).days)
    passed(now)
    assert one(made).due_at == dt.datetime.fromisoformat(due).replace(tzinfo=dt.UTC)
    assert one(made).due_local == f"{arrives - DAY}T{at}"


def test_the_clock_of_the_property(fjordstuen: House) -> None:
    made = on(kind="before_arrival", days=1)
    booking(property=PropertyFactory(time_zone="Atlantic/Reykjavik"))
    passed()
    assert (one(made).zone, one(made).due_at) == ("Atlantic/Reykjavik", dt.datetime(2026, 6, 20, 10, tzinfo=dt.UTC))


def test_what_is_paused_is_looked_at_anew_when_it_goes_on(fjordstuen: House) -> None:
    made = on(kind="before_arrival", days=3)
    stay, _guests = booking(arrives=6)
    passed()
    Automation.objects.update(state="paused")
    changed(stay, arrival=stay.arrival + DAY)
    booking(arrives=7)
    passed()
    assert one(made).anchor == TODAY + 6 * DAY
    Automation.objects.update(state="on")
    did = passed()
    assert (did.entered, did.moved) == (1, 1)
    assert {each.anchor for each in Journey.objects.all()} == {TODAY + 7 * DAY}
