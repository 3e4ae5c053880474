"""How many pairs wait, as a line of Today for those who may decide on them or propose."""

from typing import Final

from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from accounts import formats
from accounts.access import BusinessRequest
from accounts.models import Capability
from customers.today.sockets import Line
from dedup.register.models import Match
from dedup.register.selectors import settings_get

COUNTED: Final = 1000
"""Pairs are counted so far: beyond, it is more than that, and Today waits for nobody."""


def pairs_of_today(request: BusinessRequest) -> Line | None:
    """How many pairs are to be looked at; nothing where there is none, or for those who have no part in it."""
    if not request.member.can(Capability.PROPOSE):
        return None
    waiting = Match.objects.filter(state=Match.State.OPEN, probability__gte=settings_get().propose)
    # In the order of the index: the likeliest are those proposed, so that no more are read than are counted.
    number = len(waiting.order_by("-weight", "-id").values_list("pk", flat=True)[: COUNTED + 1])
    if not number:
        return None
    if number > COUNTED:
        label = _("More than %(number)s possible duplicates to look at")
    else:
        label = ngettext(
            "%(number)s possible duplicate to look at", "%(number)s possible duplicates to look at", number
        )
    shown = formats.count(min(number, COUNTED), formats.locale_for(get_language()))
    return Line(label % {"number": shown}, reverse("match_list", kwargs={"slug": request.business.slug}))
