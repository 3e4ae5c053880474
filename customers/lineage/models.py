"""Which card was merged into which, and where each id leads now. docs/merging.md explains it."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantModel
from customers.changes.models import TrackedModel


class MergedCard(TrackedModel):
    """A card that is not there any more: it was merged into ``survivor_id``, which may have been merged since.

    Added by a merge and removed by its undo, never changed. Without foreign keys: one card is gone, and so may be the
    other by now.
    """

    change_guest: ClassVar[str | None] = "survivor_id"

    absorbed_id = models.BigIntegerField()
    survivor_id = models.BigIntegerField()
    merged_at = models.DateTimeField(default=timezone.now)
    change_set_id = models.BigIntegerField()
    """The merge, to be undone."""

    class Meta:
        verbose_name = _("merged card")
        verbose_name_plural = _("merged cards")
        indexes = [models.Index(fields=["business", "survivor_id"], name="merged_card_survivor")]
        constraints = [
            models.UniqueConstraint(fields=["business", "absorbed_id"], name="merged_card_once"),
            models.CheckConstraint(
                condition=~models.Q(absorbed_id=models.F("survivor_id")), name="merged_card_with_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} → {self.survivor_id}"


class CardLineage(TenantModel):
    """The card that carries on for one that was merged, through however many merges. Follows :class:`MergedCard` by
    trigger (``sql/lineage.sql``); nobody else writes it."""

    pk = models.CompositePrimaryKey("business_id", "absorbed_id")
    absorbed_id = models.BigIntegerField()
    survivor_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("lineage of a card")
        verbose_name_plural = _("lineages of cards")
        indexes = [models.Index(fields=["business", "survivor_id", "absorbed_id"], name="card_lineage_survivor")]

    def __str__(self) -> str:
        return f"{self.absorbed_id} → {self.survivor_id}"


class CarriedRows(TenantModel):
    """What a merge did to rows of which no history is kept, so that its undo finds them again: ids and moments alone.

    ``rows`` is ``{record: {"moved": [key, …], "dropped": [row, …]}}``. One a merged card, while it is merged.
    """

    pk = models.CompositePrimaryKey("business_id", "absorbed_id")
    absorbed_id = models.BigIntegerField()
    rows = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("rows carried in a merge")
        verbose_name_plural = _("rows carried in merges")

    def __str__(self) -> str:
        return str(self.absorbed_id)
