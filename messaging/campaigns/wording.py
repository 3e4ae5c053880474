"""Campaigns in words: why somebody does not get one, when one goes out."""

import datetime as dt

from django.utils.translation import gettext as _

from accounts import formats
from customers.conditions.names import locale
from customers.permission.reasons import INVOICE_FOR, STAY_FOR, ContactPurpose
from messaging.campaigns.models import Campaign
from messaging.outbox.labels import words

TONES = {
    Campaign.State.DRAFT: "neutral",
    Campaign.State.SCHEDULED: "info",
    Campaign.State.RUNNING: "info",
    Campaign.State.PAUSED: "warn",
    Campaign.State.DONE: "ok",
    Campaign.State.CANCELLED: "neutral",
}
"""The colour of a state's badge."""


def reason_words(code: str) -> str:
    """Why a guest does not get it; a message that was cancelled is a campaign that was."""
    return words(code) or _("Not sent")


def cause_words(campaign: Campaign) -> str:
    """Of a campaign that asks for no consent, whom alone it reaches; empty for marketing."""
    purpose = campaign.template.purpose if campaign.template is not None else ""
    if purpose == ContactPurpose.STAY:
        return _(
            "It is about the guests' own stays: it asks for no consent, and reaches only guests with a stay that is"
            " booked, goes on or ended in the last %(days)d days. News and offers need a template of that kind."
        ) % {"days": STAY_FOR}
    if purpose == ContactPurpose.INVOICE:
        return _(
            "It is about the guests' own invoices: it asks for no consent, and reaches only guests with an invoice that"
            " is unpaid or of the last %(months)d months. News and offers need a template of that kind."
        ) % {"months": INVOICE_FOR}
    return ""


def when_words(campaign: Campaign) -> str:
    """When it goes out, as it was decided."""
    if campaign.timing == Campaign.Timing.NOW:
        return _("At once")
    if campaign.day is None or campaign.hour is None:
        return _("Not decided yet")
    values = {
        "day": formats.day(campaign.day, locale(), width="medium"),
        "time": formats.clock(campaign.hour, locale()),
    }
    if campaign.timing == Campaign.Timing.MORNING:
        said = _("%(day)s at %(time)s, where each guest lives") % values
    else:
        said = _("%(day)s at %(time)s") % values
    own = [
        f"{formats.language_name(code, locale())} {formats.clock(dt.time.fromisoformat(hour), locale())}"
        for code, hour in campaign.hours.items()
    ]
    return "; ".join([said, *own])
