"""Dry runs over days behind: what counted then, and what has happened only since; on the day it was."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automations.models import DryRunStep, GuestEvent
from automations.rehearsal import services
from automations.rehearsal.services import dry_run_start, dry_run_work
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Stay
from tests.automations.houses import automation_on, wait
from tests.automations.rehearsal.histories import clock_at
from tests.automations.rehearsal.stages import DAY, dry_run
from tests.cast import House
from tests.factories import StayFactory, StayParticipantFactory
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db

SPA: dict[str, Any] = {"kind": "event", "name": "spa"}
CALL: dict[str, Any] = {"do": "task", "title": "Call"}


def told(customer: Customer, at: dt.datetime) -> None:
    """Another system told of a guest."""
    GuestEvent.objects.create(kind="told", customer_id=customer.pk, name="spa", at=at)


def booked(customer: Customer, at: dt.datetime, arrival: dt.date) -> None:
    """Somebody booked at the desk."""
    with clock_at(at), change_set(kind=ChangeSet.Kind.EDIT):
        stay = StayFactory(arrival=arrival, departure=arrival + 2 * DAY, status="booked", created_at=at)
        StayParticipantFactory(stay=stay, customer=customer, is_booker=True)


@pytest.mark.parametrize(("days", "state"), [(1, "left"), (5, "done")])
def test_what_happened_later_ends_no_journey(fjordstuen: House, days: int, state: str) -> None:
    kari, at = guest(), timezone.now() - 20 * DAY
    told(kari, at)
    booked(kari, at + days * DAY, timezone.localdate() + 10 * DAY)
    made = automation_on(wait(days=2), CALL, trigger=SPA, exits=[{"kind": "booked"}])
    row = DryRunStep.objects.get(run=dry_run(made, -30, -1), step="")
    assert (row.outcome, row.at) == (state, at)


def test_who_booked_late_begins_when_the_stay_was_booked(fjordstuen: House) -> None:
    kari, at = guest(), timezone.now() - 20 * DAY
    booked(kari, at, timezone.localdate(at) + DAY)
    row = DryRunStep.objects.get(run=dry_run(automation_on(CALL), -30, -1), step="")
    assert (row.outcome, row.at) == ("done", at)


def test_filters_count_from_the_day_it_was(fjordstuen: House) -> None:
    at = timezone.now() - 20 * DAY
    day = timezone.localdate(at, fjordstuen.business.zone)
    young = guest(birth_date=day.replace(year=day.year - 18, day=1) + (day.day - 1 + 3) * DAY)
    for days in (0, 8):
        told(young, at + days * DAY)
    adults = {"version": 1, "match": "all", "rules": [{"field": "age", "operator": "between", "value": [18, 99]}]}
    made = automation_on(wait(days=5), {"do": "only_if", "tree": adults}, trigger=SPA, only=adults)
    assert dry_run(made, -30, -1).counts == {"": {"out.only": 1, "done.": 1}, "s1": {"done.": 1}, "s2": {"yes.": 1}}
    made = automation_on(wait(days=5), {"do": "only_if", "tree": adults}, trigger=SPA, name="Later")
    assert dry_run(made, -30, -1).counts["s2"] == {"yes.": 2}
    made = automation_on(wait(days=1), {"do": "only_if", "tree": adults}, trigger=SPA, name="Soon")
    assert dry_run(made, -30, -1).counts["s2"] == {"yes.": 1, "no.": 1}


def test_many_moments_are_as_many_statements_as_one(fjordstuen: House) -> None:
    made = automation_on(CALL, wait(days=1, hours=3), CALL, trigger=SPA, exits=[{"kind": "booked"}])
    begun = timezone.now() - 20 * DAY
    counted = []
    for number in range(2):
        for minutes in range(1 + 9 * number):
            told(guest(), begun + minutes * dt.timedelta(minutes=7, hours=5))
        today = timezone.localdate()
        run = dry_run_start(automation_id=made.pk, first=today - 30 * DAY, last=today)
        with CaptureQueriesContext(connection) as asked:
            assert not dry_run_work(business_id=made.business_id, run_id=run.pk)
        run.refresh_from_db()
        counted.append((run.guests, len(asked)))
    assert [guests for guests, _number in counted] == [1, 11]
    assert counted[0][1] == counted[1][1]


def test_guests_of_whom_there_is_nothing_to_tell_hold_nobody_up(
    fjordstuen: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CHUNK", 1)
    at, today = timezone.now() - 20 * DAY, timezone.localdate()
    for number in range(3):
        booked(guest(), at, today - 12 * DAY)
        if number < 2:
            with clock_at(at + DAY), change_set(kind=ChangeSet.Kind.EDIT):
                Stay.objects.filter(pk=Stay.objects.latest("id").pk).update(
                    arrival=today - 3 * DAY, departure=today - 2 * DAY
                )
    made = automation_on(CALL)
    run = dry_run_start(automation_id=made.pk, first=today - 30 * DAY, last=today - 10 * DAY)
    while dry_run_work(business_id=made.business_id, run_id=run.pk, steps=1):
        pass
    run.refresh_from_db()
    assert (run.state, run.guests, run.counts[""]) == ("done", 1, {"done.": 1})
