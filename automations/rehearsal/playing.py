"""The runner under the clocks of a rehearsal: its own course and acts, each journey at the moment at which it is due.

What is done for thousands of guests at thousands of moments is done in as many steps as the guest with the most moments
has: no guest's journey asks what becomes of another's.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection

from accounts.models import Business
from accounts.tenancy import require_business_id
from automations.definition import ANCHORS, Definition, Do, Exit, Goal, Leave, Step
from automations.models import Automation
from automations.rehearsal.evidence import Evidence
from automations.rehearsal.lives import ALWAYS, NEVER
from automations.running.acts import Acts, Results
from automations.running.asking import Asker
from automations.running.course import ONLY, Course
from automations.running.going import PLANNED, RUNNING, Going
from automations.running.services import Part, Work
from automations.running.writing import journeys_write
from customers.search.fetch_sql import rows

_CLAIM: Final = """
    SELECT j.id, j.customer_id, j.version_id, j.occurrence, j.stay_id, j.invoice_id, j.state, j.step, j.waiting,
           j.due_at, j.due_local, j.zone, j.number_done, j.began_at
    FROM automations_journey j
    JOIN unnest(%s::bigint[], %s::timestamptz[]) AS g (customer_id, moment)
      ON g.customer_id = j.customer_id AND j.due_at <= g.moment
    WHERE j.business_id = %s AND j.automation_id = %s AND (j.state = 'running' OR j.state = 'planned' AND j.due_at < %s)
    ORDER BY j.due_at, j.id
"""
_ENDED: Final = """
    UPDATE automations_journey j SET ended_at = g.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS g (id, at)
    WHERE j.business_id = %s AND j.id = g.id AND j.ended_at IS NOT NULL
"""


@dataclass(frozen=True)
class Days:
    """The days of a rehearsal. Those before ``seen_until`` are known to have been what they were counted from; from
    ``last`` on none begins of what was planned."""

    seen_until: dt.datetime = ALWAYS
    last: dt.datetime = NEVER


def journeys_play(
    *,
    hidden: Automation,
    moments: Mapping[int, dt.datetime],
    now: dt.datetime,
    evidence: Evidence,
    days: Days,
) -> None:
    """Take the journeys on that are due, by guest, at these moments, of which ``now`` is the first."""
    house = require_business_id()
    asked = [list(moments), list(moments.values()), house, hidden.pk, days.last]
    claimed = [Going(*row) for row in rows(_CLAIM, asked)]
    if claimed:
        work = _Work(Business.objects.get(pk=house), now, evidence, days.seen_until)
        work.take(hidden, claimed)


class _Work(Work):
    """A batch whose journeys are each at their own moment."""

    def __init__(self, business: Business, now: dt.datetime, evidence: Evidence, seen_until: dt.datetime) -> None:
        super().__init__(business, now)
        self.evidence, self.seen_until = evidence, seen_until
        self.asker = _Asker(business, now, evidence)

    def _go(self, part: Part, going: Sequence[Going]) -> None:
        acts = _Acts(
            part.automation, part.number, self.now, part.stays, part.restricted, evidence=self.evidence
        )  # fmt: skip
        course = _Course(
            part.definition,
            part.program,
            acts,
            self.asker,
            part.stays,
            self.business.time_zone,
            part.done,
            self.seen_until,
        )
        came = {each.pk: each.due_at for each in going}
        course.run(going)
        self.steps += journeys_write(automation_id=part.automation.pk, going=going, now=self.now)
        ended = [each for each in going if each.state != RUNNING]
        if ended:
            with connection.cursor() as cursor:
                at = [max(came[each.pk], each.due_at) for each in ended]
                cursor.execute(_ENDED, [[each.pk for each in ended], at, self.business.pk])


@dataclass
class _Asker(Asker):
    """Asks what was so at the moment of each journey."""

    evidence: Evidence

    def _reached(self, goal: Goal, asked: Sequence[Going]) -> list[int]:
        return [each.pk for each in asked if self.evidence.reached(goal, each)]

    def _leave(self, rule: Exit, definition: Definition, asked: Sequence[Going]) -> list[int]:
        if rule.kind == Leave.MATCHES:
            return super()._leave(rule, definition, asked)
        return [each.pk for each in asked if self.evidence.leaves(rule, definition.trigger, each)]


@dataclass
class _Acts(Acts):
    """Remembers tags with the moments of their journeys."""

    evidence: Evidence | None = None

    def _write(self, step: Step, going: Sequence[Going]) -> Results | None:
        found = super()._write(step, going)
        if found is not None and self.evidence is not None and step.do in (Do.TAG, Do.UNTAG):
            for each in going:
                if found[each.pk].outcome == "done":
                    self.evidence.tagged(each.customer_id, step.tag or 0, each.due_at, is_on=step.do == Do.TAG)
        return found


@dataclass
class _Course(Course):
    """A journey's moment is the one at which it is due."""

    seen_until: dt.datetime

    def _begin(self, going: Sequence[Going]) -> None:
        known = [each for each in going if each.state == PLANNED and each.due_at < self.seen_until]
        for each in known:
            each.state = RUNNING
        super()._begin(going)
        for each in going:
            if each.began_at is not None:
                each.began_at = each.due_at
        self._only([each for each in known if not each.is_over])
        for each in known:
            if each.is_over and each.reason == ONLY:
                each.began_at = None

    def _wait(self, step: Step, going: Sequence[Going]) -> None:
        assert step.wait is not None  # noqa: S101 - a definition that was let out is whole
        for each in going:
            dates = self.stays.get(each.stay_id) if each.stay_id is not None else None
            is_over = each.waiting == each.step and step.wait.until not in ANCHORS
            if is_over or not each.wait(step.wait, dates, now=each.due_at):
                each.note(step.id, "done")
                each.go(self.program.after(step.id))
