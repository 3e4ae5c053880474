"""Reads of automations for those who make them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.utils import timezone

from accounts.models import Business
from automations.building.warnings import Facts, Letter, Other
from automations.definition import Definition, DefinitionError, definition_read
from automations.lately import lately
from automations.models import OPEN, Automation, AutomationVersion, Journey
from customers.card.models import Customer
from customers.conditions.counts import tree_figures
from customers.conditions.selectors import wanted
from customers.filters import EMPTY
from messaging.gate.selectors import settings_get
from messaging.texts.models import MessagePurpose, Template
from messaging.texts.selectors import texts_of
from messaging.texts.starters import languages_of
from messaging.transports.models import Transport

_WORKS = (Automation.State.ON, Automation.State.PAUSED)


@dataclass(frozen=True)
class Line:
    """An automation of the list: ``open`` journeys go on. ``definition`` is what runs, or the draft of one that never
    ran; ``None`` where it cannot be read."""

    automation: Automation
    definition: Definition | None
    open: int


def automation_get(*, automation_id: int) -> Automation:
    """One automation with what runs. Raises ``Automation.DoesNotExist``."""
    return Automation.objects.select_related("current").get(pk=automation_id)


def automation_list() -> list[Line]:
    """All automations: those that are on first, then by name. Two queries."""
    found = list(Automation.objects.select_related("current"))
    counts = lately("open", _open_counts, lambda found: sum(found.values()))
    order = {Automation.State.ON: 0, Automation.State.PAUSED: 1, Automation.State.DRAFT: 2, Automation.State.OFF: 3}
    found.sort(key=lambda each: (order[Automation.State(each.state)], each.name.casefold()))
    lines = []
    for each in found:
        running = each.current.definition if each.current is not None else each.draft
        lines.append(Line(each, readable(running), counts.get(each.pk, 0)))
    return lines


def _open_counts() -> dict[int, int]:
    """How many go on in each automation."""
    going = Journey.objects.filter(state__in=OPEN).values_list("automation_id")
    return dict(going.annotate(open=Count("id")))


def readable(data: Any) -> Definition | None:
    """The definition of JSON data, perhaps not whole; ``None`` where it is none."""
    try:
        return definition_read(data, whole=False)
    except DefinitionError:
        return None


def version_list(*, automation_id: int) -> list[AutomationVersion]:
    """Every version, the newest first."""
    return list(AutomationVersion.objects.filter(automation_id=automation_id).order_by("-number"))


def facts_of(*, business: Business, definition: Definition, reach: bool = False) -> Facts:
    """What warnings about a definition depend on; ``reach``: also how many guests its newsletters may go to."""
    found = Automation.objects.filter(state__in=_WORKS, current__isnull=False).select_related("current").order_by("id")
    read = [(each, readable(each.current.definition)) for each in found if each.current is not None]
    others = [Other(each.pk, each.name, theirs) for each, theirs in read if theirs is not None]
    steps = [*definition.walk(), *(step for other in others for step in other.definition.walk())]
    limits = settings_get()
    return Facts(
        today=timezone.localdate(timezone=business.zone),
        letters=_letters({step.template for step in steps if step.template is not None}, business, reach=reach),
        others=others,
        languages=languages_of(business),
        channels=frozenset(Transport.objects.filter(is_default=True, is_on=True).values_list("channel", flat=True)),
        opens=limits.open_from,
        closes=limits.open_until,
    )


def _letters(ids: Collection[int], business: Business, *, reach: bool) -> dict[int, Letter]:
    if not ids:
        return {}
    texts = texts_of(template_ids=ids)
    templates = list(Template.objects.filter(pk__in=ids))
    is_news = any(each.purpose == MessagePurpose.NEWSLETTER for each in templates)
    shares = _shares(business) if reach and is_news else {}
    return {
        each.pk: Letter(
            each.name,
            each.channel,
            each.purpose,
            frozenset(texts[each.pk]),
            shares.get(each.channel) if each.purpose == MessagePurpose.NEWSLETTER else None,
        )
        for each in templates
    }


def _shares(business: Business) -> dict[str, float]:
    """Of the guests, who may get a newsletter, by channel."""
    figures = tree_figures(wanted(tree=EMPTY, business=business))
    if not figures.counted.number:
        return {}
    return {channel: each.reachable / figures.counted.number for channel, each in figures.reach.items()}


def names_of(ids: Sequence[int]) -> dict[int, str]:
    """Guests' names by id. One query."""
    return {each.pk: str(each) for each in Customer.objects.filter(pk__in=ids)}
