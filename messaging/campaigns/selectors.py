"""Reads of campaigns: all of them, how far one has come, and the guests of one."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Min, QuerySet

from customers.card.models import Customer
from customers.filters import Sql
from customers.lineage.selectors import ids_now
from messaging.campaigns.audience_sql import arms_counted, states_counted
from messaging.campaigns.models import Campaign, CampaignGuest
from messaging.campaigns.wording import reason_words
from messaging.outbox.models import Message
from messaging.texts.models import TemplateText
from messaging.texts.selectors import texts_fixed, texts_of

PAGE = 50
_ON_ITS_WAY = (Message.State.PLANNED.value, Message.State.CLAIMED.value)


@dataclass(frozen=True)
class Excluded:
    """Guests who do not get it for one reason."""

    reason: str
    words: str
    number: int


@dataclass(frozen=True)
class Progress:
    """How far a campaign has come, in guests. ``sent`` has left, ``due`` still waits in the outbox."""

    audience: int
    waiting: int
    sent: int
    due: int
    held: int
    excluded: tuple[Excluded, ...] = ()
    unknown: int = 0

    @property
    def excluded_number(self) -> int:
        """How many do not get it, for whatever reason."""
        return sum(each.number for each in self.excluded)

    @property
    def getting(self) -> int:
        """How many get it, or have got it."""
        return self.audience - self.waiting - self.held - self.excluded_number

    @property
    def settled(self) -> int:
        """For how many everything is done that will be."""
        return self.audience - self.waiting - self.due

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do."""
        return not self.waiting and not self.due


def campaign_list() -> QuerySet[Campaign]:
    """All campaigns, the newest first."""
    return Campaign.objects.select_related("segment", "template").order_by("-created_at", "-id")


def campaign_get(*, campaign_id: int) -> Campaign:
    """One campaign. Raises ``Campaign.DoesNotExist``."""
    return Campaign.objects.select_related("segment", "template", "member__user").get(pk=campaign_id)


def campaign_texts(campaign: Campaign) -> dict[str, TemplateText]:
    """The texts it goes out with, by language: those it was confirmed with, of a draft those in force. One query."""
    if campaign.texts:
        return texts_fixed(ids=list(campaign.texts.values()))
    if campaign.template_id is None:
        return {}
    return texts_of(template_ids=[campaign.template_id])[campaign.template_id]


def chosen_now(campaign: Campaign) -> Sql:
    """SQL of the guests that were chosen one by one: of one who was merged since, the card that carries on."""
    guests = ids_now(customer_ids=campaign.chosen or ())
    return Sql("SELECT c.id FROM customers_customer c WHERE c.id = ANY (%s)", [guests])


def campaign_progress(*, campaign: Campaign) -> Progress:
    """How far it has come. Two queries, over indexes alone."""
    arms: dict[str, int] = {}
    excluded: list[Excluded] = []
    for arm, reason, number in arms_counted(campaign_id=campaign.pk):
        arms[arm] = arms.get(arm, 0) + number
        if arm == CampaignGuest.Arm.EXCLUDED:
            excluded.append(Excluded(reason, reason_words(reason), number))
    states = states_counted(campaign_id=campaign.pk)
    due = sum(states.get(state, 0) for state in _ON_ITS_WAY)
    return Progress(
        audience=sum(arms.values()),
        waiting=arms.get(CampaignGuest.Arm.WAITING, 0),
        sent=sum(number for state, number in states.items() if state not in (*_ON_ITS_WAY, Message.State.SKIPPED)),
        due=due,
        held=arms.get(CampaignGuest.Arm.HELD, 0),
        excluded=tuple(sorted(excluded, key=lambda each: (-each.number, each.reason))),
        unknown=states.get(Message.State.UNKNOWN, 0),
    )


def campaign_opens_at(*, campaign: Campaign, now: dt.datetime) -> dt.datetime | None:
    """When the first of its messages leaves, where all that is left of them waits for the hours messages go out in."""
    waiting = Message.objects.filter(origin=Message.Origin.CAMPAIGN, origin_id=campaign.pk, state__in=_ON_ITS_WAY)
    first: dt.datetime | None = waiting.aggregate(first=Min("due_at"))["first"]
    return first if first is not None and first > now else None


@dataclass(frozen=True)
class GuestLine:
    """A guest of a campaign: who, what was decided and why, and the message, where there is one."""

    customer_id: int
    name: str
    arm: str
    reason: str
    message: Message | None


@dataclass(frozen=True)
class GuestPage:
    """Some guests of a campaign in the order of their ids; ``after`` is where the next page begins."""

    lines: list[GuestLine]
    after: int | None


def campaign_guests(*, campaign_id: int, arm: str = "", reason: str | None = None, after: int = 0) -> GuestPage:
    """Guests of a campaign, those of an ``arm`` and a ``reason`` alone where they are given. Three queries."""
    found = CampaignGuest.objects.filter(campaign_id=campaign_id, customer_id__gt=after)
    if arm:
        found = found.filter(arm=arm)
    if reason is not None:
        found = found.filter(reason=reason)
    rows = list(found.order_by("customer_id")[: PAGE + 1])
    shown = rows[:PAGE]
    names = {guest.pk: guest.name for guest in Customer.objects.filter(pk__in=[row.customer_id for row in shown])}
    messages = _messages(row.message_id for row in shown)
    lines = [
        GuestLine(
            row.customer_id,
            names.get(row.customer_id, ""),
            row.arm,
            reason_words(row.reason) if row.reason else "",
            messages.get(row.message_id or 0),
        )
        for row in shown
    ]
    return GuestPage(lines, shown[-1].customer_id if len(rows) > PAGE else None)


def _messages(ids: Iterable[int | None]) -> dict[int, Message]:
    return Message.objects.in_bulk([pk for pk in ids if pk is not None])
