"""Waits for the days of a stay follow the stay: earlier as well as later."""

import datetime as dt
from collections.abc import Collection
from typing import Final

from django.db import connection

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.definition import ANCHORS, Definition, DefinitionError, definition_read, wait_until
from automations.models import AutomationVersion, Journey
from automations.running.going import local_intended
from customers.history.models import Stay
from messaging.gate.schedule import zone_of

_MOVE: Final = """
    UPDATE automations_journey j SET due_at = g.due_at, due_local = g.due_local
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[]) AS g (id, due_at, due_local, step)
    WHERE j.business_id = %s AND j.id = g.id AND j.state = 'running' AND j.step = g.step AND j.waiting = g.step
      AND j.due_at <> g.due_at
"""


def waits_for_stays(definition: Definition) -> bool:
    """Whether any of its steps waits for a day of the stay."""
    return any(step.wait is not None and step.wait.until in ANCHORS for step in definition.walk())


def waits_follow(*, stay_ids: Collection[int], now: dt.datetime) -> int:
    """Let those who wait for a day of these stays wait for the day that it is now, or no longer where it has passed.
    Returns how many waits moved. A fixed number of statements."""
    waiting = list(
        Journey.objects.filter(stay_id__in=stay_ids, state=Journey.State.RUNNING)
        .exclude(waiting="")
        .values_list("id", "version_id", "step", "waiting", "stay_id", "zone")
    )
    if not waiting:
        return 0
    versions = _read({version for _pk, version, *_rest in waiting})
    days = {pk: rest for pk, *rest in Stay.objects.filter(pk__in=stay_ids).values_list("id", "arrival", "departure")}
    zone_here = Business.objects.get(pk=require_business_id()).time_zone
    moved = []
    for pk, version, place, waits, stay, zone in waiting:
        step = versions[version].step(place) if version in versions else None
        if place != waits or step is None or step.wait is None or step.wait.until not in ANCHORS or stay not in days:
            continue
        there = zone_of(zone or zone_here)
        arrival, departure = days[stay]
        until = wait_until(step.wait, now=now, zone=there, arrival=arrival, departure=departure)
        moved.append((pk, until, local_intended(step.wait, now, until, there), place))
    if not moved:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [*map(list, zip(*moved, strict=True)), require_business_id()])
        return int(cursor.rowcount)


def _read(ids: Collection[int]) -> dict[int, Definition]:
    found = {}
    for version in AutomationVersion.objects.filter(pk__in=ids):
        try:
            found[version.pk] = definition_read(version.definition)
        except DefinitionError:
            continue
    return found
