"""How many guests a filter finds, how many of them a newsletter reaches, and ten of them to look at.

What the facts alone answer is counted exactly, by one scan. What needs further tables of a large register is first
estimated from a part of it: guests fall into samples by the hash of their card's id, so a few whole samples are guests
drawn at random, and the same ones each time.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from customers.conditions.selectors import Wanted
from customers.consent.models import Channel
from customers.facts.models import SAMPLES, RegisterFacts
from customers.listing.page_sql import FACTS, on_register
from customers.listing.selectors import Row, guest_rows
from customers.permission.reasons import REACH, Reason
from customers.search.fetch_sql import Rows, rows, scanning

ALL_AT_ONCE: Final = 50_000
"""Of registers up to this size everything is counted exactly at once."""
SAMPLED: Final = 4_000
"""About so many guests an estimate looks at."""
SHOWN: Final = 10
WEIGHED: Final = 4
WEIGHED_MIN: Final = 100
"""A register's size is told by so many samples, if they hold so many guests."""
PICKED: Final = 16
"""So many samples, of all 1,024, are picked from while a register is scanned."""
Z: Final = 1.959964
"""Of a 95 % interval."""


@dataclass(frozen=True)
class Counted:
    """How many match: exactly, or about ``number`` and most likely (95 %) between ``low`` and ``high``."""

    number: int
    is_exact: bool = True
    low: int = 0
    high: int = 0


class Reach(NamedTuple):
    """How many of the guests get the newsletter by a channel, and why the others do not: each guest's first reason.

    Exact, or scaled up from a sample, as the count beside it.
    """

    reachable: int
    why_not: list[tuple[Reason, int]]


@dataclass(frozen=True)
class Figures:
    """What one look at the register tells of a filter.

    ``sample`` are ids of some guests who match, at random and the same ones each time. ``is_final``: an exact count
    would tell no more.
    """

    counted: Counted
    reach: Mapping[str, Reach]
    """By channel: e-mail, SMS."""
    sample: tuple[int, ...] = ()
    is_final: bool = True


def tree_counted(wanted: Wanted, *, exact: bool = False) -> Counted:
    """How many guests match; see :func:`tree_figures`."""
    return tree_figures(wanted, exact=exact).counted


def tree_reach(wanted: Wanted, *, exact: bool = False) -> Mapping[str, Reach]:
    """How many of them the newsletter reaches; see :func:`tree_figures`."""
    return tree_figures(wanted, exact=exact).reach


def tree_sampled(wanted: Wanted, *, most: int = SHOWN) -> list[Row]:
    """Some of the guests who match, as rows of the list: at random, and the same ones each time."""
    return guest_rows(customer_ids=tree_figures(wanted, exact=True).sample[:most])


def tree_figures(wanted: Wanted, *, exact: bool = False) -> Figures:
    """Count the guests who match, and whom of them the newsletter reaches by each channel; pick some to look at.

    Without ``exact``, and of a large register, a filter that the facts alone do not answer is estimated, and few guests
    may be picked. Raises :class:`customers.filters.TreeError` for a filter that refers to a segment that is gone.
    """
    if exact or not is_large():
        return _collected(wanted)
    return _scanned(wanted) if wanted.is_narrow else _estimated(wanted)


def is_large() -> bool:
    """Whether the register holds more than is looked through at once."""
    return _size().guests > ALL_AT_ONCE


class _Size(NamedTuple):
    guests: int
    is_exact: bool


