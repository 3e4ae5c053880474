"""Automations on the card: what comes next for the guest, and when; on its timeline where they began and ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy

from accounts.access import BusinessRequest
from accounts.models import Capability
from automations.building.labels import ICONS
from automations.building.naming import Names
from automations.models import Automation, Journey
from automations.reasons import STATE_TONES, reason_words
from automations.watching.selectors import next_steps_of
from automations.words import step_words
from customers.card.sockets import Shown
from customers.history.timeline_kinds import TimelineKind, kind_add

SHOWN: Final = 5
BEGAN, ENDED = range(2)
_EVENTS: Final = 2
"""An entry's id is twice its journey's, and what happened."""


def next_steps_of_card(request: BusinessRequest, customer_id: int) -> Shown | None:
    """What automations will do for the guest; nothing where nothing is planned. Two queries then, and those of the
    names that are shown; one where nothing is."""
    found = next_steps_of(customer_id=customer_id)
    if not found:
        return None
    names = Names(business=request.business)
    lines = [
        {
            "journey": each.journey,
            "automation": each.journey.automation,
            "is_paused": each.journey.automation.state == Automation.State.PAUSED,
            "words": step_words(each.ahead.step, names) if each.ahead is not None else "",
            "icon": ICONS[each.ahead.step.do] if each.ahead is not None else "workflow",
            "at": each.at,
            "is_maybe": each.ahead is not None and each.ahead.is_maybe,
        }
        for each in found[:SHOWN]
    ]
    can_steer = request.member.can(Capability.AUTOMATE)
    values = {"lines": lines, "more": max(0, len(found) - SHOWN), "can_steer": can_steer}
    return Shown("automations/_card_panel.html", values)


@dataclass(frozen=True)
class JourneyEntry:
    """A line of the timeline: a journey began, or ended and ``why``."""

    journey: Journey
    event: int
    tone: str
    why: str

    @property
    def pk(self) -> int:
        """The entry's id among those of its kind."""
        return self.journey.pk * _EVENTS + self.event

    @property
    def began(self) -> bool:
        """Whether it tells of the beginning."""
        return self.event == BEGAN


def _entries(ids: Iterable[int]) -> dict[int, JourneyEntry]:
    wanted = list(ids)
    journeys = Journey.objects.select_related("automation").in_bulk({pk // _EVENTS for pk in wanted})
    return {
        pk: JourneyEntry(journey, pk % _EVENTS, STATE_TONES[Journey.State(journey.state)], reason_words(journey.reason))
        for pk in wanted
        if (journey := journeys.get(pk // _EVENTS)) is not None
    }


KIND: Final = TimelineKind(
    "journey",
    frozenset({"journey"}),
    "j.at",
    "j.id",
    is_day=False,
    # Those that never began did nothing.
    rows=(
        f"FROM (SELECT x.id * {_EVENTS} + e.event AS id, e.at FROM automations_journey x"
        f" CROSS JOIN LATERAL (VALUES ({BEGAN}, x.began_at), ({ENDED}, x.ended_at)) e (event, at)"
        " WHERE x.customer_id = %(guest)s AND x.began_at IS NOT NULL AND e.at IS NOT NULL) j WHERE true"
    ),
    load=_entries,
    is_gathered=True,
    template="automations/_timeline.html",
)


def timeline_offer() -> None:
    """Let the card's timeline show them."""
    kind_add(KIND, gettext_lazy("Automations"))
