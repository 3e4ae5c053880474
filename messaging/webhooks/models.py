"""Where a business's webhooks go, and what has been, or is to be, delivered there."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer

SETTLED = ("sent", "failed", "unknown")
"""States of deliveries that nobody works at any more."""


class WebhookEndpoint(TenantModel):
    """An address of another system that webhooks go to. What signs them is sealed (:mod:`messaging.webhooks.secrets`).

    While it fails it rests: nothing is delivered before ``rests_until``, and the pauses grow with ``failures``, its
    failures in a row.
    """

    name = models.CharField(_("name"), max_length=80)
    url = models.CharField(_("address"), max_length=1000)
    secret = models.BinaryField(default=bytes)
    secret_key = models.CharField(max_length=40, blank=True)
    is_on = models.BooleanField(default=True)
    failures = models.IntegerField(default=0)
    rests_until = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=20, blank=True)
    """Why it rests or was switched off by itself: a code of :data:`messaging.webhooks.labels.TROUBLES`."""
    troubled_since = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    """When a worker last took up deliveries to it; of several it is the turn of the one not used for longest."""
    todo_id = models.BigIntegerField(null=True)
    """The staff task that tells of its trouble."""
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.IntegerField(default=1)
    """Counts what people change, so that two editors do not overwrite each other."""

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [models.UniqueConstraint(F("business"), Lower("name"), name="webhook_name")]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(TenantModel):
    """One webhook to one endpoint. ``ref`` is its id for the receiver, the same however often it is delivered.

    ``body`` may hold a guest's data; a delivery is removed a month after it was settled.
    """

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("webhook", "Waiting")
        CLAIMED = "claimed", pgettext_lazy("webhook", "On its way")
        SENT = "sent", pgettext_lazy("webhook", "Delivered")
        FAILED = "failed", pgettext_lazy("webhook", "Failed")
        UNKNOWN = "unknown", pgettext_lazy("webhook", "Unclear")

    endpoint = TenantForeignKey(WebhookEndpoint, db_on_delete="CASCADE", related_name="deliveries")
    ref = models.UUIDField(default=uuid.uuid4)
    key = models.CharField(max_length=120)
    """What makes it once: whoever plans it how often."""
    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="+", null=True)
    """The guest it tells of; ``None`` for a test."""
    kind = models.CharField(max_length=60)
    body = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED)
    attempts = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    """After this it is given up."""
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    attempted_at = models.DateTimeField(null=True)
    status = models.SmallIntegerField(null=True)
    """What was answered last, as a status of HTTP."""
    reason = models.CharField(max_length=20, blank=True)
    """Why the last attempt failed: a code of :data:`messaging.webhooks.labels.TROUBLES`."""
    detail = models.CharField(max_length=300, blank=True)
    """The beginning of a failing answer, without addresses and numbers of people."""
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("delivery of a webhook")
        verbose_name_plural = _("deliveries of webhooks")
        indexes = [
            models.Index(
                fields=["business", "endpoint", "due_at", "id"], condition=Q(state="planned"), name="webhook_due"
            ),
            models.Index(fields=["business", "expires_at"], condition=Q(state="planned"), name="webhook_expires"),
            models.Index(fields=["business", "claimed_until"], condition=Q(state="claimed"), name="webhook_claimed"),
            models.Index(fields=["business", "settled_at"], condition=Q(state__in=SETTLED), name="webhook_settled"),
            models.Index(fields=["business", "endpoint", "state", "id"], name="webhook_states"),
            models.Index(fields=["business", "customer"], condition=Q(customer__isnull=False), name="webhook_guest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["business", "key"], name="webhook_once"),
            models.CheckConstraint(
                condition=Q(state__in=SETTLED, settled_at__isnull=False)
                | ~Q(state__in=SETTLED) & Q(settled_at__isnull=True),
                name="webhook_open",
            ),
            models.CheckConstraint(
                condition=Q(state="claimed", claim__isnull=False, claimed_until__isnull=False)
                | ~Q(state="claimed") & Q(claim__isnull=True, claimed_until__isnull=True),
                name="webhook_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"

    @property
    def webhook_id(self) -> str:
        """Its id for the receiver."""
        return f"msg_{self.ref.hex}"
