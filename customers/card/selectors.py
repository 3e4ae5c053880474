"""Reads of the card."""

from dataclasses import dataclass

from accounts.tenancy import require_business_id
from customers.card.models import ContactPoint, Customer, Tag
from customers.normalise import address_lines, organisation_number_shown


@dataclass(frozen=True)
class Alert:
    """What the desk must know before saying a word."""

    tone: str
    tag: Tag


@dataclass(frozen=True)
class CardView:
    """Everything of one card that is not history."""

    customer: Customer
    emails: list[ContactPoint]
    phones: list[ContactPoint]
    tags: list[Tag]

    @property
    def address_lines(self) -> list[str]:
        """The postal address as its country writes it, without the country's name."""
        card = self.customer
        return address_lines(street=card.street, postal_code=card.postal_code, city=card.city, country=card.country)

    @property
    def organisation_number(self) -> str:
        """The organisation number as its country writes it."""
        return organisation_number_shown(self.customer.organisation_number, self.customer.country)

    @property
    def alerts(self) -> list[Alert]:
        """The tags that warn, worst first."""
        return [
            Alert(tag.tone, tag) for tag in sorted(self.tags, key=lambda tag: tag.tone) if tag.tone in ("bad", "warn")
        ]


def card_view(*, customer_id: int) -> CardView:
    """A card with its contact points (primary first) and tags. Raises ``Customer.DoesNotExist``."""
    customer = Customer.objects.get(pk=customer_id)
    points = list(ContactPoint.objects.filter(customer=customer).order_by("-is_primary", "id"))
    return CardView(
        customer,
        [point for point in points if point.kind == ContactPoint.Kind.EMAIL],
        [point for point in points if point.kind == ContactPoint.Kind.PHONE],
        tags_of(customer_id=customer_id),
    )


def tags_of(*, customer_id: int) -> list[Tag]:
    """A guest's tags in the order they were given places."""
    return list(
        Tag.objects.filter(
            customertag__customer_id=customer_id, customertag__business_id=require_business_id()
        ).order_by("customertag__slot")
    )


def tag_list() -> list[Tag]:
    """The business's tags: the usual eight first, then its own by name."""
    return sorted(Tag.objects.all(), key=lambda tag: (not tag.code, str(tag).casefold()))
