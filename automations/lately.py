"""Counts of automations that very many guests go through, as of half a minute ago at most: to count a million rows at
each look of each open page would be too much."""

from collections.abc import Callable
from typing import Final, TypeVar

from django.core.cache import cache

from accounts.tenancy import require_business_id

LARGE: Final = 20_000
"""Up to so many journeys everything is counted at each look."""
KEPT_SECONDS: Final = 30

_Found = TypeVar("_Found")


def lately(name: str, count: Callable[[], _Found], journeys: Callable[[_Found], int]) -> _Found:
    """What ``count`` says now, or said half a minute ago of :data:`LARGE` ``journeys`` and more.

    ``name`` says what is counted, in the business in scope.
    """
    key = f"automations:{require_business_id()}:{name}"
    kept: _Found | None = cache.get(key)
    if kept is not None:
        return kept
    found = count()
    if journeys(found) >= LARGE:
        cache.set(key, found, KEPT_SECONDS)
    return found
