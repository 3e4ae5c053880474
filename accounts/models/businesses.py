"""The business (tenant), its properties, members, invitations and audit log."""

import uuid
import zoneinfo

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.roles import CAPABILITIES, Capability, Role
from accounts.models.users import User
from accounts.tenancy.models import TenantForeignKey, TenantModel

slug_validator = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9-]{1,46}[a-z0-9])$",
    _("Use 3 to 48 small letters a–z, digits and hyphens, for example fjordstuen."),
)


def validate_time_zone(value: str) -> None:
    """Refuse a name that is not in the IANA time zone database."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("%(value)s is not a time zone. Write for example Europe/Oslo."),
            params={"value": value},
        )


def default_languages() -> list[str]:
    """A new business speaks English until it says otherwise."""
    return ["en"]


def default_sensitive_roles() -> list[str]:
    """Those at the desk need to know of an allergy; those who write newsletters do not."""
    return [Role.RECEPTION, Role.ADMIN, Role.OWNER]


class Business(models.Model):
    """A tenant. Outside tenancy itself: the scope is opened from its slug or public id."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.CharField(_("address"), max_length=48, unique=True, validators=[slug_validator])
    name = models.CharField(_("name"), max_length=120)
    postal_address = models.CharField(_("postal address"), max_length=300, blank=True, default="", db_default="")
    """Where it can be written to, in lines as on an envelope, without its name: marketing must say so."""
    country = models.CharField(_("country"), max_length=2, default="NO")
    currency = models.CharField(_("currency"), max_length=3, default="NOK")
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="Europe/Oslo",
        validators=[validate_time_zone],
    )
    language = models.CharField(_("language"), max_length=5, default="en")
    languages = ArrayField(models.CharField(max_length=5), default=default_languages, verbose_name=_("languages"))
    sensitive_roles = ArrayField(
        models.CharField(max_length=12),
        default=default_sensitive_roles,
        db_default=["reception", "admin", "owner"],
        verbose_name=_("who sees sensitive details"),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("business")
        verbose_name_plural = _("businesses")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The business's time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def address_line(self) -> str:
        """The postal address in one line: ``Fjordveien 12, 6800 Førde``."""
        return ", ".join(self.postal_address.splitlines())


class Property(TenantModel):
    """A hotel, campsite, conference venue or restaurant of the business."""

    class Kind(models.TextChoices):
        HOTEL = "hotel", _("Hotel")
        CAMPSITE = "campsite", _("Campsite")
        CONFERENCE = "conference", _("Conference venue")
        RESTAURANT = "restaurant", _("Restaurant")

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.HOTEL)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[validate_time_zone])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("property")
        verbose_name_plural = _("properties")
        constraints = [models.UniqueConstraint(fields=["business", "name"], name="property_name")]

    def __str__(self) -> str:
        return self.name


class Member(TenantModel):
    """A user in a business, with a role."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.RECEPTION)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [models.UniqueConstraint(fields=["business", "user"], name="member_user")]

    def __str__(self) -> str:
        return str(self.user)

    def can(self, capability: Capability) -> bool:
        """Whether this member's role has ``capability``."""
        return self.is_active and capability in CAPABILITIES[self.role]


class Invitation(TenantModel):
    """An offer of membership, sent by e-mail. Only a hash of its token is kept."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.RECEPTION)
    token_hash = models.CharField(max_length=64)
    invited_by = TenantForeignKey(Member, db_on_delete="CASCADE", related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    """When the mail server took the invitation. Then only the mailbox knows its link: accepting proves the address."""
    failed_at = models.DateTimeField(null=True, blank=True)
    """When sending failed for the last time, if it did."""

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(fields=["business", "token_hash"], name="invitation_token"),
            models.UniqueConstraint(
                fields=["business", "email"],
                condition=models.Q(accepted_at__isnull=True),
                name="invitation_open",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_expired(self) -> bool:
        """Whether its seven days are over."""
        return self.expires_at <= timezone.now()


class AuditEntry(TenantModel):
    """Who did what, when. The app role can add and read entries, never change or delete one.

    ``member_id`` and ``object_id`` are kept as they were, without a foreign key: the entry outlives both.
    """

    action = models.CharField(max_length=40)
    at = models.DateTimeField(auto_now_add=True)
    member_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200, blank=True)
    object_type = models.CharField(max_length=40, blank=True)
    object_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["business", "-at", "-id"], name="audit_newest"),
            models.Index(
                fields=["business", "object_type", "object_id", "-at"],
                name="audit_object",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"
