"""Who is probably the same guest as one being written: by contact point, and by name.

A matching engine will answer the same question with more evidence; :func:`probable_same` is where it goes in.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.db.models import F

from customers.card.models import ContactPoint, Customer
from customers.normalise import identity_key, normalise_email, normalise_phones

Reason = Literal["email", "phone", "name", "birth_date"]
SHOWN_MAX: Final = 5
SHARED_MAX: Final = 25
"""An address or number of more cards than this tells nothing of who somebody is: an agency's, a family's business."""


@dataclass(frozen=True)
class Names:
    """The names of a guest as typed."""

    given_name: str = ""
    family_name: str = ""
    company_name: str = ""


@dataclass(frozen=True)
class Probable:
    """A card that is probably of the same guest, and why: a shared e-mail or phone (``value``), the same name, or the
    same name and date of birth."""

    customer_id: int
    reason: Reason
    value: str = ""


def probable_same(
    *,
    emails: Sequence[str],
    phones: Sequence[str],
    names: Names,
    birth_date: dt.date | None = None,
    country: str,
    without: Collection[int] = (),
) -> list[Probable]:
    """The cards that are probably the same guest as what was typed, most certain first, at most five.

    ``country`` is assumed where a phone has no country code; cards ``without`` are left out. What is not yet an
    address, a number or a whole name finds nobody. Two queries at most, each answered by an index.
    """
    found: dict[int, Probable] = {}
    for probable in [*_by_contact(emails, phones, country), *_by_name(names, birth_date)]:
        if probable.customer_id not in without:
            found.setdefault(probable.customer_id, probable)
    return list(found.values())[:SHOWN_MAX]


def _by_contact(emails: Sequence[str], phones: Sequence[str], country: str) -> list[Probable]:
    typed: dict[str, tuple[Reason, str]] = {}
    for value in emails:
        email = normalise_email(value)
        if email.state == "ok" and email.normalised:
            typed.setdefault(email.normalised, ("email", value.strip()))
    filled = [value for value in phones if value.strip()]
    for value, phone in zip(filled, normalise_phones(filled, country), strict=True):
        if phone.e164:
            typed.setdefault(phone.e164, ("phone", value.strip()))
    if not typed:
        return []
    limit = (SHARED_MAX + 1) * len(typed)
    points = ContactPoint.objects.filter(normalised__in=list(typed)).order_by("normalised", "customer_id")
    cards: dict[str, list[int]] = {}
    for normalised, customer_id in points.values_list("normalised", "customer_id")[:limit]:
        cards.setdefault(normalised, []).append(customer_id)
    return [
        Probable(customer_id, *typed[normalised])
        for normalised in typed
        if len(ids := cards.get(normalised, [])) <= SHARED_MAX
        for customer_id in ids
    ]


def _by_name(names: Names, birth_date: dt.date | None) -> list[Probable]:
    """Of the same whole name; somebody born on another day is somebody else."""
    is_whole = names.given_name.strip() and names.family_name.strip()
    if not is_whole and not (names.company_name.strip() and not names.given_name.strip() + names.family_name.strip()):
        return []
    key = identity_key(names.given_name, names.family_name, names.company_name)
    if not key:
        return []
    cards = Customer.objects.filter(identity_key=key)
    if birth_date is not None:
        cards = cards.exclude(birth_date__isnull=False, birth_date__lt=birth_date).exclude(
            birth_date__isnull=False, birth_date__gt=birth_date
        )
        cards = cards.order_by(F("birth_date").asc(nulls_last=True), "id")
    else:
        cards = cards.order_by("id")
    return [
        Probable(pk, "birth_date" if birth_date is not None and born == birth_date else "name")
        for pk, born in cards.values_list("pk", "birth_date")[:SHOWN_MAX]
    ]
