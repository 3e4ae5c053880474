"""Campaigns, and the guests each was fixed to when it began."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer
from customers.segments.models import Segment
from messaging.texts.models import Channel, Template

HOLDOUT_MAX = 50
RESULT_DAYS = 30


class Campaign(TenantModel):
    """One template to the guests of one segment, or to guests that were chosen one by one.

    A draft may be unfinished in every way. What was decided stands still from the moment it is confirmed; whom it goes
    to is fixed when it begins (:class:`CampaignGuest`), in sets, and worked off from there.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("campaign", "Draft")
        SCHEDULED = "scheduled", pgettext_lazy("campaign", "Scheduled")
        RUNNING = "running", pgettext_lazy("campaign", "Being sent")
        PAUSED = "paused", pgettext_lazy("campaign", "Paused")
        DONE = "done", pgettext_lazy("campaign", "Sent")
        CANCELLED = "cancelled", pgettext_lazy("campaign", "Cancelled")

    class Timing(models.TextChoices):
        NOW = "now", pgettext_lazy("time of a campaign", "At once")
        MOMENT = "moment", pgettext_lazy("time of a campaign", "On a day, for all at the same moment")
        MORNING = "morning", pgettext_lazy("time of a campaign", "On a day, at this time where each guest lives")

    class Trouble(models.TextChoices):
        """Why a campaign waits for somebody to look at it again."""

        LATE = "late", _("It should have begun long ago.")
        SEGMENT = "segment", _("Its segment has other conditions now, or is gone.")
        TEMPLATE = "template", _("Its template was archived, or has no text any more.")

    name = models.CharField(_("name"), max_length=120)
    segment = TenantForeignKey(Segment, db_on_delete="SET NULL", null=True, blank=True, related_name="+")
    segment_name = models.CharField(max_length=120, blank=True)
    """What the segment was called when the campaign was confirmed: segments are removed, campaigns stay."""
    segment_definition = models.IntegerField(null=True, editable=False)
    """Which of the segment's definitions was confirmed: with other conditions it is asked again."""
    chosen = ArrayField(models.BigIntegerField(), null=True, blank=True)
    """Guests chosen one by one instead of a segment; forgotten once the campaign has begun."""
    template = TenantForeignKey(Template, db_on_delete="RESTRICT", null=True, blank=True, related_name="+")
    channel = models.CharField(max_length=5, choices=Channel, blank=True)
    purpose = models.CharField(max_length=16, blank=True)
    """The template's, like the channel, as they stood when the campaign was confirmed."""
    texts = models.JSONField(default=dict, blank=True, editable=False)
    """Versions of the template's texts that were reviewed, as ``{"nl": id}``; what is written later is not sent."""
    timing = models.CharField(_("when"), max_length=8, choices=Timing, default=Timing.NOW)
    day = models.DateField(_("day"), null=True, blank=True)
    hour = models.TimeField(_("time"), null=True, blank=True)
    """Local: in the business's zone, or in each guest's."""
    hours = models.JSONField(default=dict, blank=True)
    """Times of their own for guests of some languages, as ``{"nl": "09:30"}``."""
    holdout = models.SmallIntegerField(
        _("held out"), default=0, validators=[MinValueValidator(0), MaxValueValidator(HOLDOUT_MAX)]
    )
    """Percent of the guests it could go to who get nothing, so that what follows can be compared."""
    result_days = models.SmallIntegerField(default=RESULT_DAYS)
    """Days afterwards in which stays and revenue are counted."""
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    stage = models.CharField(max_length=10, blank=True, editable=False)
    """What a paused campaign goes on with: ``scheduled`` or ``running``."""
    trouble = models.CharField(max_length=16, choices=Trouble, blank=True, editable=False)
    """Why it was paused by itself."""
    starts_at = models.DateTimeField(null=True, editable=False)
    """When a worker takes it up, once it is confirmed."""
    audience = models.IntegerField(null=True, editable=False)
    """How many guests it was fixed to; ``None``: not begun."""
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    actor = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)
    """When a worker was last heard of; a sweep takes up a campaign that has fallen silent."""
    version = models.IntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        indexes = [
            models.Index(fields=["business", "-created_at", "-id"], name="campaign_newest"),
            models.Index(fields=["business", "segment"], condition=Q(segment__isnull=False), name="campaign_segment"),
            models.Index(fields=["business", "template"], name="campaign_template"),
            models.Index(
                fields=["business", "seen_at"], condition=Q(state__in=("scheduled", "running")), name="campaign_open"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(holdout__range=(0, HOLDOUT_MAX)), name="campaign_holdout"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(template__isnull=False) & ~Q(channel="") & ~Q(purpose=""),
                name="campaign_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        """Whether it can still be changed."""
        return self.state == self.State.DRAFT

    @property
    def is_open(self) -> bool:
        """Whether it is confirmed and something of it may still go out."""
        return self.state in (self.State.SCHEDULED, self.State.RUNNING, self.State.PAUSED)

    @property
    def whom(self) -> str:
        """The segment's name, as it was where the segment is gone; empty for guests chosen one by one."""
        return self.segment.title if self.segment is not None else self.segment_name


class CampaignGuest(TenantModel):
    """A guest a campaign was fixed to, and what was decided for them.

    ``message_id`` is the row of the outbox, without a key: a message that is withdrawn while it waits takes nothing
    with it. Of merged cards the one decided first stays.
    """

    class Arm(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("guest of a campaign", "Not come to")
        SENT = "sent", pgettext_lazy("guest of a campaign", "Gets it")
        HELD = "held", pgettext_lazy("guest of a campaign", "Held out")
        EXCLUDED = "excluded", pgettext_lazy("guest of a campaign", "Excluded")

    pk = models.CompositePrimaryKey("business_id", "campaign_id", "customer_id")
    campaign = TenantForeignKey(Campaign, db_on_delete="CASCADE", related_name="guests")
    customer = TenantForeignKey(Customer, db_on_delete="CASCADE", related_name="+")
    arm = models.CharField(max_length=8, choices=Arm, default=Arm.WAITING)
    reason = models.CharField(max_length=24, blank=True)
    """Why they are excluded: a code of the gate, or ``cancelled``."""
    message_id = models.BigIntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("guest of a campaign")
        verbose_name_plural = _("guests of campaigns")
        indexes = [
            models.Index(fields=["business", "campaign", "arm", "reason", "customer"], name="campaign_guest_arm"),
            models.Index(fields=["business", "customer"], name="campaign_guest_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}: {self.customer_id}"
