"""What a provider's refusal says of an address: nobody is there, or the guest has told the provider to stop.

The same follows as from a report that comes later (:mod:`messaging.callbacks`): the address is suppressed, the cards
that have it say so, and a word to stop ends the consent.
"""

import datetime as dt
from collections.abc import Collection
from typing import Final

from django.db import transaction
from django.utils import timezone

from customers.card.models import ContactPoint
from customers.consent.models import ConsentEvent, ConsentState, Purpose
from customers.consent.services import consent_record
from customers.permission.models import Suppression
from customers.permission.suppressing import suppress
from messaging.outbox.models import Message
from messaging.texts.models import Channel

MOST_OF_NONE: Final = 5
"""A server that takes none of a batch and knows none of so many addresses is set up wrongly: nothing is held against
the guests."""


def refusals_heed(*, dead: Collection[int], stopped: Collection[int], source: str, has_taken: bool) -> int:
    """Suppress the addresses of messages that were refused as ``dead`` or ``stopped``; how many are new on the list.

    ``has_taken``: whether the provider took another message of the same batch. Safe to repeat.
    """
    if not has_taken and len(dead) > MOST_OF_NONE:
        dead = ()
    now, new = timezone.now(), 0
    with transaction.atomic():
        found = Message.objects.filter(pk__in=[*dead, *stopped]).exclude(origin=Message.Origin.TEST)
        for message in found.exclude(address="").order_by("id"):
            reason = Suppression.Reason.STOP if message.pk in stopped else Suppression.Reason.BOUNCE
            kind = ContactPoint.Kind.PHONE if message.channel == Channel.SMS else ContactPoint.Kind.EMAIL
            if suppress(kind=kind, normalised=message.address, reason=reason, at=now, source=source) is not None:
                new += 1
            if message.pk in stopped:
                newsletter_end(
                    customer_ids=[message.customer_id],
                    channel=message.channel,
                    at=now,
                    proof=f"message {message.ref}",
                )
    return new


def newsletter_end(*, customer_ids: Collection[int], channel: str, at: dt.datetime, proof: str) -> None:
    """Withdraw the consent to the newsletter of guests who told their mail service or their phone, not us. Nothing is
    added where it has been withdrawn."""
    withdrawn = set(
        ConsentState.objects.filter(
            customer_id__in=list(customer_ids), purpose=Purpose.NEWSLETTER, channel=channel, granted=False
        ).values_list("customer_id", flat=True)
    )
    for customer_id in sorted(set(customer_ids) - withdrawn):
        consent_record(
            customer_id=customer_id,
            purpose=Purpose.NEWSLETTER,
            channel=channel,
            granted=False,
            source=ConsentEvent.Source.SYSTEM,
            by_guest=True,
            at=at,
            proof=proof,
        )
