"""Writes on the card. Each is one change set of its own, or joins the one that is open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Business, Member
from customers.card.derive import ContactKeys, email_keys, name_keys, phone_keys
from customers.card.models import MAX_TAGS, ContactPoint, Customer, CustomerTag, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.lineage.selectors import survivor_of

CARD_FIELDS = (
    "kind",
    "given_name",
    "family_name",
    "company_name",
    "organisation_number",
    "language",
    "nationality",
    "birth_date",
    "street",
    "postal_code",
    "city",
    "country",
    "source",
    "note",
    "why_us",
    "thanked",
    "deal_breakers",
    "first_contact",
)
"""The fields of the card that people and files may set."""


LEARNED = (ContactPoint.State.OPTED_OUT, ContactPoint.State.BOUNCED)
"""States of a contact point that no look at its value tells, the graver one first."""
NEW_GUEST = gettext_noop("New guest: %(guests)s")
"""Title of the act that makes a card; the card is named once it has an id, and by that id alone."""


class EditConflict(Exception):
    """Somebody changed the same fields of the card meanwhile. ``current`` holds them as they are now."""

    def __init__(self, current: Mapping[str, Any]) -> None:
        super().__init__(", ".join(current))
        self.current = dict(current)


class TagRefused(Exception):
    """The tag cannot be added; the message says why, for people."""


class CardRestricted(Exception):
    """The processing of the guest's data is restricted: the card stays as it is. The message says so, for people."""

    def __init__(self) -> None:
        super().__init__(_("The processing of this guest's data is restricted. The card can be read, but not changed."))


@dataclass(frozen=True)
class ContactValues:
    """The e-mail addresses and phone numbers a card should have, as typed; the first of each is the primary one."""

    emails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)


def card_lock(*, customer_id: int) -> Customer:
    """The card, locked until the transaction ends, for a service that is about to change what is known of the guest;
    of one that was merged, maybe while this waited for it, the card that carries on.

    Raises ``Customer.DoesNotExist``, and :class:`CardRestricted` where the guest's data may only be stored.
    """
    customer = Customer.objects.select_for_update(no_key=True).filter(pk=customer_id).first()
    if customer is None:
        survivor = survivor_of(customer_id=customer_id)
        if survivor is None:
            raise Customer.DoesNotExist
        return card_lock(customer_id=survivor)
    if customer.is_restricted:
        raise CardRestricted
    return customer


def card_held(*, customer_id: int) -> Customer:
    """The card, which nobody can merge into another until the transaction ends, for a service that adds to it; of one
    that was merged the card that carries on. Raises ``Customer.DoesNotExist``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM customers_customer WHERE id = %s FOR KEY SHARE", [customer_id])
        found = cursor.fetchone()
    if found is None:
        survivor = survivor_of(customer_id=customer_id)
        if survivor is None:
            raise Customer.DoesNotExist
        return card_held(customer_id=survivor)
    return Customer.objects.get(pk=customer_id)


def customer_create(
    *, business: Business, values: Mapping[str, Any], contacts: ContactValues, member: Member | None = None
) -> tuple[Customer, ChangeSet]:
    """Create a card with its contact points; returns it and the act, for undo."""
    customer = Customer(**{name: values[name] for name in CARD_FIELDS if name in values})
    _derive(customer, business)
    with change_set(kind=ChangeSet.Kind.EDIT, title=NEW_GUEST, member=member) as act:
        customer.save(force_insert=True)
        if act.title == NEW_GUEST:
            act.name(guests=[customer.pk])
        _contacts_write(business=business, customer=customer, contacts=contacts)
    return customer, act


def customer_update(
    *,
    business: Business,
    customer_id: int,
    values: Mapping[str, Any],
    contacts: ContactValues | None = None,
    seen: Mapping[str, Any] | None = None,
    seen_contacts: ContactValues | None = None,
    member: Member | None = None,
) -> tuple[Customer, ChangeSet | None]:
    """Change fields and contact points of a card; returns it and the act (``None``: nothing was different).

    ``seen`` and ``seen_contacts`` are what the editor had before them. What the editor left alone keeps a newer
    value; where both changed the same field :class:`EditConflict` is raised and nothing is written. Contact points
    added meanwhile stay. Raises ``Customer.DoesNotExist`` and :class:`CardRestricted`.
    """
    with transaction.atomic():
        customer = card_lock(customer_id=customer_id)
        changed = {
            name: values[name]
            for name in CARD_FIELDS
            if name in values
            and values[name] != getattr(customer, name)
            and (seen is None or values[name] != seen.get(name))
        }
        clashes = [name for name in changed if seen is not None and seen.get(name) != getattr(customer, name)]
        if clashes:
            raise EditConflict({name: getattr(customer, name) for name in clashes})
        for name, value in changed.items():
            setattr(customer, name, value)
        current = contacts_of(customer=customer)
        wanted = contacts_rebase(edited=contacts, seen=seen_contacts, current=current) if contacts else current
        if not changed and wanted == current:
            return customer, None
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Edited %(guests)s"),
            params={"guests": [customer.pk]},
            member=member,
        ) as act:
            if changed:
                _derive(customer, business)
                customer.save(update_fields=[*changed, "sort_key", "identity_key", "search_tokens"])
            if wanted != current:
                _contacts_write(business=business, customer=customer, contacts=wanted)
    return customer, act


def contacts_rebase(*, edited: ContactValues, seen: ContactValues | None, current: ContactValues) -> ContactValues:
    """What a card should have after an edit that started from ``seen``: values added meanwhile stay, removed ones go.

    >>> contacts_rebase(edited=ContactValues(["a"]), seen=ContactValues(["a"]), current=ContactValues(["a", "b"]))
    ContactValues(emails=['a', 'b'], phones=[])
    """
    if seen is None:
        return edited

    def rebase(mine: list[str], before: list[str], now: list[str]) -> list[str]:
        kept = [value for value in mine if value in now or value not in before]
        return list(dict.fromkeys(kept + [value for value in now if value not in before]))

    return ContactValues(
        rebase(edited.emails, seen.emails, current.emails), rebase(edited.phones, seen.phones, current.phones)
    )


def contacts_of(*, customer: Customer) -> ContactValues:
    """A card's contact points as typed, primary ones first."""
    points = list(ContactPoint.objects.filter(customer=customer).order_by("-is_primary", "id"))
    return ContactValues(
        [point.value for point in points if point.kind == ContactPoint.Kind.EMAIL],
        [point.value for point in points if point.kind == ContactPoint.Kind.PHONE],
    )


