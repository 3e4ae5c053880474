"""Guests who stand in the register twice, and what they said of the newsletter."""

import datetime as dt
from typing import Any

from customers.card.models import Customer
from customers.consent.models import ConsentEvent, ConsentState
from tests.factories import ConsentEventFactory, CustomerFactory, StayParticipantFactory


def two(**second: Any) -> tuple[Customer, Customer]:
    """A guest with a stay, and the same once more."""
    one = CustomerFactory(given_name="Ingrid", family_name="Sørensen", street="Parkveien 12", city="Oslo")
    StayParticipantFactory(customer=one, is_payer=True)
    other = CustomerFactory(given_name="Ingrid", family_name="Sorensen", **second)
    return one, other


def at(day: int) -> dt.datetime:
    return dt.datetime(2025, 3, day, 12, tzinfo=dt.UTC)


def said(guest: Customer, act: str, day: int, **values: Any) -> ConsentEvent:
    when = at(day)
    event: ConsentEvent = ConsentEventFactory(customer=guest, act=act, at=when, recorded_at=when, **values)
    return event


def newsletter(guest: Customer) -> bool | None:
    return (
        ConsentState.objects.filter(customer=guest, purpose="newsletter", channel="email")
        .values_list("granted", flat=True)
        .first()
    )
