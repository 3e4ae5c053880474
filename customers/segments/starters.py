"""The six segments that a business begins with."""

from typing import Any, Final

from accounts.models import Business
from customers.segments.models import Segment


def _tree(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "match": "all", "rules": list(rules)}


STARTERS: Final[dict[Segment.Code, dict[str, Any]]] = {
    Segment.Code.NEWSLETTER_EMAIL: _tree({"field": "email_reach", "operator": "any_of", "value": ["ok"]}),
    Segment.Code.REGULARS: _tree({"field": "stays", "operator": "at_least", "value": 3}),
    Segment.Code.BEST: _tree({"field": "value_rank", "operator": "top", "value": 10}),
    Segment.Code.LAPSED: _tree(
        {"field": "stays", "operator": "at_least", "value": 1},
        {"field": "last_stay", "operator": "in", "value": {"before": 12, "unit": "month"}},
        {"field": "next_arrival", "operator": "empty"},
    ),
    Segment.Code.FIRST_TIME: _tree(
        {"field": "stays", "operator": "equals", "value": 1},
        {"field": "first_arrival", "operator": "in", "value": {"last": 3, "unit": "month"}},
    ),
    Segment.Code.BIRTHDAY: _tree({"field": "birthday", "operator": "in", "value": {"next": 30, "unit": "day"}}),
}
"""Their trees, in the order shown. Migration 0016 gave the same to the businesses there were."""


def starter_segments(*, business: Business) -> int:
    """Give the business in scope the six segments that a business begins with; how many of them it did not have.

    For a business that is new: one that somebody has removed comes back.
    """
    there = set(Segment.objects.exclude(code="").values_list("code", flat=True))
    made = [
        Segment(business=business, code=code, tree=tree, position=position)
        for position, (code, tree) in enumerate(STARTERS.items(), 1)
        if code not in there
    ]
    Segment.objects.bulk_create(made)
    return len(made)


def segments_of_new_business(sender: Any, *, business: Business, **kwargs: Any) -> None:
    """On ``business_created``, inside its transaction."""
    starter_segments(business=business)
