"""The cast of the tests: two businesses, four roles in each, and a stranger."""

from dataclasses import dataclass, field

from accounts.models import Business, Member, Role, User
from accounts.tenancy import business_scope
from tests.factories import BusinessFactory, MemberFactory, UserFactory


@dataclass(frozen=True)
class House:
    """A business and the member who holds each role in it."""

    business: Business
    members: dict[Role, Member] = field(default_factory=dict)

    @property
    def pk(self) -> int:
        return self.business.pk

    @property
    def slug(self) -> str:
        return self.business.slug

    @property
    def reception(self) -> Member:
        return self.members[Role.RECEPTION]

    @property
    def marketing(self) -> Member:
        return self.members[Role.MARKETING]

    @property
    def admin(self) -> Member:
        return self.members[Role.ADMIN]

    @property
    def owner(self) -> Member:
        return self.members[Role.OWNER]


@dataclass(frozen=True)
class Cast:
    """Fjordstuen in Norway, Duinzicht in the Netherlands, and somebody who belongs to neither."""

    fjordstuen: House
    duinzicht: House
    stranger: User


def cast_assemble() -> Cast:
    """Make everybody. Names tell house and role: ``reception@fjordstuen.example``."""
    return Cast(
        fjordstuen=_house("Fjordstuen", "NO"),
        duinzicht=_house("Duinzicht", "NL"),
        stranger=UserFactory(name="Stranger", email="stranger@example.com"),
    )


def _house(name: str, country: str) -> House:
    business = BusinessFactory(name=name, country=country, slug=name.lower())
    with business_scope(business.pk):
        members = {
            role: MemberFactory(
                role=role, user__name=f"{role.label} of {name}", user__email=f"{role.value}@{name.lower()}.example"
            )
            for role in Role
        }
    return House(business, members)
