"""When each step of a definition comes, counted from the day it begins; as far as one can say beforehand. Pure."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from automations.definition import ANCHORS, Definition, Do, Step, Until, Wait

_DAY: Final = 24 * 60


@dataclass(frozen=True)
class Moment:
    """So many ``days`` after ``base``, at ``clock`` where that is known. ``base`` is "" for the day it begins, else
    what was waited for: ``date`` (with ``date``), ``weekday`` (with ``weekdays``), ``arrival`` or ``departure``."""

    days: int = 0
    clock: dt.time | None = None
    base: str = ""
    date: dt.date | None = None
    weekdays: tuple[int, ...] = ()


def course_of(definition: Definition) -> dict[str, Moment]:
    """When each step comes, by its id. Of the arms of a branch the longer one says when what follows comes."""
    found: dict[str, Moment] = {}
    start = definition.trigger
    _walked(definition.steps, Moment(clock=start.at if start.is_date else None), found)
    return found


def waited(moment: Moment, wait: Wait) -> Moment:
    """The moment at which a wait is over."""
    match wait.until:
        case Until.DURATION:
            return _later(moment, wait.days, wait.hours * 60 + wait.minutes)
        case Until.DATE if wait.date is not None:
            return Moment(0, wait.at or dt.time(0), "date", wait.date)
        case Until.TIME if wait.at is not None:
            past = moment.clock is not None and wait.at < moment.clock
            return replace(moment, days=moment.days + past, clock=wait.at)
        case Until.WEEKDAY if wait.weekdays:
            return Moment(0, wait.at or dt.time(0), "weekday", None, wait.weekdays)
        case _ if wait.until in ANCHORS:
            return Moment(wait.days, wait.at or dt.time(0), wait.until.value)
    return moment


def _later(moment: Moment, days: int, minutes: int) -> Moment:
    if moment.clock is None:
        return replace(moment, days=moment.days + days + minutes // _DAY)
    more, rest = divmod(moment.clock.hour * 60 + moment.clock.minute + minutes, _DAY)
    return replace(moment, days=moment.days + days + more, clock=dt.time(rest // 60, rest % 60))


def _walked(row: Sequence[Step], moment: Moment, found: dict[str, Moment]) -> Moment:
    for step in row:
        found[step.id] = moment
        if step.wait is not None and step.do == Do.WAIT:
            moment = waited(moment, step.wait)
        if step.do == Do.BRANCH:
            yes, no = _walked(step.yes, moment, found), _walked(step.no, moment, found)
            moment = yes if no == moment or (yes.base == no.base and yes.days >= no.days) else no
    return moment