def tag_add(*, customer_id: int, tag_id: int, member: Member | None = None) -> ChangeSet | None:
    """Put a tag on a guest; ``None`` when it is there already. Raises :class:`TagRefused` at the tenth,
    :class:`CardRestricted` on a restricted card.

    The card is locked, so that two browsers cannot both take the last place; the database holds the limit anyway.
    """
    with transaction.atomic():
        customer = card_lock(customer_id=customer_id)
        tag = Tag.objects.get(pk=tag_id)
        taken = dict(CustomerTag.objects.filter(customer=customer).values_list("tag_id", "slot"))
        if tag.pk in taken:
            return None
        free = sorted(set(range(1, MAX_TAGS + 1)) - set(taken.values()))
        if not free:
            raise TagRefused(
                _("A guest can carry at most %(limit)d tags. Remove one from %(name)s before adding “%(tag)s”.")
                % {"limit": MAX_TAGS, "name": customer, "tag": tag}
            )
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Tagged %(guests)s: %(tag)s"),
            params={"guests": [customer.pk], "tag": tag.name, "tag_code": tag.code},
            member=member,
        ) as act:
            CustomerTag.objects.create(customer=customer, tag=tag, slot=free[0])
    return act


def tag_remove(*, customer_id: int, tag_id: int, member: Member | None = None) -> ChangeSet | None:
    """Take a tag off a guest; ``None`` when it is not there. Raises :class:`CardRestricted`."""
    with transaction.atomic():
        customer = card_lock(customer_id=customer_id)
        found = CustomerTag.objects.filter(customer=customer, tag_id=tag_id).select_related("tag").first()
        if found is None:
            return None
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Removed a tag from %(guests)s: %(tag)s"),
            params={"guests": [customer.pk], "tag": found.tag.name, "tag_code": found.tag.code},
            member=member,
        ) as act:
            found.delete()
    return act


def tag_create(*, name: str) -> Tag:
    """Make a label of the business's own. Raises :class:`TagRefused` when one of that name exists."""
    try:
        with transaction.atomic():
            return Tag.objects.create(name=name)
    except IntegrityError as error:
        raise TagRefused(_("There is already a tag called “%(name)s”.") % {"name": name}) from error


def _derive(customer: Customer, business: Business) -> None:
    keys = name_keys(
        given_name=customer.given_name,
        family_name=customer.family_name,
        company_name=customer.company_name,
        language=business.language,
    )
    customer.sort_key, customer.identity_key, customer.search_tokens = keys


def _contacts_write(*, business: Business, customer: Customer, contacts: ContactValues) -> None:
    """Make the card's contact points equal ``contacts``: untouched ones stay as they are, state included.

    One that is only written otherwise (capital letters, with or without the country code) is the same one still, and
    a further spelling of it has its state: who opted out or cannot be reached there stays so.
    """
    existing = {(point.kind, point.value): point for point in ContactPoint.objects.filter(customer=customer)}
    wanted: dict[tuple[str, str], bool] = {}
    for kind, values in ((ContactPoint.Kind.EMAIL, contacts.emails), (ContactPoint.Kind.PHONE, contacts.phones)):
        for position, value in enumerate(dict.fromkeys(values)):
            wanted[kind, value] = position == 0
    new: dict[tuple[str, str], ContactKeys] = {}
    for key in [key for key in wanted if key not in existing]:
        keys = email_keys(key[1]) if key[0] == ContactPoint.Kind.EMAIL else phone_keys(key[1], business.country)
        alike = _alike(existing, key[0], keys.normalised)
        if spare := next((point for point in alike if (point.kind, point.value) not in wanted), None):
            existing[key] = existing.pop((spare.kind, spare.value))
            spare.value, spare.national = key[1], keys.national
            spare.save(update_fields=["value", "national"])
        else:
            new[key] = keys._replace(state=next((p.state for p in alike if p.state in LEARNED), keys.state))
    # Removals and demotions first: there is one primary of each kind at any moment.
    for key, point in existing.items():
        if key not in wanted:
            point.delete()
        elif point.is_primary and not wanted[key]:
            point.is_primary = False
            point.save(update_fields=["is_primary"])
    for key, is_primary in wanted.items():
        if key in new:
            ContactPoint.objects.create(
                customer=customer, kind=key[0], value=key[1], is_primary=is_primary, **new[key]._asdict()
            )
        elif is_primary and not existing[key].is_primary:
            existing[key].is_primary = True
            existing[key].save(update_fields=["is_primary"])


def _alike(existing: Mapping[tuple[str, str], ContactPoint], kind: str, normalised: str) -> list[ContactPoint]:
    """Spellings of one address or number, the one of which the worst is known first."""
    found = [p for p in existing.values() if normalised and (p.kind, p.normalised) == (kind, normalised)]
    return sorted(found, key=lambda point: LEARNED.index(point.state) if point.state in LEARNED else len(LEARNED))
