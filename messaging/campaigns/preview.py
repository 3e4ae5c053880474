"""Before a campaign goes out: whom it would reach now, whom not and why, and how it would look to some of them."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Business
from customers.card.models import Customer
from customers.conditions.selectors import filter_catalogue
from customers.filters import Sql, TreeError, tree_read
from customers.listing.selectors import matching_sql
from customers.permission.reasons import RULES
from customers.search.fetch_sql import ids, rows, scanning
from messaging.campaigns.holes import HOLE, holes_of
from messaging.campaigns.models import Campaign
from messaging.campaigns.places import due_times
from messaging.campaigns.selectors import Excluded, campaign_texts, chosen_now
from messaging.campaigns.timing import EXPIRES_AFTER
from messaging.campaigns.uplift import wilson
from messaging.campaigns.wording import reason_words
from messaging.gate.rules import Ruling, Verdict, Wanted
from messaging.gate.selectors import gate
from messaging.rendering.rendered import used_in
from messaging.texts.models import Channel
from messaging.texts.selectors import as_text, chosen
from messaging.texts.showing import WAY_OUT, Shown, price_of, shown
from messaging.texts.values import Wanted as Filled
from messaging.texts.values import values_for

LOOKED_AT = 1_000
"""Guests of a large audience that are looked at one by one, drawn at random; all are when it goes out."""
SHOWN = 10
"""Guests whose message is shown."""


@dataclass(frozen=True)
class Preview:
    """Whom a campaign would reach, in guests: scaled up where only some of ``total`` were looked at.

    ``low`` and ``high`` are the interval in which the number of ``reached`` lies, 19 times of 20.
    """

    total: int
    looked_at: int
    reached: int
    low: int
    high: int
    held: int
    later: int
    excluded: tuple[Excluded, ...]
    examples: tuple[int, ...]
    """Ids of guests it would reach."""

    @property
    def is_exact(self) -> bool:
        """Whether everybody was looked at."""
        return self.looked_at == self.total

    @property
    def getting(self) -> int:
        """How many would get it: whom it reaches, less those held out."""
        return self.reached - self.held

    @property
    def excluded_number(self) -> int:
        """How many it would not reach."""
        return self.total - self.reached


def lacks_address(*, campaign: Campaign, business: Business) -> bool:
    """Whether its e-mail would go out without the postal address that marketing must carry."""
    template = campaign.template
    return (
        template is not None
        and template.channel == Channel.EMAIL
        and RULES[template.purpose].is_marketing
        and not business.postal_address
    )


def audience_sql(campaign: Campaign) -> Sql | None:
    """SQL of the guests it would go to now; ``None`` where nobody can be told."""
    if campaign.segment is not None:
        try:
            return matching_sql(tree=tree_read(campaign.segment.tree, filter_catalogue()))
        except TreeError:
            return None
    if campaign.chosen:
        return chosen_now(campaign)
    return None


def campaign_preview(*, campaign: Campaign, business: Business, now: dt.datetime) -> Preview | None:
    """Look through its audience as it is now; ``None`` without an audience or a template."""
    matching, template = audience_sql(campaign), campaign.template
    if matching is None or template is None:
        return None
    with scanning():
        ((total,),) = rows(f"SELECT count(*) FROM ({matching.text}) m (id)", matching.values)
        # Drawn by a hash: some at random, and the same ones each time.
        looked = ids(
            f"SELECT id FROM ({matching.text}) m (id) ORDER BY hashint8extended(id, %s), id LIMIT %s",
            [*matching.values, campaign.pk or 0, LOOKED_AT],
        )
    rulings = _ruled(campaign, looked, business, now)
    refused = Counter(each.reason for each in rulings if each.verdict is Verdict.REFUSE)
    let_in = [each for each in rulings if each.verdict is not Verdict.REFUSE]
    languages = {each.customer_id: each.language for each in let_in}
    holes = holes_of(texts=campaign_texts(campaign), languages=languages, business=business)
    if holes:
        let_in = [each for each in let_in if each.customer_id not in holes]
        refused[HOLE] = len(looked) - refused.total() - len(let_in)
    scale = total / len(looked) if looked else 0
    low, high = wilson(len(let_in), len(looked)) if looked else (0.0, 0.0)
    reached = round(len(let_in) * scale)
    is_exact = len(looked) == total
    return Preview(
        total=total,
        looked_at=len(looked),
        reached=reached,
        low=reached if is_exact else round(low * total),
        high=reached if is_exact else round(high * total),
        held=round(reached * campaign.holdout / 100),
        later=round(sum(each.verdict is Verdict.DEFER for each in let_in) * scale),
        excluded=tuple(
            Excluded(reason, reason_words(reason), round(number * scale)) for reason, number in refused.most_common()
        ),
        examples=tuple(_varied(let_in)),
    )


def _ruled(campaign: Campaign, guests: list[int], business: Business, now: dt.datetime) -> list[Ruling]:
    """What the gate would say of each."""
    assert campaign.template is not None  # noqa: S101 - asked before
    timing = campaign.timing
    if campaign.day is None or campaign.hour is None:
        timing = Campaign.Timing.NOW.value
    due_of = due_times(campaign=campaign, customer_ids=guests, business=business, now=now, timing=timing)
    wanted = []
    for guest in guests:
        due = due_of(guest)
        wanted.append(
            Wanted(
                customer_id=guest,
                channel=campaign.template.channel,
                purpose=campaign.template.purpose,
                due_at=due,
                expires_at=due + EXPIRES_AFTER,
                origin="campaign",
                origin_id=campaign.pk,
            )
        )
    return gate(wanted=wanted, at=now, is_planning=True)


def _varied(rulings: list[Ruling]) -> list[int]:
    """Some of the guests it reaches, of as many languages as there are."""
    turns: Counter[str] = Counter()
    placed = []
    for place, each in enumerate(rulings):
        placed.append((turns[each.language], place, each.customer_id))
        turns[each.language] += 1
    return [guest for _turn, _place, guest in sorted(placed)[:SHOWN]]


@dataclass(frozen=True)
class Example:
    """A guest's message as it would be."""

    customer_id: int
    name: str
    language: str
    shown: Shown


