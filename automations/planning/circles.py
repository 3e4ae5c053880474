"""Automations that begin one another without end: who goes round too often stays outside, and people are told."""

import datetime as dt
from collections.abc import Sequence

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.models import Automation
from automations.planning.entering import CIRCLE
from automations.running.telling import circle_tell


def circles_tell(automations: Sequence[Automation], *, at: dt.datetime) -> None:
    """Say of automations that guests go round in a circle through them, and make a staff task of each, once."""
    newly = [each for each in automations if each.trouble != CIRCLE]
    if not newly:
        return
    Automation.objects.filter(pk__in=[each.pk for each in newly]).update(trouble=CIRCLE)
    business = Business.objects.get(pk=require_business_id())
    for each in newly:
        circle_tell(automation=each, business=business, at=at)
