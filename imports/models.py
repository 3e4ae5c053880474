"""Runs of imports, what was wrong in them, and what they have met: enough to show, resume and repeat one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.changes.models import ChangeSet


class ImportRun(TenantModel):
    """One file on its way in: looked through first (`checking`, `ready`), then written in batches as one change set.

    `counts` holds, for guests and for stays, created, updated, unchanged and invalid; while `ready` it is what would
    happen. `rows_done` and `batches_done` move in the transaction of their batch, so that a run that was interrupted
    goes on where it stopped.
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("Looking through the file")
        READY = "ready", _("Ready to import")
        RUNNING = "running", _("Importing")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Not imported")
        DISCARDED = "discarded", _("Discarded")

    class Kind(models.TextChoices):
        BOOKINGS = "bookings", _("Bookings")
        GUESTS = "guests", _("Guests")

    state = models.CharField(max_length=12, choices=State, default=State.CHECKING)
    kind = models.CharField(max_length=12, choices=Kind, blank=True)
    format = models.CharField(max_length=60, blank=True)
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    upload = models.CharField(max_length=100, blank=True)
    """Name of the file in the folder of uploads; empty once it is removed, or for a file that a command read."""
    currency = models.CharField(max_length=3, blank=True)
    refused = models.JSONField(default=list)
    """Names of columns that are never stored, such as payment cards."""
    unread = models.JSONField(default=list)
    """Names of columns that mean nothing here and stay behind."""
    extras = models.JSONField(default=list, db_default=[])
    """[column, meaning] of what the file has beyond its format: own fields, consents, sensitive details."""
    rows_about = models.IntegerField(default=0)
    rows_done = models.IntegerField(default=0)
    batches_done = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)
    problem_count = models.IntegerField(default=0)
    problem_groups = models.JSONField(default=list)
    """[column, reason, count] of every kind of problem, whatever their number."""
    error = models.JSONField(default=dict)
    """Why the whole file was refused: `template` and `params` of the sentence."""
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    actor = models.CharField(max_length=200, blank=True)
    change_set = TenantForeignKey(ChangeSet, db_on_delete="RESTRICT", null=True, related_name="+")
    seconds = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(auto_now_add=True)
    """When the run was last heard of; a sweep takes up one that has fallen silent, and puts away one nobody starts."""
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [
            models.Index(fields=["business", "-created_at", "-id"], name="import_run_newest"),
            models.Index(
                fields=["business", "seen_at"],
                condition=models.Q(state__in=("checking", "ready", "running")),
                name="import_run_open",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportProblem(TenantModel):
    """One problem of a run, by line, column, value and reason. The first thousands of each kind are kept."""

    run = TenantForeignKey(ImportRun, db_on_delete="CASCADE", related_name="problems")
    line = models.IntegerField()
    column = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=20)

    class Meta:
        verbose_name = _("problem of an import")
        verbose_name_plural = _("problems of imports")
        indexes = [models.Index(fields=["business", "run", "reason", "column", "line"], name="import_problem_kind")]

    def __str__(self) -> str:
        return f"{self.line}: {self.reason}"


class ImportSeen(TenantModel):
    """A guest or stay of before that a running import has met: each is counted once, a repeated number is noticed.

    What the run itself has made stands in its change set already. Emptied when the run ends. `changed`: by this run.
    """

    class What(models.TextChoices):
        GUEST = "g"
        STAY = "s"

    pk = models.CompositePrimaryKey("business_id", "run_id", "what", "row_id")
    run = TenantForeignKey(ImportRun, db_on_delete="CASCADE", related_name="+")
    what = models.CharField(max_length=1, choices=What)
    row_id = models.BigIntegerField()
    changed = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("record met by an import")
        verbose_name_plural = _("records met by imports")

    def __str__(self) -> str:
        return f"{self.what}{self.row_id}"
