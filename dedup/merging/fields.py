"""The fields of the card that a merge chooses from, one card's value each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import Any

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import formats
from customers.card.choices import country_name, language_choices
from customers.card.models import ContactPoint, Customer
from customers.normalise import address_lines, organisation_number_shown
from dedup.merging.defaults import address_worth, birth_worth, name_worth


@dataclass(frozen=True)
class CardField:
    """One thing of the card: its columns, how much a value is worth, and how it is shown.

    ``fades``: it changes in the course of a life, so the guest seen last is believed; otherwise the card that stays.
    ``adds_up``: texts of several cards stand together.
    """

    key: str
    label: Any
    columns: tuple[str, ...]
    shown: Callable[[Customer], str]
    worth: Callable[[Any], Any] = bool
    fades: bool = False
    adds_up: bool = False

    @cached_property
    def value(self) -> Callable[[Customer], Any]:
        """What a card holds: a value, or several in a tuple."""
        return attrgetter(*self.columns)

    @property
    def longest(self) -> int:
        field: Any = Customer._meta.get_field(self.columns[0])
        return int(field.max_length or 0)


def _name(customer: Customer) -> str:
    return f"{customer.given_name} {customer.family_name}".strip()


def _address(customer: Customer) -> str:
    lines = address_lines(
        street=customer.street, postal_code=customer.postal_code, city=customer.city, country=customer.country
    )
    return ", ".join([*lines, *([country_name(customer.country)] if customer.country else [])])


def _date(value: date | None) -> str:
    return formats.day(value, formats.locale_for(get_language())) if value else ""


def _language(customer: Customer) -> str:
    code = customer.language
    known = dict(language_choices())
    return known.get(code) or Locale.parse(get_language() or "en", sep="-").languages.get(code, code) if code else ""


def _plain(name: str) -> Callable[[Customer], str]:
    return lambda customer: str(getattr(customer, name))


def _text(name: str, label: Any) -> CardField:
    return CardField(name, label, (name,), _plain(name), adds_up=True)


CARD_FIELDS = (
    CardField("name", _("Name"), ("given_name", "family_name"), _name, name_worth),
    CardField("kind", _("Kind"), ("kind",), lambda customer: str(customer.get_kind_display())),
    CardField("company_name", _("Company"), ("company_name",), _plain("company_name"), len),
    CardField(
        "organisation_number",
        _("Organisation number"),
        ("organisation_number",),
        lambda customer: organisation_number_shown(customer.organisation_number, customer.country),
    ),
    CardField("address", _("Address"), ("street", "postal_code", "city", "country"), _address, address_worth, True),
    CardField("birth_date", _("Date of birth"), ("birth_date",), lambda each: _date(each.birth_date), birth_worth),
    CardField(
        "nationality",
        _("Nationality"),
        ("nationality",),
        lambda customer: country_name(customer.nationality) if customer.nationality else "",
    ),
    CardField("language", _("Language"), ("language",), _language, fades=True),
    CardField(
        "source",
        _("Source"),
        ("source",),
        lambda customer: str(customer.get_source_display()) if customer.source else "",
    ),
    _text("note", _("Note")),
    _text("why_us", _("Why they choose us")),
    _text("thanked", _("How they were thanked")),
    _text("deal_breakers", _("Deal breakers")),
)

STRICTEST = ("do_not_contact", "is_deceased")
"""Flags that hold when any card has them."""
EARLIEST = ("first_contact", "created_at")
"""Moments of which the first counts: when the register first knew of the guest."""
POINTS = {"email": _("E-mail"), "phone": _("Phone")}
"""Kinds of contact points; the choice is which card's is the primary one."""


def point_shown(point: ContactPoint) -> str:
    """An e-mail address or phone number as the card shows it."""
    return formats.phone(str(point)) if point.kind == ContactPoint.Kind.PHONE else str(point)
