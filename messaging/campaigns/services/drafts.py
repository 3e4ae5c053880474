"""Drafts: made, changed, removed, and confirmed, after which nothing of them changes any more."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.services.refusals import Refused
from accounts.tenancy import current_actor, require_business_id
from customers.segments.models import Segment
from messaging.campaigns.models import HOLDOUT_MAX, Campaign
from messaging.campaigns.timing import begins_at, hours_read
from messaging.texts.models import Template
from messaging.texts.selectors import texts_of

NAME_MAX = 120
CHOSEN_MAX = 1_000
"""Guests chosen one by one; more are a segment."""
FIELDS = ("name", "segment_id", "chosen", "template_id", "timing", "day", "hour", "hours", "holdout", "result_days")
"""What can be changed of a draft."""


class CampaignChanged(Exception):
    """Somebody changed or confirmed the campaign since it was read; nothing was written. ``current``: how it stands."""

    def __init__(self, current: Campaign) -> None:
        super().__init__(_("Somebody changed this campaign meanwhile. Look at it again, then save."))
        self.current = current


def campaign_create(
    *,
    name: str,
    segment_id: int | None = None,
    chosen: Sequence[int] | None = None,
    member: Member | None = None,
    **values: Any,
) -> Campaign:
    """Make a draft for a segment, or for guests chosen one by one; ``values`` are further :data:`FIELDS`.

    Raises :class:`Refused` for what cannot be.
    """
    with transaction.atomic():
        campaign = Campaign(member=member, actor=(str(member) if member else current_actor())[:200])
        _fill(campaign, {**values, "name": name, "segment_id": segment_id, "chosen": chosen})
        campaign.save(force_insert=True)
        _log("campaign.added", campaign, member)
    return campaign


def campaign_change(
    *, campaign_id: int, version: int | None = None, member: Member | None = None, **values: Any
) -> Campaign:
    """Change some of the :data:`FIELDS` of a draft; ``version`` is the one the editor saw, ``None`` any.

    Raises ``Campaign.DoesNotExist``, :class:`CampaignChanged`, also for one that is no draft any more, and
    :class:`Refused`.
    """
    with transaction.atomic():
        campaign = locked(campaign_id)
        if not campaign.is_draft or (version is not None and version != campaign.version):
            raise CampaignChanged(campaign)
        before = {name: getattr(campaign, name) for name in FIELDS}
        _fill(campaign, values)
        if before != {name: getattr(campaign, name) for name in FIELDS}:
            campaign.version += 1
            campaign.save()
    return campaign


def campaign_copy(*, campaign_id: int, member: Member | None = None) -> Campaign:
    """A draft like a campaign, to be sent to whoever is in its segment then. Raises ``Campaign.DoesNotExist``."""
    source = Campaign.objects.select_related("segment").get(pk=campaign_id)
    kept = {name: getattr(source, name) for name in ("template_id", "holdout", "result_days")}
    copied = _("%(name)s (copy)") % {"name": source.name[: NAME_MAX - 20]}
    return campaign_create(name=copied, segment_id=source.segment_id, member=member, **kept)


def campaign_remove(*, campaign_id: int, member: Member | None = None) -> None:
    """Remove a draft; what has been confirmed stays. Raises ``Campaign.DoesNotExist`` and :class:`CampaignChanged`."""
    with transaction.atomic():
        campaign = locked(campaign_id)
        if not campaign.is_draft:
            raise CampaignChanged(campaign)
        _log("campaign.removed", campaign, member)
        campaign.delete()


def campaign_confirm(
    *,
    campaign_id: int,
    version: int | None = None,
    template_seen: str = "",
    member: Member | None = None,
    now: dt.datetime | None = None,
) -> Campaign:
    """Let a draft go out: at once or when its time comes. The caller lets a worker know.

    ``template_seen`` is :func:`template_mark` of the template as it was reviewed; empty: as it is.

    Raises ``Campaign.DoesNotExist``, :class:`CampaignChanged`, and :class:`Refused` for what is missing; its ``field``
    is the step to go back to: ``whom``, ``what`` or ``when``.
    """
    now = now or timezone.now()
    with transaction.atomic():
        campaign = locked(campaign_id)
        if not campaign.is_draft or (version is not None and version != campaign.version):
            raise CampaignChanged(campaign)
        # Held, so that nobody says meanwhile that it is about something else.
        if campaign.template_id is not None:
            campaign.template = Template.objects.select_for_update(no_key=True).get(pk=campaign.template_id)
        if template_seen and template_seen != template_mark(campaign):
            raise CampaignChanged(campaign)
        campaign.starts_at = _checked(campaign, now)
        template, segment = campaign.template, campaign.segment
        assert template is not None  # noqa: S101 - checked just now
        campaign.channel, campaign.purpose = template.channel, template.purpose
        texts_fix(campaign)
        if segment is not None:
            campaign.segment_name, campaign.segment_definition = segment.title, segment.definition
        campaign.state = Campaign.State.SCHEDULED
        campaign.confirmed_at = campaign.seen_at = now
        campaign.version += 1
        campaign.member, campaign.actor = member, (str(member) if member else current_actor())[:200]
        campaign.save()
        _log("campaign.confirmed", campaign, member)
    return campaign


def missing_in(campaign: Campaign, now: dt.datetime) -> Refused | None:
    """What keeps a draft from being confirmed; its ``field`` is the step to go back to."""
    try:
        _checked(campaign, now)
    except Refused as refused:
        return refused
    return None


def locked(campaign_id: int) -> Campaign:
    """The campaign, held until the transaction ends. Raises ``Campaign.DoesNotExist``."""
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)


def has_text(template: Template) -> bool:
    """Whether there is anything to send."""
    return not template.is_archived and bool(texts_of(template_ids=[template.pk])[template.pk])


def template_mark(campaign: Campaign) -> str:
    """What changes with everything that is written or changed of its template."""
    return campaign.template.changed_at.isoformat() if campaign.template is not None else ""


def texts_fix(campaign: Campaign) -> None:
    """Hold it to the texts in force now. Not saved."""
    assert campaign.template_id is not None  # noqa: S101 - a campaign that is confirmed has one
    in_force = texts_of(template_ids=[campaign.template_id])[campaign.template_id]
    campaign.texts = {language: text.pk for language, text in in_force.items()}


def _checked(campaign: Campaign, now: dt.datetime) -> dt.datetime:
    """When it begins. Raises :class:`Refused` for what is missing."""
    if campaign.segment is None and not campaign.chosen:
        raise Refused(_("Choose who gets it."), field="whom")
    if campaign.template is None:
        raise Refused(_("Choose what they get."), field="what")
    if not has_text(campaign.template):
        raise Refused(_("The template has no text yet, or was put away. Choose another."), field="what")
    if campaign.timing == Campaign.Timing.NOW:
        return now
    if campaign.day is None or campaign.hour is None:
        raise Refused(_("Say on which day and at what time."), field="when")
    zone = Business.objects.get(pk=require_business_id()).zone
    if dt.datetime.combine(campaign.day, campaign.hour, zone) <= now:
        raise Refused(_("That time has passed. Choose a later one."), field="when")
    day, hour, hours = campaign.day, campaign.hour, campaign.hours
    return begins_at(timing=campaign.timing, day=day, hour=hour, zone=zone, now=now, hours=hours)


def _fill(campaign: Campaign, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name not in FIELDS:
            raise TypeError(name)
        setattr(campaign, name, value)
    campaign.name = " ".join(campaign.name.split())
    if not campaign.name:
        raise Refused(_("Give it a name; guests do not see it."), field="name")
    if len(campaign.name) > NAME_MAX:
        raise Refused(_("At most %(most)d characters.") % {"most": NAME_MAX}, field="name")
    if campaign.segment_id is not None and not Segment.objects.filter(pk=campaign.segment_id).exists():
        raise Refused(_("This segment is not there any more. Choose another."), field="segment")
    if campaign.segment_id is not None:
        campaign.chosen = None
    if campaign.chosen is not None:
        chosen = sorted(set(campaign.chosen))
        campaign.chosen = chosen
        if len(chosen) > CHOSEN_MAX:
            raise Refused(_("Choose fewer guests, or make a segment of them."), field="segment")
    if campaign.template_id is not None and not Template.objects.filter(pk=campaign.template_id).exists():
        raise Refused(_("This template is not there any more. Choose another."), field="template")
    if campaign.timing not in Campaign.Timing.values:
        raise Refused(_("Choose when it goes out."), field="timing")
    if campaign.timing == Campaign.Timing.NOW:
        campaign.day, campaign.hour, campaign.hours = None, None, {}
    try:
        campaign.hours = hours_read(campaign.hours or {})
    except ValueError as error:
        raise Refused(_("Write a time like 09:30."), field="hours") from error
    if not 0 <= campaign.holdout <= HOLDOUT_MAX:
        raise Refused(_("Between 0 and %(most)d percent.") % {"most": HOLDOUT_MAX}, field="holdout")
    if not 1 <= campaign.result_days <= 365:
        raise Refused(_("Between 1 and 365 days."), field="result_days")


def _log(action: str, campaign: Campaign, member: Member | None) -> None:
    audit_record(
        action=action, member=member, object_type="campaign", object_id=campaign.pk, data={"name": campaign.name}
    )
