"""What tests of the planner share: days around a fixed noon, stays of guests, and what a pass made of them."""

import datetime as dt
from typing import Any

from automations.models import Automation, Journey
from automations.planning.services import Passed, plan_pass
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.history.models import Stay, StayParticipant
from tests.factories import CustomerFactory, StayFactory, StayParticipantFactory

NOON = dt.datetime(2026, 6, 16, 10, 0, tzinfo=dt.UTC)
"""A Tuesday, 12:00 in Oslo."""
TODAY = dt.date(2026, 6, 16)
DAY = dt.timedelta(days=1)


def booking(
    *guests: Customer, arrives: int = 5, nights: int = 2, status: str = "booked", **values: Any
) -> tuple[Stay, list[Customer]]:
    """A stay that begins so many days from today, of these guests or of a new one; the first has booked it."""
    who = list(guests) or [CustomerFactory()]
    arrival = TODAY + arrives * DAY
    stay = StayFactory(arrival=arrival, departure=arrival + nights * DAY, status=status, **values)
    for place, each in enumerate(who):
        StayParticipantFactory(stay=stay, customer=each, is_booker=not place, is_payer=not place)
    return stay, who


def changed(row: Any, *, kind: str = "edit", is_event: bool | None = None, **values: Any) -> None:
    """Change a row of a guest table."""
    with change_set(kind=ChangeSet.Kind(kind), title="Changed by a test", is_event=is_event):
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))


def passed(now: dt.datetime = NOON) -> Passed:
    """A pass."""
    return plan_pass(now=now)


def seen(automation: Automation, *states: str) -> set[tuple[int, str]]:
    """The journeys of an automation, as guest and occurrence."""
    found = Journey.objects.filter(automation=automation, state__in=states or ("planned", "running"))
    return set(found.values_list("customer_id", "occurrence"))


def one(automation: Automation) -> Journey:
    """The one journey of an automation."""
    return Journey.objects.get(automation=automation)


def companions(stay: Stay) -> list[int]:
    """The guests of a stay."""
    return list(StayParticipant.objects.filter(stay=stay, is_guest=True).values_list("customer_id", flat=True))
