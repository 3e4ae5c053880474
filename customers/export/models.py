"""Exports that were asked for, and choices of columns that are kept."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel


class Kind(models.TextChoices):
    """What the rows of a file are."""

    GUESTS = "guests", _("Guests")
    STAYS = "stays", _("Stays")
    INVOICES = "invoices", _("Invoices")
    PURCHASES = "purchases", _("Purchases")
    CONSENTS = "consents", _("Consents")


class Looks(TenantModel):
    """How a file looks, whoever asks for it."""

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.GUESTS)
    columns = ArrayField(models.CharField(max_length=60), default=list)
    """Keys of :mod:`customers.export.catalogue`, ``f.<key>`` for a field of the business's own."""
    format = models.CharField(max_length=4, choices=Format, default=Format.CSV)
    delimiter = models.CharField(max_length=1, default=";")
    encoding = models.CharField(max_length=12, default="utf-8-sig")
    decimal = models.CharField(max_length=1, default=".")
    header = models.CharField(max_length=5, blank=True, default="")
    """The language of the columns' names; empty: as other programs name them."""

    class Meta(TenantModel.Meta):
        abstract = True


class ExportRun(Looks):
    """A file of guests, or of what happened with them, written in the background and kept sealed for a while.

    `done` moves as the rows are written. A file is written from its beginning by whoever takes the run up: `attempt`
    tells one from another, and the one that was overtaken leaves.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", pgettext_lazy("export", "Being written")
        DONE = "done", _("Done")
        FAILED = "failed", _("Stopped by a fault")
        CANCELLED = "cancelled", _("Cancelled")

    selection = models.JSONField(default=dict)
    """Which guests, as :class:`customers.export.selection.Chosen` writes it."""
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    attempt = models.IntegerField(default=0)
    total = models.IntegerField(default=0)
    """Guests that match; known once the writing has begun."""
    done = models.IntegerField(default=0)
    """Guests come to."""
    rows = models.IntegerField(default=0)
    left_out = models.IntegerField(default=0)
    """Guests whose processing is restricted: an export is processing."""
    lost = models.IntegerField(default=0)
    """Letters that the encoding does not have."""
    file_name = models.CharField(max_length=120, blank=True)
    """What the file is called where it is saved."""
    stored = models.CharField(max_length=80, blank=True)
    """Where it lies sealed (:mod:`customers.export.store`); empty when there is none."""
    size = models.BigIntegerField(default=0)
    error = models.CharField(max_length=20, blank=True)
    """``filter``: it names what is gone. Empty: a fault of ours."""
    token = models.CharField(max_length=40, blank=True)
    """What a form carries, so that sending it twice starts one run."""
    downloads = models.IntegerField(default=0)
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    actor = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    """When the run was last heard of; a sweep takes up one that has fallen silent."""
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    """When the file goes."""

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [
            models.Index(fields=["business", "-created_at", "-id"], name="export_run_newest"),
            models.Index(
                fields=["business", "seen_at"], condition=Q(state__in=("waiting", "running")), name="export_run_open"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["business", "token"], condition=~Q(token=""), name="export_run_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do."""
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def has_file(self) -> bool:
        """Whether the file can be had now."""
        return bool(self.stored) and self.expires_at is not None and self.expires_at > timezone.now()


class SavedColumns(Looks):
    """A choice of columns with the look of the file, under a name, for everybody who may export."""

    name = models.CharField(_("name"), max_length=60)
    member_id = models.BigIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("saved columns")
        verbose_name_plural = _("saved columns")
        constraints = [
            models.UniqueConstraint("business", "kind", Lower("name"), name="saved_columns_name"),
        ]

    def __str__(self) -> str:
        return self.name
