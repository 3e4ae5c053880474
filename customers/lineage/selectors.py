"""Where the ids of merged cards lead, and which ids a card's records may stand under."""

from collections.abc import Collection, Iterable

from customers.lineage.models import CardLineage

IDS_OF_GUEST = (
    "ARRAY(SELECT %(guest)s::bigint UNION ALL"
    " SELECT l.absorbed_id FROM customers_cardlineage l WHERE l.survivor_id = %(guest)s)"
)
"""SQL: the card ``%(guest)s`` and all that were merged into it, as an array of ids."""


def survivor_of(*, customer_id: int) -> int | None:
    """The card that carries on for one that was merged; ``None`` for a card that was not."""
    return CardLineage.objects.filter(absorbed_id=customer_id).values_list("survivor_id", flat=True).first()


def survivors_of(*, customer_ids: Collection[int]) -> dict[int, int]:
    """Of these cards those that were merged, and the card that carries on for each. One query."""
    found = CardLineage.objects.filter(absorbed_id__in=customer_ids)
    return dict(found.values_list("absorbed_id", "survivor_id"))


def ids_now(*, customer_ids: Iterable[int]) -> list[int]:
    """These cards with the one that carries on in place of each that was merged, each once, in their order."""
    asked = list(customer_ids)
    survivors = survivors_of(customer_ids=asked)
    return list(dict.fromkeys(survivors.get(each, each) for each in asked))


def lineage_of(*, customer_id: int) -> list[int]:
    """The card and all that were merged into it: what is never moved stands under the id it was written with."""
    absorbed = CardLineage.objects.filter(survivor_id=customer_id).order_by("absorbed_id")
    return [customer_id, *absorbed.values_list("absorbed_id", flat=True)]
