"""A confirmed campaign: begun, worked off in batches, paused, carried on, cancelled.

:func:`campaign_work` opens its own scopes and transactions, one a batch, and may not be called inside a long one.
Everything else works in the caller's scope. docs/campaigns.md says why nobody is skipped and nobody gets it twice.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.services.refusals import Refused
from accounts.tenancy import business_scope, require_business_id
from accounts.tenancy.runs import tried_again
from customers.conditions.selectors import filter_catalogue
from customers.filters import Sql, TreeError, tree_read
from customers.listing.selectors import matching_sql
from messaging.campaigns.arms import is_held_out
from messaging.campaigns.audience_sql import (
    arms_settle,
    arms_write,
    audience_fix,
    is_underway,
    waiting_exclude,
    waiting_taken,
)
from messaging.campaigns.holes import HOLE, holes_of
from messaging.campaigns.models import Campaign, CampaignGuest
from messaging.campaigns.places import due_times
from messaging.campaigns.selectors import campaign_texts, chosen_now
from messaging.campaigns.services.drafts import has_text, locked, texts_fix
from messaging.campaigns.timing import EXPIRES_AFTER, LATE_AFTER
from messaging.gate.rules import Ruling, Verdict, Wanted
from messaging.gate.selectors import gate
from messaging.outbox.models import Message
from messaging.outbox.services import Draft, cancel, hold, plan, release

BATCH = 2_000
"""Guests a transaction: about a second, so that a pause does not wait longer."""
CANCELLED = "cancelled"
ORIGIN = Message.Origin.CAMPAIGN.value
Arm = CampaignGuest.Arm


def campaign_work(*, business_id: int, campaign_id: int, after: int = 0, steps: int | None = None) -> int | None:
    """Begin a campaign whose time has come, or carry it on from the guests beyond ``after`` nothing was decided for.

    ``steps``: do no more than so many. Returns where to go on, ``None`` when there is nothing more to do now. Two
    workers on one campaign do no harm: each batch is decided by whoever holds the campaign's row. An error ends this
    attempt and is raised again; what was decided stays, and a sweep takes the rest up.
    """
    done = 0
    while (step := tried_again(partial(_scoped, business_id, campaign_id, after))).more:
        after, done = step.after, done + 1
        if done == steps:
            return after
    return None


def campaigns_settle(*, business_id: int) -> None:
    """End the campaigns of which everybody is decided for and everything has left. Two workers do no harm."""
    tried_again(partial(_settled, business_id))


def campaign_pause(*, campaign_id: int, member: Member | None = None) -> Campaign:
    """Stop: no further guest is decided for, and what waits in the outbox stays there. What a worker has in hand goes.

    Raises :class:`Refused` for one that is neither scheduled nor being sent.
    """
    with transaction.atomic():
        campaign = locked(campaign_id)
        if campaign.state not in (Campaign.State.SCHEDULED, Campaign.State.RUNNING):
            raise Refused(_("It is not being sent, so there is nothing to pause."))
        _pause(campaign)
        _log("campaign.paused", campaign, member)
    return campaign


def campaign_resume(*, campaign_id: int, member: Member | None = None) -> Campaign:
    """Go on where it was paused; whatever troubled it is confirmed anew by this. The caller lets a worker know.

    Raises :class:`Refused` for one that is not paused, or that has lost its segment or its template's text before it
    began.
    """
    with transaction.atomic():
        campaign = locked(campaign_id)
        if campaign.state != Campaign.State.PAUSED:
            raise Refused(_("It is not paused."))
        if campaign.stage == Campaign.State.SCHEDULED and campaign.segment is None and not campaign.chosen:
            raise Refused(_("Its segment is gone. Copy the campaign and choose another."))
        if campaign.template is None or not has_text(campaign.template):
            raise Refused(_("Its template has no text. Write one, or copy the campaign and choose another."))
        if campaign.segment is not None:
            campaign.segment_definition = campaign.segment.definition
        if campaign.trouble == Campaign.Trouble.TEMPLATE:
            texts_fix(campaign)
        if campaign.trouble == Campaign.Trouble.LATE:
            campaign.starts_at = timezone.now()
        campaign.state, campaign.stage, campaign.trouble = campaign.stage, "", ""
        campaign.seen_at = timezone.now()
        campaign.save()
        release(origin=ORIGIN, origin_id=campaign.pk, until=timezone.now() + EXPIRES_AFTER)
        _log("campaign.resumed", campaign, member)
    return campaign


def campaign_cancel(*, campaign_id: int, member: Member | None = None) -> Campaign:
    """Send no more of it; what was sent stays sent. Raises :class:`Refused` for one that has ended or is a draft."""
    with transaction.atomic():
        campaign = locked(campaign_id)
        if not campaign.is_open:
            raise Refused(_("This had ended before it could be cancelled."))
        cancel(origin=ORIGIN, origin_id=campaign.pk, member=member)
        waiting_exclude(campaign_id=campaign.pk, reason=CANCELLED)
        arms_settle(campaign_id=campaign.pk)
        campaign.state, campaign.stage, campaign.trouble = Campaign.State.CANCELLED, "", ""
        campaign.chosen = None
        campaign.finished_at = campaign.seen_at = timezone.now()
        campaign.save()
        _log("campaign.cancelled", campaign, member)
    return campaign


class Step(NamedTuple):
    """What one step did: whether there is more to do now, and the guest it has come to."""

    more: bool
    after: int = 0


def _scoped(business_id: int, campaign_id: int, after: int) -> Step:
    with business_scope(business_id):
        return campaign_step(campaign_id=campaign_id, now=timezone.now(), after=after)


def _settled(business_id: int) -> None:
    with business_scope(business_id):
        running = Campaign.objects.filter(state=Campaign.State.RUNNING).order_by("id").values_list("id", flat=True)
        for pk in running:
            waiting = CampaignGuest.objects.filter(campaign_id=pk, arm=Arm.WAITING)
            if not is_underway(campaign_id=pk) and not waiting.exists():
                campaign_step(campaign_id=pk, now=timezone.now())


def campaign_step(*, campaign_id: int, now: dt.datetime, after: int = 0) -> Step:
    """One step in the caller's transaction: begin, decide for a batch of the guests beyond ``after``, or end."""
    campaign = (
        Campaign.objects.select_for_update(no_key=True, of=("self",))
        .select_related("segment", "template")
        .filter(pk=campaign_id)
        .first()
    )
    if campaign is None:
        return Step(more=False)
    if campaign.state == Campaign.State.SCHEDULED:
        is_time = campaign.starts_at is not None and campaign.starts_at <= now
        return Step(more=is_time and _begin(campaign, now))
    if campaign.state != Campaign.State.RUNNING:
        return Step(more=False)
    guests = waiting_taken(campaign_id=campaign.pk, after=after, most=BATCH)
    if guests:
        _decide(campaign, guests, now)
    elif after:
        # A merge that was undone meanwhile may have left somebody behind.
        return Step(more=True)
    campaign.seen_at = now
    if not guests and not is_underway(campaign_id=campaign.pk):
        _end(campaign, now)
    campaign.save()
    return Step(bool(guests), guests[-1] if guests else 0)


