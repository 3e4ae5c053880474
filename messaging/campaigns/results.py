"""What came of a campaign: what became of its messages, and what guests did in the days after, beside those held out.

Of the days after, stays are those booked and purchases those made from the day the campaign began on, for so many days,
of guests who got it and of guests who were held out alike. Amounts are in the business's currency.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import require_business_id
from customers.search.fetch_sql import rows
from messaging.campaigns.models import Campaign
from messaging.campaigns.uplift import Difference, Sums, mean_difference, share_difference
from messaging.outbox.models import Message
from messaging.transports.kinds import KINDS
from messaging.transports.models import Transport

_FATES: Final = """
    SELECT count(*) FILTER (WHERE m.state IN ('sent', 'delivered', 'bounced', 'complained', 'unknown')),
           count(*) FILTER (WHERE m.state IN ('delivered', 'complained')),
           count(*) FILTER (WHERE m.state = 'bounced'), count(*) FILTER (WHERE m.state = 'complained'),
           count(*) FILTER (WHERE m.state = 'failed'), count(*) FILTER (WHERE m.state = 'unknown'),
           count(*) FILTER (WHERE m.state = 'skipped'),
           count(*) FILTER (WHERE m.opened_at IS NOT NULL OR m.clicked_at IS NOT NULL),
           count(*) FILTER (WHERE m.clicked_at IS NOT NULL),
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM customers_consentevent e
               WHERE e.business_id = m.business_id AND e.customer_id = m.customer_id AND e.by_guest
                 AND e.purpose = 'newsletter' AND e.channel = m.channel AND e.act = 'withdrawn'
                 AND e.at >= m.sent_at AND e.at < m.sent_at + %(days)s * interval '1 day'
           ))
    FROM messaging_message m
    WHERE m.business_id = %(business)s AND m.origin = 'campaign' AND m.origin_id = %(campaign)s
"""
_AFTER: Final = """
    WITH guests AS MATERIALIZED (
        SELECT customer_id, arm FROM messaging_campaignguest
        WHERE business_id = %(business)s AND campaign_id = %(campaign)s AND arm IN ('sent', 'held')
        UNION ALL
        SELECT g.customer_id, 'sent' FROM messaging_message m
        JOIN messaging_campaignguest g ON g.business_id = m.business_id AND g.campaign_id = m.origin_id
         AND g.customer_id = m.customer_id AND g.message_id = m.id AND g.arm = 'excluded'
        WHERE m.business_id = %(business)s AND m.origin = 'campaign' AND m.origin_id = %(campaign)s
          AND m.state = 'skipped'
    ), booked AS (
        SELECT p.customer_id, count(DISTINCT s.id) AS stays,
               coalesce(sum(s.amount) FILTER (WHERE p.is_payer AND s.currency = %(currency)s), 0) AS amount
        FROM guests g
        JOIN customers_stayparticipant p ON p.business_id = %(business)s AND p.customer_id = g.customer_id
        JOIN customers_stay s ON s.business_id = %(business)s AND s.id = p.stay_id
        WHERE s.status IN ('booked', 'checked_in', 'checked_out') AND (p.is_guest OR p.is_booker OR p.is_payer)
          AND coalesce(s.booked_on, (s.created_at AT TIME ZONE %(zone)s)::date) BETWEEN %(first)s AND %(last)s
        GROUP BY p.customer_id
    ), bought AS (
        SELECT b.customer_id, sum(b.amount) AS amount
        FROM guests g JOIN customers_purchase b ON b.business_id = %(business)s AND b.customer_id = g.customer_id
        WHERE b.bought_on BETWEEN %(first)s AND %(last)s AND b.currency = %(currency)s
        GROUP BY b.customer_id
    )
    SELECT g.arm, count(*), count(k.stays), coalesce(sum(k.stays), 0),
           coalesce(sum(coalesce(k.amount, 0) + coalesce(b.amount, 0)), 0),
           coalesce(sum((coalesce(k.amount, 0) + coalesce(b.amount, 0)) ^ 2), 0)
    FROM guests g
    LEFT JOIN booked k ON k.customer_id = g.customer_id
    LEFT JOIN bought b ON b.customer_id = g.customer_id
    GROUP BY g.arm
