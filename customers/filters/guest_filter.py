"""Filters of the guest list, read from an address and written back to one. Pure: no Django, no database.

What cannot be read is left out and named, never an error: addresses are edited by hand, saved and sent around.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from customers.filters.own import FilterField, OwnFilter, read_own

VALUES_MAX: Final = 20
TEXT_LENGTH: Final = 120
ID_MAX: Final = 2**63 - 1
UNKNOWN: Final = "unknown"
"""How the empty source or language stands in an address."""
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z]{2})?$", re.ASCII)


class Ignored(NamedTuple):
    """A part of an address that could not be read: the parameter and its value, cut to be shown."""

    name: str
    value: str


@dataclass(frozen=True)
class GuestFilter:
    """Which guests a list shows; the empty filter shows all.

    All ``tags`` must be on the guest; one of the ``languages`` and one of the ``sources`` must be theirs. The last
    stay lies between two dates, both included. ``own`` are conditions on fields of the business's own, all of which
    must hold. ``text`` is what the search box holds.
    """

    text: str = ""
    tags: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    stayed_from: dt.date | None = None
    stayed_until: dt.date | None = None
    own: tuple[OwnFilter, ...] = ()

    def __bool__(self) -> bool:
        return self != GuestFilter()

    @property
    def has_dates(self) -> bool:
        """Whether the last stay is bounded on any side."""
        return self.stayed_from is not None or self.stayed_until is not None

    def parameters(self) -> list[tuple[str, str]]:
        """The filter as an address holds it; ``read_filter`` of it gives the same filter."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [("tag", str(tag)) for tag in self.tags]
        pairs += [("language", language or UNKNOWN) for language in self.languages]
        pairs += [("source", source or UNKNOWN) for source in self.sources]
        if self.stayed_from:
            pairs.append(("stayed_from", self.stayed_from.isoformat()))
        if self.stayed_until:
            pairs.append(("stayed_until", self.stayed_until.isoformat()))
        return pairs + [pair for own in self.own for pair in own.parameters()]

    def without_dates(self) -> "GuestFilter":
        """The filter without its bounds on the last stay."""
        return replace(self, stayed_from=None, stayed_until=None)

    def without_own(self, field_id: int) -> "GuestFilter":
        """The filter without its condition on a field of the business's own."""
        return replace(self, own=tuple(own for own in self.own if own.field.id != field_id))


def read_filter(
    parameters: Mapping[str, Sequence[str]],
    *,
    tags: Collection[int],
    sources: Collection[str],
    fields: Sequence[FilterField] = (),
) -> tuple[GuestFilter, list[Ignored]]:
    """Read a filter from an address's parameters; ``tags``, ``sources`` and ``fields`` are those that exist."""
    ignored: list[Ignored] = []

    def values(name: str) -> list[str]:
        given = [value.strip() for value in parameters.get(name, ()) if value.strip()]
        ignored.extend(Ignored(name, value[:40]) for value in given[VALUES_MAX:])
        return list(dict.fromkeys(given[:VALUES_MAX]))

    def date(name: str) -> dt.date | None:
        given = values(name)
        try:
            return dt.date.fromisoformat(given[0]) if given else None
        except ValueError:
            ignored.append(Ignored(name, given[0][:40]))
            return None

    def known(name: str, value: object, given: str, collection: Collection[object]) -> bool:
        if value not in collection:
            ignored.append(Ignored(name, given[:40]))
        return value in collection

    wanted_tags = [
        number for value in values("tag") if known("tag", number := _number(value), value, tags) and number is not None
    ]
    wanted_sources = [
        source
        for value in values("source")
        if known("source", source := "" if value == UNKNOWN else value, value, sources)
    ]
    languages = []
    for value in values("language"):
        if value == UNKNOWN or _LANGUAGE.match(value):
            languages.append("" if value == UNKNOWN else value)
        else:
            ignored.append(Ignored("language", value[:40]))
    first, last = date("stayed_from"), date("stayed_until")
    if first and last and last < first:
        first, last = last, first
    own, wrong = read_own(parameters, fields, VALUES_MAX)
    ignored.extend(Ignored(name[:60], value[:40]) for name, value in wrong)
    text = " ".join(" ".join(parameters.get("q", ())[:1]).replace("\x00", " ").split())[:TEXT_LENGTH]
    found = GuestFilter(
        text,
        tuple(dict.fromkeys(wanted_tags)),
        tuple(dict.fromkeys(languages)),
        tuple(dict.fromkeys(wanted_sources)),
        first,
        last,
        tuple(own),
    )
    return found, ignored


def _number(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None
    return number if number is not None and number <= ID_MAX else None
