"""Steering journeys by hand: stop, skip a step, move to what runs now.

A worker that takes a journey on holds its row until it is done with it. So does whoever steers it here: they act one
after the other, and the second sees what the first did.
"""

import datetime as dt
from collections.abc import Collection
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Member
from accounts.services.refusals import Refused
from accounts.tenancy import require_business_id
from automations.definition import END, DefinitionError, Do, Program, definition_read, program_of
from automations.models import Automation, Journey, JourneyStep
from automations.reasons import BY_HAND
from customers.search.fetch_sql import ids, rows
from messaging.gate.schedule import zone_of
from messaging.outbox.services import cancel

UNSKIPPED: Final = frozenset({Do.BRANCH, Do.STOP})
"""Steps that cannot be skipped: nobody could say what comes behind them."""
_LOCAL: Final = "%Y-%m-%dT%H:%M"
_STOP: Final = """
    WITH these AS MATERIALIZED (
        SELECT j.id FROM automations_journey j
        WHERE j.business_id = %(business)s AND j.state IN ('planned', 'running') AND ({asked})
        ORDER BY j.id FOR NO KEY UPDATE
    )
    UPDATE automations_journey j
    SET state = 'stopped', reason = %(reason)s, ended_at = %(now)s, due_before = j.due_at, due_at = NULL,
        due_local = '', bulk_id = coalesce(%(act)s, j.bulk_id)
    FROM these WHERE j.business_id = %(business)s AND j.id = these.id AND j.state IN ('planned', 'running')
    RETURNING j.id
"""
_MOVE: Final = """
    WITH these AS MATERIALIZED (
        SELECT j.id FROM automations_journey j
        WHERE j.business_id = %(business)s AND j.automation_id = %(automation)s AND j.state = 'running'
          AND j.version_id <> %(version)s AND (j.step = '' OR j.step = ANY (%(steps)s))
          AND (%(these)s::bigint[] IS NULL OR j.id = ANY (%(these)s::bigint[]))
        ORDER BY j.id FOR NO KEY UPDATE
    )
    UPDATE automations_journey j
    SET version_id = %(version)s, waiting = CASE WHEN j.waiting = ANY (%(waits)s) THEN j.waiting ELSE '' END
    FROM these
    WHERE j.business_id = %(business)s AND j.id = these.id AND j.state = 'running' AND j.version_id <> %(version)s
      AND (j.step = '' OR j.step = ANY (%(steps)s))
    RETURNING j.id
"""
_MESSAGES: Final = """
    SELECT s.message_id FROM automations_journeystep s
    WHERE s.business_id = %s AND s.journey_id = ANY (%s) AND s.message_id IS NOT NULL
"""


def journey_stop(*, journey_id: int, member: Member | None = None, now: dt.datetime | None = None) -> Journey:
    """End one journey where it stands; messages of it that wait are taken back, what was sent stays sent.

    Raises ``Journey.DoesNotExist`` and :class:`Refused` for one that has ended.
    """
    with transaction.atomic():
        journey = _locked(journey_id)
        if not journey.is_open:
            raise Refused(_("This guest’s way through the automation has ended already."))
        stopped = _stopped("j.id = %(journey)s", now=now, journey=journey.pk)
        messages_take_back(stopped)
        _log("journey.stopped", journey.automation, member, journey=journey.pk)
        journey.refresh_from_db()
    return journey


def journeys_stop_of(
    *,
    automation_id: int,
    customer_ids: Collection[int],
    act: int | None = None,
    reason: str = BY_HAND,
    now: dt.datetime | None = None,
) -> int:
    """End the journeys of these guests through an automation, those that have not begun included; how many.

    ``act`` is the change set that asks for it. The caller writes the log. Three statements, whatever the number.
    """
    with transaction.atomic():
        stopped = _stopped(
            "j.automation_id = %(automation)s AND j.customer_id = ANY (%(guests)s)",
            now=now,
            reason=reason,
            act=act,
            automation=automation_id,
            guests=sorted(set(customer_ids)),
        )
        messages_take_back(stopped)
    return len(stopped)


