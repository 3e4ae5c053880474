"""What happened to a message, in words."""

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from messaging.gate.reasons import reason_words
from messaging.outbox.models import Message
from messaging.transports.labels import REASONS


class Trouble(models.TextChoices):
    """Why a message was not sent, beyond what the gate and the transport say."""

    NO_TEXT = "no_text", pgettext_lazy("message", "The template has no text")
    WORDS = "words", pgettext_lazy("message", "The text could not be filled in")
    MISSING = "missing", pgettext_lazy("message", "Something that stands in the text is not known of this guest")
    CANCELLED = "cancelled", pgettext_lazy("message", "Cancelled")
    GAVE_UP = "gave_up", pgettext_lazy("message", "Not taken after many attempts")
    PROVIDER = "provider", pgettext_lazy("message", "The provider could not deliver it")
    BOUNCED = "returned", pgettext_lazy("message", "Came back")
    COMPLAINED = "spam", pgettext_lazy("message", "Reported as spam")
    BELIEVED = "believed", pgettext_lazy("message", "A member decided that it went")
    BUSY = "busy", pgettext_lazy("message", "Offered again later")
    KILLED = "killed", pgettext_lazy("message", "Innkeeper was stopped while it was handed over")
    FORGOTTEN = (
        "forgotten",
        pgettext_lazy("message", "Offered so long ago that the provider would take it for another one"),
    )


def reason_of(message: Message) -> str:
    """Why a message is where it is: not sent, put off or in doubt; empty where there is nothing to say."""
    if message.state == Message.State.PLANNED:
        if message.is_held:
            return _("Paused")
        return words(message.deferred_reason)
    return words(message.reason)


def words(code: str) -> str:
    """A reason in words; empty for none."""
    if code in Trouble.values:
        return str(Trouble(code).label)
    return str(REASONS[code]) if code in REASONS else reason_words(code)


def tone(state: str) -> str:
    """The colour of a state's badge."""
    tones = {
        Message.State.DELIVERED.value: "ok",
        Message.State.UNKNOWN.value: "warn",
        Message.State.BOUNCED.value: "bad",
        Message.State.COMPLAINED.value: "bad",
        Message.State.FAILED.value: "bad",
    }
    return tones.get(state, "neutral")
