"""Which cards a merge made one of."""

from collections.abc import Sequence

from customers.changes.models import ChangeSet
from customers.lineage.models import MergedCard


def cards_of_merges(*, acts: Sequence[ChangeSet]) -> dict[int, tuple[int | None, list[int]]]:
    """Of each merge the card that stayed and those that went, by the merge's id. One query; what was undone is told
    from the act itself."""
    found: dict[int, tuple[int | None, list[int]]] = {}
    for act in acts:
        guests = list(act.params.get("guests", []))
        absorbed = list(act.params.get("absorbed", []))
        found[act.pk] = (guests[0] if guests else None, absorbed)
    merged = MergedCard.objects.filter(change_set_id__in=list(found)).order_by("absorbed_id")
    for act_id in {row.change_set_id for row in merged}:
        rows = [row for row in merged if row.change_set_id == act_id]
        found[act_id] = (rows[0].survivor_id, [row.absorbed_id for row in rows])
    return found
