"""Pairs of cards for the tests of pages."""

import math
from collections.abc import Collection
from typing import Any

from accounts.tenancy import business_scope
from customers.card.models import Customer
from dedup.register.fields import bits
from dedup.register.models import Match
from tests.cast import House
from tests.factories import CustomerFactory


def card(house: House, name: str = "Ingrid Sørensen", **values: Any) -> Customer:
    """A card of a house."""
    given, _space, family = name.partition(" ")
    with business_scope(house.pk):
        return CustomerFactory(given_name=given, family_name=family, **values)


def match_of(
    house: House,
    left: Customer,
    right: Customer,
    probability: float = 0.97,
    *,
    agree: Collection[str] = ("emails",),
    differ: Collection[str] = (),
    state: str = Match.State.OPEN,
) -> Match:
    """What the engine found of two cards."""
    with business_scope(house.pk):
        return Match.objects.create(
            left_id=min(left.pk, right.pk),
            right_id=max(left.pk, right.pk),
            weight=math.log2(probability / (1 - probability)),
            probability=probability,
            agrees=bits(agree),
            differs=bits(differ),
            state=state,
        )


def pair(house: House, name: str = "Ingrid Sørensen", probability: float = 0.97, **found: Any) -> Match:
    """Two cards of one name, and their match."""
    return match_of(house, card(house, name), card(house, name), probability, **found)


def state_of(house: House, match: Match) -> str:
    with business_scope(house.pk):
        return Match.objects.get(pk=match.pk).state
