"""What campaigns offer to the rooms below: a new one for a segment, and for guests chosen in the guest list."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import BusinessRequest
from accounts.models import Capability
from customers.bulk.registry import Leading, lead
from customers.card.sockets import Act
from customers.segments.sockets import plug


def _of_segment(request: BusinessRequest, segment_id: int) -> Act | None:
    if not request.member.can(Capability.CAMPAIGN):
        return None
    return Act(_("New campaign"), _address(request.business.slug, segment=segment_id), "send")


def _of_guests(slug: str, guests: Sequence[int]) -> str:
    return _address(slug, guests=",".join(map(str, guests)))


def _address(slug: str, **given: object) -> str:
    return f"{reverse('campaign_new', kwargs={'slug': slug})}?{urlencode(given)}"


CAMPAIGN = Leading(
    key="campaign",
    label=gettext_lazy("New campaign"),
    capability=Capability.CAMPAIGN,
    address=_of_guests,
    icon="send",
    place=55,
)


def offer() -> None:
    """Offer it."""
    plug("campaign", _of_segment)
    lead(CAMPAIGN)
