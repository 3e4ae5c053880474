"""The timeline: a UNION ALL of each kind's own keyset query, so that nothing is copied and every page costs the same.

Each kind gives SQL that selects ``(at, kind, id)`` of one guest; details are fetched by id, one query a kind.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.dateparse import parse_datetime

from customers.history.models import Activity, Stay

PAGE = 30
"""Entries a page."""


@dataclass(frozen=True)
class TimelineKind:
    """One kind of entry. ``sql`` selects ``at, id`` for the guest ``%(guest)s``; ``load`` fetches objects by id."""

    name: str
    sql: str
    load: Callable[[Iterable[int]], dict[int, Any]]


@dataclass(frozen=True)
class TimelineEntry:
    """One line: when, which kind, and the object it shows."""

    at: datetime
    kind: str
    item: Any


@dataclass(frozen=True)
class TimelinePage:
    """Newest first. ``after`` is the cursor of the next page, ``None`` on the last one."""

    entries: list[TimelineEntry]
    after: str | None


def _stays(ids: Iterable[int]) -> dict[int, Stay]:
    return {stay.pk: stay for stay in Stay.objects.filter(pk__in=list(ids)).select_related("property")}


def _activities(ids: Iterable[int]) -> dict[int, Activity]:
    return {activity.pk: activity for activity in Activity.objects.filter(pk__in=list(ids))}


KINDS: tuple[TimelineKind, ...] = (
    TimelineKind(
        "stay",
        # What is still to come stands in its own panel.
        "SELECT s.arrival::timestamptz AS at, s.id FROM customers_stayparticipant p"
        " JOIN customers_stay s ON s.business_id = p.business_id AND s.id = p.stay_id"
        " WHERE p.customer_id = %(guest)s AND NOT (s.status = 'booked' AND s.departure >= %(today)s)",
        _stays,
    ),
    TimelineKind(
        "activity",
        "SELECT a.at, a.id FROM customers_activity a WHERE a.customer_id = %(guest)s",
        _activities,
    ),
)


def timeline_page(*, customer_id: int, today: Any, after: str = "", limit: int = PAGE) -> TimelinePage:
    """One page of a guest's timeline; a cursor that cannot be read starts from the newest."""
    cursor_key = _read(after)
    union = " UNION ALL ".join(
        f"(SELECT at, '{kind.name}' AS kind, id FROM ({kind.sql}) {kind.name}_rows"
        + (f" WHERE (at, '{kind.name}'::text, id) < (%(at)s, %(kind)s, %(id)s)" if cursor_key else "")
        + " ORDER BY at DESC, id DESC LIMIT %(limit)s)"
        for kind in KINDS
    )
    parameters: dict[str, Any] = {"guest": customer_id, "today": today, "limit": limit + 1}
    if cursor_key:
        parameters |= {"at": cursor_key[0], "kind": cursor_key[1], "id": cursor_key[2]}
    with connection.cursor() as cursor:
        cursor.execute(f"{union} ORDER BY at DESC, kind DESC, id DESC LIMIT %(limit)s", parameters)
        rows = cursor.fetchall()
    shown = rows[:limit]
    loaded = {
        kind.name: kind.load([row[2] for row in shown if row[1] == kind.name])
        for kind in KINDS
        if any(row[1] == kind.name for row in shown)
    }
    entries = [TimelineEntry(at, name, loaded[name][key]) for at, name, key in shown if key in loaded[name]]
    last = shown[-1] if len(rows) > limit else None
    return TimelinePage(entries, f"{last[0].isoformat()}~{last[1]}~{last[2]}" if last else None)


def _read(after: str) -> tuple[datetime, str, int] | None:
    """The cursor ``at~kind~id`` of the last entry shown."""
    parts = after.split("~")
    if len(parts) != 3 or not parts[2].isdigit() or len(parts[2]) > 18 or not parts[1].isalpha():
        return None
    try:
        at = parse_datetime(parts[0])
    except ValueError:
        return None
    return (at, parts[1], int(parts[2])) if at is not None and at.tzinfo is not None else None
