"""The timeline: a UNION ALL of each kind's own keyset query, so that nothing is copied and every page costs the same.

Each kind gives SQL that selects ``(at, id)`` of one guest from its own place on; details are fetched by id, one query
a kind. A filter leaves kinds out. docs/history.md explains the order and the cursor.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.utils.dateparse import parse_datetime
from django.utils.functional import cached_property

from customers.history.timeline_kinds import ACTIVITY_KINDS, KINDS, LABELS, TimelineKind

PAGE = 30
"""Entries a page."""

_LAST = 2**63 - 1
"""No row has so high an id: a place after it is after everything of that moment."""


@dataclass(frozen=True)
class TimelineEntry:
    """One line: when, which kind, and the object it shows."""

    at: datetime
    kind: str
    item: Any
    template: str = ""
    """What shows it, of a kind that another room has added."""


@dataclass(frozen=True)
class TimelineFilter:
    """A kind to show or leave out: its label, whether it is shown alone, and the address's query that changes that."""

    name: str
    label: str
    is_on: bool
    query: str


@dataclass(frozen=True)
class TimelinePage:
    """Newest first. ``after`` is the cursor of the next page, ``None`` on the last one; ``kinds`` those asked for."""

    entries: list[TimelineEntry]
    after: str | None
    kinds: tuple[str, ...] = ()

    @cached_property
    def filters(self) -> list[TimelineFilter]:
        """Every kind with the query that adds it to those shown or takes it away."""
        return [
            TimelineFilter(name, str(label), name in self.kinds, _query(set(self.kinds) ^ {name}))
            for name, label in LABELS.items()
        ]

    @property
    def next_query(self) -> str:
        """The query of the next page: the filter, and where this page ended."""
        return "&".join(part for part in (_query(self.kinds), urlencode({"after": self.after or ""})) if part)


def kinds_read(names: Iterable[str]) -> tuple[str, ...]:
    """The kinds an address asks for, in the order of the filter; unknown ones are left out, none means all."""
    wanted = set(names)
    return tuple(name for name in LABELS if name in wanted)


def timeline_page(
    *, customer_id: int, today: date, after: str = "", kinds: Collection[str] = (), limit: int = PAGE
) -> TimelinePage:
    """One page of a guest's timeline; a cursor that cannot be read starts from the newest.

    ``kinds`` are names of :data:`LABELS`; none means all. One query finds the page, one a kind fetches
    what it shows.
    """
    shown_kinds = [kind for kind in KINDS if not kinds or kind.names & set(kinds)]
    sql, parameters = timeline_sql(shown_kinds, after=after, limit=limit)
    activities = [name for name in ACTIVITY_KINDS if not kinds or name in kinds]
    parameters |= {"guest": customer_id, "today": today, "activities": activities}
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    shown = rows[:limit]
    loaded = {kind.name: kind.load([row[2] for row in shown if row[1] == kind.name]) for kind in shown_kinds}
    templates = {kind.name: kind.template for kind in shown_kinds}
    entries = [
        TimelineEntry(at, name, loaded[name][key], templates[name]) for at, name, key in shown if key in loaded[name]
    ]
    last = shown[-1] if len(rows) > limit else None
    cursor_after = f"{last[0].isoformat()}~{last[1]}~{last[2]}" if last else None
    return TimelinePage(entries, cursor_after, tuple(name for name in LABELS if name in kinds))


def timeline_sql(kinds: Collection[TimelineKind], *, after: str, limit: int) -> tuple[str, dict[str, Any]]:
    """The statement of a page, and its parameters but for guest, day and kinds of activity."""
    place = _read(after)
    parameters: dict[str, Any] = {"limit": limit + 1}
    parts = []
    for kind in kinds:
        at, key = _place(kind, place)
        parameters |= {f"{kind.name}_at": at, f"{kind.name}_id": key}
        place_type = "date" if kind.is_day else "timestamptz"
        beyond = f"({kind.at}, {kind.id}) < (%({kind.name}_at)s::{place_type}, %({kind.name}_id)s)"
        moment = "at::timestamp AT TIME ZONE 'UTC'" if kind.is_day else "at"
        # OFFSET 0 keeps the order and the limit from choosing how the rows are found.
        gathered = " OFFSET 0" if kind.is_gathered else ""
        rows = f"SELECT {kind.at} AS at, {kind.id} AS id {kind.rows} AND {beyond}{gathered}"
        parts.append(
            f"(SELECT {moment} AS at, '{kind.name}' AS kind, id FROM ({rows}) found"
            f" ORDER BY found.at DESC, found.id DESC LIMIT %(limit)s)"
        )
    entries = f"SELECT at, kind, id FROM ({' UNION ALL '.join(parts)}) entries"
    return f"{entries} ORDER BY at DESC, kind DESC, id DESC LIMIT %(limit)s", parameters


def _place(kind: TimelineKind, place: tuple[datetime, str, int] | None) -> tuple[str, int]:
    """Where a kind goes on: its rows are those whose (moment or day, id) is less than this.

    Of several kinds at one moment the name decides. A day stands at its first moment in UTC, so a cursor later that
    day leaves all of the day to come, and one at that very moment what the names leave.
    """
    if place is None:
        return "infinity", _LAST
    at, name, key = place
    own = key if kind.name == name else _LAST if kind.name < name else 0
    if not kind.is_day:
        return at.isoformat(), own
    moment = at.astimezone(UTC)
    at_midnight = moment == moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.date().isoformat(), own if at_midnight else _LAST


def _query(kinds: Iterable[str]) -> str:
    wanted = set(kinds)
    return urlencode([("kind", name) for name in LABELS if name in wanted])


def _read(after: str) -> tuple[datetime, str, int] | None:
    """The cursor ``at~kind~id`` of the last entry shown."""
    parts = after.split("~")
    if len(parts) != 3 or not parts[2].isdecimal() or len(parts[2]) > 18 or not parts[1].isalpha():
        return None
    try:
        at = parse_datetime(parts[0])
    except ValueError:
        return None
    if at is None or at.tzinfo is None:
        return None
    # Hours away from UTC must not lead out of the calendar.
    return (at, parts[1], int(parts[2])) if 1 < at.year < 9999 else None
