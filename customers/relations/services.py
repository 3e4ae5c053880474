"""Relate two cards, and take a relation away. Each is one change set, or joins the one that is open."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Member
from customers.card.models import Customer
from customers.card.services import CardRestricted
from customers.changes.models import ChangeSet
from customers.changes.services import change_set
from customers.relations.models import Relation


class RelationRefused(Exception):
    """The two cards cannot be related so; the message says why, for people."""


def relation_add(
    *, customer_id: int, other_id: int, kind: str, member: Member | None = None
) -> tuple[Relation, ChangeSet | None]:
    """``customer`` works at, lives with, was referred by or is an agent for ``other``; no act where it is so already.

    Raises :class:`RelationRefused`, ``Customer.DoesNotExist`` and ``CardRestricted`` (either card).
    """
    wanted = Relation.Kind(kind)
    if customer_id == other_id:
        raise RelationRefused(_("This is the same card. Choose another guest."))
    if wanted == Relation.Kind.HOUSEHOLD:
        # The same from both sides: kept once.
        customer_id, other_id = sorted((customer_id, other_id))
    with transaction.atomic():
        customer, other = _locked(customer_id, other_id)
        if wanted == Relation.Kind.WORKS_AT and other.kind != Customer.Kind.COMPANY:
            raise RelationRefused(
                _("%(name)s is a person. One works at a company: choose one, or make this card a company.")
                % {"name": other}
            )
        known = Relation.objects.filter(customer=customer, other=other, kind=wanted).first()
        if known is None and wanted == Relation.Kind.HOUSEHOLD:
            known = Relation.objects.filter(customer=other, other=customer, kind=wanted).first()
        if known is not None:
            return known, None
        referrer = Relation.objects.filter(customer=customer, kind=Relation.Kind.REFERRED_BY).first()
        if wanted == Relation.Kind.REFERRED_BY and referrer is not None:
            raise RelationRefused(
                _("%(name)s was referred by %(referrer)s already. Remove that first.")
                % {"name": customer, "referrer": referrer.other}
            )
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Related %(guests)s"),
            params={"guests": [customer.pk, other.pk]},
            member=member,
        ) as act:
            relation = Relation.objects.create(customer=customer, other=other, kind=wanted)
    return relation, act


def relation_remove(*, relation_id: int, member: Member | None = None) -> ChangeSet:
    """Take a relation away. Raises ``Relation.DoesNotExist`` and ``CardRestricted`` (either card)."""
    with transaction.atomic():
        known = Relation.objects.get(pk=relation_id)
        _locked(known.customer_id, known.other_id)
        # Somebody may have taken it away before the cards were locked.
        relation = Relation.objects.get(pk=relation_id)
        with change_set(
            kind=ChangeSet.Kind.EDIT,
            title=gettext_noop("Took a relation of %(guests)s away"),
            params={"guests": [relation.customer_id, relation.other_id]},
            member=member,
        ) as act:
            relation.delete()
    return act


def _locked(customer_id: int, other_id: int) -> tuple[Customer, Customer]:
    """Both cards, locked in the order of their ids, so that two acts never wait for each other."""
    cards = Customer.objects.select_for_update(no_key=True).filter(pk__in=(customer_id, other_id)).order_by("pk")
    found = {card.pk: card for card in cards}
    if len(found) < 2:
        raise Customer.DoesNotExist
    if any(card.is_restricted for card in found.values()):
        raise CardRestricted
    return found[customer_id], found[other_id]
