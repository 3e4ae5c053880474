"""What a business has decided about the times and the number of its messages."""

import datetime as dt

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantModel


class GateSettings(TenantModel):
    """Quiet hours and how often one guest hears from the business. A business without a row has the defaults.

    Its row is locked while a batch is claimed, so that two batches at once cannot both be the one message of a day.
    """

    open_from = models.TimeField(_("messages go out from"), default=dt.time(9))
    open_until = models.TimeField(_("until"), default=dt.time(21))
    """Midnight is the end of the day."""
    cap_day = models.SmallIntegerField(
        _("news and offers to one guest: a day, by each channel"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(10)],
    )
    cap_week = models.SmallIntegerField(
        _("in seven days, by all channels"), default=3, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )

    restored_at = models.DateTimeField(null=True, editable=False)
    """When the database was last read in from a backup: what was due before may have gone out already, and goes only
    when somebody says so."""

    class Meta:
        verbose_name = _("times and number of messages")
        verbose_name_plural = _("times and numbers of messages")
        constraints = [
            models.UniqueConstraint(fields=["business"], name="gate_settings_once"),
            models.CheckConstraint(
                condition=models.Q(open_until=dt.time(0)) | models.Q(open_from__lt=models.F("open_until")),
                name="gate_settings_open",
            ),
            models.CheckConstraint(
                condition=models.Q(cap_day__range=(1, 10), cap_week__range=(1, 50)), name="gate_settings_caps"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.open_from:%H:%M}–{self.open_until:%H:%M}"
