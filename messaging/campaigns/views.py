"""Pages of campaigns that are confirmed, and the list of all."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from messaging.campaigns.lately import poll_seconds, results_lately
from messaging.campaigns.models import Campaign, CampaignGuest
from messaging.campaigns.results import Results
from messaging.campaigns.selectors import (
    campaign_get,
    campaign_guests,
    campaign_list,
    campaign_opens_at,
    campaign_progress,
)
from messaging.campaigns.services import campaign_cancel, campaign_copy, campaign_pause, campaign_resume
from messaging.campaigns.tasks import campaign_nudge
from messaging.campaigns.wording import TONES, reason_words, when_words
from messaging.tasks import outbox_nudge

PAGE = 50
SPANS = (7, 14, 30, 60, 90, 180, 365)
"""Days after a campaign that its results are offered for."""
RESULT_DAYS_MAX = 365


@requires(Capability.MESSAGE)
@require_safe
def messages_home(request: BusinessRequest, slug: str) -> HttpResponse:
    """The first of the pages about messages that this member may use."""
    return redirect("campaign_list" if request.member.can(Capability.CAMPAIGN) else "outbox_list", slug=slug)


@requires(Capability.CAMPAIGN)
@require_safe
def campaign_index(request: BusinessRequest, slug: str) -> HttpResponse:
    """All campaigns, the newest first."""
    page = Paginator(campaign_list(), PAGE).get_page(request.GET.get("page"))
    lines = [{"campaign": each, "tone": TONES[Campaign.State(each.state)], "when": when_words(each)} for each in page]
    return render(request, "messages/campaigns/list.html", {"lines": lines, "page": page})


@requires(Capability.CAMPAIGN)
@require_safe
def campaign_page(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """A campaign at whatever point it is; a draft at the step where it is. ``?days=`` counts results for so many."""
    campaign = _found(campaign_id)
    if campaign.is_draft:
        unfinished = "what" if campaign.template_id is None else "review"
        return redirect(f"campaign_{unfinished}", slug=slug, campaign_id=campaign_id)
    return render(request, "messages/campaigns/campaign.html", _context(request, campaign))


@requires(Capability.CAMPAIGN)
@require_safe
def campaign_state(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """The part of the page that changes by itself; without script, the page."""
    campaign = _found(campaign_id)
    if not request.htmx or campaign.is_draft:
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    return render(request, "messages/campaigns/_state.html", _context(request, campaign))


@requires(Capability.CAMPAIGN)
@require_safe
def campaign_people(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """The guests of a campaign: ``?arm=`` and ``?reason=`` narrow them, ``?after=`` is a guest's id."""
    campaign = _found(campaign_id)
    arm, reason = request.GET.get("arm", ""), request.GET.get("reason")
    after = request.GET.get("after", "")
    known = arm if arm in CampaignGuest.Arm.values else ""
    page = campaign_guests(
        campaign_id=campaign_id,
        arm=known,
        reason=reason,
        after=int(after) if after.isascii() and after.isdecimal() and len(after) < 19 else 0,
    )
    context = {
        "campaign": campaign,
        "page": page,
        "arms": [
            {"value": value, "label": label, "is_on": value == known}
            for value, label in [("", _("All")), *CampaignGuest.Arm.choices]
        ],
        "reason": reason_words(reason) if reason else "",
    }
    return render(request, "messages/campaigns/guests.html", context)


@requires(Capability.CAMPAIGN)
@require_POST
def campaign_halt(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """Pause it."""
    _found(campaign_id)
    try:
        campaign_pause(campaign_id=campaign_id, member=request.member)
    except Refused as refused:
        messages.info(request, str(refused))
    return redirect("campaign_page", slug=slug, campaign_id=campaign_id)


@requires(Capability.CAMPAIGN)
@require_POST
def campaign_go_on(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """Go on where it was paused."""
    _found(campaign_id)
    try:
        campaign = campaign_resume(campaign_id=campaign_id, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        campaign_nudge(campaign)
        outbox_nudge(business_id=request.business.pk)
    return redirect("campaign_page", slug=slug, campaign_id=campaign_id)


@requires(Capability.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_stop(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """Cancel it, once asked: what has been sent stays sent."""
    campaign = _found(campaign_id)
    if request.method != "POST":
        context = {"campaign": campaign, "progress": campaign_progress(campaign=campaign)}
        return render(request, "messages/campaigns/cancel.html", context)
    try:
        campaign_cancel(campaign_id=campaign_id, member=request.member)
    except Refused as refused:
        messages.info(request, str(refused))
    return redirect("campaign_page", slug=slug, campaign_id=campaign_id)


@requires(Capability.CAMPAIGN)
@require_POST
def campaign_again(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """A draft like it."""
    _found(campaign_id)
    try:
        copy = campaign_copy(campaign_id=campaign_id, member=request.member)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    return redirect("campaign_whom", slug=slug, campaign_id=copy.pk)


def _context(request: BusinessRequest, campaign: Campaign) -> dict[str, Any]:
    address = {"slug": request.business.slug, "campaign_id": campaign.pk}
    days = _days(request)
    results = results_lately(campaign=campaign, business=request.business, days=days)
    is_working = campaign.state in (Campaign.State.SCHEDULED, Campaign.State.RUNNING)
    progress = campaign_progress(campaign=campaign)
    return {
        "campaign": campaign,
        "tone": TONES[Campaign.State(campaign.state)],
        "when": when_words(campaign) if campaign.started_at is None else "",
        "progress": progress,
        "opens_at": campaign_opens_at(campaign=campaign, now=timezone.now()) if is_working and progress.due else None,
        "results": results,
        "figures": _figures(results),
        "is_working": is_working,
        "poll_seconds": poll_seconds(campaign),
        "spans": [(str(each), _days_words(each)) for each in sorted({*SPANS, days or campaign.result_days})],
        "refresh_url": reverse("campaign_state", kwargs=address) + (f"?days={days}" if days else ""),
        "people_url": reverse("campaign_people", kwargs=address),
    }


def _figures(results: Results | None) -> list[dict[str, Any]]:
    """What became of the messages, as figures with their share of what was sent."""
    if results is None:
        return []
    fates = results.fates
    listed = (
        (_("Sent"), fates.sent, ""),
        (_("Delivered"), fates.delivered, ""),
        (_("Opened"), fates.opened, ""),
        (_("Followed a link"), fates.clicked, ""),
        (_("Unsubscribed"), fates.unsubscribed, ""),
        (_("Came back"), fates.bounced, "bad" if fates.bounced else ""),
        (_("Reported as spam"), fates.complained, "bad" if fates.complained else ""),
        (_("Not known"), fates.unknown, "warn" if fates.unknown else ""),
    )
    return [
        {
            "label": label,
            "number": number,
            "share": fates.share(number),
            "tone": tone,
            "is_known": place != 1 or results.is_told,
        }
        for place, (label, number, tone) in enumerate(listed)
        if number or place < 5
    ]


def _days(request: BusinessRequest) -> int | None:
    """For how many days after the results are asked; ``None``: as the campaign says."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 4 else 0
    return days if 0 < days <= RESULT_DAYS_MAX else None


def _days_words(days: int) -> str:
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def _found(campaign_id: int) -> Campaign:
    try:
        return campaign_get(campaign_id=campaign_id)
    except Campaign.DoesNotExist as error:
        raise Http404 from error
