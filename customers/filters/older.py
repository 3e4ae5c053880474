"""Filters of older versions, brought up to date one version at a time. Pure.

Version 0 is a flat set of parameters, as addresses of the guest list still say them in short: ``tag``, ``language``,
``source``, of which one must fit while every tag must, and ``stayed_from`` and ``stayed_until``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

UNKNOWN: Final = "unknown"
"""How the empty source or language stands in an address."""
SHORT: Final = ("tag", "language", "source", "stayed_from", "stayed_until")
_VALUES_MAX: Final = 20


def short_form(parameters: Mapping[str, Sequence[str]]) -> dict[str, Any] | None:
    """The version-0 filter that an address's parameters say in short; ``None`` where they say none."""
    found = {
        name: [value.strip() for value in values if value.strip()][:_VALUES_MAX]
        for name, values in parameters.items()
        if name in SHORT
    }
    return {"version": 0, **found} if any(found.values()) else None


def _upgrade_flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """Version 0 to 1. What is no value of its kind is handed on as it is, for the reader to name."""
    rules: list[dict[str, Any]] = []
    for name, given in data.items():
        values = [str(value) for value in given] if isinstance(given, list) else [str(given)]
        if not values or name == "version":
            continue
        if name == "tag":
            rules.append({"field": "tags", "operator": "all_of", "value": [_whole(value) for value in values]})
        elif name in ("language", "source"):
            known = ["" if value == UNKNOWN else value for value in values]
            rules.append({"field": name, "operator": "any_of", "value": known})
    ends = {end: _first(data.get(name)) for end, name in (("from", "stayed_from"), ("until", "stayed_until"))}
    if any(ends.values()):
        value = {end: day for end, day in ends.items() if day}
        rules.append({"field": "last_stay", "operator": "in", "value": value})
    return {"version": 1, "match": "all", "rules": rules}


def _whole(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else text


def _first(given: Any) -> str:
    values = given if isinstance(given, list) else [given]
    return str(values[0]) if values and values[0] else ""


UPGRADES: Final[Mapping[int, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {0: _upgrade_flat}
