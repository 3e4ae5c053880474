"""Pages of a draft: whom, what, when, and the review before it goes out."""

from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import BusinessRequest, requires
from accounts.models import Capability
from accounts.services.refusals import Refused
from customers.conditions.counts import is_large
from messaging.campaigns.forms import TestForm, WhatForm, WhenForm, WhomForm
from messaging.campaigns.models import Campaign
from messaging.campaigns.preview import campaign_cost, campaign_examples, campaign_preview, lacks_address
from messaging.campaigns.selectors import campaign_get
from messaging.campaigns.services import (
    CampaignChanged,
    campaign_change,
    campaign_confirm,
    campaign_create,
    campaign_remove,
    missing_in,
    template_mark,
)
from messaging.campaigns.services.testing import campaign_try
from messaging.campaigns.tasks import campaign_nudge
from messaging.campaigns.wording import cause_words, when_words
from messaging.tasks import outbox_nudge
from messaging.texts.models import Channel
from messaging.texts.selectors import template_lines, texts_of
from messaging.texts.starters import languages_of
from messaging.transports.shown import sender_doubt

STEPS = ("whom", "what", "when", "review")


@requires(Capability.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_new(request: BusinessRequest, slug: str) -> HttpResponse:
    """The first step of a new one; ``?segment=`` or ``?guests=`` (ids with commas) say whom it is for already."""
    chosen = _ids(request.POST.get("guests") or request.GET.get("guests", ""))
    if request.method != "POST":
        form = WhomForm(chosen=len(chosen), initial={"segment": request.GET.get("segment", ""), "holdout": 0})
        return _step(request, None, "whom", form, chosen=chosen)
    form = WhomForm(request.POST, chosen=len(chosen))
    if form.is_valid():
        values = form.cleaned_data
        try:
            campaign = campaign_create(
                name=values["name"],
                segment_id=values["segment"],
                chosen=chosen if chosen and values["segment"] is None else None,
                holdout=values["holdout"],
                member=request.member,
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            return redirect("campaign_what", slug=slug, campaign_id=campaign.pk)
    return _step(request, None, "whom", form, chosen=chosen)


@requires(Capability.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_whom(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """What it is called, and which segment gets it."""
    campaign = _draft(campaign_id)
    if campaign is None:
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    chosen = len(campaign.chosen or ())
    initial = {"name": campaign.name, "segment": campaign.segment_id or "", "holdout": campaign.holdout}
    form = WhomForm(request.POST or None, chosen=chosen, initial=initial)
    if form.is_valid():
        values = {"name": form.cleaned_data["name"], "holdout": form.cleaned_data["holdout"]}
        if form.cleaned_data["segment"] is not None or not chosen:
            values["segment_id"] = form.cleaned_data["segment"]
        answer = _saved(request, campaign, form, values, "what")
        if answer is not None:
            return answer
    return _step(request, campaign, "whom", form)


@requires(Capability.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_what(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """Which template."""
    campaign = _draft(campaign_id)
    if campaign is None:
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    form = WhatForm(request.POST or None, initial={"template": campaign.template_id or ""})
    if form.is_valid():
        answer = _saved(request, campaign, form, {"template_id": form.cleaned_data["template"]}, "when")
        if answer is not None:
            return answer
    lines = [
        {"template": line.template, "languages": sorted(line.texts), "first": next(iter(line.texts.values()), None)}
        for line in template_lines(form.templates)
    ]
    return _step(request, campaign, "what", form, lines=lines, picked=str(form["template"].value() or ""))


@requires(Capability.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_when(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """When it goes out."""
    campaign = _draft(campaign_id)
    if campaign is None:
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    initial = {name: getattr(campaign, name) for name in ("timing", "day", "hour", "hours", "result_days")}
    form = WhenForm(request.POST or None, initial=initial, languages=_languages(request, campaign))
    if form.is_valid():
        answer = _saved(request, campaign, form, form.values(), "review")
        if answer is not None:
            return answer
    return _step(request, campaign, "when", form, zone=request.business.time_zone.replace("_", " "))


@requires(Capability.CAMPAIGN)
@require_safe
def campaign_review(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """Everything once more before it goes out: whom it reaches, whom not and why, how it looks.

    In a large register the audience is looked through once the page stands, or when asked by ``?count``.
    """
    campaign = _draft(campaign_id)
    if campaign is None:
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    waits = is_large() and "count" not in request.GET and not request.htmx
    context = _review(request, campaign, look=not waits)
    if request.htmx:
        return render(request, "messages/campaigns/_audience.html", context)
    return render(request, "messages/campaigns/review.html", context | {"waits": waits})


@requires(Capability.CAMPAIGN)
@require_POST
def campaign_test(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """Send it to oneself, filled in as for a guest it would reach."""
    campaign = _draft(campaign_id)
    if campaign is None:
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    form = TestForm(request.POST)
    if form.is_valid():
        try:
            campaign_try(
                campaign=campaign,
                address=form.cleaned_data["address"],
                token=request.POST.get("token", "") or token_urlsafe(12),
                business=request.business,
                member=request.member,
            )
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            outbox_nudge(business_id=request.business.pk)
            messages.success(request, _("A test is on its way to %(address)s.") % form.cleaned_data)
            return redirect("campaign_review", slug=slug, campaign_id=campaign_id)
    form.fields["address"].widget.attrs["autofocus"] = True
    context = _review(request, campaign, look=not is_large()) | {"test": form, "waits": is_large()}
    return render(request, "messages/campaigns/review.html", context, status=422)


@requires(Capability.CAMPAIGN)
@require_POST
def campaign_send(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """Let it go out; back to the step where something is missing."""
    campaign = _found(campaign_id)
    try:
        campaign = campaign_confirm(
            campaign_id=campaign_id,
            version=_version(request),
            template_seen=request.POST.get("template_seen", ""),
            member=request.member,
        )
    except CampaignChanged as changed:
        if changed.current.is_draft:
            messages.error(request, str(changed))
            return redirect("campaign_review", slug=slug, campaign_id=campaign_id)
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    except Refused as refused:
        messages.error(request, str(refused))
        step = refused.field if refused.field in STEPS else "review"
        return redirect(f"campaign_{step}", slug=slug, campaign_id=campaign.pk)
    campaign_nudge(campaign)
    return redirect("campaign_page", slug=slug, campaign_id=campaign_id)


@requires(Capability.CAMPAIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def campaign_discard(request: BusinessRequest, slug: str, campaign_id: int) -> HttpResponse:
    """Remove a draft, once asked."""
    campaign = _draft(campaign_id)
    if campaign is None:
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    if request.method != "POST":
        return render(request, "messages/campaigns/discard.html", {"campaign": campaign})
    try:
        campaign_remove(campaign_id=campaign_id, member=request.member)
    except CampaignChanged as changed:
        messages.error(request, str(changed))
        return redirect("campaign_page", slug=slug, campaign_id=campaign_id)
    messages.success(request, _("The draft is removed."))
    return redirect("campaign_list", slug=slug)


def _saved(
    request: BusinessRequest, campaign: Campaign, form: Any, values: Mapping[str, Any], following: str
) -> HttpResponse | None:
    """The next step, once this one is saved; ``None``: the form says why not."""
    slug = request.business.slug
    try:
        campaign_change(campaign_id=campaign.pk, version=_version(request), member=request.member, **values)
    except CampaignChanged as changed:
        if not changed.current.is_draft:
            return redirect("campaign_page", slug=slug, campaign_id=campaign.pk)
        form.add_error(None, str(changed))
        campaign.version = changed.current.version
        return None
    except Refused as refused:
        form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        return None
    return redirect(f"campaign_{following}", slug=slug, campaign_id=campaign.pk)


def _step(request: BusinessRequest, campaign: Campaign | None, step: str, form: Any, **more: Any) -> HttpResponse:
    context = {"campaign": campaign, "step": step, "form": form, **_steps(request, campaign, step), **more}
    return render(request, f"messages/campaigns/{step}.html", context, status=422 if form.errors else 200)


def _steps(request: BusinessRequest, campaign: Campaign | None, step: str) -> dict[str, Any]:
    """The stepper: those before this one lead back."""
    labels = (_("Guests"), _("Message"), _("Time"), _("Review"))

    def address(name: str) -> str:
        if campaign is None:
            return ""
        return reverse(f"campaign_{name}", kwargs={"slug": request.business.slug, "campaign_id": campaign.pk})

    steps = [{"label": label, "url": address(name)} for name, label in zip(STEPS, labels, strict=True)]
    place = STEPS.index(step)
    return {"steps": steps, "current": place + 1, "back_url": steps[place - 1]["url"] if place else ""}


def _languages(request: BusinessRequest, campaign: Campaign) -> list[str]:
    """The languages guests may get a time of their own for: those of the template, else of the business."""
    written = texts_of(template_ids=[campaign.template_id])[campaign.template_id] if campaign.template_id else {}
    own = languages_of(request.business)
    found = [code for code in own if code in written] + sorted(set(written) - set(own)) if written else own
    return list(dict.fromkeys([*found, *campaign.hours]))


def _review(request: BusinessRequest, campaign: Campaign, *, look: bool) -> dict[str, Any]:
    now = timezone.now()
    missing = missing_in(campaign, now)
    preview = campaign_preview(campaign=campaign, business=request.business, now=now) if look else None
    examples = (
        campaign_examples(campaign=campaign, customer_ids=preview.examples, business=request.business)
        if preview is not None
        else []
    )
    is_sms = campaign.template is not None and campaign.template.channel == Channel.SMS
    step = missing.field if missing is not None and missing.field in STEPS else "whom"
    return {
        "campaign": campaign,
        "step": "review",
        **_steps(request, campaign, "review"),
        "missing": missing,
        "lacks_address": lacks_address(campaign=campaign, business=request.business),
        "cause": cause_words(campaign),
        "template_seen": template_mark(campaign),
        "can_business": request.member.can(Capability.BUSINESS),
        "sender": None if is_sms else sender_doubt(),
        "can_set_up": request.member.can(Capability.SET_UP),
        "missing_url": reverse(f"campaign_{step}", kwargs={"slug": request.business.slug, "campaign_id": campaign.pk}),
        "preview": preview,
        "examples": examples,
        "has_holes": any(each.shown.missing for each in examples),
        "is_unfinished": any(each.shown.is_unfinished for each in examples),
        "cost": campaign_cost(examples=examples, getting=preview.getting) if preview is not None else None,
        "when": when_words(campaign),
        "test": TestForm(initial={"address": "" if is_sms else request.user.email}),
        "is_sms": is_sms,
        "token": token_urlsafe(12),
        "looked": look,
    }


def _draft(campaign_id: int) -> Campaign | None:
    """The campaign if it is a draft; ``None`` for one that has been confirmed."""
    campaign = _found(campaign_id)
    return campaign if campaign.is_draft else None


def _found(campaign_id: int) -> Campaign:
    try:
        return campaign_get(campaign_id=campaign_id)
    except Campaign.DoesNotExist as error:
        raise Http404 from error


def _version(request: BusinessRequest) -> int | None:
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None


def _ids(text: str) -> list[int]:
    """Ids with commas; what is none is left out."""
    return sorted({int(each) for each in text.split(",") if each.isascii() and each.isdecimal() and len(each) < 19})