def campaign_examples(*, campaign: Campaign, customer_ids: tuple[int, ...], business: Business) -> list[Example]:
    """The messages of some guests, in this order; none without a text."""
    if campaign.template is None or not customer_ids:
        return []
    texts = campaign_texts(campaign)
    guests = Customer.objects.in_bulk(customer_ids)
    names = frozenset().union(*(used_in(as_text(text)) for text in texts.values())) | {"business.name"}
    values = dict(zip(customer_ids, values_for([Filled(pk) for pk in customer_ids], names=names), strict=True))
    price = price_of(campaign.template.channel)
    found = []
    for pk in customer_ids:
        guest = guests.get(pk)
        text = chosen(texts, [guest.language, business.language]) if guest is not None else None
        if guest is None or text is None:
            continue
        filled = values[pk].plus(unsubscribe_link=WAY_OUT, preferences_link=WAY_OUT)
        seen = shown(as_text(text), filled, language=text.language, business=business, price=price)
        found.append(Example(pk, guest.name, text.language, seen))
    return found


@dataclass(frozen=True)
class Cost:
    """What the SMS of a campaign cost, in the business's currency: estimated from the parts of some of them."""

    total: Decimal
    parts: Decimal
    price: Decimal


def campaign_cost(*, examples: list[Example], getting: int) -> Cost | None:
    """The cost for so many guests; ``None`` for e-mails, and where nobody said what a part costs. Pure."""
    counted = [each.shown.segments.parts for each in examples if each.shown.segments is not None]
    price = next((each.shown.price for each in examples), None)
    if price is None or not counted:
        return None
    parts = Decimal(sum(counted)) / len(counted)
    return Cost(price * parts * getting, parts, price)
