"""Templates and their texts. A text is never changed: saving it makes a further version, and the last one counts."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.tenancy.models import TenantForeignKey, TenantModel

MAX_SMS = 1600
"""Longest text of an SMS, in characters; what gateways take as one message of several parts."""


class Channel(models.TextChoices):
    """What a message travels by."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


class MessagePurpose(models.TextChoices):
    """What a message is about; what it may be sent on follows from it."""

    NEWSLETTER = "newsletter", _("Newsletter")
    OFFER = "offer", pgettext_lazy("message", "Offer to a guest of ours")
    STAY = "stay", _("The guest's own stay")
    INVOICE = "invoice", pgettext_lazy("message", "Invoice")


MARKETING = frozenset({MessagePurpose.NEWSLETTER.value, MessagePurpose.OFFER.value})
"""Purposes whose messages always carry the way out of them."""


class Template(TenantModel):
    """What to say on one occasion through one channel; its words stand in :class:`TemplateText`."""

    name = models.CharField(_("name"), max_length=120)
    channel = models.CharField(_("channel"), max_length=5, choices=Channel, default=Channel.EMAIL)
    purpose = models.CharField(_("about"), max_length=12, choices=MessagePurpose, default=MessagePurpose.STAY)
    is_archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("message", "template")
        verbose_name_plural = pgettext_lazy("message", "templates")
        indexes = [models.Index(fields=["business", "-changed_at", "-id"], name="message_template_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["business", "channel", "name"], condition=Q(is_archived=False), name="message_template_name"
            ),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="message_template_channel"),
            models.CheckConstraint(condition=Q(purpose__in=MessagePurpose.values), name="message_template_purpose"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_marketing(self) -> bool:
        """Whether its messages always carry the way out of them."""
        return self.purpose in MARKETING


class TemplateText(TenantModel):
    """A version of a template's words in one language. The app role can add and read versions, never change one.

    An e-mail has ``subject``, ``preheader`` and ``blocks`` (:mod:`messaging.rendering.blocks` says which), an SMS its
    ``body``. A version that ``is_removed`` has none of them: since then the template has no text in that language.
    """

    template = TenantForeignKey(Template, db_on_delete="RESTRICT", related_name="texts")
    language = models.CharField(max_length=5)
    version = models.IntegerField()
    subject = models.CharField(max_length=200, blank=True, default="")
    preheader = models.CharField(max_length=200, blank=True, default="")
    blocks = models.JSONField(default=list)
    body = models.TextField(max_length=MAX_SMS, blank=True, default="")
    is_removed = models.BooleanField(default=False)
    member_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200, blank=True, default="")
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("message", "text of a template")
        verbose_name_plural = pgettext_lazy("message", "texts of templates")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "template", "language", "version"], name="message_template_text_once"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="message_template_text_version"),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} {self.language} v{self.version}"