def step_skip(
    *, journey_id: int, member: Member | None = None, step: str = "", now: dt.datetime | None = None
) -> Journey:
    """Let a guest go past a step: the one that comes next, or a later one by its id; a wait is over at once.

    Raises ``Journey.DoesNotExist``, and :class:`Refused` for a journey that has ended, a step that is behind it and one
    that cannot be skipped.
    """
    now = now or timezone.now()
    with transaction.atomic():
        journey = _locked(journey_id)
        if not journey.is_open:
            raise Refused(_("This guest’s way through the automation has ended already."))
        program = _program(journey.version.definition)
        wanted = step or journey.step or program.first
        if wanted not in program.steps:
            raise Refused(_("There is no such step on this guest’s way."))
        if program.steps[wanted].do in UNSKIPPED:
            raise Refused(_("Where the way forks or ends, nothing can be skipped."))
        if JourneyStep.objects.filter(journey_id=journey.pk, step=wanted).exists():
            raise Refused(_("This step is behind the guest already."))
        _skipped(journey, wanted, now)
        if wanted == journey.step:
            _go_on(journey, program.after(wanted), now)
        journey.number_done += 1
        journey.save()
        _log("journey.skipped", journey.automation, member, journey=journey.pk, step=wanted)
    return journey


def journeys_move(
    *, automation_id: int, member: Member | None = None, journey_ids: Collection[int] | None = None
) -> int:
    """Let guests who are under way on an older version go on on the current one, where the step that comes next still
    stands in it; all, or these journeys. Returns how many. Others finish as they began.

    Raises ``Automation.DoesNotExist``, and :class:`Refused` for one that never ran.
    """
    with transaction.atomic():
        automation = Automation.objects.select_related("current").get(pk=automation_id)
        if automation.current is None:
            raise Refused(_("It has never been on, so nobody is on the way."))
        program = _program(automation.current.definition)
        moved = rows(
            _MOVE,
            {
                "business": require_business_id(),
                "automation": automation_id,
                "version": automation.current_id,
                "steps": sorted(program.steps),
                "waits": sorted(pk for pk, step in program.steps.items() if step.do == Do.WAIT),
                "these": None if journey_ids is None else sorted(set(journey_ids)),
            },
        )
        if moved:
            number = automation.current.number
            _log("journeys.moved", automation, member, journeys=len(moved), version=number)
    return len(moved)


def messages_take_back(journeys: Collection[int]) -> None:
    """Messages of these journeys that wait in the outbox are not sent any more."""
    if not journeys:
        return
    waiting = ids(_MESSAGES, [require_business_id(), list(journeys)])
    if waiting:
        cancel(ids=waiting)


def _locked(journey_id: int) -> Journey:
    found: Journey = (
        Journey.objects.select_for_update(of=("self",), no_key=True)
        .select_related("automation", "version")
        .get(pk=journey_id)
    )
    return found


def _program(definition: object) -> Program:
    try:
        return program_of(definition_read(definition))
    except DefinitionError as error:
        raise Refused(_("What this automation says cannot be read any more.")) from error


def _stopped(
    asked: str, *, now: dt.datetime | None, reason: str = BY_HAND, act: int | None = None, **values: object
) -> list[int]:
    given = {"business": require_business_id(), "now": now or timezone.now(), "reason": reason, "act": act, **values}
    return [pk for (pk,) in rows(_STOP.format(asked=asked), given)]


def _skipped(journey: Journey, step: str, now: dt.datetime) -> None:
    JourneyStep.objects.create(
        automation_id=journey.automation_id,
        customer_id=journey.customer_id,
        journey_id=journey.pk,
        step=step,
        outcome=JourneyStep.Outcome.SKIPPED,
        due_at=journey.due_at or now,
        at=now,
    )


def _go_on(journey: Journey, step: str, now: dt.datetime) -> None:
    """The step that comes next is another one; it comes at once where a wait was skipped."""
    journey.step = step
    if journey.waiting:
        journey.waiting, journey.due_at = "", now
        journey.due_local = now.astimezone(zone_of(journey.zone)).strftime(_LOCAL)
    if step == END:
        journey.state, journey.ended_at = Journey.State.DONE, now
        journey.due_at, journey.due_local = None, ""


def _log(action: str, automation: Automation, member: Member | None, **more: object) -> None:
    audit_record(
        action=action,
        member=member,
        object_type="automation",
        object_id=automation.pk,
        data={"name": automation.name, **more},
    )
