"""Sensitive details of a guest, as ciphertext."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey
from customers.card.models import Customer
from customers.changes.models import TrackedModel


class SensitiveDetail(TrackedModel):
    """One sensitive detail: AES-GCM ciphertext under the key ``key_name``, bound to the business and ``uid``.

    The database refuses to write one while the guest has not consented (``sql/consented.sql``). A change set records
    that a detail changed, never what it said, and an undo never brings one back.
    """

    sealed: ClassVar[tuple[str, ...]] = ("ciphertext", "key_name")
    belongs: ClassVar[tuple[str, ...]] = ("customer_id", "came_from_id")

    class Kind(models.TextChoices):
        ALLERGIES = "allergies", _("Allergies")
        FOOD = "food", _("Food preferences")
        WISHES = "wishes", _("Special wishes")
        SPOUSE = "spouse", _("Spouse or partner")
        CHILDREN = "children", _("Children")

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="sensitive_details")
    kind = models.CharField(max_length=10, choices=Kind)
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    ciphertext = models.BinaryField()
    key_name = models.CharField(max_length=16)
    changed_at = models.DateTimeField(default=timezone.now)
    came_from_id = models.BigIntegerField(default=0, db_default=0, editable=False)
    """The card it was written on, where that was merged into this one: of a kind there may be one from each."""

    class Meta:
        verbose_name = _("sensitive detail")
        verbose_name_plural = _("sensitive details")
        indexes = [models.Index(fields=["business", "key_name"], name="sensitive_detail_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "customer", "kind", "came_from_id"], name="sensitive_detail_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind}"
