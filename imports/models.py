"""Runs of imports, what was wrong in them, and what they have met: enough to show, resume and repeat one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.changes.models import ChangeSet


class ImportRun(TenantModel):
    """One file on its way in: its columns are told (`mapping`, when that must be asked), it is looked through
    (`checking`, `ready`), then written in batches as one change set.

    `counts` holds, for guests, stays and whatever else the file brings, created, updated, unchanged and invalid; while
    `ready` it is what would happen. `rows_done` and `batches_done` move in the transaction of their batch, so that a
    run that was interrupted goes on where it stopped.
    """

    class State(models.TextChoices):
        MAPPING = "mapping", _("Waiting for its columns")
        CHECKING = "checking", _("Looking through the file")
        READY = "ready", _("Ready to import")
        RUNNING = "running", _("Importing")
        DONE = "done", _("Imported")
        STOPPED = "stopped", _("Stopped half way")
        FAILED = "failed", _("Not imported")
        DISCARDED = "discarded", _("Discarded")

    class Kind(models.TextChoices):
        BOOKINGS = "bookings", _("Bookings")
        GUESTS = "guests", _("Guests")
        INVOICES = "invoices", _("Invoices")
        PURCHASES = "purchases", _("Purchases")
        CONSENTS = "consents", _("Consents and unsubscribes")

    state = models.CharField(max_length=12, choices=State, default=State.CHECKING)
    kind = models.CharField(max_length=12, choices=Kind, blank=True)
    format = models.CharField(max_length=60, blank=True)
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    upload = models.CharField(max_length=100, blank=True)
    """Name of the sealed file in the folder of uploads; empty once it is removed, or for a file that a command read."""
    kept_until = models.DateField(null=True)
    """The day on which the sealed file of a finished run is removed."""
    table = models.CharField(max_length=200, blank=True)
    """Which sheet of a workbook, or which file of a ZIP; empty: the only one, or all of one kind together."""
    layout = models.JSONField(default=dict, db_default={})
    """What each column means, as `imports.mapping` writes it; empty until it is known."""
    policy = models.JSONField(default=dict, db_default={})
    """How the file and the register are brought together, as `imports.policy` writes it."""
    feed = TenantForeignKey("imports.ImportFeed", db_on_delete="SET NULL", null=True, related_name="runs")
    """The nightly import that brought the file."""
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
    quality = models.JSONField(default=dict, db_default={})
    """What the file does to the register's quality: measure → [before, after] in percent."""
    seconds = models.FloatField(null=True)
    reacts = models.BooleanField(default=False, db_default=False)
    """Whether what it brings counts as happening now, so that automations react to it."""
    stop_asked = models.BooleanField(default=False, db_default=False)
    """Somebody wants the run to end after the batch it is at."""
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
                condition=models.Q(state__in=("mapping", "checking", "ready", "running")),
                name="import_run_open",
            ),
            models.Index(
                fields=["business", "kept_until"],
                condition=models.Q(kept_until__isnull=False) & ~models.Q(upload=""),
                name="import_run_kept",
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
    """What of before a running import has met: each guest, stay, invoice or purchase is counted once, a repeated number
    is noticed.

    What the run itself has made stands in its change set already. Emptied when the run ends. `changed`: by this run.
    """

    class What(models.TextChoices):
        GUEST = "g"
        STAY = "s"
        INVOICE = "i"
        PURCHASE = "p"
        BATCH = "b"
        """Not a row of the register: a batch of planned guests that is written, by its number."""
        LINE = "l"
        """A planned guest that must go the long way, by the line of the file."""

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


class ImportRow(TenantModel):
    """What becomes of one row, found out before anything is written, and what a member decided about it.

    Kept while the run is `ready` or at work, and as long as its file after that.
    """

    class Outcome(models.TextChoices):
        CREATE = "create", _("New guest")
        UPDATE = "update", _("Changes a guest")
        UNCHANGED = "unchanged", _("Already as in the file")
        REVIEW = "review", _("Needs a look")
        INVALID = "invalid", _("Cannot be imported")

    class Decision(models.TextChoices):
        PROPOSED = "", _("As proposed")
        CREATE = "create", _("Make a new guest")
        SAME = "same", _("It is this guest")
        SKIP = "skip", _("Leave out")

    pk = models.CompositePrimaryKey("business_id", "run_id", "line")
    run = TenantForeignKey(ImportRun, db_on_delete="CASCADE", related_name="+")
    line = models.IntegerField()
    """The physical line of the file, or the row of a sheet, on which it begins."""
    outcome = models.CharField(max_length=10, choices=Outcome)
    cause = models.CharField(max_length=20, blank=True)
    """Why: how the guest was found (`email`, `number`, …), why a look is needed, or the reason of the problem."""
    customer_id = models.BigIntegerField(null=True)
    """The card it means or may mean. No reference: a card that goes takes nothing of the preview with it."""
    label = models.CharField(max_length=120, blank=True)
    """Whom the row speaks of, as the file says it."""
    decision = models.CharField(max_length=8, choices=Decision, blank=True, default="")
    same_as = models.IntegerField(null=True)
    """The first line of the file that speaks of the same guest, where that is an earlier one."""

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        indexes = [models.Index(fields=["business", "run", "outcome", "cause", "line"], name="import_row_group")]

    def __str__(self) -> str:
        return f"{self.line}: {self.outcome}"


class ImportMapping(TenantModel):
    """What the columns of a kind of file mean, as somebody told it once; found again by the names of the columns."""

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=ImportRun.Kind)
    signature = models.CharField(max_length=64)
    """Of the header, as `imports.mapping.signature` makes it."""
    layout = models.JSONField()
    policy = models.JSONField(default=dict, db_default={})
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("saved mapping")
        verbose_name_plural = _("saved mappings")
        constraints = [models.UniqueConstraint(fields=["business", "name"], name="import_mapping_name")]
        indexes = [models.Index(fields=["business", "signature"], name="import_mapping_signature")]

    def __str__(self) -> str:
        return self.name


