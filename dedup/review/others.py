"""Which cards more may be the same guest as some."""

from collections.abc import Collection

from django.db.models import Q

from dedup.register.models import Match
from dedup.register.selectors import settings_get

OTHERS_MAX = 6


def others_of(*, customer_ids: Collection[int]) -> list[int]:
    """Cards that are open matches of every one of these, so that nobody comes along who is like one of them only."""
    ids = set(customer_ids)
    at_all = Q(left_id__in=ids) | Q(right_id__in=ids)
    found: dict[int, set[int]] = {}
    open_ones = Match.objects.filter(at_all, state=Match.State.OPEN, probability__gte=settings_get().propose)
    for left, right in open_ones.values_list("left_id", "right_id")[:500]:
        for one, other in ((left, right), (right, left)):
            if one in ids and other not in ids:
                found.setdefault(other, set()).add(one)
    return sorted(other for other, alike in found.items() if alike == ids)[:OTHERS_MAX]
