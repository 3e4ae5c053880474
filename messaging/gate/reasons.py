"""Why a message waits or does not go, beyond what the guest's permission says; in words for all of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from customers.permission.reasons import Reason


class Hold(models.TextChoices):
    """What the gate finds besides permission. The codes are different from those of permission."""

    QUIET = "quiet", pgettext_lazy("message", "Quiet hours")
    CAPPED = "capped", pgettext_lazy("message", "Has heard from you often enough")
    EXPIRED = "expired", pgettext_lazy("message", "It came too late to be of use")
    RESTORED = "restored", pgettext_lazy("message", "It may have gone out before the backup was read in")
    LATE_QUIET = "late_quiet", _("Quiet hours until it would be of no use")
    LATE_CAPPED = "late_capped", _("Has heard from you often enough until it would be of no use")
    MERGED = "merged", _("Another card of the same guest gets it")


def reason_words(code: str) -> str:
    """A reason of the gate in words; empty for none."""
    if code in Hold.values:
        return str(Hold(code).label)
    return str(Reason(code).label) if code in Reason.values else code