class ImportFeed(TenantModel):
    """A file that is fetched every night and imported by a saved mapping."""

    class Source(models.TextChoices):
        HTTPS = "https", _("Address on the web")
        FOLDER = "folder", _("Folder on the server")

    class State(models.TextChoices):
        NEVER = "never", _("Not fetched yet")
        FETCHING = "fetching", _("Fetching")
        UNCHANGED = "unchanged", _("Nothing new")
        IMPORTED = "imported", _("Imported")
        FAILED = "failed", _("Failed")

    name = models.CharField(max_length=80)
    source = models.CharField(max_length=8, choices=Source)
    address = models.CharField(max_length=1000)
    """The https address, or the folder's name below the folder that the operator opened to the business."""
    secret = models.BinaryField(default=bytes)
    """The sealed header value that the address asks for, such as a bearer token; empty without one."""
    secret_key = models.CharField(max_length=40, blank=True)
    mapping = TenantForeignKey(ImportMapping, db_on_delete="RESTRICT", related_name="feeds")
    at = models.TimeField()
    """When it is fetched, in the business's zone."""
    is_on = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.NEVER)
    error = models.JSONField(default=dict)
    """Why the last time failed: `template` and `params` of the sentence."""
    attempts = models.SmallIntegerField(default=0, db_default=0)
    """How often it was tried in vain since it last went well or was given up for the night."""
    todo_id = models.BigIntegerField(null=True)
    """The staff task that tells of its problems, while it is open; no reference, so that the task can go."""
    last_at = models.DateTimeField(null=True)
    last_sha256 = models.CharField(max_length=64, blank=True)
    etag = models.CharField(max_length=200, blank=True)
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("nightly import")
        verbose_name_plural = _("nightly imports")
        constraints = [models.UniqueConstraint(fields=["business", "name"], name="import_feed_name")]
        indexes = [
            models.Index(fields=["business", "next_at"], condition=models.Q(is_on=True), name="import_feed_due"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportFetch(TenantModel):
    """One time that a nightly import was fetched, and what came of it. The latest hundred of each are kept."""

    feed = TenantForeignKey(ImportFeed, db_on_delete="CASCADE", related_name="fetches")
    state = models.CharField(max_length=12, choices=ImportFeed.State, default=ImportFeed.State.FETCHING)
    error = models.JSONField(default=dict)
    """Why it failed: `template` and `params` of the sentence."""
    run = TenantForeignKey(ImportRun, db_on_delete="SET NULL", null=True, related_name="+")
    size = models.BigIntegerField(null=True)
    """Bytes that came; empty when none did."""
    actor = models.CharField(max_length=200, blank=True)
    """Who asked for it; empty: its hour had come."""
    begun_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("fetch of a nightly import")
        verbose_name_plural = _("fetches of nightly imports")
        indexes = [
            models.Index(fields=["business", "feed", "-begun_at", "-id"], name="import_fetch_newest"),
            models.Index(
                fields=["business", "begun_at"], condition=models.Q(state="fetching"), name="import_fetch_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feed_id}: {self.state}"
