"""A card as the pages of duplicates show it: what one needs to tell two guests apart at a glance."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from accounts.tenancy import require_business_id
from customers.card.models import Customer

_CARDS = """
    SELECT c.id, c.kind, c.given_name, c.family_name, c.company_name, c.organisation_number, c.birth_date,
           c.street, c.postal_code, c.city, c.country, c.is_restricted, c.is_deceased, c.do_not_contact, c.created_at,
           array(SELECT p.value FROM customers_contactpoint p WHERE p.business_id = %(house)s AND p.customer_id = c.id
                 AND p.kind = 'email' ORDER BY p.is_primary DESC, p.id LIMIT 5),
           array(SELECT coalesce(nullif(p.normalised, ''), p.value) FROM customers_contactpoint p
                 WHERE p.business_id = %(house)s AND p.customer_id = c.id
                 AND p.kind = 'phone' ORDER BY p.is_primary DESC, p.id LIMIT 5),
           coalesce(f.stays, 0), f.last_stay, f.next_arrival, coalesce(f.value, 0), coalesce(f.currency, '')
    FROM unnest(%(ids)s) AS w (id)
    JOIN customers_customer c ON c.business_id = %(house)s AND c.id = w.id
    LEFT JOIN customers_customerfacts f ON f.business_id = %(house)s AND f.customer_id = c.id
"""


@dataclass(frozen=True)
class CardShown:
    """A card beside another."""

    customer_id: int
    name: str
    kind: str
    given_name: str
    family_name: str
    company_name: str
    organisation_number: str
    birth_date: dt.date | None
    street: str
    postal_code: str
    city: str
    country: str
    emails: tuple[str, ...]
    """As typed, the primary one first; at most five, as of phones."""
    phones: tuple[str, ...]
    """E.164 or as typed."""
    stays: int
    last_stay: dt.date | None
    next_arrival: dt.date | None
    value: Decimal
    currency: str
    is_restricted: bool
    is_deceased: bool
    do_not_contact: bool
    created_at: dt.datetime


def cards_shown(customer_ids: Iterable[int]) -> dict[int, CardShown]:
    """The cards with these ids that are in the register, by id."""
    wanted = sorted(set(customer_ids))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_CARDS, {"house": require_business_id(), "ids": wanted})
        found = cursor.fetchall()
    shown = {}
    for row in found:
        pk, kind, given, family, company, number, born, street, code, city, country, restricted, dead, silent = row[:14]
        created, emails, phones, stays, last_stay, next_arrival, value, currency = row[14:]
        card = Customer(kind=kind, given_name=given, family_name=family, company_name=company)
        shown[pk] = CardShown(
            customer_id=pk,
            name=card.name,
            kind=kind,
            given_name=given,
            family_name=family,
            company_name=company,
            organisation_number=number,
            birth_date=born,
            street=street,
            postal_code=code,
            city=city,
            country=country,
            emails=tuple(emails),
            phones=tuple(phones),
            stays=stays,
            last_stay=last_stay,
            next_arrival=next_arrival,
            value=value,
            currency=currency,
            is_restricted=restricted,
            is_deceased=dead,
            do_not_contact=silent,
            created_at=created,
        )
    return shown
