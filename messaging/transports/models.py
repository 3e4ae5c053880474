"""What a business sends through, the test messages it sent to itself, and what a local inbox caught."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Member
from accounts.tenancy.models import TenantForeignKey, TenantModel


class Channel(models.TextChoices):
    """How a message reaches a guest."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


class Transport(TenantModel):
    """One way out: a mail server, a service, a gateway, or the local inbox that catches everything.

    What it needs is declared by its kind (:mod:`messaging.transports.kinds`): ``options`` in clear, everything secret
    sealed under the installation's keys (:mod:`messaging.transports.secrets`).
    """

    channel = models.CharField(max_length=5, choices=Channel)
    kind = models.CharField(max_length=16)
    """A code of :data:`messaging.transports.kinds.KINDS`."""
    name = models.CharField(max_length=80)
    options = models.JSONField(default=dict)
    """What the kind asks for and is no secret: host, port, region."""
    secret = models.BinaryField(default=bytes)
    """The sealed JSON object of what is secret; empty without any."""
    secret_key = models.CharField(max_length=40, blank=True)
    callback_hash = models.CharField(max_length=64)
    """SHA-256 of the secret that stands in the address for callbacks; the secret itself is among the sealed."""
    sender_address = models.CharField(max_length=254, blank=True)
    """The address that e-mail comes from; of SMS the number or the name of up to 11 letters."""
    sender_name = models.CharField(max_length=80, blank=True)
    reply_to = models.CharField(max_length=254, blank=True)
    per_minute = models.PositiveIntegerField(null=True)
    """The most messages a minute; ``None``: as many as it takes."""
    price = models.DecimalField(max_digits=8, decimal_places=4, null=True)
    """Of one part of an SMS, in the business's currency."""
    is_default = models.BooleanField(default=False)
    """Whether messages of its channel leave here unless told otherwise; one of each channel."""
    is_on = models.BooleanField(default=True)
    version = models.IntegerField(default=1)
    """Counts up with every change, so that open connections are made anew."""
    check_asked_at = models.DateTimeField(null=True)
    """Since when a check of the sender's domain waits; ``None``: none does."""
    checked_at = models.DateTimeField(null=True)
    domain = models.JSONField(default=dict)
    """What the last check found, as :meth:`messaging.transports.domain.DomainCheck.stored` writes it."""
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("way of sending")
        verbose_name_plural = _("ways of sending")
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="transport_name"),
            models.UniqueConstraint(fields=["business", "callback_hash"], name="transport_callback"),
            models.UniqueConstraint(
                fields=["business", "channel"], condition=Q(is_default=True), name="transport_default"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TransportTry(TenantModel):
    """A test message that a member sent to themselves."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("test message", "On its way")
        TAKEN = "taken", pgettext_lazy("test message", "Sent")
        REFUSED = "refused", pgettext_lazy("test message", "Refused")
        LATER = "later", pgettext_lazy("test message", "Not taken right now")
        UNKNOWN = "unknown", pgettext_lazy("test message", "Unclear")

    transport = TenantForeignKey(Transport, db_on_delete="CASCADE", related_name="tries")
    ref = models.UUIDField(default=uuid.uuid4)
    address = models.CharField(max_length=254)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    error = models.JSONField(default=dict)
    """Why not: `template` and `params` of the sentence."""
    member = TenantForeignKey(Member, db_on_delete="SET NULL", null=True, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    attempted_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("test message")
        verbose_name_plural = _("test messages")
        indexes = [
            models.Index(fields=["business", "transport", "-asked_at", "-id"], name="transport_try_newest"),
            models.Index(fields=["business", "asked_at"], condition=Q(state="waiting"), name="transport_try_open"),
        ]

    def __str__(self) -> str:
        return f"{self.transport_id} {self.state}"


class Caught(TenantModel):
    """A message that a local inbox caught: it went to nobody. Kept for a while, to be looked at.

    ``customer_id`` without a key: it is read through the lineage of cards, and a test message is to nobody's card.
    """

    transport = TenantForeignKey(Transport, db_on_delete="CASCADE", related_name="caught")
    ref = models.UUIDField()
    channel = models.CharField(max_length=5, choices=Channel)
    customer_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    sender = models.CharField(max_length=400, blank=True)
    subject = models.CharField(max_length=998, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    headers = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("caught message")
        verbose_name_plural = _("caught messages")
        constraints = [models.UniqueConstraint(fields=["business", "ref"], name="caught_once")]
        indexes = [
            models.Index(fields=["business", "-at", "-id"], name="caught_newest"),
            models.Index(fields=["business", "address", "-at"], name="caught_address"),
            models.Index(
                fields=["business", "customer_id"], condition=Q(customer_id__isnull=False), name="caught_guest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.address}"
