"""Reads of segments, of who is in them since when, and of saved views."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import Business, Member
from accounts.tenancy import require_business_id
from customers.search.fetch_sql import ids, rows
from customers.segments.models import DefaultView, SavedView, Segment, SegmentMember

DAYS_MAX = 3_700


class Day(NamedTuple):
    """A day of a segment: how many were members when it ended, and how many came and went in the course of it.

    Who came or went because the segment was made or its conditions were changed counts among the members alone.
    """

    day: dt.date
    members: int
    entered: int
    left: int


def segment_list() -> list[Segment]:
    """All segments in their order."""
    return list(Segment.objects.order_by("position", "id"))


def segment_get(segment_id: int) -> Segment:
    """One segment. Raises ``Segment.DoesNotExist``."""
    return Segment.objects.get(pk=segment_id)


def segments_referred(tree: object) -> set[int]:
    """The ids of the segments that a tree, as JSON holds it, names; also where it cannot be read any more.

    >>> segments_referred({"rules": [{"field": "segment", "operator": "any_of", "value": [4]}, {"rules": []}]})
    {4}
    """
    return set(_referred(tree))


def _referred(tree: object) -> Iterator[int]:
    if not isinstance(tree, Mapping):
        return
    if tree.get("field") == "segment":
        value = tree.get("value")
        yield from (each for each in (value if isinstance(value, list) else [value]) if type(each) is int)
    rules = tree.get("rules")
    for rule in rules if isinstance(rules, list) else ():
        yield from _referred(rule)


def segments_resting_on(segment_id: int) -> list[Segment]:
    """The segments whose conditions name this one, in their order."""
    return [each for each in segment_list() if segment_id in segments_referred(each.tree)]


def views_resting_on(segment_id: int) -> list[SavedView]:
    """The saved views of everybody whose conditions name this segment."""
    views = SavedView.objects.select_related("member__user").order_by("id")
    return [each for each in views if segment_id in segments_referred(each.tree)]


def members_of(segment_id: int) -> QuerySet[SegmentMember]:
    """Who is in a segment, as of its last count."""
    return SegmentMember.objects.filter(segment_id=segment_id, left_at__isnull=True)


def segments_waiting(*, older: dt.timedelta) -> list[int]:
    """Ids of segments to be counted: never counted, changed since, or counted longer ago than ``older``."""
    return ids(
        "SELECT id FROM customers_segment WHERE business_id = %s AND (counted_at IS NULL OR counted_at < now() - %s"
        " OR counted_definition IS DISTINCT FROM definition) ORDER BY counted_at NULLS FIRST, position, id",
        [require_business_id(), older],
    )


def segments_due_businesses(*, older: dt.timedelta, most: int = 1_000) -> list[int]:
    """Ids of businesses that have such a segment, those that have waited longest first. Needs no scope."""
    return ids("SELECT business_id FROM customers_segments_due(%s, %s)", [older, most])


_HISTORY = """
    WITH moves AS (
        SELECT (entered_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS came, 0 AS went,
               count(*) FILTER (WHERE NOT by_definition) AS entered, 0 AS left_it
        FROM customers_segmentmember
        WHERE business_id = %(business)s AND segment_id = %(segment)s AND entered_at >= %(start)s GROUP BY 1
        UNION ALL
        SELECT (left_at AT TIME ZONE %(zone)s)::date, 0, count(*), 0, count(*) FILTER (WHERE NOT left_by_definition)
        FROM customers_segmentmember
        WHERE business_id = %(business)s AND segment_id = %(segment)s AND left_at >= %(start)s GROUP BY 1
    ), before AS (
        SELECT count(*) AS members FROM customers_segmentmember
        WHERE business_id = %(business)s AND segment_id = %(segment)s
          AND entered_at < %(start)s AND (left_at IS NULL OR left_at >= %(start)s)
    )
    SELECT d.day::date,
           (SELECT members FROM before) + sum(coalesce(sum(came - went), 0)) OVER (ORDER BY d.day),
           coalesce(sum(entered), 0), coalesce(sum(left_it), 0)
    FROM generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS d(day) LEFT JOIN moves m USING (day)
    GROUP BY d.day ORDER BY d.day
"""


def segment_history(*, segment_id: int, days: int) -> list[Day]:
    """The last ``days`` days of a segment in the business's zone, today last; it begins when the segment was made.

    Raises ``Segment.DoesNotExist``.
    """
    segment = segment_get(segment_id)
    zone = Business.objects.get(pk=require_business_id()).zone
    today = timezone.localdate(timezone=zone)
    first = max(today - dt.timedelta(days=min(days, DAYS_MAX) - 1), timezone.localdate(segment.created_at, zone))
    found = rows(
        _HISTORY,
        {
            "zone": zone.key,
            "business": require_business_id(),
            "segment": segment_id,
            "start": dt.datetime.combine(first, dt.time.min, zone),
            "first": first,
            "last": today,
        },
    )
    return [Day(day, int(members), int(entered), int(left)) for day, members, entered, left in found]


def views_of(*, member: Member) -> list[SavedView]:
    """The views that a member has before them: the shared ones, then their own, each in their order."""
    return list(_seen_by(member).order_by(F("member_id").asc(nulls_first=True), "position", "id"))


def views_shared() -> list[SavedView]:
    """The views that everybody sees, in their order."""
    return list(_seen_by(None).order_by("position", "id"))


def view_get(*, view_id: int, member: Member | None) -> SavedView:
    """A view that the member may open; of ``None`` a shared one. Raises ``SavedView.DoesNotExist``."""
    return _seen_by(member).get(pk=view_id)


def view_default(*, member: Member) -> SavedView | None:
    """The view that the member's list opens with, if they have chosen one."""
    chosen = DefaultView.objects.filter(member=member).select_related("view").first()
    return chosen.view if chosen else None


def _seen_by(member: Member | None) -> QuerySet[SavedView]:
    shared = Q(member__isnull=True)
    return SavedView.objects.filter(shared | Q(member=member) if member else shared)
