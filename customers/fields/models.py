"""Fields of the business's own, and their values on guests and stays."""

from typing import ClassVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from customers.card.models import Customer
from customers.changes.models import TrackedModel
from customers.history.models import Stay

MAX_TEXT = 500
"""Longest text value, in characters; four bytes each still fit an index entry of PostgreSQL."""


class CustomField(TenantModel):
    """A field that the business added to its guests or stays.

    ``key`` is its name for files, placeholders and the API and never changes; ``options`` of a choice are
    ``{"key": …, "label": …}`` in their order, and values keep the key, so that a label can be reworded.
    """

    class Target(models.TextChoices):
        GUEST = "guest", _("Guest")
        STAY = "stay", _("Stay")

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        CHOICE = "choice", _("Choice")
        YES_NO = "yes_no", _("Yes or no")

    target = models.CharField(_("belongs to"), max_length=5, choices=Target, default=Target.GUEST)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind, default=Kind.TEXT)
    key = models.CharField(max_length=40)
    label = models.CharField(_("name"), max_length=80)
    hint = models.CharField(_("hint"), max_length=200, blank=True)
    options = models.JSONField(_("choices"), default=list, blank=True)
    position = models.SmallIntegerField(default=0)
    is_archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("field")
        verbose_name_plural = _("fields")
        constraints = [models.UniqueConstraint(fields=["business", "target", "key"], name="custom_field_key")]

    def __str__(self) -> str:
        return self.label


class FieldValue(TrackedModel):
    """A value of a field, in the column of its kind: a choice is its key in ``text``, yes or no is ``flag``.

    ``number_scaled`` is ``number`` in ten-thousandths: whole numbers, unlike ``numeric``, can be compared by an index
    below a row policy.
    """

    field = TenantForeignKey(CustomField, db_on_delete="RESTRICT", related_name="+")
    text = models.CharField(max_length=MAX_TEXT, blank=True, default="")
    number = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    date = models.DateField(null=True)
    flag = models.BooleanField(null=True)
    number_scaled = models.GeneratedField(
        expression=Cast(F("number") * 10000, models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    class Meta:
        abstract = True
        base_manager_name = "objects"


class GuestFieldValue(FieldValue):
    """A field's value on a guest."""

    customer = TenantForeignKey(Customer, db_on_delete="RESTRICT", related_name="field_values")

    class Meta(FieldValue.Meta):
        abstract = False
        verbose_name = _("field of a guest")
        verbose_name_plural = _("fields of guests")
        indexes = [
            models.Index(fields=["business", "field", "text", "customer"], name="guest_field_text"),
            models.Index(fields=["business", "field", "number_scaled", "customer"], name="guest_field_number"),
            models.Index(fields=["business", "field", "date", "customer"], name="guest_field_date"),
        ]
        constraints = [models.UniqueConstraint(fields=["business", "customer", "field"], name="guest_field_once")]

    def __str__(self) -> str:
        return f"{self.customer_id}:{self.field_id}"


class StayFieldValue(FieldValue):
    """A field's value on a stay."""

    change_guest: ClassVar[str | None] = None

    stay = TenantForeignKey(Stay, db_on_delete="RESTRICT", related_name="field_values")

    class Meta(FieldValue.Meta):
        abstract = False
        verbose_name = _("field of a stay")
        verbose_name_plural = _("fields of stays")
        indexes = [models.Index(fields=["business", "field", "stay"], name="stay_field_field")]
        constraints = [models.UniqueConstraint(fields=["business", "stay", "field"], name="stay_field_once")]

    def __str__(self) -> str:
        return f"{self.stay_id}:{self.field_id}"