def _begin(campaign: Campaign, now: dt.datetime) -> bool:
    """Fix whom it goes to; False: something is not as it was confirmed, and it waits for somebody to look at it."""
    matching, trouble = _matching(campaign, now)
    if matching is None:
        campaign.trouble = trouble
        _pause(campaign)
        _log("campaign.stopped", campaign, None)
        return False
    campaign.audience = audience_fix(campaign_id=campaign.pk, matching=matching)
    campaign.state, campaign.chosen = Campaign.State.RUNNING, None
    campaign.started_at = campaign.seen_at = now
    campaign.save()
    return True


def _matching(campaign: Campaign, now: dt.datetime) -> tuple[Sql | None, str]:
    """SQL of the guests it goes to, or what stands in the way."""
    if campaign.starts_at is not None and campaign.starts_at < now - LATE_AFTER:
        return None, Campaign.Trouble.LATE
    if campaign.template is None or not has_text(campaign.template):
        return None, Campaign.Trouble.TEMPLATE
    if campaign.segment is None:
        if not campaign.chosen:
            return None, Campaign.Trouble.SEGMENT
        return chosen_now(campaign), ""
    if campaign.segment.definition != campaign.segment_definition:
        return None, Campaign.Trouble.SEGMENT
    try:
        return matching_sql(tree=tree_read(campaign.segment.tree, filter_catalogue())), ""
    except TreeError:
        return None, Campaign.Trouble.SEGMENT


