"""What automations offer to the rooms below: what comes next on the card, their place on its timeline, and starting
and stopping them for the guests of a list."""

from automations.watching.card import next_steps_of_card, timeline_offer
from automations.watching.many import AUTOMATION_ADD, AUTOMATION_REMOVE, act_undone
from customers.bulk.registry import register
from customers.card.sockets import plug
from customers.signals import act_undone as undone


def offer() -> None:
    """Offer it."""
    plug("automations", next_steps_of_card)
    timeline_offer()
    register(AUTOMATION_ADD)
    register(AUTOMATION_REMOVE)
    undone.connect(act_undone, dispatch_uid="automations-journeys")
