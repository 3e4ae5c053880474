"""Addresses that must not be written to again, and what guests wish beyond their consents."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import ContactPoint, Customer


class Suppression(TenantModel):
    """An address that must not be written to again, whichever card has it. The address itself is not kept.

    ``digest`` is :func:`accounts.digests.address_digest` of its normal form: a card that gets the address tomorrow, by
    a form or a file, is held to it too.
    """

    class Reason(models.TextChoices):
        """Why. The first four are never written to again; the last two get word of their own stays and invoices."""

        BOUNCE = "bounce", _("Bounces")
        COMPLAINT = "complaint", _("Reported as spam")
        STOP = "stop", _("Answered STOP")
        MANUAL = "manual", _("Entered by a member")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        OBJECTION = "objection", _("Objected to marketing")

    kind = models.CharField(max_length=5, choices=ContactPoint.Kind)
    digest = models.UUIDField()
    reason = models.CharField(max_length=12, choices=Reason)
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=200, blank=True)
    """Where it was learned: a transport's name, a member's, the preference page."""
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        constraints = [models.UniqueConstraint(fields=["business", "digest", "reason"], name="suppression_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest} {self.reason}"


class Wish(TenantModel):
    """What a guest wishes beyond their consents. The row is the wish; it goes when they wish otherwise."""

    class Kind(models.TextChoices):
        NO_OFFERS = "no_offers", _("No offers because of an earlier stay")
        PAUSE = "pause", _("A pause")

    pk = models.CompositePrimaryKey("business_id", "customer_id", "kind")
    customer = TenantForeignKey(Customer, db_on_delete="CASCADE", related_name="+")
    kind = models.CharField(max_length=9, choices=Kind)
    until = models.DateField(_("until"), null=True)
    """Of a pause: the day, in the business's zone, from which the business may write again."""
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("wish of a guest")
        verbose_name_plural = _("wishes of guests")
        constraints = [
            models.CheckConstraint(condition=~models.Q(kind="pause") | models.Q(until__isnull=False), name="wish_ends")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind}"
