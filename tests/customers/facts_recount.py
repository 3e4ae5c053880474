"""A guest's facts, counted one by one in Python as docs/facts.md says: what the database's must equal."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Business
from customers.card.models import ContactPoint, Customer, CustomerTag
from customers.consent.models import CONSENTS, ConsentState
from customers.facts.check import facts_check
from customers.facts.models import CustomerFacts
from customers.filters.catalogue import code
from customers.history.models import Activity, Purchase, Stay, StayParticipant
from customers.permission.reasons import REACH
from customers.permission.selectors import may_contact

COPIED = [
    "kind",
    "language",
    "nationality",
    "country",
    "postal_code",
    "city",
    "source",
    "first_contact",
    "birth_date",
    "birthday",
    "sort_key",
    "is_restricted",
    "is_deceased",
    "do_not_contact",
]
HISTORY = [
    "stays",
    "nights",
    "value",
    "currency",
    "first_arrival",
    "last_stay",
    "next_arrival",
    "cancelled",
    "no_shows",
    "value_12_months",
    "value_this_year",
    "value_minor",
    "arrivals",
]
OTHERS = ["tags", "consents", "email_state", "phone_state", "email_reach", "sms_reach", "last_activity"]
NO_HISTORY: dict[str, Any] = dict.fromkeys(HISTORY, 0) | {
    "currency": "",
    "first_arrival": None,
    "last_stay": None,
    "next_arrival": None,
    "arrivals": [],
}


def year_before(day: dt.date) -> dt.date:
    """The same day a year earlier; the last of February for a leap day."""
    return dt.date(day.year - 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def history(guest: Customer, today: dt.date) -> dict[str, Any]:
    """What stays and purchases count to."""
    facts = {**NO_HISTORY, "arrivals": []}
    payments: Counter[str] = Counter()
    sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)

    def pay(currency: str, amount: Decimal, day: dt.date) -> None:
        payments[currency] += 1
        falls = (True, year_before(today) < day <= today, day.year == today.year)
        sums[currency] = [each + amount * counts for each, counts in zip(sums[currency], falls, strict=True)]

    for part in StayParticipant.objects.filter(customer=guest).select_related("stay"):
        stay = part.stay
        took_place = stay.status in (Stay.Status.CHECKED_IN, Stay.Status.CHECKED_OUT)
        if part.is_guest and took_place:
            facts["stays"] += 1
            facts["nights"] += stay.nights
            facts["arrivals"].append(stay.arrival)
            facts["first_arrival"] = min(facts["first_arrival"] or stay.arrival, stay.arrival)
            last = stay.departure if stay.status == Stay.Status.CHECKED_OUT else stay.arrival
            facts["last_stay"] = max(facts["last_stay"] or last, last)
        if part.is_guest and stay.status == Stay.Status.BOOKED and stay.departure >= today:
            facts["next_arrival"] = min(facts["next_arrival"] or stay.arrival, stay.arrival)
        facts["cancelled"] += part.is_guest and stay.status == Stay.Status.CANCELLED
        facts["no_shows"] += part.is_guest and stay.status == Stay.Status.NO_SHOW
        if part.is_payer and took_place and stay.amount is not None:
            pay(stay.currency, stay.amount, stay.arrival)
    for bought in Purchase.objects.filter(customer=guest, amount__isnull=False):
        pay(bought.currency, bought.amount or Decimal(0), bought.bought_on)
    facts["arrivals"].sort()
    if payments:
        facts["currency"] = min(payments, key=lambda currency: (-payments[currency], currency))
        facts["value"], lately, this_year = sums[facts["currency"]]
        facts["value_12_months"], facts["value_this_year"] = int(lately * 100), int(this_year * 100)
        facts["value_minor"] = int(facts["value"] * 100)
    return facts


def state_told(states: Sequence[str]) -> str:
    """What the newsletter finds among addresses of these states, the primary one's first."""
    real = [state for state in states if state != "placeholder"]
    for telling in ("opted_out", "ok"):
        if telling in real:
            return telling
    return real[0] if real else states[0] if states else ""


def address_state(guest: Customer, kind: str) -> str:
    """What it finds among those of a guest."""
    points = ContactPoint.objects.filter(customer=guest, kind=kind).order_by("-is_primary", "pk")
    return state_told(list(points.values_list("state", flat=True)))


def others(guest: Customer, business: Business) -> dict[str, Any]:
    """What follows from tags, addresses, consents and activities."""
    said = ConsentState.objects.filter(customer=guest).values_list("purpose", "channel", "granted")
    newest = Activity.objects.filter(customer=guest).order_by("-at").first()
    reach = {}
    for column, channel in (("email_reach", "email"), ("sms_reach", "sms")):
        verdict = may_contact(ids=[guest.pk], purpose="newsletter", channel=channel)[guest.pk]
        reach[column] = 0 if verdict.allowed else REACH.index(verdict.reasons[0]) + 1
    return {
        "tags": list(CustomerTag.objects.filter(customer=guest).order_by("slot").values_list("tag_id", flat=True)),
        "consents": sum((1 if yes else 2) << 2 * CONSENTS.index((purpose, channel)) for purpose, channel, yes in said),
        "email_state": address_state(guest, "email"),
        "phone_state": address_state(guest, "phone"),
        "last_activity": timezone.localdate(newest.at, business.zone) if newest else None,
        **reach,
    }


def kept(guest: Customer, columns: list[str] = HISTORY) -> dict[str, Any]:
    """The facts the database has of a guest; those of the history unless told otherwise."""
    return CustomerFacts.objects.values(*columns).get(customer=guest)


def assert_facts_are_true(business: Business) -> None:
    """Every guest's facts are what a plain count gives, and the check agrees."""
    today = timezone.localdate(timezone=business.zone)
    guests = list(Customer.objects.all())
    assert CustomerFacts.objects.count() == len(guests)
    for guest in guests:
        assert kept(guest) == history(guest, today), guest
        assert kept(guest, OTHERS) == others(guest, business), guest
        copied = {name: getattr(guest, name) for name in COPIED}
        copied |= {name: copied[name].lower() for name in ("city", "postal_code")}
        copied |= {name: code(copied[name]) for name in ("kind", "language", "nationality", "country", "source")}
        assert kept(guest, COPIED) == copied, guest
    assert facts_check().differing == []
