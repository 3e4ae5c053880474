"""What holds a template to what it is about: campaigns that were confirmed with it, messages of it that wait."""

from messaging.campaigns.models import Campaign
from messaging.outbox.models import Message

_WAITING = (Message.State.PLANNED, Message.State.CLAIMED)


def is_in_use(*, template_id: int) -> bool:
    """Whether a campaign was confirmed with it, or a message in its words has yet to leave. Two queries at most."""
    return (
        Campaign.objects.filter(template_id=template_id).exclude(state=Campaign.State.DRAFT).exists()
        or Message.objects.filter(template_text__template_id=template_id, state__in=_WAITING).exists()
    )
