"""When a webhook that was not taken is delivered again, and how long an endpoint that fails is left alone. Pure."""

import datetime as dt
import re
from typing import Final

PAUSES: Final = tuple(dt.timedelta(seconds=each) for each in (30, 120, 600, 3_600, 14_400, 43_200, 86_400))
"""After each attempt; after the one behind the last of them it is given up."""
EXPIRES_AFTER: Final = dt.timedelta(days=3)
"""So long a delivery is tried, whatever its endpoint does: longer than all pauses together."""
RESTS: Final = tuple(dt.timedelta(seconds=each) for each in (30, 120, 600, 1_800, 3_600))
"""After so many failures in a row, and then the last again and again."""
_DEAF_AFTER: Final = 3
"""Faults of a server that still answers may be about one delivery alone; this many in a row are about it all."""
_LONGEST: Final = dt.timedelta(days=1)


def pause_after(attempts: int, *, asked: dt.timedelta | None = None) -> dt.timedelta | None:
    """How long after the ``attempts``-th attempt the next one is; at least as long as ``asked`` for, up to a day.

    ``None``: there is none.

    >>> [str(pause_after(number)) for number in (1, 2, 7, 8)]
    ['0:00:30', '0:02:00', '1 day, 0:00:00', 'None']
    """
    if attempts > len(PAUSES):
        return None
    return max(PAUSES[max(attempts, 1) - 1], min(asked, _LONGEST)) if asked else PAUSES[max(attempts, 1) - 1]


def rest_after(failures: int, *, is_about_all: bool, asked: dt.timedelta | None = None) -> dt.timedelta | None:
    """How long an endpoint rests after so many failures in a row; ``None``: not at all yet.

    ``is_about_all``: nothing would get through there now.
    """
    if not is_about_all:
        failures -= _DEAF_AFTER - 1
    if failures < 1:
        return None
    rest = RESTS[min(failures, len(RESTS)) - 1]
    return max(rest, min(asked, RESTS[-1])) if asked else rest


def asked_for(header: str | None) -> dt.timedelta | None:
    """How long ``Retry-After`` asks to wait, where it says so in seconds.

    >>> asked_for("120"), asked_for("Wed, 21 Oct 2026 07:28:00 GMT"), asked_for(None)
    (datetime.timedelta(seconds=120), None, None)
    """
    return dt.timedelta(seconds=int(header)) if header and re.fullmatch(r"\s*\d{1,6}\s*", header) else None
