"""Writes on businesses and their members."""

import re
import unicodedata

from django.db import transaction

from accounts.audit import audit_record
from accounts.models import Business, Member, Property, Role, User
from accounts.signals import business_created
from accounts.tenancy import business_scope

COUNTRY_DEFAULTS = {
    "NO": ("NOK", "Europe/Oslo", "nb"),
    "DK": ("DKK", "Europe/Copenhagen", "da"),
    "NL": ("EUR", "Europe/Amsterdam", "nl"),
    "SE": ("SEK", "Europe/Stockholm", "en"),
    "DE": ("EUR", "Europe/Berlin", "en"),
    "PT": ("EUR", "Europe/Lisbon", "en"),
    "GB": ("GBP", "Europe/London", "en"),
}
"""Country → currency, time zone, language of a new business."""


def business_create(
    *,
    name: str,
    country: str = "NO",
    slug: str | None = None,
    owner: User | None = None,
    currency: str | None = None,
    time_zone: str | None = None,
    language: str | None = None,
    property_kind: str | None = Property.Kind.HOTEL,
) -> Business:
    """Create a business with its owner, a first property of the same name and what other rooms add to a new one.

    ``property_kind=None`` leaves the properties to the caller. Without a ``slug`` one is made from the name.
    """
    defaults = COUNTRY_DEFAULTS.get(country, ("EUR", "Europe/Amsterdam", "en"))
    with transaction.atomic():
        business = Business.objects.create(
            name=name,
            slug=slug or slug_propose(name=name),
            country=country,
            currency=currency or defaults[0],
            time_zone=time_zone or defaults[1],
            language=language or defaults[2],
            languages=sorted({language or defaults[2], "en"}),
        )
        with business_scope(business.pk):
            member = None
            if owner is not None:
                member = Member.objects.create(user=owner, role=Role.OWNER)
            if property_kind is not None:
                Property.objects.create(name=name, kind=property_kind)
            business_created.send(sender=Business, business=business)
            audit_record(action="business.created", member=member, object_type="business", object_id=business.pk)
    return business


def slug_propose(*, name: str) -> str:
    """A free address for a business: its name in small ASCII letters, numbered when taken."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ø", "o").replace("æ", "ae").replace("ß", "ss"))
    base = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")[:40].strip("-")
    base = base if len(base) >= 3 else f"{base}-hotel".strip("-")
    taken = set(Business.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    return next(f"{base}-{n}" for n in range(2, 10_000) if f"{base}-{n}" not in taken)


def member_add(*, user: User, role: Role, by: Member | None = None) -> Member:
    """Make a user a member of the business in scope; an earlier membership is opened again with the new role."""
    member, created = Member.objects.get_or_create(user=user, defaults={"role": role})
    if not created:
        member.role, member.is_active = role, True
        member.save(update_fields=["role", "is_active"])
    audit_record(action="member.joined", member=by or member, object_type="member", object_id=member.pk)
    return member
