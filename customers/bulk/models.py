"""Runs of bulk actions, and the guests each was started for."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.changes.models import ChangeSet


class BulkRun(TenantModel):
    """One action on many guests, written in batches as one change set; or the undoing of a large change set.

    `done`, `batches_done` and the counts move in the transaction of their batch, so that a run that was interrupted
    goes on where it stopped.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", pgettext_lazy("bulk action", "Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Stopped by a fault")
        CANCELLED = "cancelled", _("Cancelled")

    kind = models.CharField(max_length=24)
    """The key of the action (:mod:`customers.bulk.registry`), or ``undo``."""
    values = models.JSONField(default=dict)
    """What the action does, as its change set's ``params`` name it: a tag, a field and its value, a change set."""
    title = models.CharField(max_length=200, blank=True)
    """The English sentence, with places for ``values``; shown in the reader's language."""
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    """Guests come to: changed or skipped."""
    changed = models.IntegerField(default=0)
    skipped = models.JSONField(default=dict)
    """How many guests were left as they are, by reason."""
    examples = models.JSONField(default=dict)
    """The first of them by reason: card ids, never names."""
    batches_done = models.IntegerField(default=0)
    token = models.CharField(max_length=40, blank=True)
    """What a form carries, so that sending it twice starts one run."""
    error = models.CharField(max_length=300, blank=True)
    """Why an undo could not be, for people."""
    change_set = TenantForeignKey(ChangeSet, db_on_delete="RESTRICT", null=True, related_name="+")
    """The act: what the run wrote. None until an undo is written, and where nothing had to be changed."""
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    actor = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(auto_now_add=True)
    """When the run was last heard of; a sweep takes up one that has fallen silent."""
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        indexes = [
            models.Index(fields=["business", "-created_at", "-id"], name="bulk_run_newest"),
            models.Index(
                fields=["business", "seen_at"],
                condition=models.Q(state__in=("waiting", "running")),
                name="bulk_run_open",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["business", "token"], condition=~models.Q(token=""), name="bulk_run_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do."""
        return self.state in (self.State.WAITING, self.State.RUNNING)


class BulkGuests(TenantModel):
    """One batch of the guests a run was started for, frozen at its start; gone when the run has ended.

    A row a batch and not a guest: a selection of a million is kept in the time that a request has.
    """

    pk = models.CompositePrimaryKey("business_id", "run_id", "number")
    run = TenantForeignKey(BulkRun, db_on_delete="CASCADE", related_name="+")
    number = models.IntegerField()
    """0, 1, 2 … in the order of the cards' ids."""
    customer_ids = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = _("guests of a bulk action")
        verbose_name_plural = _("guests of bulk actions")

    def __str__(self) -> str:
        return f"{self.run_id}.{self.number}"
