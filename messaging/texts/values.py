"""What placeholders of many guests are filled with, in a fixed number of queries."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.formats import phone
from accounts.models import Business
from accounts.tenancy import require_business_id
from customers.card.models import ContactPoint, Customer
from customers.fields.models import CustomField, FieldValue
from customers.fields.selectors import values_of_guests, values_of_stays
from customers.history.models import Invoice, Stay
from customers.search.fetch_sql import rows
from messaging.rendering import Country, Money, Value, Values

_USUAL_STAY = """
    SELECT i.id, s.id
    FROM unnest(%(ids)s::bigint[]) AS i (id)
    JOIN LATERAL (
        SELECT s.id
        FROM customers_stayparticipant p JOIN customers_stay s ON s.id = p.stay_id
        WHERE p.customer_id = i.id AND s.status NOT IN ('cancelled', 'no_show')
        ORDER BY s.status = 'checked_in' DESC, s.status = 'booked' AND s.departure >= %(today)s DESC,
                 CASE WHEN s.status = 'booked' AND s.departure >= %(today)s THEN s.arrival END,
                 s.departure DESC, s.id DESC
        LIMIT 1
    ) s ON true
"""
"""The stay a message without one speaks of: the one in house, else the next, else the last."""

_USUAL_INVOICE = """
    SELECT i.id, v.id
    FROM unnest(%(ids)s::bigint[]) AS i (id)
    JOIN LATERAL (
        SELECT v.id FROM customers_invoice v
        WHERE v.customer_id = i.id
        ORDER BY v.paid_on IS NULL DESC, v.due_on NULLS LAST, v.issued_on DESC, v.id DESC
        LIMIT 1
    ) v ON true
