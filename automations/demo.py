"""What the demo's Automations begin with: two recipes that are on with a few guests in them, and a draft.

Planned and run by the planner and the runner themselves.
"""

import datetime as dt
from typing import Final

from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import business_scope
from automations.building.recipes import recipe_use
from automations.building.services import automation_turn_on
from automations.models import Automation
from automations.planning.services import enter_by_hand, plan_business
from automations.running.services import run_business
from customers.history.models import Stay, StayParticipant

DATES: Final = "birthday"
"""Guests are planned for it as far ahead as one looks."""
BY_HAND: Final = "noshow"
"""A few enter it at once: a task and a tag, no message."""
DRAFT: Final = "again"
FEW: Final = 3


def demo_automations_ensure(*, business: Business, now: dt.datetime | None = None) -> int:
    """Give a business of the demo three automations, unless it has any; how many."""
    now = now or timezone.now()
    with business_scope(business.pk):
        if Automation.objects.exists():
            return 0
        for key in (DATES, BY_HAND):
            made = recipe_use(key=key, business=business)
            automation_turn_on(automation_id=made.pk, now=now)
        recipe_use(key=DRAFT, business=business)
        enter_by_hand(automation_id=Automation.objects.get(recipe=BY_HAND).pk, customer_ids=_missed(), now=now)
    plan_business(business_id=business.pk, now=now)
    run_business(business_id=business.pk)
    return 3


def _missed() -> list[int]:
    """The guests who booked the last stays to which nobody came."""
    stays = Stay.objects.filter(status=Stay.Status.NO_SHOW).order_by("-arrival", "-pk")[: 4 * FEW]
    bookers = StayParticipant.objects.filter(stay__in=[stay.pk for stay in stays], is_booker=True)
    return list(dict.fromkeys(bookers.order_by("-stay__arrival", "pk").values_list("customer_id", flat=True)))[:FEW]
