"""Messages on the timeline: each as it went or will go, when it was opened, and when a link in it was followed."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from customers.history.timeline_kinds import TimelineKind, kind_add
from messaging.outbox.labels import reason_of, tone
from messaging.outbox.models import Message
from messaging.texts.showing import words_filled

WENT, OPENED, CLICKED = range(3)
_EVENTS = 4
"""An entry's id is four times its message's, and what happened: the timeline tells them apart by one number."""


@dataclass(frozen=True)
class MessageEntry:
    """A line of the timeline. ``reason`` says why it was not sent, waits or is in doubt."""

    message: Message
    event: int
    tone: str
    reason: str

    @property
    def pk(self) -> int:
        """The entry's id among those of its kind."""
        return self.message.pk * _EVENTS + self.event

    @property
    def went(self) -> bool:
        """Whether it tells of the message itself, and not of what the guest did with it."""
        return self.event == WENT

    @property
    def opened(self) -> bool:
        """Whether it tells that the message was opened."""
        return self.event == OPENED

    @property
    def title(self) -> str:
        """What it is about: its subject, or the template's name."""
        text = self.message.template_text
        if self.message.subject or text is None:
            return self._filled(self.message.subject)
        return str(text.template.name)

    @property
    def words(self) -> str:
        """What an SMS in somebody's own words says."""
        return self._filled(self.message.body)

    def _filled(self, words: str) -> str:
        message = self.message
        return words_filled(words, kept=message.values, language=message.language, channel=message.channel)


def _entries(ids: Iterable[int]) -> dict[int, MessageEntry]:
    wanted = list(ids)
    messages = Message.objects.select_related("template_text__template").in_bulk({pk // _EVENTS for pk in wanted})
    return {
        pk: MessageEntry(message, pk % _EVENTS, tone(message.state), reason_of(message))
        for pk in wanted
        if (message := messages.get(pk // _EVENTS)) is not None
    }


KIND = TimelineKind(
    "message",
    frozenset({"message"}),
    "m.at",
    "m.id",
    is_day=False,
    # Test messages went to a member.
    rows=(
        f"FROM (SELECT x.id * {_EVENTS} + e.event AS id, e.at FROM messaging_message x"
        f" CROSS JOIN LATERAL (VALUES ({WENT}, coalesce(x.sent_at, x.due_at)), ({OPENED}, x.opened_at),"
        f" ({CLICKED}, x.clicked_at)) e (event, at)"
        " WHERE x.customer_id = %(guest)s AND x.origin <> 'test' AND e.at IS NOT NULL) m WHERE true"
    ),
    load=_entries,
    is_gathered=True,
    template="messages/written/_timeline.html",
)


def timeline_offer() -> None:
    """Let the card's timeline show them."""
    kind_add(KIND, gettext_lazy("Messages"))
