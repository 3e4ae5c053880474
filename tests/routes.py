"""Every route of the site, taken from the resolver: what tests of all routes walk over."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.access import Access
from accounts.allauth_access import ALLAUTH_ACCESS


@dataclass(frozen=True)
class Route:
    """An address with its name, its view and the names of what stands in it."""

    pattern: str
    name: str
    view: Any
    kwargs: tuple[str, ...]

    @property
    def access(self) -> Access | None:
        """Who may call it, as its view or the table of django-allauth's views says."""
        return getattr(self.view, "access", None) or ALLAUTH_ACCESS.get(self.name)

    def __str__(self) -> str:
        return self.name or self.pattern


def all_routes() -> list[Route]:
    """Every route, in the order they are tried."""
    return list(_walk(get_resolver().url_patterns, "", ()))


def _walk(entries: list[Any], before: str, kwargs: tuple[str, ...]) -> Iterator[Route]:
    for entry in entries:
        pattern = before + str(entry.pattern)
        names = (*kwargs, *(name for name in entry.pattern.regex.groupindex if name not in kwargs))
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, pattern, names)
        elif isinstance(entry, URLPattern):
            yield Route(pattern, entry.name or "", entry.callback, names)