"""
"""The invoice a message without one speaks of: the one unpaid that was due first."""


@dataclass(frozen=True)
class Wanted:
    """Whose values are wanted; of which stay and invoice, where the message is about one."""

    customer_id: int
    stay_id: int | None = None
    invoice_id: int | None = None


def values_of(
    *, customer_ids: Collection[int], stay_ids: Mapping[int, int] | None = None, names: Collection[str] | None = None
) -> dict[int, Values]:
    """The values of several guests by their id; ``stay_ids`` says which guest's message is about which stay.

    ``names`` are the placeholders that will be filled: what none of them asks for is not read
    (:func:`messaging.rendering.rendered.used_in`). An id that is no guest of the business has the business's values.
    """
    wanted = [Wanted(pk, (stay_ids or {}).get(pk)) for pk in customer_ids]
    return dict(zip(customer_ids, values_for(wanted, names=names), strict=True))


def values_for(wanted: Sequence[Wanted], *, names: Collection[str] | None = None) -> list[Values]:
    """The values of each message of a batch, in its order; a guest may stand in it twice. At most 11 queries."""
    asked = _Asked(names)
    business = Business.objects.get(pk=require_business_id())
    guests = _guests(wanted, asked, business) if asked.any("guest.") else {}
    stays = _stays(wanted, asked, business) if asked.any("stay.", "property.") else {}
    invoices = _invoices(wanted, business) if asked.any("invoice.") else {}
    always: dict[str, Value] = {"business.name": business.name, "business.address": business.address_line}
    return [
        Values(
            {
                name: value
                for part in (always, guests.get(each.customer_id), stays.get(each), invoices.get(each))
                for name, value in (part or {}).items()
                if value not in ("", None)
            }
        )
        for each in wanted
    ]


class _Asked:
    """Which groups of placeholders will be filled; all where nobody said."""

    def __init__(self, names: Collection[str] | None) -> None:
        self._names = names

    def any(self, *prefixes: str) -> bool:
        return self._names is None or any(name.startswith(prefixes) for name in self._names)


def _guests(wanted: Sequence[Wanted], asked: _Asked, business: Business) -> dict[int, dict[str, Value]]:
    ids = {each.customer_id for each in wanted}
    found = {guest.pk: _guest(guest) for guest in Customer.objects.filter(pk__in=ids)}
    if asked.any("guest.email", "guest.phone"):
        points = ContactPoint.objects.filter(customer_id__in=ids, normalised__gt="").order_by("is_primary", "-id")
        for pk, kind, value in points.values_list("customer_id", "kind", "normalised"):
            if pk in found:
                is_phone = kind == ContactPoint.Kind.PHONE
                found[pk]["guest.phone" if is_phone else "guest.email"] = phone(value) if is_phone else value
    if asked.any("guest.own."):
        for pk, lines in values_of_guests(customer_ids=found).items():
            found[pk].update(_own("guest", ((line.field, line.row) for line in lines)))
    return found


def _guest(guest: Customer) -> dict[str, Value]:
    return {
        "guest.given_name": guest.given_name,
        "guest.family_name": guest.family_name,
        "guest.name": guest.name,
        "guest.company": guest.company_name,
        "guest.city": guest.city,
        "guest.country": Country(guest.country) if guest.country else "",
    }


def _stays(wanted: Sequence[Wanted], asked: _Asked, business: Business) -> dict[Wanted, dict[str, Value]]:
    usual = _usual(_USUAL_STAY, [each.customer_id for each in wanted if each.stay_id is None], business)
    ids = {each: each.stay_id or usual.get(each.customer_id) for each in wanted}
    stays = Stay.objects.select_related("property").in_bulk({pk for pk in ids.values() if pk is not None})
    own: dict[int, dict[str, Value]] = {}
    if asked.any("stay.own."):
        for line in values_of_stays(stay_ids=list(stays)):
            own.setdefault(getattr(line.row, "stay_id", 0), {}).update(_own("stay", ((line.field, line.row),)))
    shown = {pk: _stay(stay, business) | own.get(pk, {}) for pk, stay in stays.items()}
    return {each: shown[pk] for each, pk in ids.items() if pk in shown}


def _stay(stay: Stay, business: Business) -> dict[str, Value]:
    values: dict[str, Value] = {
        "stay.arrival": stay.arrival,
        "stay.departure": stay.departure,
        "stay.nights": stay.nights,
        "stay.adults": stay.adults,
        "stay.children": stay.children,
        "stay.guests": stay.adults + stay.children,
        "stay.room": stay.unit,
        "stay.room_type": stay.unit_type,
        "stay.reference": stay.reference,
        "property.name": stay.property.name,
    }
    if stay.amount is not None:
        values["stay.amount"] = Money(stay.amount, stay.currency or business.currency)
    return values


def _invoices(wanted: Sequence[Wanted], business: Business) -> dict[Wanted, dict[str, Value]]:
    usual = _usual(_USUAL_INVOICE, [each.customer_id for each in wanted if each.invoice_id is None], business)
    ids = {each: each.invoice_id or usual.get(each.customer_id) for each in wanted}
    found = Invoice.objects.in_bulk({pk for pk in ids.values() if pk is not None})
    return {each: _invoice(found[pk], business) for each, pk in ids.items() if pk in found}


def _invoice(invoice: Invoice, business: Business) -> dict[str, Value]:
    return {
        "invoice.number": invoice.number,
        "invoice.issued": invoice.issued_on,
        "invoice.due": invoice.due_on or "",
        "invoice.amount": Money(invoice.amount, invoice.currency or business.currency),
    }


def _usual(sql: str, ids: Collection[int], business: Business) -> dict[int, int]:
    """What a guest's message speaks of when nobody said: guest → id."""
    today: dt.date = timezone.localdate(timezone=business.zone)
    return dict(rows(sql, {"ids": list(set(ids)), "today": today})) if ids else {}


def _own(group: str, lines: Any) -> Iterator[tuple[str, Value]]:
    for field, row in lines:
        value = _own_value(field, row)
        if value not in ("", None):
            yield f"{group}.own.{field.key}", value


def _own_value(field: CustomField, row: FieldValue | None) -> Any:
    if row is None:
        return ""
    match field.kind:
        case CustomField.Kind.NUMBER:
            return row.number
        case CustomField.Kind.DATE:
            return row.date
        case CustomField.Kind.YES_NO:
            return row.flag
        case CustomField.Kind.CHOICE:
            return next((option["label"] for option in field.options if option["key"] == row.text), row.text)
    return row.text
