"""Relations between two cards."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey
from customers.card.models import Customer
from customers.changes.models import TrackedModel


class Relation(TrackedModel):
    """``customer`` stands in a relation to ``other``: works at it, was referred by it, is an agent for it.

    A household is the same seen from both sides and stored once, with the smaller id as ``customer`` unless a merge
    gave the row another end.
    """

    class Kind(models.TextChoices):
        WORKS_AT = "works_at", _("Works at")
        HOUSEHOLD = "household", _("Same household as")
        REFERRED_BY = "referred_by", _("Referred by")
        AGENT_FOR = "agent_for", _("Agent for")

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="relations")
    other = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="relations_to")
    kind = models.CharField(_("relation"), max_length=12, choices=Kind)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("relation")
        verbose_name_plural = _("relations")
        indexes = [models.Index(fields=["business", "other", "kind"], name="relation_other")]
        constraints = [
            models.UniqueConstraint(fields=["business", "customer", "other", "kind"], name="relation_once"),
            models.UniqueConstraint(
                fields=["business", "customer"], condition=Q(kind="referred_by"), name="relation_one_referrer"
            ),
            models.CheckConstraint(condition=~Q(customer=F("other")), name="relation_with_another"),
        ]

    @classmethod
    def is_symmetric(cls, row: Mapping[str, Any]) -> bool:
        """Whether a row says the same from both sides."""
        return bool(row["kind"] == cls.Kind.HOUSEHOLD)

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind} {self.other_id}"
