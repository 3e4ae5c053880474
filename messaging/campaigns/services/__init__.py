"""Writes on campaigns."""

from messaging.campaigns.services.drafts import (
    CampaignChanged,
    campaign_change,
    campaign_confirm,
    campaign_copy,
    campaign_create,
    campaign_remove,
    missing_in,
    template_mark,
)
from messaging.campaigns.services.running import (
    campaign_cancel,
    campaign_pause,
    campaign_resume,
    campaign_step,
    campaign_work,
    campaigns_settle,
)

__all__ = [
    "CampaignChanged",
    "campaign_cancel",
    "campaign_change",
    "campaign_confirm",
    "campaign_copy",
    "campaign_create",
    "campaign_pause",
    "campaign_remove",
    "campaign_resume",
    "campaign_step",
    "campaign_work",
    "campaigns_settle",
    "missing_in",
    "template_mark",
]
