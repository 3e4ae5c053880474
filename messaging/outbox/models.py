"""The outbox: one row a message, whatever asked for it. docs/outbox.md explains how it leaves once."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Property
from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer
from customers.history.models import Stay
from messaging.texts.models import MAX_SMS, Channel, TemplateText
from messaging.transports.models import Transport


class Message(TenantModel):
    """One message to one address, from the moment it was meant to be sent to what became of it.

    ``key`` says what it is, in the words of whoever planned it (``campaign:7:guest:12``): a second plan with the same
    key is the same message. ``ref`` is what the world outside knows it by: the key against doubling that providers are
    given, part of the Message-ID, part of its links.
    """

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("message", "Planned")
        CLAIMED = "claimed", pgettext_lazy("message", "Being sent")
        SENT = "sent", pgettext_lazy("message", "Sent")
        UNKNOWN = "unknown", pgettext_lazy("message", "Not known")
        DELIVERED = "delivered", pgettext_lazy("message", "Delivered")
        BOUNCED = "bounced", pgettext_lazy("message", "Bounced")
        COMPLAINED = "complained", pgettext_lazy("message", "Reported as spam")
        FAILED = "failed", pgettext_lazy("message", "Failed")
        SKIPPED = "skipped", pgettext_lazy("message", "Not sent")

    class Origin(models.TextChoices):
        """What asked for it. ``origin_id`` is the row there, without a key: a message outlives it."""

        CARD = "card", pgettext_lazy("origin of a message", "Written on the card")
        CAMPAIGN = "campaign", pgettext_lazy("origin of a message", "Campaign")
        AUTOMATION = "automation", pgettext_lazy("origin of a message", "Automation")
        TEST = "test", pgettext_lazy("origin of a message", "Test")
        SYSTEM = "system", pgettext_lazy("origin of a message", "Innkeeper")

    class Urgency(models.IntegerChoices):
        """What goes first of all that is due: a word to one guest does not wait behind a newsletter to all."""

        NOW = 0, pgettext_lazy("message", "At once")
        SOON = 1, pgettext_lazy("message", "Soon")
        BULK = 2, pgettext_lazy("message", "In its turn")

    ref = models.UUIDField(default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200)
    channel = models.CharField(max_length=5, choices=Channel)
    purpose = models.CharField(max_length=16)
    """A :class:`customers.permission.reasons.ContactPurpose`."""
    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="messages")
    property = TenantForeignKey(Property, db_on_delete="SET NULL", null=True, related_name="+")
    stay = TenantForeignKey(Stay, db_on_delete="SET NULL", null=True, related_name="+")
    origin = models.CharField(max_length=12, choices=Origin)
    origin_id = models.BigIntegerField(null=True)
    template_text = TenantForeignKey(TemplateText, db_on_delete="RESTRICT", null=True, related_name="+")
    """The version that was chosen when it was planned; ``None``: it has words of its own, as a :class:`TemplateText`
    has them."""
    subject = models.CharField(max_length=200, blank=True)
    blocks = models.JSONField(default=list)
    body = models.TextField(max_length=MAX_SMS, blank=True)
    values = models.JSONField(default=dict)
    """What placeholders were filled with when it was sent."""
    language = models.CharField(max_length=5, blank=True)
    address = models.CharField(max_length=254, blank=True)
    """As it stood when the message was last looked at: an e-mail address or an E.164 number."""
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    reason = models.CharField(max_length=24, blank=True)
    """Why it was skipped, or what failed: a code of :mod:`messaging.outbox.labels`."""
    detail = models.CharField(max_length=500, blank=True)
    """What the provider said, as it said it."""
    urgency = models.SmallIntegerField(choices=Urgency, default=Urgency.BULK)
    is_held = models.BooleanField(default=False)
    """Whether whoever planned it has paused: it stays planned and is not claimed."""
    due_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    """The time zone of the place it speaks for: quiet hours and days are counted there."""
    deferred_reason = models.CharField(max_length=24, blank=True)
    expires_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True, editable=False)
    """The batch that has it in hand; nobody else sends it before ``claimed_until``."""
    claimed_until = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)
    """Committed before the provider is asked: with it and without an outcome, nobody knows whether it went. Of one that
    is asked again because of that, the first time."""
    sent_at = models.DateTimeField(null=True)
    transport = TenantForeignKey(Transport, db_on_delete="SET NULL", null=True, related_name="+")
    provider_id = models.CharField(max_length=200, blank=True)
    delivered_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)
    replied_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["business", "-due_at", "-id"], name="message_newest"),
            models.Index(fields=["business", "customer", "-due_at", "-id"], name="message_customer"),
            models.Index(
                fields=["business", "origin", "origin_id", "state"],
                condition=Q(origin_id__isnull=False),
                name="message_origin",
            ),
            models.Index(
                fields=["business", "channel", "urgency", "due_at", "id"],
                condition=Q(state="planned", is_held=False),
                name="message_due",
            ),
            models.Index(
                fields=["business", "claimed_until", "id"], condition=Q(state="claimed"), name="message_claimed"
            ),
            models.Index(fields=["business", "state", "-due_at", "-id"], name="message_state"),
            models.Index(
                fields=["business", "-due_at", "-id"],
                condition=Q(state="skipped", reason__in=("expired", "restored")),
                name="message_late",
            ),
            models.Index(
                fields=["business", "address", "-sent_at", "-id"],
                condition=Q(channel="sms", sent_at__isnull=False),
                name="message_number",
            ),
            models.Index(
                fields=["business", "provider_id", "transport"], condition=~Q(provider_id=""), name="message_provider"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["business", "key"], name="message_once"),
            models.UniqueConstraint(fields=["business", "ref"], name="message_ref"),
            models.CheckConstraint(
                condition=Q(state="claimed", claim__isnull=False, claimed_until__isnull=False)
                | ~Q(state="claimed") & Q(claim__isnull=True, claimed_until__isnull=True),
                name="message_in_hand",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.ref}"


class OutboxPace(TenantModel):
    """How many messages a transport has been given lately, and whether it rests because it takes none.

    ``taken`` is ``[[slot, messages], …]`` (:mod:`messaging.outbox.pace`).
    """

    transport = TenantForeignKey(Transport, db_on_delete="CASCADE", related_name="+")
    taken = models.JSONField(default=list)
    used_at = models.DateTimeField(null=True)
    turns = models.JSONField(default=list)
    """``[[turn, second until which it counts], …]``: the tasks that come again for one batch after the other."""
    rests_until = models.DateTimeField(null=True)
    """It could not be reached, or would take nothing: until then nothing is claimed for it."""
    trouble = models.CharField(max_length=20, blank=True)
    """Why it rests: a :class:`messaging.transports.outgoing.Reason`; empty once something went."""
    trouble_detail = models.CharField(max_length=300, blank=True)
    troubled_since = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("pace of a transport")
        verbose_name_plural = _("paces of transports")
        constraints = [models.UniqueConstraint(fields=["business", "transport"], name="outbox_pace_once")]

    def __str__(self) -> str:
        return str(self.transport_id)
