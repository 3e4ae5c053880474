"""Reads of relations between cards."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.card.models import Customer
from customers.relations.models import Relation

SHOWN_MAX: Final = 50
"""Relations that a card shows: a company may have thousands of guests who work there."""

TOWARDS = {
    Relation.Kind.WORKS_AT: _("Works at"),
    Relation.Kind.HOUSEHOLD: _("Same household"),
    Relation.Kind.REFERRED_BY: _("Referred by"),
    Relation.Kind.AGENT_FOR: _("Agent for"),
}
FROM = {
    Relation.Kind.WORKS_AT: _("Works here"),
    Relation.Kind.HOUSEHOLD: _("Same household"),
    Relation.Kind.REFERRED_BY: pgettext_lazy("this guest has referred another", "Referred"),
    Relation.Kind.AGENT_FOR: pgettext_lazy("another guest books for this one", "Agent"),
}


@dataclass(frozen=True)
class RelationLine:
    """A relation as one of its two cards shows it; ``label`` says what ``other`` is to the card."""

    relation: Relation
    label: str
    other: Customer
    is_towards: bool


def relations_of(*, customer_id: int) -> list[RelationLine]:
    """A guest's relations in both directions, by kind, those of the card's own first; at most fifty. Two queries."""
    found = list(
        Relation.objects.filter(Q(customer_id=customer_id) | Q(other_id=customer_id)).order_by("kind", "id")[:SHOWN_MAX]
    )
    others = Customer.objects.in_bulk(
        [each.other_id if each.customer_id == customer_id else each.customer_id for each in found]
    )
    kinds = list(Relation.Kind)
    lines = []
    for each in found:
        towards = each.customer_id == customer_id
        other = others.get(each.other_id if towards else each.customer_id)
        if other is not None:
            kind = Relation.Kind(each.kind)
            lines.append(RelationLine(each, str((TOWARDS if towards else FROM)[kind]), other, towards))
    return sorted(lines, key=lambda line: (kinds.index(Relation.Kind(line.relation.kind)), not line.is_towards))


def relation_choices_of(customer: Customer) -> list[tuple[str, str]]:
    """What a guest can be to another, from both sides, the usual first: ``of_…`` is from the other card's side."""
    own = [
        ("works_at", str(TOWARDS[Relation.Kind.WORKS_AT])),
        ("household", str(_("Same household as"))),
        ("referred_by", str(TOWARDS[Relation.Kind.REFERRED_BY])),
        ("of_referred_by", str(_("Has referred"))),
        ("agent_for", str(TOWARDS[Relation.Kind.AGENT_FOR])),
        ("of_agent_for", str(_("Is booked by the agent"))),
    ]
    if customer.kind == Customer.Kind.COMPANY:
        return [("of_works_at", str(_("Employs"))), *own[2:]]
    return own
