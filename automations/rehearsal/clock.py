"""The clock of a rehearsal: guests have nothing to do with each other, so each is taken from one moment of the guest's
own to the next, and one step of it takes all of them along. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from messaging.gate.schedule import at_local

_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True)
class Clock:
    """``zones``: where days end. ``is_daily``: something that is asked has another answer the next day, so that guests
    are taken along of one day at a time."""

    zones: tuple[dt.tzinfo, ...] = ()
    is_daily: bool = False

    def together(self, moments: Mapping[int, dt.datetime]) -> dict[int, dt.datetime]:
        """Whose next moments, by guest, come in one step: everybody's, or those of the day that comes first."""
        if not self.is_daily or not moments:
            return dict(moments)
        first = min(moments.values())
        until = min(self._midnight(first, zone) for zone in self.zones)
        return {guest: moment for guest, moment in moments.items() if moment < until}

    def _midnight(self, moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
        """The first midnight of a zone behind a moment."""
        return at_local(moment.astimezone(zone).date() + _DAY, dt.time(0), zone)
