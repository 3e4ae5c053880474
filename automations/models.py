"""Automations, the journeys of guests through them, and what is noted for their planner. docs/automations.md"""

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer
from customers.history.models import Invoice, Stay

OPEN = ("planned", "running")
"""States of journeys that go on."""


class Automation(TenantModel):
    """Something that is done for guests by itself. What runs is its ``current`` version; ``draft`` is worked on.

    ``since_xid`` is the transaction from which on what happens counts, set when it is turned on: it begins with those
    who come after it. ``planned_through`` is the last day whose dates have been looked at.
    """

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("automation", "Draft")
        ON = "on", pgettext_lazy("automation", "On")
        PAUSED = "paused", pgettext_lazy("automation", "Paused")
        OFF = "off", pgettext_lazy("automation", "Off")

    name = models.CharField(_("name"), max_length=80)
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT)
    draft = models.JSONField(default=dict)
    """A definition as JSON (:mod:`automations.definition`), perhaps not whole yet."""
    current = TenantForeignKey("automations.AutomationVersion", db_on_delete="RESTRICT", related_name="+", null=True)
    recipe = models.CharField(max_length=24, blank=True)
    """The recipe it was made from."""
    since_xid = models.BigIntegerField(null=True, editable=False)
    planned_through = models.DateField(null=True, editable=False)
    trouble = models.CharField(max_length=24, blank=True)
    """What is wrong though it is on: something it names is gone, or guests go round in a circle."""
    member_id = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    turned_on_at = models.DateTimeField(null=True, editable=False)
    version = models.IntegerField(default=1, editable=False)
    """Counts what people change, so that two editors do not overwrite each other."""

    class Meta:
        verbose_name = _("automation")
        verbose_name_plural = _("automations")
        constraints = [
            models.UniqueConstraint(F("business"), Lower("name"), name="automation_name"),
            models.CheckConstraint(condition=Q(state="draft") | Q(current__isnull=False), name="automation_published"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on(self) -> bool:
        """Whether guests enter it and go on in it."""
        return self.state == self.State.ON


class AutomationVersion(TenantModel):
    """A definition that was let out. Journeys finish on the version they began on, unless somebody moves them."""

    automation = TenantForeignKey(Automation, db_on_delete="CASCADE", related_name="versions")
    number = models.IntegerField()
    definition = models.JSONField()
    member_id = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("version of an automation")
        verbose_name_plural = _("versions of automations")
        constraints = [models.UniqueConstraint(fields=["business", "automation", "number"], name="automation_version")]

    def __str__(self) -> str:
        return f"{self.automation_id} v{self.number}"


class Journey(TenantModel):
    """A guest on the way through an automation. ``occurrence`` says what began it; with automation and guest it is
    there once, whoever plans it how often.

    ``planned``: its trigger's moment is still to come. ``step`` is the id of the step that comes next, empty before the
    first; ``due_at`` is when, in UTC, and ``due_local`` what the clock shows then in ``zone``.
    """

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("journey", "Planned")
        RUNNING = "running", pgettext_lazy("journey", "Under way")
        DONE = "done", pgettext_lazy("journey", "Finished")
        LEFT = "left", pgettext_lazy("journey", "Left early")
        GOAL = "goal", pgettext_lazy("journey", "Goal reached")
        STOPPED = "stopped", pgettext_lazy("journey", "Stopped")
        FAILED = "failed", pgettext_lazy("journey", "Failed")

    automation = TenantForeignKey(Automation, db_on_delete="CASCADE", related_name="journeys")
    version = TenantForeignKey(AutomationVersion, db_on_delete="CASCADE", related_name="+")
    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="journeys")
    occurrence = models.CharField(max_length=80)
    stay = TenantForeignKey(Stay, db_on_delete="SET NULL", related_name="+", null=True)
    invoice = TenantForeignKey(Invoice, db_on_delete="SET NULL", related_name="+", null=True)
    anchor = models.DateField(null=True)
    """Of a trigger of dates: the day it is counted from, as it stood when this was planned."""
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    reason = models.CharField(max_length=24, blank=True)
    """Why it ended: a code of :mod:`automations.words`."""
    step = models.CharField(max_length=12, blank=True)
    due_at = models.DateTimeField(null=True)
    due_local = models.CharField(max_length=16, blank=True)
    """``2026-03-29T02:30``: as the clock was to show it, also where it does not."""
    zone = models.CharField(max_length=64, blank=True)
    waiting = models.CharField(max_length=12, blank=True, default="", db_default="")
    """The id of the wait that it is in, which is over when ``due_at`` comes; it waits while that is its ``step``."""
    number_done = models.SmallIntegerField(default=0)
    """Steps behind it."""
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    bulk_id = models.BigIntegerField(null=True, editable=False)
    """The act on many guests that let it in or stopped it last, so that the act can be undone."""
    due_before = models.DateTimeField(null=True, editable=False)
    """Of one that was stopped: when it was due, so that it can go on."""
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("journey")
        verbose_name_plural = _("journeys")
        indexes = [
            models.Index(
                fields=["business", "automation", "due_at", "id"], condition=Q(state__in=OPEN), name="journey_due"
            ),
            models.Index(fields=["business", "automation", "state", "step", "id"], name="journey_place"),
            models.Index(fields=["business", "customer", "-id"], name="journey_guest"),
            models.Index(fields=["business", "stay"], condition=Q(stay__isnull=False), name="journey_stay"),
            models.Index(fields=["business", "invoice"], condition=Q(invoice__isnull=False), name="journey_invoice"),
            models.Index(fields=["business", "version"], condition=Q(state__in=OPEN), name="journey_version"),
            models.Index(fields=["business", "automation", "-id"], name="journey_newest"),
            models.Index(
                fields=["business", "automation", "state", "reason", "id"],
                condition=~Q(reason=""),
                name="journey_reason",
            ),
            models.Index(fields=["business", "bulk_id"], condition=Q(bulk_id__isnull=False), name="journey_bulk"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["business", "automation", "customer", "occurrence"], name="journey_once"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, due_at__isnull=False, ended_at__isnull=True)
                | ~Q(state__in=OPEN) & Q(due_at__isnull=True, ended_at__isnull=False),
                name="journey_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.automation_id}: {self.customer_id} {self.occurrence}"

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state in OPEN


class JourneyStep(TenantModel):
    """What came of one step of one journey; there is one row for each. It outlives a journey that a merge joins to
    another, and comes back with it."""

    class Outcome(models.TextChoices):
        DONE = "done", pgettext_lazy("step", "Done")
        YES = "yes", pgettext_lazy("step", "Yes")
        NO = "no", pgettext_lazy("step", "No")
        REFUSED = "refused", pgettext_lazy("step", "Not sent")
        """A message that the gate let not pass; ``reason`` is the gate's."""
        LEFT = "left", pgettext_lazy("step", "Nothing to do")
        """The guest was as it should be already, or could not be changed; ``reason`` says why."""
        SKIPPED = "skipped", pgettext_lazy("step", "Skipped by hand")
        FAILED = "failed", pgettext_lazy("step", "Failed")

    automation = TenantForeignKey(Automation, db_on_delete="CASCADE", related_name="+")
    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="+")
    journey_id = models.BigIntegerField()
    step = models.CharField(max_length=12)
    outcome = models.CharField(max_length=8, choices=Outcome)
    reason = models.CharField(max_length=24, blank=True)
    due_at = models.DateTimeField()
    at = models.DateTimeField(default=timezone.now)
    message_id = models.BigIntegerField(null=True)
    todo_id = models.BigIntegerField(null=True)
    delivery_id = models.BigIntegerField(null=True)
    """The webhook's delivery."""

    class Meta:
        verbose_name = _("step of a journey")
        verbose_name_plural = _("steps of journeys")
        indexes = [
            models.Index(fields=["business", "automation", "step", "outcome", "reason"], name="journey_step_counts"),
            models.Index(fields=["business", "customer", "-at", "-id"], name="journey_step_guest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["business", "journey_id", "step"], name="journey_step_once"),
        ]

    def __str__(self) -> str:
        return f"{self.journey_id} {self.step}: {self.outcome}"


class GuestEvent(TenantModel):
    """Something a guest did that no recorded change tells of: opened or followed a message, consented, an event of
    another system. Written by the database or the API; the planner reads it by transaction.

    ``key`` of what another system tells: the same twice is once.
    """

    class Kind(models.TextChoices):
        OPENED = "opened", pgettext_lazy("event", "Message opened")
        CLICKED = "clicked", pgettext_lazy("event", "Link followed")
        CONSENTED = "consented", pgettext_lazy("event", "Consent given")
        TOLD = "told", pgettext_lazy("event", "Told by another system")

    kind = models.CharField(max_length=10, choices=Kind)
    customer_id = models.BigIntegerField()
    """As it was written; read through the lineage of cards."""
    name = models.CharField(max_length=60, blank=True)
    """What another system calls it; of a consent ``purpose.channel``."""
    object_id = models.BigIntegerField(null=True)
    """The message, or the consent event."""
    stay_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=120, blank=True)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    xid = models.BigIntegerField(
        editable=False,
        db_default=Cast(
            Cast(Func(function="pg_current_xact_id", output_field=models.TextField()), models.TextField()),
            models.BigIntegerField(),
        ),
    )
    """The transaction that wrote it; filled by the database."""

    class Meta:
        verbose_name = _("event of a guest")
        verbose_name_plural = _("events of guests")
        indexes = [
            models.Index(fields=["business", "xid"], name="guest_event_xid"),
            models.Index(fields=["business", "customer_id", "-at"], name="guest_event_guest"),
            models.Index(fields=["business", "at"], name="guest_event_at"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["business", "name", "key"], condition=~Q(key=""), name="guest_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.customer_id}"


class PlannerState(TenantModel):
    """How far the planner of a business has read: every transaction below ``seen_xid`` is behind it. ``marks`` as of
    :mod:`dedup.register.changes`. ``snapshot`` tells of every single transaction whether it has been read. The row is
    locked by a pass, so that two are one after the other."""

    pk = models.CompositePrimaryKey("business_id", "one")
    one = models.BooleanField(default=True, editable=False)
    seen_xid = models.BigIntegerField(null=True)
    marks = models.JSONField(default=list)
    snapshot = models.TextField(blank=True, default="", db_default="")
    """A ``pg_snapshot``: what a transaction that it shows has written is behind the planner."""
    passed_at = models.DateTimeField(null=True)
    """When a pass last ended."""

    class Meta:
        verbose_name = _("place of the planner")
        verbose_name_plural = _("places of planners")

    def __str__(self) -> str:
        return str(self.seen_xid)


class DryRun(TenantModel):
    """What an automation would do, or would have done, in a span of days, on the register as it is. Nothing of it
    happens. ``definition`` is what was tried, so that a change of the automation does not change what is read here."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("dry run", "Waiting")
        RUNNING = "running", pgettext_lazy("dry run", "Running")
        DONE = "done", pgettext_lazy("dry run", "Done")
        FAILED = "failed", pgettext_lazy("dry run", "Failed")

    automation = TenantForeignKey(Automation, db_on_delete="CASCADE", related_name="+")
    definition = models.JSONField()
    first = models.DateField()
    last = models.DateField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    problem = models.CharField(max_length=200, blank=True)
    guests = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    """``{step: {"outcome.reason": number}}``."""
    member_id = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("dry run")
        verbose_name_plural = _("dry runs")
        indexes = [
            models.Index(fields=["business", "automation", "-id"], name="dry_run_newest"),
            models.Index(
                fields=["business", "seen_at"], condition=Q(state__in=("waiting", "running")), name="dry_run_open"
            ),
        ]
        constraints = [models.CheckConstraint(condition=Q(last__gte=F("first")), name="dry_run_days")]

    def __str__(self) -> str:
        return f"{self.automation_id}: {self.first} – {self.last}"


class DryRunStep(TenantModel):
    """What one step would do for one guest in a dry run, or why it would not."""

    run = TenantForeignKey(DryRun, db_on_delete="CASCADE", related_name="steps")
    customer = TenantForeignKey(Customer, db_on_delete="CASCADE", related_name="+")
    journey = models.IntegerField()
    """Which of the run's journeys, counted from 1."""
    step = models.CharField(max_length=12, blank=True)
    """Empty: the journey itself, with ``outcome`` as a state of journeys."""
    outcome = models.CharField(max_length=8)
    reason = models.CharField(max_length=24, blank=True)
    at = models.DateTimeField()
    sends_at = models.DateTimeField(null=True)
    """When a message would leave: later than ``at`` where it waits for the hours in which messages go out."""
    text_id = models.BigIntegerField(null=True)
    """The version of a template's text that would be sent."""
    stay_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("step of a dry run")
        verbose_name_plural = _("steps of dry runs")
        indexes = [
            models.Index(fields=["business", "run", "journey", "id"], name="dry_run_step_journey"),
            models.Index(fields=["business", "run", "step", "outcome", "reason"], name="dry_run_step_counts"),
            models.Index(fields=["business", "customer"], name="dry_run_step_guest"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.journey} {self.step}"
