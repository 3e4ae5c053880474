"""How often the page of a campaign at work looks again, and how fresh what it counts is.

How far it has come is counted over indexes alone; what came of it reads every message and every stay of its guests, too
much for each look of each open page.
"""

import datetime as dt
from typing import Final

from django.core.cache import cache
from django.utils import timezone

from accounts.models import Business
from messaging.campaigns.models import Campaign
from messaging.campaigns.results import Results, campaign_results

RESULTS_SECONDS: Final = 30
_SOON: Final = 2
_LATER: Final = 10
_FIRST: Final = dt.timedelta(minutes=1)


def results_lately(*, campaign: Campaign, business: Business, days: int | None = None) -> Results | None:
    """What came of it; while it runs, as of half a minute ago at most."""
    if campaign.state != Campaign.State.RUNNING:
        return campaign_results(campaign=campaign, business=business, days=days)
    key = f"campaign:{business.pk}:{campaign.pk}:{campaign.version}:{days or ''}"
    kept = cache.get(key)
    if isinstance(kept, Results):
        return kept
    found = campaign_results(campaign=campaign, business=business, days=days)
    cache.set(key, found, RESULTS_SECONDS)
    return found


def poll_seconds(campaign: Campaign) -> int:
    """After how many seconds its page looks again: soon within a minute of its beginning, later at other times."""
    begins = campaign.started_at or campaign.starts_at
    return _SOON if begins is not None and abs(timezone.now() - begins) < _FIRST else _LATER
