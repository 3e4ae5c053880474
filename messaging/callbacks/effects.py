"""What a service's report does to a guest's card: the consent, a line of the timeline."""

import datetime as dt

from customers.card.models import ContactPoint
from customers.history.models import Activity
from customers.history.services import activity_add
from messaging.outbox.heeding import newsletter_end
from messaging.outbox.models import Message

__all__ = ["answer_note", "answers_of", "newsletter_end"]


def answers_of(*, sender: str, message: Message | None) -> list[int]:
    """Whose answer it is: the guest's who was written to, else of everybody who has the number or address."""
    if message is not None:
        return [message.customer_id]
    points = ContactPoint.objects.filter(normalised=sender).exclude(normalised="")
    return sorted(set(points.values_list("customer_id", flat=True)))


def answer_note(*, customer_id: int, channel: str, subject: str, text: str, at: dt.datetime) -> None:
    """Write an answer on the guest's timeline."""
    kind = Activity.Kind.SMS if channel == "sms" else Activity.Kind.EMAIL
    said = "\n\n".join(part for part in (subject.strip(), text.strip()) if part)
    activity_add(customer_id=customer_id, text=said[:4000], kind=kind, at=at)
