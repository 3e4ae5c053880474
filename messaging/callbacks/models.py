"""What services have told, as they told it: each event once."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.tenancy.models import TenantForeignKey, TenantModel
from messaging.callbacks.report import Told
from messaging.outbox.models import Message
from messaging.transports.models import Transport


class CallbackEvent(TenantModel):
    """One event of a message, or a guest's answer. A call that tells it again changes nothing.

    It waits while no message is known that it could be of: a service may report before the outbox has written down what
    the service calls the message.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        NOBODY = "nobody", _("Of no message")

    transport = TenantForeignKey(Transport, db_on_delete="CASCADE", related_name="+")
    key = models.CharField(max_length=100)
    told = models.CharField(max_length=12, choices=[(told.value, told.value) for told in Told])
    report = models.JSONField(default=dict)
    """The fields of a :class:`messaging.callbacks.report.Report`."""
    raw = models.TextField(blank=True)
    """The call's body while the event waits, at most :data:`RAW_MAX` characters."""
    message = TenantForeignKey(Message, db_on_delete="SET NULL", null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    tries = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("report of a service")
        verbose_name_plural = _("reports of services")
        constraints = [models.UniqueConstraint(fields=["business", "transport", "key"], name="callback_once")]
        indexes = [
            models.Index(fields=["business", "due_at", "id"], condition=Q(state="waiting"), name="callback_due"),
            models.Index(fields=["business", "received_at"], name="callback_received"),
            models.Index(fields=["business", "message"], condition=Q(message__isnull=False), name="callback_message"),
        ]

    def __str__(self) -> str:
        return f"{self.told} {self.key}"


RAW_MAX = 20_000
