"""The real thing, taken back: a definition runs on the register under a clock of its own, and nothing of it stays.

It is entered by the planner's own function and run by the runner's; between them stand only the clock
(:mod:`automations.rehearsal.playing`), and whoever sends what is due (:mod:`automations.rehearsal.posting`). Everything
is written inside a savepoint that is always rolled back, so that locks end with it, too.
"""

import datetime as dt
import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from django.db import connection, transaction

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.definition import Definition, Start
from automations.definition.timing import anchored_at
from automations.models import Automation, AutomationVersion, Journey, JourneyStep
from automations.rehearsal.clock import Clock
from automations.rehearsal.entering import Arrivals
from automations.rehearsal.evidence import Evidence
from automations.rehearsal.playing import Days, journeys_play
from automations.rehearsal.posting import ORIGIN, post
from automations.rehearsal.ways import Line, Way
from customers.conditions.selectors import filter_catalogue, filter_context
from customers.filters import TreeError, compile_tree, tree_read
from customers.search.fetch_sql import rows
from messaging.gate.schedule import zone_of
from messaging.outbox.models import Message

LOCK_TIMEOUT: Final = "2s"
_NO_DAYS: Final = Days()
_LOOK_SECONDS: Final = 0.25
_BLOCKED: Final = """
    SELECT EXISTS (SELECT FROM pg_locks l WHERE NOT l.granted AND pg_backend_pid() = ANY (pg_blocking_pids(l.pid)))
"""
_BEFORE: Final = """
    INSERT INTO automations_journey (
        business_id, automation_id, version_id, customer_id, occurrence, state, reason, step, due_local, zone,
        number_done, began_at, ended_at, created_at
    )
    SELECT j.business_id, %(hidden)s, %(version)s, j.customer_id, j.occurrence, 'done', '', '', '', j.zone,
           j.number_done, j.began_at, coalesce(j.ended_at, j.began_at), j.created_at
    FROM automations_journey j
    WHERE j.business_id = %(business)s AND j.automation_id = %(automation)s AND j.customer_id = ANY (%(guests)s)
      AND j.began_at < %(before)s
"""
"""What the automation has begun with these guests before: whoever may enter once does not enter again."""
_NEXT: Final = """
    SELECT g.customer_id, min(g.due_at) FROM (
        SELECT j.customer_id, j.due_at FROM automations_journey j
        WHERE j.business_id = %(business)s AND j.automation_id = %(hidden)s
          AND (j.state = 'running' OR j.state = 'planned' AND j.due_at < %(last)s)
        UNION ALL
        SELECT m.customer_id, m.due_at FROM messaging_message m
        WHERE m.business_id = %(business)s AND m.origin = %(origin)s AND m.origin_id = %(hidden)s
          AND m.state = 'planned'
    ) g
    WHERE g.due_at <= %(until)s GROUP BY g.customer_id
"""


class InTheWay(Exception):
    """Somebody waited for what a rehearsal had locked; it gave way, and can be tried again."""


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is written in here is not, and holds nobody up: a lock that is taken is waited for a moment only."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
            yield
            raise _Over
    except _Over:
        pass


class _Over(Exception):
    """The curtain."""


def hidden_make(*, definition: Mapping[str, Any]) -> Automation:
    """An automation that is on, of this definition, which nobody else sees; inside :func:`taken_back`."""
    made = Automation.objects.create(name=f"rehearsal {uuid.uuid4()}", draft=definition)
    version = AutomationVersion.objects.create(automation=made, number=1, definition=definition)
    Automation.objects.filter(pk=made.pk).update(current=version, state=Automation.State.ON)
    made.refresh_from_db()
    return made


def before_take(*, hidden: Automation, automation_id: int, guests: Collection[int], before: dt.datetime) -> int:
    """Let the hidden automation remember what the real one has begun. The last of those journeys, 0 for none."""
    values = {
        "business": require_business_id(),
        "hidden": hidden.pk,
        "version": hidden.current_id,
        "automation": automation_id,
        "guests": list(guests),
        "before": before,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, values)
    last = Journey.objects.filter(automation=hidden).order_by("-id").values_list("id", flat=True).first()
    return last or 0