"""


"""As drawn: of those held out nobody knows whose message would not have left after all, so that of the others those
whose message did not leave stay with their side, though the campaign says that they are excluded."""


@dataclass(frozen=True)
class Fates:
    """What became of the messages, in messages."""

    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0
    opened: int = 0
    clicked: int = 0
    unsubscribed: int = 0

    def share(self, number: int) -> float:
        """A number as percent of what was sent."""
        return 100 * number / self.sent if self.sent else 0.0


@dataclass(frozen=True)
class Side:
    """Guests of one kind in the days after: how many, how many of them booked, how many stays, and what they spent."""

    guests: int = 0
    booked: int = 0
    stays: int = 0
    spent: Sums = field(default_factory=lambda: Sums(0))

    @property
    def share(self) -> float:
        """Percent who booked."""
        return 100 * self.booked / self.guests if self.guests else 0.0


@dataclass(frozen=True)
class Results:
    """``sent`` are all who were drawn to get it. ``bookers`` and ``spending`` are the differences that the campaign
    made, in percentage points and in money a guest; ``None`` where nobody, or too few, were held out, and of a campaign
    that was cancelled: those held out were compared with guests who were to get it, and who did depends on the hour."""

    fates: Fates
    sent: Side
    held: Side
    first: dt.date
    last: dt.date
    days: int
    is_over: bool
    is_told: bool
    """Whether the way it was sent by tells what became of messages: a mail server takes them and says no more."""
    bookers: Difference | None
    spending: Difference | None
    is_comparable: bool = True
    """Whether it ran to its end, or still does."""


def campaign_results(*, campaign: Campaign, business: Business, days: int | None = None) -> Results | None:
    """What came of it so far, in its own number of days after or in ``days``; ``None`` for one that has not begun.

    Two queries, two more where no fate of a message was told.
    """
    if campaign.started_at is None:
        return None
    days = days or campaign.result_days
    first = timezone.localdate(campaign.started_at, business.zone)
    last = first + dt.timedelta(days=days)
    values = {
        "business": require_business_id(),
        "campaign": campaign.pk,
        "days": days,
        "currency": business.currency,
        "zone": business.time_zone,
        "first": first,
        "last": last,
    }
    sides = {
        arm: Side(guests, booked, int(stays), Sums(guests, float(total), float(squares)))
        for arm, guests, booked, stays, total, squares in rows(_AFTER, values)
    }
    sent, held = sides.get("sent", Side()), sides.get("held", Side())
    is_comparable = campaign.state != Campaign.State.CANCELLED
    bookers = share_difference(sent.booked, sent.guests, held.booked, held.guests) if is_comparable else None
    fates = Fates(*(int(number) for number in rows(_FATES, values)[0]))
    return Results(
        fates=fates,
        days=days,
        is_told=bool(fates.delivered or fates.bounced) or _is_told(campaign),
        sent=sent,
        held=held,
        first=first,
        last=last,
        is_over=timezone.localdate(timezone=business.zone) > last,
        bookers=Difference(100 * bookers.value, 100 * bookers.low, 100 * bookers.high) if bookers else None,
        spending=mean_difference(sent.spent, held.spent) if is_comparable else None,
        is_comparable=is_comparable,
    )


def _is_told(campaign: Campaign) -> bool:
    telling = [code for code, kind in KINDS.items() if kind.has_callbacks]
    ways = list(Transport.objects.filter(channel=campaign.channel, kind__in=telling).values_list("pk", flat=True))
    sent = Message.objects.filter(origin=Message.Origin.CAMPAIGN, origin_id=campaign.pk, transport__in=ways)
    return bool(ways) and sent.exists()
