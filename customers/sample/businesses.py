"""The three demo businesses and the people who work there."""

from dataclasses import dataclass, field
from typing import Final

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import Business, Member, Property, Role, User
from accounts.services import business_create, member_add, property_add
from accounts.tenancy import business_scope

DEMO_PASSWORD: Final = "fjord-and-dune"  # noqa: S105 - printed for everybody who tries the demo
"""The password of every demo account."""


@dataclass(frozen=True)
class House:
    """A demo business: its properties as (name, kind) and who works there as (name, role, interface language).

    Everybody's address is their role at the house; ``guests`` is its share of a demo's cards.
    """

    slug: str
    name: str
    country: str
    properties: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, Role, str], ...]
    languages: tuple[str, ...]
    guests: float
    also: tuple[tuple[str, Role], ...] = field(default=())
    """E-mail addresses of people of another house who are members here too."""
    postal_address: str = ""


HOUSES: Final = (
    House(
        "fjordstuen",
        "Fjordstuen",
        "NO",
        (("Fjordstuen Hotell", Property.Kind.HOTEL), ("Fjordstuen Camping", Property.Kind.CAMPSITE)),
        (
            ("Ingrid Solheim", Role.RECEPTION, "en"),
            ("Jonas Bakke", Role.MARKETING, "nb"),
            ("Marit Haugland", Role.ADMIN, "en"),
            ("Torbjørn Eide", Role.OWNER, "en"),
        ),
        ("en", "nb"),
        0.42,
        postal_address="Fjordveien 12\n6800 Førde",
    ),
    House(
        "sundkonference",
        "Sund Konference",
        "DK",
        (("Sund Konferencecenter", Property.Kind.CONFERENCE), ("Hotel Sundblik", Property.Kind.HOTEL)),
        (
            ("Mette Kjær", Role.RECEPTION, "da"),
            ("Rasmus Friis", Role.MARKETING, "da"),
            ("Lone Vestergaard", Role.ADMIN, "da"),
            ("Henrik Østergaard", Role.OWNER, "da"),
        ),
        ("da", "en"),
        0.25,
        postal_address="Strandvejen 180\n3060 Espergærde",
    ),
    House(
        "duinzicht",
        "Camping Duinzicht",
        "NL",
        (("Camping Duinzicht", Property.Kind.CAMPSITE), ("Strandpaviljoen Duinzicht", Property.Kind.RESTAURANT)),
        (
            ("Sanne de Vries", Role.RECEPTION, "nl"),
            ("Bas van den Berg", Role.MARKETING, "nl"),
            ("Marijke Hoekstra", Role.ADMIN, "nl"),
            ("Kees Dijkstra", Role.OWNER, "nl"),
        ),
        ("en", "nl"),
        0.33,
        also=(("owner@fjordstuen.example", Role.ADMIN),),
        postal_address="Duinweg 4\n1865 AV Bergen aan Zee",
    ),
)


@dataclass(frozen=True)
class SignIn:
    """Somebody who can sign in to the demo, and what they are where: (business, role)."""

    email: str
    name: str
    language: str
    roles: tuple[tuple[str, Role], ...]


def demo_sign_ins() -> list[SignIn]:
    """Everybody of the demo businesses that exist, by house and role."""
    existing = set(Business.objects.filter(slug__in=[house.slug for house in HOUSES]).values_list("slug", flat=True))
    houses = [house for house in HOUSES if house.slug in existing]
    roles: dict[str, list[tuple[str, Role]]] = {}
    for house in houses:
        for _name, role, _language in house.people:
            roles.setdefault(_address(house, role), []).append((house.name, role))
    for house in houses:
        for email, role in house.also:
            roles.setdefault(email, []).append((house.name, role))
    return [
        SignIn(_address(house, role), name, language, tuple(roles[_address(house, role)]))
        for house in houses
        for name, role, language in house.people
    ]


def demo_business_ensure(*, house: House) -> tuple[Business, bool]:
    """The demo business with its people, made if it is not there; and whether it was made now.

    What somebody changed of an existing one since (a name, a role, a property) stays changed.
    """
    existing = Business.objects.filter(slug=house.slug).first()
    if existing is not None:
        return existing, False
    # One hash for all: it is one password, and known to everybody.
    password = make_password(DEMO_PASSWORD)
    users = {role: _user(_address(house, role), name, language, password) for name, role, language in house.people}
    business = business_create(
        name=house.name, slug=house.slug, country=house.country, owner=users[Role.OWNER], property_kind=None
    )
    business.languages, business.postal_address = list(house.languages), house.postal_address
    business.save(update_fields=["languages", "postal_address"])
    with business_scope(business.pk):
        owner = Member.objects.get(user=users[Role.OWNER])
        for name, kind in house.properties:
            property_add(name=name, kind=kind, member=owner)
        for role, user in users.items():
            member_add(user=user, role=role, by=owner)
    _join_across()
    return business, True


def _join_across() -> None:
    """Let people of one house into another where both exist: the second of the two to be made brings them in."""
    for house in HOUSES:
        business = Business.objects.filter(slug=house.slug).first()
        for email, role in house.also:
            user = User.objects.filter(email=email).first()
            if business is not None and user is not None:
                with business_scope(business.pk):
                    member_add(user=user, role=role)


def _address(house: House, role: Role) -> str:
    return f"{role.value}@{house.slug}.example"


def _user(email: str, name: str, language: str, password: str) -> User:
    """The account of that address; one that exists keeps its password."""
    user, created = User.objects.get_or_create(
        email=email, defaults={"name": name, "language": language, "password": password}
    )
    if created:
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user
