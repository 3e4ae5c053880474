"""Journeys in the hands of a worker: what they were when they were claimed and what becomes of them. Pure."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from automations.definition import END, Wait, moment_at, wait_until
from messaging.gate.schedule import zone_of

PLANNED: Final = "planned"
RUNNING: Final = "running"
LOCAL: Final = "%Y-%m-%dT%H:%M"


class Line(NamedTuple):
    """What came of a step: a row of :class:`automations.models.JourneyStep`."""

    journey_id: int
    customer_id: int
    step: str
    outcome: str
    reason: str
    due_at: dt.datetime
    message_id: int | None = None
    todo_id: int | None = None
    delivery_id: int | None = None


class Result(NamedTuple):
    """What a response came to for one journey."""

    outcome: str = "done"
    reason: str = ""
    message_id: int | None = None
    todo_id: int | None = None
    delivery_id: int | None = None


class Dates(NamedTuple):
    """What is asked of a journey's stay."""

    property_id: int
    arrival: dt.date
    departure: dt.date
    zone: str


@dataclass(slots=True)
class Going:
    """One journey. ``pk`` as Django says it, so that whoever asks for journeys can be given these.

    ``due_at`` is when what comes next was due: a worker that is late does not put off what follows. ``is_asked``: the
    rules of leaving have been asked since anything was changed that they look at.
    """

    pk: int
    customer_id: int
    version_id: int
    occurrence: str
    stay_id: int | None
    invoice_id: int | None
    state: str
    step: str
    waiting: str
    due_at: dt.datetime
    due_local: str
    zone: str
    number_done: int
    began_at: dt.datetime | None
    reason: str = ""
    is_asked: bool = False
    is_over: bool = False
    """Nothing more is to be done with it now: it has ended, or it waits."""
    lines: list[Line] = field(default_factory=list)

    def fresh(self) -> "Going":
        """The same as it was claimed, to be tried again."""
        return replace(self, lines=[])

    def end(self, state: str, reason: str = "") -> None:
        """It goes no further."""
        self.state, self.reason, self.is_over = state, reason, True
        self.waiting = ""

    def note(self, step: str, outcome: str, reason: str = "") -> None:
        """Write down what came of a step that only steers."""
        self.told(step, Result(outcome, reason))

    def told(self, step: str, result: Result) -> None:
        """Write down what came of a step."""
        self.lines.append(Line(self.pk, self.customer_id, step, result[0], result[1], self.due_at, *result[2:]))
        self.number_done += 1

    def go(self, step: str) -> None:
        """The step that comes next; the journey is through where none does."""
        self.step, self.waiting = step, ""
        if step == END:
            self.end("done")

    def wait(self, wait: Wait, dates: Dates | None, *, now: dt.datetime) -> bool:
        """Wait, and whether there is anything to wait for: what has passed by now is not waited for.

        A wait that goes on asks again for the days of its stay; only those can have moved.
        """
        zone = zone_of(self.zone)
        until = wait_until(
            wait,
            now=self.due_at,
            zone=zone,
            arrival=dates.arrival if dates else None,
            departure=dates.departure if dates else None,
        )
        if until > now:
            self.waiting, self.is_over = self.step, True
            self.due_local = local_intended(wait, self.due_at, until, zone)
            self.due_at = until
            return True
        self.due_at = until
        return False


def local_intended(wait: Wait, begun: dt.datetime, until: dt.datetime, zone: dt.tzinfo) -> str:
    """What the clock was to show at the end of a wait, also where it jumps over it."""
    local = until.astimezone(zone)
    clock = wait.at
    if clock is None and wait.days and not (wait.hours or wait.minutes):
        clock = begun.astimezone(zone).time().replace(fold=0)
    if clock is not None and moment_at(local.date(), clock, zone) == until:
        return dt.datetime.combine(local.date(), clock).strftime(LOCAL)
    return local.strftime(LOCAL)


def halves(row: Sequence[Going]) -> tuple[list[Going], list[Going]]:
    """Two halves."""
    middle = len(row) // 2
    return list(row[:middle]), list(row[middle:])
