"""What an automation would begin with for one guest: the stay, invoice or day it is about, and the moment."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils import timezone

from accounts.models import Business
from automations.definition import Definition, Start, Trigger
from automations.definition.timing import anchored_at, birthday_in, trigger_day
from customers.card.models import Customer
from customers.fields.models import GuestFieldValue
from customers.history.models import Invoice, Stay
from messaging.gate.schedule import zone_of

NO_STAY: Final = "no_stay"
NO_INVOICE: Final = "no_invoice"
NO_DATE: Final = "no_date"
PASSED: Final = "passed"
_GONE: Final = (Stay.Status.CANCELLED, Stay.Status.NO_SHOW)


@dataclass(frozen=True)
class Occasion:
    """``note`` says what there is not of this guest, so that it is tried from now on; ``passed`` that its moment has
    been."""

    at: dt.datetime
    zone: str
    stay: Stay | None = None
    invoice: Invoice | None = None
    anchor: dt.date | None = None
    note: str = ""


def occasion_of(*, definition: Definition, guest: Customer, business: Business, now: dt.datetime) -> Occasion:
    """The next occasion there is for a guest, else the last, else none: then it begins now."""
    start = definition.trigger
    stay = _stay(start, guest, now, business) if start.has_stay or _is_about_stays(definition) else None
    invoice = _invoice(guest) if start.kind == Trigger.INVOICE_DUE else None
    name = (stay.property.time_zone if stay is not None else "") or business.time_zone
    zone = zone_of(name)
    anchor = _anchor(start, guest, stay, invoice, now.astimezone(zone).date())
    note = ""
    if start.has_stay and stay is None:
        note = NO_STAY
    elif start.kind == Trigger.INVOICE_DUE and invoice is None:
        note = NO_INVOICE
    elif start.is_date and anchor is None:
        note = NO_DATE
    at = now
    if anchor is not None:
        at = anchored_at(start, anchor, zone)
        if at < now:
            at, note = now, PASSED
    return Occasion(at, name, stay, invoice, anchor, note)


def _is_about_stays(definition: Definition) -> bool:
    """Whether what begins it may bring a stay along though it need not."""
    return definition.trigger.kind in (Trigger.PURCHASE, Trigger.BY_HAND)


def _stay(start: Start, guest: Customer, now: dt.datetime, business: Business) -> Stay | None:
    """The stay it would be about: the next one, or for what comes afterwards the one that ends next or ended last."""
    today = timezone.localdate(now, timezone=business.zone)
    stays = Stay.objects.filter(participants__customer=guest).select_related("property").distinct()
    if start.properties:
        stays = stays.filter(property_id__in=start.properties)
    if start.kind not in (Trigger.STAY_CANCELLED, Trigger.NO_SHOW):
        stays = stays.exclude(status__in=_GONE)
    coming = stays.filter(departure__gte=today).order_by("arrival", "id").first()
    return coming or stays.order_by("-departure", "-id").first()


def _invoice(guest: Customer) -> Invoice | None:
    found = Invoice.objects.filter(customer=guest, paid_on=None).exclude(due_on=None)
    return found.order_by("due_on", "id").first()


def _anchor(
    start: Start, guest: Customer, stay: Stay | None, invoice: Invoice | None, today: dt.date
) -> dt.date | None:
    """The day a trigger of dates is counted from."""
    match start.kind:
        case Trigger.BEFORE_ARRIVAL if stay is not None:
            return stay.arrival
        case Trigger.AFTER_DEPARTURE if stay is not None:
            return stay.departure
        case Trigger.AFTER_LAST_STAY:
            last = Stay.objects.filter(Q(participants__customer=guest), ~Q(status__in=_GONE))
            return last.order_by("-departure").values_list("departure", flat=True).first()
        case Trigger.BIRTHDAY if guest.birth_date is not None:
            return _next_of_year(start, guest.birth_date, today)
        case Trigger.DATE:
            values = GuestFieldValue.objects.filter(customer=guest, field__key=start.field)
            day = values.values_list("date", flat=True).first()
            return _next_of_year(start, day, today) if day is not None and start.yearly else day
        case Trigger.INVOICE_DUE if invoice is not None:
            return invoice.due_on
    return None


def _next_of_year(start: Start, day: dt.date, today: dt.date) -> dt.date:
    """The next anniversary whose trigger has not passed."""
    years = (birthday_in(day, today.year + more) for more in (-1, 0, 1, 2))
    return next(each for each in years if trigger_day(start, each) >= today)
