"""The clock of a rehearsal: which moments are taken together. Pure."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from messaging.gate.schedule import Hours, at_local

GRAINS: Final = ((1_000, dt.timedelta(0)), (10_000, dt.timedelta(minutes=10)))
"""Up to so many moments in a span, how far apart those are that are gone to on their own."""
COARSE: Final = dt.timedelta(hours=1)
_INSTANT: Final = dt.timedelta(microseconds=1)
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Clock:
    """What is due up to ``grain`` after a moment is done with it, as a worker that is busy does; but never beyond a
    moment at which the answer may change: the hours in which messages go out, and midnight."""

    zones: tuple[dt.tzinfo, ...]
    hours: Hours
    grain: dt.timedelta = dt.timedelta(0)

    def reach(self, moment: dt.datetime) -> dt.datetime:
        """Up to when what is due is done, once ``moment`` has come."""
        if not self.grain:
            return moment
        return min(moment + self.grain, *(self._turn(moment, zone) - _INSTANT for zone in self.zones))

    def _turn(self, moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """The first moment after this one at which the hours or the day change in a zone."""
        today = moment.astimezone(zone).date()
        clocks = {dt.time(0), self.hours.open_from, self.hours.open_until}
        turns = (at_local(today + days * _DAY, clock, zone) for days in range(3) for clock in clocks)
        return min(turn for turn in turns if turn > moment)


def grain_for(moments: Collection[dt.datetime]) -> dt.timedelta:
    """How finely the clock goes for a span in which journeys begin at these moments."""
    number = len(set(moments))
    return next((grain for most, grain in GRAINS if number <= most), COARSE)
