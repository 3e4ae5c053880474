"""Offers without a consent: whom the law of which country lets a business write to, against the rule in Python."""

import datetime as dt
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Business
from customers.card.models import Customer
from customers.permission.reasons import CUSTOMER_FOR, Basis, Reason
from customers.permission.selectors import Verdict, may_contact
from tests.cast import House
from tests.factories import (
    CompanyFactory,
    ConsentEventFactory,
    CustomerFactory,
    EmailFactory,
    InvoiceFactory,
    PurchaseFactory,
    StayFactory,
    StayParticipantFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fjordstuen")]

KNOWN_BY = ("nothing", "stay", "booked", "cancelled", "no_show", "agent", "booker", "purchase", "long ago")
A_CUSTOMER = {"stay", "booked", "booker", "purchase"}
LAW = {"NO", "DK", "NL"}
CASES = list(product(("", "NO", "DK", "NL", "SE", "US"), ("person", "company"), (None, True, False), KNOWN_BY))


def expected(country: str, kind: str, consent: bool | None, known_by: str) -> tuple[Basis | None, tuple[Reason, ...]]:
    """The basis of an offer by e-mail of a Norwegian business, and what stands in its way."""
    if consent:
        return Basis.CONSENT, ()
    if consent is False:
        return None, (Reason.WITHDRAWN,)
    where = country or "NO"
    if where == "NO" and kind == "company":
        return Basis.COMPANY, ()
    if where in LAW and known_by in A_CUSTOMER:
        return Basis.CUSTOMER, ()
    return None, (Reason.NO_BASIS,)


def guest_of(country: str, kind: str, consent: bool | None, known_by: str) -> Customer:
    guest = (CompanyFactory if kind == "company" else CustomerFactory)(country=country)
    EmailFactory(customer=guest, is_primary=True)
    if consent is not None:
        ConsentEventFactory(customer=guest, act="granted" if consent else "withdrawn")
    today = timezone.localdate()
    nights = {"arrival": today - dt.timedelta(days=40), "departure": today - dt.timedelta(days=38)}
    part: dict[str, bool] = {}
    match known_by:
        case "nothing":
            return guest
        case "purchase":
            PurchaseFactory(customer=guest, bought_on=today - dt.timedelta(days=90))
            return guest
        case "booked":
            nights = {"arrival": today + dt.timedelta(days=10), "departure": today + dt.timedelta(days=12)}
            status = "booked"
        case "long ago":
            nights = {
                "arrival": today - dt.timedelta(days=31 * (CUSTOMER_FOR + 2)),
                "departure": today - dt.timedelta(days=31 * (CUSTOMER_FOR + 1)),
            }
            status = "checked_out"
        case "cancelled" | "no_show":
            status = known_by
        case "agent":
            status, part = "checked_out", {"is_guest": False, "is_booker": False, "is_payer": False, "is_agent": True}
        case "booker":
            status, part = "checked_out", {"is_guest": False, "is_booker": True, "is_payer": False}
        case _:
            status = "checked_out"
    StayParticipantFactory(customer=guest, stay=StayFactory(status=status, **nights), **part)
    return guest


def test_every_country_kind_consent_and_way_of_knowing_the_guest() -> None:
    guests = {guest_of(*case).pk: case for case in CASES}
    offers = may_contact(ids=guests, purpose="offer", channel="email")
    letters = may_contact(ids=guests, purpose="newsletter", channel="email")
    for pk, case in guests.items():
        basis, reasons = expected(*case)
        assert offers[pk] == Verdict(not reasons, reasons), case
        assert offers[pk].basis == basis, case
        assert letters[pk].allowed is (case[2] is True), "a newsletter asks for a consent everywhere"
    assert len({verdict.basis for verdict in offers.values()}) == 4


def test_a_guest_of_no_known_country_is_under_the_businesss_law(fjordstuen: House) -> None:
    guest = guest_of("", "company", None, "nothing")
    verdict = may_contact(ids=[guest.pk], purpose="offer", channel="email")[guest.pk]
    assert (verdict.allowed, verdict.basis) == (True, Basis.COMPANY)
    Business.objects.filter(pk=fjordstuen.pk).update(country="DK")
    assert may_contact(ids=[guest.pk], purpose="offer", channel="email")[guest.pk].reasons == (Reason.NO_BASIS,)


@pytest.mark.parametrize("purpose", ["stay", "invoice"])
def test_what_belongs_to_the_contract_needs_no_consent(purpose: str) -> None:
    guest = guest_of("DK", "person", False, "nothing")
    verdict = may_contact(ids=[guest.pk], purpose=purpose, channel="email")[guest.pk]
    assert (verdict.allowed, verdict.basis) == (True, Basis.CONTRACT)


def test_an_offer_respects_do_not_contact_and_every_other_rule() -> None:
    guest = CustomerFactory(country="NO", do_not_contact=True, is_restricted=True, is_deceased=True)
    told = may_contact(ids=[guest.pk], purpose="offer", channel="email")[guest.pk].reasons
    assert told == (
        Reason.RESTRICTED,
        Reason.DECEASED,
        Reason.DO_NOT_CONTACT,
        Reason.NO_BASIS,
        Reason.NO_ADDRESS,
    )


def test_the_address_is_the_primary_one_that_can_be_used() -> None:
    guest = CustomerFactory()
    EmailFactory(customer=guest, value="first@example.com")
    EmailFactory(customer=guest, value="main@example.com", is_primary=True)
    EmailFactory(customer=guest, value="relay@guest.booking.com", state="relay")
    told = may_contact(ids=[guest.pk], purpose="stay", channel="email")[guest.pk]
    assert told.address == "main@example.com"


@pytest.mark.parametrize(
    ("status", "days", "can_be_written"),
    [
        ("booked", 300, True),
        ("checked_in", 0, True),
        ("checked_out", -60, True),
        ("checked_out", -61, False),
        ("booked", -300, False),
        ("cancelled", 10, False),
        ("no_show", -2, False),
    ],
)
def test_what_nobody_looked_at_needs_a_stay_to_write_about(status: str, days: int, can_be_written: bool) -> None:
    guest = guest_of("NO", "person", True, "nothing")
    day = timezone.localdate() + dt.timedelta(days=days)
    stay = StayFactory(status=status, arrival=day - dt.timedelta(days=2), departure=day)
    StayParticipantFactory(stay=stay, customer=guest)
    asked: dict[str, Any] = {"ids": [guest.pk], "purpose": "stay", "channel": "email"}
    told = may_contact(**asked, needs_cause=True)[guest.pk]
    assert told == (Verdict(allowed=True) if can_be_written else Verdict(False, (Reason.NO_STAY,)))
    assert told.basis is (Basis.CONTRACT if can_be_written else None)
    assert may_contact(**asked)[guest.pk].allowed, "by hand"
    later = timezone.localdate() + dt.timedelta(days=400)
    assert not may_contact(**asked, needs_cause=True, on=later)[guest.pk].allowed
    assert may_contact(**{**asked, "purpose": "newsletter"}, needs_cause=True)[guest.pk].allowed


@pytest.mark.parametrize(
    ("issued", "is_paid", "can_be_written"),
    [(-10, True, True), (-350, True, True), (-380, True, False), (-900, False, True), (None, False, False)],
)
def test_what_nobody_looked_at_needs_an_invoice_to_write_about(
    issued: int | None, is_paid: bool, can_be_written: bool
) -> None:
    guest = guest_of("NO", "person", True, "nothing")
    today = timezone.localdate()
    if issued is not None:
        day = today + dt.timedelta(days=issued)
        InvoiceFactory(customer=guest, issued_on=day, paid_on=day if is_paid else None)
    told = may_contact(ids=[guest.pk], purpose="invoice", channel="email", needs_cause=True)[guest.pk]
    assert told == (Verdict(allowed=True) if can_be_written else Verdict(False, (Reason.NO_INVOICE,)))
    assert may_contact(ids=[guest.pk], purpose="invoice", channel="email")[guest.pk].allowed, "by hand"
