"""Reads for the links of messages."""

from collections.abc import Collection

from customers.consent.models import Channel, ConsentState, Purpose


def trackable(*, customer_ids: Collection[int]) -> set[int]:
    """Those of the guests who consent to it being noted what they open. One query."""
    states = ConsentState.objects.filter(
        customer_id__in=list(customer_ids), purpose=Purpose.TRACKING, channel=Channel.NONE, granted=True
    )
    return set(states.values_list("customer_id", flat=True))
