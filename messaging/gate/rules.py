"""The gate's rules, one message at a time, from what is known of its guest. Pure.

In order: is it still of use, has another card of the guest got it, may the guest be written to, is it quiet hours, has
the guest heard from the business often enough. The first three end a message; the others put it off, and end it only
where it would then be of no use any more.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from messaging.gate.schedule import Hours, next_day_opens, opens_at, zone_of

MARKETING: Final = frozenset({"newsletter", "offer"})
"""Purposes that the guest can be spared: quiet hours and caps are for them."""
BY_HAND: Final = frozenset({"card", "test", "system"})
"""Origins that somebody is waiting for: a word from the desk, a test, a confirmation."""
ONCE_A_GUEST: Final = frozenset({"campaign"})
"""Origins that reach a guest once, on however many cards the guest was when it was planned."""
TEST: Final = "test"
Once = tuple[str, str, int]
_WEEK: Final = dt.timedelta(days=6)
_MOST_DAYS: Final = 9


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that somebody wants sent. ``message_id`` is its row, once there is one; ``address`` is given only of a
    test, which goes to a member in the name of a guest."""

    customer_id: int
    channel: str
    purpose: str
    due_at: dt.datetime
    expires_at: dt.datetime | None = None
    property_id: int | None = None
    stay_id: int | None = None
    origin: str = "campaign"
    origin_id: int | None = None
    message_id: int | None = None
    address: str = ""

    @property
    def is_marketing(self) -> bool:
        """Whether the guest can be spared it."""
        return self.purpose in MARKETING

    @property
    def needs_cause(self) -> bool:
        """Whether there must be a stay or an invoice to write about: nobody looked at this guest, no stay is named."""
        return not self.is_marketing and self.stay_id is None and self.origin not in BY_HAND


class Verdict(StrEnum):
    """What becomes of a message."""

    ALLOW = "allow"
    DEFER = "defer"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the gate says. ``customer_id`` is the card that carries on; ``until`` is when it may go, of one put off;
    ``zone`` the time zone of the place it speaks for."""

    verdict: Verdict
    customer_id: int
    reason: str = ""
    until: dt.datetime | None = None
    address: str = ""
    zone: str = ""
    language: str = ""
    reasons: tuple[str, ...] = ()
    """Everything that stands in the way of permission, of one refused for it; ``reason`` is the first."""


class Limits(NamedTuple):
    """What the business has decided."""

    hours: Hours = Hours()
    cap_day: int = 1
    cap_week: int = 3
    restored_at: dt.datetime | None = None
    """What was due before may have gone out of the database that a backup has taken the place of."""


@dataclass(slots=True)
class Known:
    """What is known of a wanted message's guest. ``heard`` are the marketing messages the guest has got lately, through
    which channel and when; the gate adds to it what it lets through. ``reasons``: why the guest may not be written to.
    """

    customer_id: int
    zone: str
    address: str = ""
    language: str = ""
    reasons: Sequence[str] = ()
    heard: list[tuple[str, dt.datetime]] = field(default_factory=list)
    got: dict[Once, int] = field(default_factory=dict)
    """(origin, channel, origin id) of what has reached the guest, with 0, or is planned, with the message's id."""


def rule(wanted: Wanted, known: Known, limits: Limits, at: dt.datetime) -> Ruling:
    """One message, at a moment."""
    moment = max(at, wanted.due_at)
    if wanted.expires_at is not None and moment >= wanted.expires_at:
        return _refused(known, "expired")
    if wanted.origin == TEST:
        return Ruling(
            Verdict.ALLOW, known.customer_id, address=wanted.address, zone=known.zone, language=known.language
        )
    if limits.restored_at is not None and wanted.due_at < limits.restored_at:
        return _refused(known, "restored")
    once = _once(wanted)
    if once is not None and once in known.got and (wanted.message_id is None or known.got[once] < wanted.message_id):
        # Of two that are planned the older one goes.
        return _refused(known, "merged")
    if known.reasons:
        return _refused(known, known.reasons[0], tuple(known.reasons))
    until, why = _may_go(wanted, known, limits, moment)
    if wanted.expires_at is not None and until >= wanted.expires_at:
        return _refused(known, f"late_{why}")
    return Ruling(
        Verdict.DEFER if why else Verdict.ALLOW,
        known.customer_id,
        why,
        until if why else None,
        known.address,
        known.zone,
        known.language,
    )


def rule_in_turn(
    pairs: Iterable[tuple[Wanted, Known]], limits: Limits, at: dt.datetime, *, is_planning: bool = False
) -> Iterator[Ruling]:
    """Several, the earlier ones heard by the later: messages to one guest share one :class:`Known`.

    What is put off while it is *planned* is taken to have been heard then; when it is sent, it is asked of again.
    """
    for wanted, known in pairs:
        ruling = rule(wanted, known, limits, at)
        if ruling.verdict is Verdict.ALLOW or (is_planning and ruling.verdict is Verdict.DEFER):
            if (once := _once(wanted)) is not None:
                known.got[once] = 0
            if wanted.is_marketing and wanted.origin != TEST:
                known.heard.append((wanted.channel, ruling.until or max(at, wanted.due_at)))
        yield ruling


def is_held_at_night(wanted: Wanted) -> bool:
    """Whether quiet hours are for it: what the guest can be spared always; what nobody waits for, where it rings."""
    if wanted.is_marketing:
        return True
    return wanted.channel == "sms" and wanted.origin not in BY_HAND


def _may_go(wanted: Wanted, known: Known, limits: Limits, moment: dt.datetime) -> tuple[dt.datetime, str]:
    """When it may go at the earliest, and what it waits for."""
    zone, why = zone_of(known.zone), ""
    if is_held_at_night(wanted):
        opened = opens_at(moment, zone, limits.hours)
        if opened > moment:
            moment, why = opened, "quiet"
    if not wanted.is_marketing:
        return moment, why
    for _day in range(_MOST_DAYS):
        if _has_room(wanted.channel, known, limits, moment, zone):
            return moment, why
        moment, why = next_day_opens(moment, zone, limits.hours), "capped"
    return moment, why


def _has_room(channel: str, known: Known, limits: Limits, moment: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether the local day has room for one more of the channel, and the seven days to it for one more of any."""
    today = moment.astimezone(zone).date()
    days = [(each, heard.astimezone(zone).date()) for each, heard in known.heard]
    on_day = sum(1 for each, day in days if each == channel and day == today)
    in_week = sum(1 for _each, day in days if today - _WEEK <= day <= today)
    return on_day < limits.cap_day and in_week < limits.cap_week


def _once(wanted: Wanted) -> Once | None:
    if wanted.origin not in ONCE_A_GUEST or wanted.origin_id is None:
        return None
    return wanted.origin, wanted.channel, wanted.origin_id


def _refused(known: Known, reason: str, reasons: tuple[str, ...] = ()) -> Ruling:
    return Ruling(
        Verdict.REFUSE,
        known.customer_id,
        reason,
        address=known.address,
        zone=known.zone,
        language=known.language,
        reasons=reasons,
    )
