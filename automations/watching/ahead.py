"""What is still to come for one guest, and when, as far as it can be said today. Pure."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from automations.definition import ANCHORS, Definition, Do, Program, Step, program_of, wait_until


@dataclass(frozen=True)
class Ahead:
    """A step to come. ``at`` is its moment in UTC, ``None`` where it hangs on which way a branch goes; ``is_maybe``: a
    condition stands before it. ``arm`` is "yes" or "no" for a step of a branch, ``depth`` how many branches it is in.
    ``is_now``: the guest stands here; of a wait ``until`` is its end."""

    step: Step
    at: dt.datetime | None
    depth: int = 0
    arm: str = ""
    is_maybe: bool = False
    is_now: bool = False
    until: dt.datetime | None = None


@dataclass(frozen=True)
class Stands:
    """Where a journey stands: the ``step`` that comes next ("" before the first), the wait it is in, when it goes on,
    the clock that counts, and the days of its stay."""

    step: str
    waiting: str
    due_at: dt.datetime
    zone: dt.tzinfo
    arrival: dt.date | None = None
    departure: dt.date | None = None


def ahead_of(definition: Definition, stands: Stands, skipped: frozenset[str] = frozenset()) -> list[Ahead]:
    """The steps to come, in their order; those of both ways of a branch. ``skipped`` steps are left out."""
    program = program_of(definition)
    first = stands.step or program.first
    if first not in program.steps:
        return []
    walk = _Walk(program, stands, skipped)
    walk.row(_rest(definition, first), stands.due_at, depth=0, arm="", is_maybe=False)
    return walk.found


def next_of(ahead: Sequence[Ahead]) -> Ahead | None:
    """What a person would call the next step: the first that is no wait and no condition, else the first of all."""
    steers = (Do.WAIT, Do.ONLY_IF, Do.BRANCH, Do.STOP)
    return next((each for each in ahead if each.step.do not in steers), ahead[0] if ahead else None)


def _rest(definition: Definition, first: str) -> list[tuple[Step, bool]]:
    """The steps from one on, with whether each is the beginning: within its arm, and then behind its branches."""

    def inside(row: Sequence[Step]) -> list[Step] | None:
        for place, step in enumerate(row):
            if step.id == first:
                return list(row[place:])
            for arm in (step.yes, step.no):
                if (found := inside(arm)) is not None:
                    return found + list(row[place + 1 :])
        return None

    return [(step, step.id == first) for step in inside(definition.steps) or []]


class _Walk:
    """Walks on, adding waits to the clock."""

    def __init__(self, program: Program, stands: Stands, skipped: frozenset[str]) -> None:
        self.program, self.stands, self.skipped = program, stands, skipped
        self.found: list[Ahead] = []

    def row(
        self, row: Sequence[tuple[Step, bool]], at: dt.datetime | None, *, depth: int, arm: str, is_maybe: bool
    ) -> tuple[dt.datetime | None, bool]:
        """Note these steps; the moment behind them, and whether a condition stands before that."""
        for step, is_now in row:
            if step.id in self.skipped:
                continue
            until = self._until(step, at, is_now)
            self.found.append(Ahead(step, at, depth, arm, is_maybe, is_now, until if step.do == Do.WAIT else None))
            at = until
            if step.do == Do.ONLY_IF:
                is_maybe = True
            elif step.do == Do.BRANCH:
                ends = [
                    self.row([(each, False) for each in steps], at, depth=depth + 1, arm=name, is_maybe=True)
                    for name, steps in (("yes", step.yes), ("no", step.no))
                ]
                at = ends[0][0] if ends[0][0] == ends[1][0] else None
                is_maybe = is_maybe or any(self._may_end(step) for step in (*step.yes, *step.no))
            elif step.do == Do.STOP:
                break
        return at, is_maybe

    def _until(self, step: Step, at: dt.datetime | None, is_now: bool) -> dt.datetime | None:
        if step.do != Do.WAIT or step.wait is None:
            return at
        stands = self.stands
        is_in_it = is_now and stands.waiting == step.id
        if is_in_it and step.wait.until not in ANCHORS:
            return stands.due_at
        if at is None and step.wait.until not in ANCHORS:
            return None
        return wait_until(
            step.wait,
            now=at or stands.due_at,
            zone=stands.zone,
            arrival=stands.arrival,
            departure=stands.departure,
        )

    def _may_end(self, step: Step) -> bool:
        if step.do in (Do.STOP, Do.ONLY_IF):
            return True
        return any(self._may_end(each) for each in (*step.yes, *step.no))
