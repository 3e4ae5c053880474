"""What messages offer to the rooms below: writing to a guest from the card, their place on its timeline, and the facts
of what guests answered."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import BusinessRequest
from accounts.models import Capability
from customers.card.sockets import Act, Shown, plug
from customers.facts.services import COUNTERS
from messaging.written.timeline import timeline_offer

COUNTER = "messaging_facts_answers"


def _of_card(request: BusinessRequest, customer_id: int) -> Shown | None:
    if not request.member.can(Capability.MESSAGE):
        return None
    address = reverse("message_write", kwargs={"slug": request.business.slug, "customer_id": customer_id})
    return Shown(button=Act(_("Message"), address, "mail"))


def offer() -> None:
    """Offer it."""
    plug("message", _of_card)
    timeline_offer()
    if COUNTER not in COUNTERS:
        COUNTERS.append(COUNTER)
