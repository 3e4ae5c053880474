"""Change sets: acts that changed guests, and what each changed. docs/change-sets.md explains them."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.tenancy.models import TenantModel


class ChangeSet(TenantModel):
    """One act on guests: an edit, an import, a merge, an undo. Its changes are written by the database itself."""

    class Kind(models.TextChoices):
        EDIT = "edit", pgettext_lazy("kind of change", "Edit")
        IMPORT = "import", _("Import")
        BULK = "bulk", _("Bulk edit")
        SAMPLE = "sample", _("Sample data")
        MERGE = "merge", pgettext_lazy("kind of change", "Merge")
        UNDO = "undo", pgettext_lazy("kind of change", "Undo")
        AUTOMATION = "automation", _("Automation")

    class State(models.TextChoices):
        OPEN = "open", _("In progress")
        DONE = "done", _("Done")
        UNDONE = "undone", _("Undone")

    kind = models.CharField(max_length=12, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.DONE)
    title = models.CharField(max_length=200, blank=True)
    """The English sentence, with places for ``params``; shown in the reader's language."""
    params = models.JSONField(default=dict)
    """What the sentence names. ``guests`` are card ids: names are looked up when read, so that none is kept here."""
    member_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200, blank=True)
    is_event = models.BooleanField(default=True)
    """Whether automations and webhooks may react: an import, a wash, a merge and an undo are not events."""
    undoes_id = models.BigIntegerField(null=True)
    undone_by_id = models.BigIntegerField(null=True)
    part_of_id = models.BigIntegerField(null=True)
    """The act that this one was done as a part of: undoing that one undoes all of its parts."""
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("change set")
        verbose_name_plural = _("change sets")
        indexes = [
            models.Index(fields=["business", "-created_at", "-id"], name="change_set_newest"),
            models.Index(
                fields=["business", "part_of_id", "id"],
                condition=models.Q(part_of_id__isnull=False),
                name="change_set_parts",
            ),
            models.Index(
                fields=["business", "undoes_id", "id"],
                condition=models.Q(undoes_id__isnull=False),
                name="change_set_undoes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def name(self, **params: Any) -> None:
        """Add what the sentence names once it is known (a new card has no id before it is written)."""
        self.params = {**self.params, **params}
        self.save(update_fields=["params"])


class Change(TenantModel):
    """What a change set did to one row, once per statement.

    ``data``: for an update ``{column: [old, new]}``, for an insert ``{"version": 1}``, for a delete the whole row.
    ``xid`` is the transaction that wrote it, so that a reader can stay behind the horizon of running transactions.
    """

    class Act(models.TextChoices):
        INSERT = "I"
        UPDATE = "U"
        DELETE = "D"

    change_set_id = models.BigIntegerField()
    record = models.CharField(max_length=40)
    """The table, without the app's prefix: ``customer``, ``contactpoint``, ``stay`` …"""
    row_id = models.BigIntegerField()
    guest_id = models.BigIntegerField(null=True)
    act = models.CharField(max_length=1, choices=Act)
    data = models.JSONField(default=dict)
    xid = models.BigIntegerField()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [
            models.Index(
                fields=["business", "change_set_id", "record", "row_id", "id"],
                name="change_in_set",
            ),
            models.Index(
                fields=["business", "guest_id", "-id"],
                condition=models.Q(guest_id__isnull=False),
                name="change_of_guest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.record} {self.row_id}"


class Leaving(TenantModel):
    """Guests or stays that a large undo is about to remove: out of everybody's sight until it has (sql/leaving.sql).

    Ids that follow each other are one row: what an import made is hidden in a moment. Written in the undo's first
    transaction, and gone with its last one.
    """

    pk = models.CompositePrimaryKey("business_id", "record", "first_id")
    record = models.CharField(max_length=40)
    """``customer`` or ``stay``."""
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    undo_id = models.BigIntegerField()
    """The undo's change set."""

    class Meta:
        verbose_name = _("rows on their way out")
        verbose_name_plural = _("rows on their way out")

    def __str__(self) -> str:
        return f"{self.record} {self.first_id}-{self.last_id}"


class TrackedModel(TenantModel):
    """A guest table. Every write is recorded under a change set; without one the database refuses it.

    ``version`` is counted up by the database at every update. ``change_guest`` is the SQL column that names the card
    a row belongs to (``None``: no single card).

    A row that an undo brings back and whose place has been taken meanwhile gives way rather than stay away:
    ``exclusive`` names flags that only one row among siblings may carry; ``places`` is a column that numbers siblings,
    the column they share, and how many they may be.
    """

    version = models.IntegerField(default=1, editable=False)

    change_guest: ClassVar[str | None] = "customer_id"
    exclusive: ClassVar[tuple[str, ...]] = ()
    sealed: ClassVar[tuple[str, ...]] = ()
    """Columns whose values never stand in a change set. An undo takes a created row of such a table away again, and
    never brings a value or a deleted row back."""
    belongs: ClassVar[tuple[str, ...]] = ()
    """Of a table with sealed columns: those that say where a row belongs, which an undo sets back all the same."""
    places: ClassVar[tuple[str, str, int] | None] = None

    class Meta:
        abstract = True
        base_manager_name = "objects"
