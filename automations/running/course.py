"""Journeys of one version of an automation, from where they stand as far as they go now, in sets."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from automations.definition import ANCHORS, END, Definition, Do, Program, Step
from automations.planning.selectors import still_holds
from automations.running.acts import Acts
from automations.running.asking import GONE, Asker, FilterGone
from automations.running.going import PLANNED, RUNNING, Dates, Going
from customers.card.models import Customer

CHANGED: Final = "changed"
ONLY: Final = "only"
CONDITION: Final = "condition"
_LOOKED_AT: Final = frozenset({Do.TAG, Do.UNTAG, Do.FIELD})
"""What rules of leaving and filters may look at."""
_REPEATED: Final = {"yes": True, "no": False}


@dataclass
class Course:
    """Takes journeys through a version. ``done`` are the outcomes of steps behind them, by journey and step."""

    definition: Definition
    program: Program
    acts: Acts
    asker: Asker
    stays: Mapping[int, Dates]
    zone: str
    done: Mapping[tuple[int, str], str]

    @property
    def now(self) -> dt.datetime:
        """The moment of the batch."""
        return self.asker.now

    def run(self, going: Sequence[Going]) -> None:
        """As far as they go now: every one has ended after it, or waits."""
        for each in going:
            each.zone = each.zone or self._zone(each)
        self._begin([each for each in going if each.began_at is None])
        for each in going:
            if not each.is_over and not each.step:
                each.go(self.program.first)
        while under_way := [each for each in going if not each.is_over]:
            self._leave([each for each in under_way if not each.is_asked])
            places: dict[str, list[Going]] = defaultdict(list)
            for each in under_way:
                if not each.is_over:
                    places[each.step].append(each)
            for place, there in places.items():
                self._step(place, there)

    def _begin(self, going: Sequence[Going]) -> None:
        """Those before their first step: may they begin?"""
        if not going:
            return
        barred = _barred({each.customer_id for each in going})
        for each in going:
            if reason := barred.get(each.customer_id):
                each.end("left", reason)
        planned = [each for each in going if each.state == PLANNED and not each.is_over]
        holding = still_holds(definition=self.definition, journeys=planned) if planned else set()  # type: ignore[arg-type]
        for each in planned:
            if each.pk not in holding:
                each.end("left", CHANGED)
        self._only([each for each in planned if not each.is_over])
        for each in going:
            if not each.is_over:
                each.state, each.began_at = RUNNING, self.now

    def _only(self, planned: Sequence[Going]) -> None:
        try:
            meeting = self.asker.matching(self.definition.only, [each.customer_id for each in planned])
        except FilterGone:
            self._gone(planned, ONLY)
            return
        for each in planned:
            if each.customer_id not in meeting:
                each.end("left", ONLY)

    def _leave(self, going: Sequence[Going]) -> None:
        if not going:
            return
        try:
            leaving = self.asker.leaving(self.definition, going)
        except FilterGone:
            self._gone(going, "exits")
            return
        for each in going:
            each.is_asked = True
            if ended := leaving.get(each.pk):
                each.end(*ended)

    def _step(self, place: str, going: Sequence[Going]) -> None:
        step = self.program.steps.get(place)
        if step is None:
            # The version has no such step: there is nothing left to do.
            for each in going:
                each.go(END)
            return
        left = []
        for each in going:
            if (outcome := self.done.get((each.pk, place))) is None:
                left.append(each)
            else:
                # It is behind the journey already: a version was changed around it.
                each.go(self.program.after(place, answer=_REPEATED.get(outcome)))
        match step.do:
            case Do.WAIT:
                self._wait(step, left)
            case Do.ONLY_IF | Do.BRANCH:
                self._condition(step, left)
            case Do.STOP:
                for each in left:
                    each.note(place, "done")
                    each.go(END)
            case _ if left:
                self._respond(step, left)

    def _wait(self, step: Step, going: Sequence[Going]) -> None:
        assert step.wait is not None  # noqa: S101 - a definition that was let out is whole
        for each in going:
            dates = self.stays.get(each.stay_id) if each.stay_id is not None else None
            is_over = each.waiting == each.step and step.wait.until not in ANCHORS
            # Of a wait for a stay the day may have moved since it began.
            if is_over or not each.wait(step.wait, dates, now=self.now):
                each.note(step.id, "done")
                each.go(self.program.after(step.id))

    def _condition(self, step: Step, going: Sequence[Going]) -> None:
        try:
            meeting = self.asker.matching(step.tree, [each.customer_id for each in going])
        except FilterGone:
            self._gone(going, step.id)
            return
        for each in going:
            answer = each.customer_id in meeting
            each.note(step.id, "yes" if answer else "no")
            if step.do == Do.ONLY_IF and not answer:
                each.end("left", CONDITION)
            else:
                each.go(self.program.after(step.id, answer=answer))

    def _respond(self, step: Step, going: Sequence[Going]) -> None:
        results = self.acts.do(step, going)
        for each in going:
            each.told(step.id, results[each.pk])
            each.is_asked = each.is_asked and step.do not in _LOOKED_AT
            each.go(self.program.after(step.id))

    def _gone(self, going: Sequence[Going], place: str) -> None:
        """Whom a filter means cannot be told any more: nobody goes on, rather than everybody."""
        if going:
            self.acts.gone.add(place)
        for each in going:
            each.end("failed", GONE)

    def _zone(self, each: Going) -> str:
        dates = self.stays.get(each.stay_id) if each.stay_id is not None else None
        return dates.zone if dates else self.zone


def _barred(guests: set[int]) -> dict[int, str]:
    """Guests who begin nothing, and why."""
    found = Customer.objects.filter(pk__in=guests).values_list("id", "is_restricted", "is_deceased")
    return {
        pk: "deceased" if is_deceased else "restricted"
        for pk, is_restricted, is_deceased in found
        if is_restricted or is_deceased
    }
