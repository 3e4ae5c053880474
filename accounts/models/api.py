"""Keys of connected systems, and the answers they were given."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel


class ApiKey(TenantModel):
    """A key with which another system calls the API. Only a hash of its secret is kept; the key is shown once."""

    class Scope(models.TextChoices):
        READ = "read", _("Read guests and their history")
        WRITE = "write", _("Create and change guests and their history")
        SENSITIVE = "sensitive", _("Read and write sensitive details")
        CONSENTS = "consents", _("Record consents")

    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=12)
    """The first characters of the secret, by which its owner recognises it."""
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=12, choices=Scope), verbose_name=_("may"))
    member_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.UniqueConstraint(fields=["business", "secret_hash"], name="api_key_secret"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it opens anything today."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())


class ApiAnswer(TenantModel):
    """The answer a key was given under an ``Idempotency-Key``, so that the same request twice is done once."""

    key = TenantForeignKey(ApiKey, db_on_delete="CASCADE", related_name="+")
    idempotency_key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    """SHA-256 of method, path and body: another request under the same key is refused."""
    status = models.SmallIntegerField()
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("answer of the API")
        verbose_name_plural = _("answers of the API")
        indexes = [models.Index(fields=["business", "created_at"], name="api_answer_age")]
        constraints = [
            models.UniqueConstraint(fields=["business", "key", "idempotency_key"], name="api_answer_once"),
        ]

    def __str__(self) -> str:
        return self.idempotency_key
