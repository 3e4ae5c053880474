"""Cards for tests of the register, and what was found among them."""

import random
from collections.abc import Sequence
from typing import Any

from accounts.tenancy import business_scope
from customers.card.models import Customer
from dedup.register.follow import register_follow
from dedup.register.models import Match
from dedup.register.runs import register_run
from dedup.register.services import run_start
from tests.factories import CustomerFactory, EmailFactory, PhoneFactory

GIVEN, FAMILY, STREETS, CITIES = (
    line.split(" ")
    for line in (
        "Ola Kari Per Anne Lars Ingrid Nils Berit Jan Liv Odd Astrid Arne Randi Bjarne Solveig Geir Turid Knut Marit"
        " Svein Hilde Terje Grete Morten Wenche Rune Unni Trond Aud Eirik Silje Magnus Tonje Henrik Camilla Sander",
        "Hansen Johansen Olsen Larsen Andersen Pedersen Nilsen Berg Haugen Hagen Lie Moen Strand Solberg Dahl Eide"
        " Fossum Gran Holm Iversen Jensen Kvam Lunde Myhre Nygaard Opsahl Rasmussen Sande Tangen Ulven Vik Wold Brekke",
        "Strandgata Kirkeveien Bakkegata Storgata Fjellveien Havnegata Parkveien Skogveien Elvegata Torggata",
        "Bergen Oslo Trondheim Stavanger Hamar Molde Halden Narvik Skien Alta",
    )
)


def card(given: str, family: str, *, emails: Sequence[str] = (), phones: Sequence[str] = (), **values: Any) -> Customer:
    """A card with addresses and numbers."""
    made = CustomerFactory(given_name=given, family_name=family, **values)
    for email in emails:
        EmailFactory(customer=made, value=email)
    for phone in phones:
        PhoneFactory(customer=made, value=phone)
    return made


def crowd(size: int = 60) -> list[Customer]:
    """People who have nothing to do with one another, so that the engine knows what strangers are like."""
    draw = random.Random(7)
    return [
        card(
            given := GIVEN[at % len(GIVEN)],
            family := draw.choice(FAMILY),
            emails=[f"{given}.{family}{at}@mail{at % 9}.example.no".lower()],
            phones=[f"+474{draw.randrange(10**6, 10**7)}"],
            street=f"{draw.choice(STREETS)} {draw.randrange(1, 90)}",
            postal_code=f"{draw.randrange(1000, 9999)}",
            city=draw.choice(CITIES),
            country="NO",
        )
        for at in range(size)
    ]


def twins(**values: Any) -> tuple[Customer, Customer]:
    """One guest twice, written a little differently."""
    same = {"emails": ["sigrid.aasen@example.no"], "phones": ["+4791234567"], "country": "NO", **values}
    return card("Sigrid", "Åsen", **same), card("Sigrid", "Aasen", **same)


def walked(business_id: int) -> None:
    """Walk over the whole register."""
    with business_scope(business_id):
        run = run_start()
    register_run(business_id=business_id, run_id=run.pk)


def followed(business_id: int) -> int:
    """Follow what has changed; the number of cards."""
    return register_follow(business_id=business_id).cards


def found(state: str = Match.State.OPEN) -> set[tuple[int, int]]:
    """The matches of a state that are proposed, as pairs of cards."""
    matches = Match.objects.filter(state=state, probability__gte=0.5)
    return set(matches.values_list("left_id", "right_id"))


def pair(one: Customer, other: Customer) -> tuple[int, int]:
    """Two cards as a match has them."""
    return min(one.pk, other.pk), max(one.pk, other.pk)
