"""Consents: wordings, the append-only log of what guests agreed to, and the current state derived from it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer


class Purpose(models.TextChoices):
    """What a guest may agree to."""

    NEWSLETTER = "newsletter", _("Newsletter")
    PROFILING = "profiling", _("Profiling")
    SENSITIVE = "sensitive", _("Sensitive details")
    TRACKING = "tracking", _("Page tracking")


class Channel(models.TextChoices):
    """Through which channel; empty for purposes that have none."""

    NONE = "", _("–")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


CONSENTS: tuple[tuple[str, str], ...] = (
    (Purpose.NEWSLETTER, Channel.EMAIL),
    (Purpose.NEWSLETTER, Channel.SMS),
    (Purpose.PROFILING, Channel.NONE),
    (Purpose.SENSITIVE, Channel.NONE),
    (Purpose.TRACKING, Channel.NONE),
)
"""Every purpose with its channels, in the order shown."""

_KNOWN = Q()
for _purpose, _channel in CONSENTS:
    _KNOWN |= Q(purpose=_purpose, channel=_channel)


class ConsentWording(TenantModel):
    """A version of the text a guest agrees to, in up to four languages. Versions are added, never changed."""

    purpose = models.CharField(max_length=12, choices=Purpose)
    channel = models.CharField(max_length=5, choices=Channel, blank=True, default="")
    version = models.IntegerField()
    texts = models.JSONField()
    """``{language: text}``."""
    member_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        constraints = [
            models.UniqueConstraint(fields=["business", "purpose", "channel", "version"], name="consent_wording_once"),
            models.CheckConstraint(condition=_KNOWN, name="consent_wording_known"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.channel} v{self.version}"


class ConsentEvent(TenantModel):
    """A consent granted or withdrawn. The app role can add and read events, never change or delete one.

    ``customer_id`` is kept as it was, without a foreign key: the proof outlives a merge. ``at`` is when the guest
    decided, ``recorded_at`` when the register learned of it.
    """

    class Act(models.TextChoices):
        GRANTED = "granted", _("Granted")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Source(models.TextChoices):
        DESK = "desk", _("At the desk")
        PHONE = "phone", _("On the phone")
        PAPER = "paper", _("On paper")
        EMAIL = "email", _("By e-mail")
        FORM = "form", _("Form")
        PORTAL = "portal", _("Own profile")
        IMPORT = "import", _("Imported file")
        API = "api", _("Connected system")
        SYSTEM = "system", _("Innkeeper")

    customer_id = models.BigIntegerField()
    purpose = models.CharField(max_length=12, choices=Purpose)
    channel = models.CharField(max_length=5, choices=Channel, blank=True, default="")
    act = models.CharField(max_length=9, choices=Act)
    at = models.DateTimeField(default=timezone.now)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    wording = TenantForeignKey(ConsentWording, db_on_delete="RESTRICT", related_name="+", null=True)
    language = models.CharField(max_length=5, blank=True)
    source = models.CharField(max_length=8, choices=Source)
    by_guest = models.BooleanField(default=False)
    member_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    proof = models.CharField(max_length=500, blank=True)
    """What shows it: a file and line, the number of a form, where the paper lies."""
    change_set_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [
            models.Index(fields=["business", "customer_id", "-at", "-id"], name="consent_event_guest"),
        ]
        constraints = [models.CheckConstraint(condition=_KNOWN, name="consent_event_known")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.purpose} {self.channel} {self.act}"


class ConsentState(TenantModel):
    """What holds now, for a guest, purpose and channel. Written by the database from the events, by nobody else."""

    pk = models.CompositePrimaryKey("business_id", "customer_id", "purpose", "channel")
    customer = TenantForeignKey(Customer, db_on_delete="CASCADE", related_name="+")
    purpose = models.CharField(max_length=12, choices=Purpose)
    channel = models.CharField(max_length=5, choices=Channel, blank=True, default="")
    granted = models.BooleanField()
    since = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("current consent")
        verbose_name_plural = _("current consents")
        indexes = [
            models.Index(
                fields=["business", "purpose", "channel", "customer"],
                condition=Q(granted=True),
                name="consent_state_granted",
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.purpose} {self.channel} {self.granted}"