def play(
    *,
    hidden: Automation,
    clock: Clock,
    until: dt.datetime,
    evidence: Evidence,
    arrivals: Arrivals | None = None,
    days: Days = _NO_DAYS,
) -> None:
    """Run what is due, each guest from moment to moment, until everybody has ended or ``until``. Raises
    :class:`InTheWay`."""
    looked = time.monotonic()
    while together := clock.together(_next(hidden, until, arrivals, days)):
        now = min(together.values())
        if arrivals is not None:
            arrivals.enter(together, now)
        journeys_play(hidden=hidden, moments=together, now=now, evidence=evidence, days=days)
        post(origin_id=hidden.pk, moments=together, now=now)
        looked = give_way(looked)


def _next(hidden: Automation, until: dt.datetime, arrivals: Arrivals | None, days: Days) -> dict[int, dt.datetime]:
    """When something is due next, by guest."""
    given = {
        "business": require_business_id(),
        "hidden": hidden.pk,
        "origin": ORIGIN,
        "until": until,
        "last": days.last,
    }
    found: dict[int, dt.datetime] = dict(rows(_NEXT, given))
    for guest, moment in (arrivals.next() if arrivals is not None else {}).items():
        if moment <= until and (guest not in found or moment < found[guest]):
            found[guest] = moment
    return found


def clock_of(*, definition: Definition, business: Business, zones: Collection[str]) -> Clock:
    """The clock for a definition. Days are gone through one by one only where a filter has another answer the next day:
    where it asks for ages, or for what was in the last so many days."""
    if not definition.trees:
        return Clock()
    catalogue = filter_catalogue()
    context = filter_context(business=business, catalogue=catalogue, every_segment=True)
    other = replace(context, today=context.today - dt.timedelta(days=1_000))
    try:
        is_daily = any(
            compile_tree(group, catalogue, context, by_row=True) != compile_tree(group, catalogue, other, by_row=True)
            for group in (tree_read(tree, catalogue) for tree in definition.trees)
        )
    except TreeError:
        is_daily = True
    return Clock(tuple(zone_of(name) for name in sorted(zones)), is_daily)


def give_way(looked: float) -> float:
    """When it was looked last whether anybody waits for us. Raises :class:`InTheWay` where somebody does."""
    now = time.monotonic()
    if now - looked < _LOOK_SECONDS:
        return looked
    ((is_blocking,),) = rows(_BLOCKED)
    if is_blocking:
        raise InTheWay
    return now


def ways_of(
    *, hidden: Automation, definition: Definition, before: dt.datetime | None = None, after: int = 0
) -> list[Way]:
    """Every journey beyond ``after`` whose moment was ``before``, with what its steps came to, by guest. Three
    queries."""
    messages = {
        each.pk: each
        for each in Message.objects.filter(origin=ORIGIN, origin_id=hidden.pk).only(
            "id", "state", "reason", "deferred_reason", "due_at", "sent_at", "template_text_id"
        )
    }
    lines: dict[int, list[Line]] = defaultdict(list)
    steps = JourneyStep.objects.filter(automation=hidden).order_by("id")
    for each in steps.values_list("journey_id", "step", "outcome", "reason", "due_at", "message_id", named=True):
        lines[each.journey_id].append(_line(each, messages.get(each.message_id or 0)))
    journeys = Journey.objects.filter(automation=hidden, id__gt=after).order_by("customer_id", "id")
    return [
        _way(each, lines[each.pk]) for each in journeys if before is None or _moment(each, definition.trigger) < before
    ]


def _line(step: Any, message: Message | None) -> Line:
    if message is None:
        return Line(step.step, step.outcome, step.reason, step.due_at)
    if message.state == Message.State.SKIPPED:
        return Line(
            step.step, JourneyStep.Outcome.REFUSED.value, message.reason, step.due_at, None, message.template_text_id
        )
    sends_at = message.sent_at or message.due_at
    return Line(step.step, step.outcome, message.deferred_reason, step.due_at, sends_at, message.template_text_id)


def _moment(journey: Journey, start: Start) -> dt.datetime:
    """When a journey began, or was to."""
    if journey.began_at is None and journey.anchor is not None:
        return anchored_at(start, journey.anchor, zone_of(journey.zone))
    at = journey.began_at or journey.ended_at or journey.due_at
    assert at is not None  # noqa: S101 - one of them is always there
    return at


def _way(journey: Journey, lines: Sequence[Line]) -> Way:
    at = journey.began_at or journey.ended_at or journey.due_at
    assert at is not None  # noqa: S101 - one of them is always there
    return Way(
        journey.customer_id,
        journey.occurrence,
        journey.state,
        journey.reason,
        at,
        journey.stay_id,
        journey.invoice_id,
        tuple(lines),
    )
