"""Who a guest being written down may be already, for the live check (:mod:`customers.card.same`)."""

from collections.abc import Collection, Mapping, Sequence

from customers.card.same import Judged
from dedup.register.lookup import lookup


def judged(values: Mapping[str, Sequence[str]], without: Collection[int]) -> list[Judged]:
    """The cards that are probably the guest with these values, likeliest first."""
    return [Judged(hit.customer_id, hit.probability, hit.agreeing) for hit in lookup(values=values, exclude=without)]
