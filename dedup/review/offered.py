"""What this room offers to those below it: a panel on the card, a line of Today, a page for guests of the list."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy

from accounts.models import Capability
from customers.bulk.registry import Leading, lead
from customers.card import sockets as card
from customers.today import sockets as today
from dedup.review.panels import duplicates_of_card
from dedup.review.shown import merge_address
from dedup.review.today import pairs_of_today


def _address(slug: str, guests: Sequence[int]) -> str:
    return merge_address(slug, guests)


MERGE = Leading(
    key="merge",
    label=gettext_lazy("Merge"),
    capability=Capability.MERGE,
    address=_address,
    fewest=2,
    icon="merge",
)


def offer() -> None:
    """Offer it."""
    card.plug("duplicates", duplicates_of_card)
    today.plug("duplicates", pairs_of_today)
    lead(MERGE)
