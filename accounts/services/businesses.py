"""Create and change a business and its properties."""

import re
import unicodedata
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.countries import country_defaults
from accounts.models import Business, Member, Property, Role, User
from accounts.services.refusals import Refused
from accounts.signals import business_created
from accounts.tenancy import business_scope

CHANGEABLE = (
    *("name", "postal_address", "country", "currency"),
    *("time_zone", "language", "languages", "sensitive_roles"),
)
"""What an owner may change of a business; its address and public id stay, because links carry them."""


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

    ``property_kind=None`` leaves the properties to the caller. Without a ``slug`` one is made from the name, the next
    free one when two businesses of one name are created at once.
    """
    defaults = country_defaults(country)
    speaks = language or defaults.language
    with transaction.atomic():
        business = _insert(
            slug=slug,
            name=name,
            country=country,
            currency=currency or defaults.currency,
            time_zone=time_zone or defaults.time_zone,
            language=speaks,
            languages=sorted({speaks, "en"}),
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


def _insert(*, slug: str | None, **values: Any) -> Business:
    """Insert under ``slug``, or under a free one; somebody may take the proposed one first, so try again."""
    if slug is not None:
        return Business.objects.create(slug=slug, **values)
    for _attempt in range(5):
        try:
            with transaction.atomic():
                return Business.objects.create(slug=slug_propose(name=values["name"]), **values)
        except IntegrityError:
            continue
    raise Refused(_("Many businesses of this name are being created just now. Nothing was saved; try again."))


def slug_propose(*, name: str) -> str:
    """A free address for a business: its name in small ASCII letters, numbered when taken."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ø", "o").replace("æ", "ae").replace("ß", "ss"))
    base = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")[:40].strip("-")
    base = base if len(base) >= 3 else f"{base}-hotel".strip("-")
    taken = set(Business.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    if base not in taken:
        return base
    return next(f"{base}-{n}" for n in range(2, 10_000) if f"{base}-{n}" not in taken)


def business_change(*, business: Business, member: Member | None, **values: Any) -> dict[str, list[Any]]:
    """Change what :data:`CHANGEABLE` names; returns ``{field: [old, new]}`` of what differed.

    ``member=None`` is whoever acts in the scope. The default language is always one of the languages; of the postal
    address empty lines are left out. Unknown fields are a programming error (``KeyError``).
    """
    unknown = set(values) - set(CHANGEABLE)
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    with transaction.atomic():
        current = Business.objects.select_for_update().get(pk=business.pk)
        if "languages" in values or "language" in values:
            language = values.get("language", current.language)
            values["languages"] = sorted({*values.get("languages", current.languages), language})
        if "postal_address" in values:
            values["postal_address"] = _lines(values["postal_address"])
        changes = {
            field: [getattr(current, field), value]
            for field, value in values.items()
            if getattr(current, field) != value
        }
        if not changes:
            return {}
        for target in (current, business):
            for field, (_old, new) in changes.items():
                setattr(target, field, new)
        current.save(update_fields=list(changes))
        audit_record(
            action="business.changed",
            member=member,
            object_type="business",
            object_id=business.pk,
            data={"changes": changes},
        )
    return changes


def _lines(text: str) -> str:
    """The lines that say something, each without needless spaces."""
    return "\n".join(line for line in (" ".join(each.split()) for each in text.splitlines()) if line)


def property_add(*, name: str, kind: str, member: Member) -> Property:
    """Add a property to the business in scope. Raises :class:`Refused` when one has that name already."""
    with transaction.atomic():
        added = _named(Property(name=name, kind=kind))
        audit_record(
            action="property.added",
            member=member,
            object_type="property",
            object_id=added.pk,
            data={"name": name, "kind": kind},
        )
    return added


def property_change(*, property_id: int, name: str, kind: str, member: Member) -> Property:
    """Rename a property or change its kind. Raises ``Property.DoesNotExist`` and :class:`Refused`."""
    with transaction.atomic():
        target = Property.objects.select_for_update().get(pk=property_id)
        changes = {
            field: [getattr(target, field), value]
            for field, value in (("name", name), ("kind", kind))
            if getattr(target, field) != value
        }
        if not changes:
            return target
        target.name, target.kind = name, kind
        _named(target)
        audit_record(
            action="property.changed",
            member=member,
            object_type="property",
            object_id=target.pk,
            data={"name": name, "changes": changes},
        )
    return target


def _named(target: Property) -> Property:
    """Save; the database holds that names are unique in a business."""
    try:
        with transaction.atomic():
            target.save()
    except IntegrityError as error:
        raise Refused(
            _("A property is already called %(name)s. Choose another name.") % {"name": target.name}, field="name"
        ) from error
    return target