def _size() -> _Size:
    """How many guests the register has: all of a small one, about as many as a few samples say of a larger."""
    seen = _count("f.sample < %s", WEIGHED)
    return _Size(seen * SAMPLES // WEIGHED, False) if seen >= WEIGHED_MIN else _Size(_count("true"), True)


def _count(condition: str, *values: int) -> int:
    return int(rows(f"SELECT count(*) FROM {FACTS} WHERE {condition}", list(values))[0][0])


def _collected(wanted: Wanted) -> Figures:
    """All who match are put together once, then counted and picked from."""
    condition = on_register(wanted)
    sql = f"""
        WITH matched AS MATERIALIZED (
            SELECT f.customer_id, f.sample, f.email_reach, f.sms_reach FROM {FACTS} WHERE {condition.text}
        )
        SELECT f.email_reach, f.sms_reach, count(*), NULL FROM matched f GROUP BY 1, 2
        UNION ALL
        SELECT 0, 0, 0, ARRAY (SELECT f.customer_id FROM matched f ORDER BY f.sample, f.customer_id LIMIT %s)
    """
    with scanning():
        return _figures(rows(sql, [*condition.values, SHOWN]), 1)


def _scanned(wanted: Wanted) -> Figures:
    """Exact by one scan; picked from a few samples, which most filters fill."""
    condition = on_register(wanted)
    sql = _GROUPED.format(source=f"{FACTS} WHERE {condition.text}")
    with scanning():
        return _figures(rows(sql, [PICKED, *condition.values]), 1)


def _estimated(wanted: Wanted) -> Figures:
    roughly = _size()
    samples = _samples(roughly.guests)
    looked_at = _count("f.sample < %s", samples)
    size = roughly.guests if roughly.is_exact else _size_by(samples, looked_at)
    condition = wanted.on_rows()
    part = f"(SELECT * FROM {FACTS} WHERE f.sample < %s) f WHERE {condition.text}"
    sql = _GROUPED.format(source=part)
    seen = _figures(rows(sql, [samples, samples, *condition.values]), size / max(looked_at, 1))
    counted = estimate(found=seen.counted.number, looked_at=looked_at, size=size)
    return Figures(counted, seen.reach, seen.sample, is_final=counted.is_exact)


def _size_by(samples: int, looked_at: int) -> int:
    """The register's size as of its last count, where the samples hold about as many as they should; else theirs."""
    counted = RegisterFacts.objects.values_list("guests", flat=True).first() or 0
    if abs(counted * samples / SAMPLES - looked_at) <= 3 * math.sqrt(looked_at):
        return max(counted, looked_at)
    return round(looked_at * SAMPLES / samples)


_GROUPED: Final = """
    SELECT f.email_reach, f.sms_reach, count(*), array_agg(ARRAY[f.sample, f.customer_id]) FILTER (WHERE f.sample < %s)
    FROM {source} GROUP BY 1, 2
"""
"""How many guests there are of each pair of codes, by e-mail and by SMS: one scan for the count and both channels; and
those of the first samples, with their sample."""


def estimate(*, found: int, looked_at: int, size: int) -> Counted:
    """What ``found`` of ``looked_at`` guests drawn at random say of ``size``: Wilson's interval, narrowed as far as the
    part is no small one; never fewer than were found nor more than those not found leave.
    """
    if looked_at >= size:
        return Counted(found)
    share = found / looked_at if looked_at else 0.0
    part = max(looked_at, 1)
    z2 = Z * Z * (size - part) / max(size - 1, 1)
    middle = (share + z2 / (2 * part)) / (1 + z2 / part)
    wide = math.sqrt(z2) * math.sqrt(share * (1 - share) / part + z2 / (4 * part * part)) / (1 + z2 / part)
    low = max(found, math.floor((middle - wide) * size))
    high = min(size - (looked_at - found), math.ceil((middle + wide) * size))
    return Counted(min(max(round(share * size), low), high), False, low, high)


def _samples(size: int) -> int:
    """How many samples hold about :data:`SAMPLED` guests."""
    return min(SAMPLES, math.ceil(SAMPLED * SAMPLES / max(size, 1)))


def _figures(found: Rows, scale: float) -> Figures:
    """From rows of the two codes, how many guests have them, and some of their ids; ``scale`` is put on the reach."""
    groups: Counter[tuple[int, int]] = Counter()
    picked: list[Any] = []
    for email, sms, number, some in found:
        groups[email, sms] += number
        picked += some or ()
    if picked and isinstance(picked[0], list):
        picked = [key for _sample, key in sorted(picked)]
    number = sum(groups.values())
    sample = tuple(picked[:SHOWN])
    return Figures(Counted(number), _reach(groups, scale), sample, is_final=len(sample) >= min(SHOWN, number))


def _reach(groups: Mapping[tuple[int, int], int], scale: float) -> dict[str, Reach]:
    reach = {}
    for place, channel in enumerate((Channel.EMAIL, Channel.SMS)):
        numbers: Counter[int] = Counter()
        for codes, number in groups.items():
            numbers[codes[place]] += number
        why_not = [(reason, round(numbers[code] * scale)) for code, reason in enumerate(REACH, 1) if numbers[code]]
        reach[channel.value] = Reach(round(numbers[0] * scale), sorted(why_not, key=lambda each: -each[1]))
    return reach
