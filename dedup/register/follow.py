"""Follow what changes: profiles, keys and matches of the cards that somebody has written, by whatever entry.

A message after a commit only makes it sooner; beat asks for what is behind. Doing it twice does no harm: cards are read
as they stand, and those whose profile is as before are left alone.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final, NamedTuple

from django.db import connection
from django.utils import timezone

from accounts.tenancy import business_scope, require_business_id
from accounts.tenancy.runs import tried_again
from dedup.engine import Table
from dedup.register.candidates import cards_sharing
from dedup.register.changes import Horizon, cards_changed, floor_of, horizon_read, marks_kept
from dedup.register.comparing import kept, model_of, pairs_found
from dedup.register.learning import is_due
from dedup.register.matches import Pair, apart_pairs, matches_close, matches_keep
from dedup.register.merged import merged_note
from dedup.register.models import MatchRun, MatchSettings
from dedup.register.profiles import (
    Made,
    cards_count,
    engine_now,
    made,
    numbers_literal,
    profiles_count,
    profiles_lock,
    profiles_of,
    profiles_remove,
    profiles_write,
    values_of,
)
from dedup.register.services import run_start
from dedup.register.settings import settings_get

BATCH: Final = 200
"""Cards a transaction."""
PROFILES: Final = 5_000
"""Cards a transaction where only profiles are made."""
MOST: Final = 20_000
"""Matches kept of the cards of one transaction."""
MANY: Final = 5_000
"""When more cards than this, and than a twentieth of the register, have changed, a walk over all is quicker."""

LEARNED_WELL: Final = 50_000
FEW: Final = 50
"""A model learned from so many cards stays until much changes at once; one from a few until there are twice as many."""


class Followed(NamedTuple):
    """How many cards had changed, and the run that is to carry on: what is new is too much, or everything is."""

    cards: int
    run: MatchRun | None


def register_follow(*, business_id: int, tell: Callable[[], None] = lambda: None) -> Followed:
    """Bring profiles, keys and matches up to what is committed. Opens its own scopes, one transaction a batch, and may
    not be called inside one."""
    with business_scope(business_id):
        settings = settings_get()
        if settings.seen_xid is None or settings.engine != engine_now():
            return Followed(0, run_start() if cards_count() else None)
        horizon = horizon_read()
        changed = cards_changed(seen=settings.seen_xid, marks=settings.marks)
        many = len(changed) > MANY and len(changed) * 20 > profiles_count()
    size, work = (PROFILES, _profile) if many else (BATCH, _match)
    for at in range(0, len(changed), size):
        tried_again(partial(work, business_id, changed[at : at + size]))
        tell()
    with business_scope(business_id):
        _saw(settings, horizon)
        is_new = many or is_due(settings) or _has_grown(settings)
        return Followed(len(changed), run_start() if is_new else None)


def _saw(settings: MatchSettings, horizon: Horizon) -> None:
    """Remember how far was looked, unless somebody else has looked further meanwhile."""
    marks = marks_kept(settings.marks, horizon)
    MatchSettings.objects.filter(pk=settings.pk, seen_xid=settings.seen_xid).update(
        seen_xid=horizon.seen,
        marks=marks,
        seen_change=floor_of(horizon.seen, marks),
        followed_at=timezone.now(),
    )


def _profile(business_id: int, ids: Sequence[int]) -> None:
    with business_scope(business_id):
        cards_profile(ids)


def _match(business_id: int, ids: Sequence[int]) -> None:
    with business_scope(business_id):
        cards_match(ids)


def cards_profile(ids: Sequence[int], *, whether_new: bool = True) -> list[Made]:
    """Make the profiles of these cards anew, take away those of cards that are gone, and return those that are new, or
    all."""
    profiles_lock()
    known = values_of(ids)
    gone = [pk for pk in ids if pk not in known]
    if gone:
        profiles_remove(gone)
        merged_note(gone)
        matches_close(gone, before=timezone.now())
    profiles = made(known)
    fresh = set(profiles_write(profiles))
    return [profile for profile in profiles if profile.customer_id in fresh or not whether_new]


def cards_match(ids: Sequence[int], *, whether_new: bool = True) -> int:
    """Look for the doubles of these cards as they stand; returns how many matches are new. Cards whose profile is as
    before are left alone, unless ``whether_new`` is false."""
    fresh = cards_profile(ids, whether_new=whether_new)
    if not fresh:
        return 0
    now = timezone.now()
    mine = {profile.customer_id for profile in fresh}
    pairs = _pairs(fresh)
    # What their likely doubles are to one another tells of them, too.
    near = {pk for pair in pairs for pk in pair}
    pairs |= {pair for pair in _known(near) if near.issuperset(pair)}
    rows = profiles_of(near)
    place = {pk: at for at, pk in enumerate(rows)}
    sides = [(place[one], place[other]) for one, other in sorted(pairs) if one in place and other in place]
    different = apart_pairs()
    scored: list[Pair] = []
    if sides:
        left, right = zip(*sides, strict=True)
        apart = [(place[one], place[other]) for one, other in different if one in place and other in place]
        found = pairs_found(Table.from_profiles(rows.values()), left, right, model_of(), apart)
        likely = kept(found, list(rows), most=MOST)
        scored = [pair for pair in likely.pairs(0, len(likely)) if pair.left_id in mine or pair.right_id in mine]
    new = matches_keep(scored, now=now, apart=different) if scored else 0
    matches_close(sorted(mine), but=scored, before=now)
    return new


def _pairs(fresh: Sequence[Made]) -> set[tuple[int, int]]:
    """Pairs of these cards with those that share a key, and with those they are a match with already."""
    sharing = cards_sharing(key for profile in fresh for key in profile.keys)
    ids = [profile.customer_id for profile in fresh]
    pairs = set(_known(ids))
    for profile in fresh:
        mine = profile.customer_id
        others = {pk for key in profile.keys for pk in sharing.get(key, ())}
        pairs |= {(min(mine, other), max(mine, other)) for other in others if other != mine}
    return pairs


_KNOWN = """
    SELECT left_id, right_id FROM dedup_match
    WHERE business_id = %(house)s AND {side} = ANY (%(ids)s::bigint[]) AND state <> 'merged'
"""


def _known(ids: Collection[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    with connection.cursor() as cursor:
        for side in ("left_id", "right_id"):
            cursor.execute(_KNOWN.format(side=side), {"house": require_business_id(), "ids": numbers_literal(ids)})
            found += cursor.fetchall()
    return found


def _has_grown(settings: MatchSettings) -> bool:
    """Whether the register has outgrown its model. What comes by the thousand starts a walk anyway."""
    return settings.learned_cards < LEARNED_WELL and profiles_count() > 2 * settings.learned_cards + FEW