def _decide(campaign: Campaign, guests: Sequence[int], now: dt.datetime) -> None:
    """For each of these guests: excluded and why, held out, or a message in the outbox."""
    business = Business.objects.get(pk=require_business_id())
    due = due_times(campaign=campaign, customer_ids=guests, business=business, now=now)
    wanted = [
        Wanted(
            customer_id=guest,
            channel=campaign.channel,
            purpose=campaign.purpose,
            due_at=due(guest),
            expires_at=due(guest) + EXPIRES_AFTER,
            origin=ORIGIN,
            origin_id=campaign.pk,
        )
        for guest in guests
    ]
    arms: dict[int, tuple[str, str, int | None]] = {}
    drafts: dict[int, Draft] = {}
    rulings = gate(wanted=wanted, at=now, is_planning=True)
    holes = _holes(campaign, wanted, rulings, business)
    for each, ruling in zip(wanted, rulings, strict=True):
        if ruling.verdict is Verdict.REFUSE:
            arms[each.customer_id] = (Arm.EXCLUDED, ruling.reason, None)
        elif each.customer_id in holes:
            # Before anybody is held out, so that those held out are like those who get it.
            arms[each.customer_id] = (Arm.EXCLUDED, HOLE, None)
        elif is_held_out(campaign_id=campaign.pk, customer_id=each.customer_id, percent=campaign.holdout):
            arms[each.customer_id] = (Arm.HELD, "", None)
        else:
            drafts[each.customer_id] = Draft(
                customer_id=each.customer_id,
                channel=each.channel,
                purpose=each.purpose,
                key=key_of(campaign.pk, each.customer_id),
                template_id=campaign.template_id,
                text_ids=tuple(campaign.texts.values()),
                due_at=each.due_at,
                expires_at=each.expires_at,
                origin=ORIGIN,
                origin_id=campaign.pk,
            )
    planned = plan(drafts=list(drafts.values()), at=now)
    for guest, draft in drafts.items():
        reason = planned.refused.get(draft.key) or planned.unwritten.get(draft.key, "")
        arms[guest] = (Arm.EXCLUDED if reason else Arm.SENT, reason, planned.ids.get(draft.key))
    arms_write(campaign_id=campaign.pk, arms=arms)


def _holes(
    campaign: Campaign, wanted: Sequence[Wanted], rulings: Sequence[Ruling], business: Business
) -> Collection[int]:
    """Guests of whom something that stands in their text is not known."""
    languages = {
        each.customer_id: ruling.language
        for each, ruling in zip(wanted, rulings, strict=True)
        if ruling.verdict is not Verdict.REFUSE
    }
    return holes_of(texts=campaign_texts(campaign), languages=languages, business=business)


def key_of(campaign_id: int, customer_id: int) -> str:
    """What a guest's message of a campaign is called in the outbox: there is one of each name."""
    return f"campaign:{campaign_id}:guest:{customer_id}"


def _pause(campaign: Campaign) -> None:
    campaign.stage, campaign.state = campaign.state, Campaign.State.PAUSED
    campaign.seen_at = timezone.now()
    campaign.save()
    hold(origin=ORIGIN, origin_id=campaign.pk)


def _end(campaign: Campaign, now: dt.datetime) -> None:
    arms_settle(campaign_id=campaign.pk)
    campaign.state, campaign.finished_at = Campaign.State.DONE, now
    _log("campaign.finished", campaign, campaign.member)


def _log(action: str, campaign: Campaign, member: Member | None) -> None:
    audit_record(
        action=action, member=member, object_type="campaign", object_id=campaign.pk, data={"name": campaign.name}
    )
