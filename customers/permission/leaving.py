"""Guests who leave: what they got is sent to their addresses no more, whoever else has these."""

from collections.abc import Collection

from customers.card.models import ContactPoint
from customers.consent.models import ConsentState, Purpose
from customers.permission.models import Suppression, Wish
from customers.permission.reasons import KINDS
from customers.permission.suppressing import Listed, suppress_all


def addresses_leave(
    *, customer_id: int, channels: Collection[str], source: str, others: Collection[tuple[str, str]] = ()
) -> list[Suppression]:
    """Put a guest's addresses of these channels on the list as unsubscribed; those that were not there for that.

    ``others`` are further addresses the guest left, each its kind and its normal form. Placeholders are nobody's. A
    consent that the guest gives anew lifts it.
    """
    kinds = {KINDS[channel] for channel in channels}
    points = ContactPoint.objects.filter(customer_id=customer_id, kind__in=kinds).exclude(normalised="")
    left = set(points.exclude(state=ContactPoint.State.PLACEHOLDER).values_list("kind", "normalised")) | set(others)
    return suppress_all(
        listed=[
            Listed(kind, normalised, Suppression.Reason.UNSUBSCRIBED, source=source)
            for kind, normalised in sorted(left)
        ]
    )


def left_heed(*, customer_id: int, channel: str, source: str) -> list[Suppression]:
    """As :func:`addresses_leave` where a guest has taken back the newsletter of a channel and wants no offers either:
    nothing is left that the business may send there. Three queries at most before anything is listed."""
    withdrawn = ConsentState.objects.filter(
        customer_id=customer_id, purpose=Purpose.NEWSLETTER, channel=channel, granted=False
    )
    if not withdrawn.exists() or not Wish.objects.filter(customer_id=customer_id, kind=Wish.Kind.NO_OFFERS).exists():
        return []
    return addresses_leave(customer_id=customer_id, channels=[channel], source=source)
