"""Where guests live and what they read: when the message of a campaign is due to each."""

import datetime as dt
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from accounts.countries import country_defaults
from accounts.models import Business
from customers.card.models import Customer
from messaging.campaigns.models import Campaign
from messaging.campaigns.timing import due_at, hour_of
from messaging.texts.selectors import NEAR

Due = Callable[[int], dt.datetime]
"""When a guest's message is due, by their id."""


def due_times(
    *, campaign: Campaign, customer_ids: Sequence[int], business: Business, now: dt.datetime, timing: str = ""
) -> Due:
    """When each of these guests' messages is due; ``timing`` instead of the campaign's. At most one query.

    A guest's time zone is that of their country, where it has several the one most people live in; of a guest whose
    country nobody knows the business's. A language's own time is for those who read it, or one they read as their own.
    """
    timing = timing or campaign.timing
    is_local = timing == Campaign.Timing.MORNING
    if timing == Campaign.Timing.NOW or not (is_local or campaign.hours):
        moment = due_at(timing=timing, day=campaign.day, hour=campaign.hour, zone=business.zone, now=now)
        return lambda guest: moment
    zones = {"": business.zone, business.country: business.zone}
    found: dict[tuple[str, str], dt.datetime] = {}
    due: dict[int, dt.datetime] = {}
    guests = Customer.objects.filter(pk__in=customer_ids).values_list("pk", "country", "language")
    for pk, country, language in guests:
        place = (country if is_local else "", language)
        if place not in found:
            if country not in zones:
                zones[country] = ZoneInfo(country_defaults(country).time_zone)
            hour = campaign.hour
            for code in (language, *NEAR.get(language, ())):
                if code in campaign.hours:
                    hour = hour_of(code, hours=campaign.hours, hour=hour)
                    break
            zone = zones[country] if is_local else business.zone
            found[place] = due_at(timing=timing, day=campaign.day, hour=hour, zone=zone, now=now)
        due[pk] = found[place]
    usual = due_at(timing=timing, day=campaign.day, hour=campaign.hour, zone=business.zone, now=now)
    return lambda guest: due.get(guest, usual)
