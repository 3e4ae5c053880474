"""A walk over the whole register, in steps that any worker can go on with.

1. *Profiles*: cards are read in the order of their ids, :data:`CARDS` a transaction, and what is compared of them is
   kept. Only in a register that has none yet, or those of an older engine: afterwards every change is followed.
2. *Compare*: all profiles are read into memory, as columns of numbers, and compared by the engine outside any
   transaction. A register of more than :data:`PART` cards is compared in parts, each a share of the keys, so that
   memory stays bounded; what a part found is kept before the next begins.
3. *Keep*: what was found is written, :data:`KEPT` matches a transaction, and what was not found is closed.

How far it has come stands in the run. A worker that is killed leaves whole steps; what it had only in memory, a part's
comparing, is done again.
"""

import datetime as dt
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django.utils import timezone

from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from dedup.engine import Model, find
from dedup.register.changes import cards_changed, horizon_read, marks_kept
from dedup.register.comparing import EVERY_CARD, Kept, kept, model_of
from dedup.register.follow import cards_match
from dedup.register.learning import taught_of
from dedup.register.matches import Pair, apart_pairs, matches_close_between, matches_keep
from dedup.register.merging import automatic_start, merging_step
from dedup.register.models import MatchRun
from dedup.register.profiles import (
    cards_count,
    engine_now,
    made,
    profiles_count,
    profiles_lock,
    profiles_write,
    values_after,
)
from dedup.register.services import run_end
from dedup.register.settings import settings_locked
from dedup.register.whole import Whole, sampled, whole_read

CARDS: Final = 5_000
PART: Final = 1_200_000
"""Cards compared at once: what fits into two gigabytes."""
KEPT: Final = 10_000
MATCHES_MAX: Final = 500_000
"""Of a register where more pairs than this look like one guest, the likeliest are kept, and the run says so."""
TELL_EVERY: Final = 2.0
"""Seconds."""
CAPPED_MAX: Final = 100
SOME: Final = 200


class RunStopped(Exception):
    """Somebody has cancelled the run, or another worker has taken it up."""


def register_run(*, business_id: int, run_id: int, tell: Callable[[], None] = lambda: None) -> MatchRun | None:
    """Carry on a run from where it has come to; returns the merging that it calls for, if any, for the caller to let a
    worker know of.

    Opens its own scopes, one transaction a step, and may not be called inside one. ``tell`` is called between steps,
    outside any scope. Two workers on one run do no harm: the later one takes it over. An error is raised again after
    the run is marked ``failed``; what was found stays.
    """
    try:
        while (step := _step(business_id, run_id)) is not None:
            step()
            tell()
    except RunStopped:
        return None
    except Exception:
        with business_scope(business_id):
            run = MatchRun.objects.select_for_update().get(pk=run_id)
            if run.is_open:
                run_end(run, MatchRun.State.FAILED)
        raise
    with business_scope(business_id):
        return automatic_start()


def _step(business_id: int, run_id: int) -> Callable[[], object] | None:
    """What is to be done next; ``None`` when the run has ended."""
    with business_scope(business_id):
        run = MatchRun.objects.filter(pk=run_id).first()
    if run is None or not run.is_open:
        return None
    if run.kind == MatchRun.Kind.MERGE:
        return lambda: tried_again(partial(_merge, business_id, run_id))
    if run.state == MatchRun.State.WAITING:
        return lambda: tried_again(partial(_begin, business_id, run_id))
    if run.phase == MatchRun.Phase.PROFILES:
        return lambda: tried_again(partial(_read, business_id, run_id))
    return lambda: _Comparing(business_id, run_id).work()


def _merge(business_id: int, run_id: int) -> None:
    with business_scope(business_id):
        merging_step(_held(run_id))


def _held(run_id: int) -> MatchRun:
    """The run, locked; raises :class:`RunStopped` when it is not open any more."""
    run = MatchRun.objects.select_for_update().get(pk=run_id)
    if not run.is_open:
        raise RunStopped
    run.state, run.seen_at = MatchRun.State.RUNNING, timezone.now()
    return run


def _begin(business_id: int, run_id: int) -> None:
    """From here on what changes is followed; profiles are read only where they are missing."""
    with business_scope(business_id):
        # Before anything is locked: a writer would see itself as one that has not ended.
        horizon = horizon_read()
        run = _held(run_id)
        settings = settings_locked()
        if settings.seen_xid is None:
            settings.seen_xid = horizon.seen
            settings.marks = marks_kept([[0, 0]], horizon)
            settings.seen_change = 0
            settings.followed_at = timezone.now()
            settings.save(update_fields=["seen_xid", "marks", "seen_change", "followed_at"])
        run.cards = run.total = cards_count()
        if settings.engine == engine_now() and profiles_count() == run.cards:
            run.phase = MatchRun.Phase.COMPARE
        run.save()


def _read(business_id: int, run_id: int) -> None:
    with business_scope(business_id):
        run = _held(run_id)
        profiles_lock()
        known = values_after(run.at.get("after", 0), CARDS)
        profiles_write(made(known))
        if known:
            run.at = {"after": max(known)}
            run.done += len(known)
        else:
            settings = settings_locked()
            settings.engine = engine_now()
            settings.save(update_fields=["engine"])
            run.phase, run.at, run.done, run.total = MatchRun.Phase.COMPARE, {}, 0, 100
        run.save()


class _Comparing:
    """The comparing of one worker: its register is in memory, and goes with it."""

    def __init__(self, business_id: int, run_id: int) -> None:
        self.business_id = business_id
        self.run_id = run_id
        self.told_at = 0.0
        with business_scope(business_id):
            horizon = horizon_read()
            run = _held(run_id)
            if "part" not in run.at:
                run.at = {
                    "part": 0,
                    "attempt": 0,
                    "seen": horizon.seen,
                    "marks": marks_kept([[0, 0]], horizon),
                    "since": timezone.now().isoformat(),
                }
            self.attempt = run.at["attempt"] + 1
            run.at["attempt"] = self.attempt
            run.total = 100
            run.save()
        self.part = run.at["part"]
        self.since = dt.datetime.fromisoformat(run.at["since"])

    def work(self) -> None:
        """Compare what is left, part by part, and end the run."""
        with business_scope(self.business_id):
            started = timezone.now()
            whole = whole_read()
            apart = apart_pairs()
        parts = max(1, -(-len(whole.ids) // PART))
        rows = whole.rows_of(apart)
        while self.part < parts:
            # One model for all parts, learned by the first of them from cards taken at random.
            model = None if parts == 1 else self._model(whole)
            found = find(
                whole.table,
                model=model,
                apart=rows,
                tell=self._tell,
                teach=partial(self._teach, len(whole.ids)),
                part=(self.part, parts),
            )
            capped = [each._asdict() for each in found.capped]
            pairs = kept(found, whole.ids, most=MATCHES_MAX)
            del found
            self._keep(pairs, apart, capped, started, whole_is_one=parts == 1)
        self._end(alone=parts == 1)

    def _held(self) -> MatchRun:
        run = _held(self.run_id)
        if run.at.get("attempt") != self.attempt:
            raise RunStopped
        return run

    def _tell(self, step: str, share: float) -> None:
        """Say that the run is alive and how far it is; every two seconds are enough."""
        if time.monotonic() - self.told_at < TELL_EVERY:
            return
        self.told_at = time.monotonic()
        with business_scope(self.business_id):
            run = self._held()
            run.done = min(99, round(90 * share))
            run.save(update_fields=["done", "state", "seen_at"])

    def _teach(self, cards: int, learned: Model) -> Model:
        """The model with what people decided, which from now on is the business's."""
        with business_scope(self.business_id):
            self._held()
            used, decisions = taught_of(learned)
            settings = settings_locked()
            settings.model = learned.as_json()
            settings.taught = used.as_json() if decisions else None
            settings.taught_by, settings.untaught = decisions, 0
            settings.learned_cards = cards
            settings.models_made += 1
            if not settings.is_own:
                settings.propose, settings.certain = used.propose, used.certain
            settings.save()
        return used

    def _model(self, whole: Whole) -> Model:
        if self.part == 0:
            with business_scope(self.business_id):
                sample = sampled(whole, PART)
            find(sample.table, tell=self._tell, teach=partial(self._teach, len(whole.ids)))
        with business_scope(self.business_id):
            return model_of()

    def _keep(
        self,
        pairs: Kept,
        apart: set[tuple[int, int]],
        capped: list[dict[str, Any]],
        started: dt.datetime,
        *,
        whole_is_one: bool,
    ) -> None:
        """Write a part's matches; where it alone has looked, close what it did not find."""
        with business_scope(self.business_id):
            run = self._held()
            run.phase = MatchRun.Phase.KEEP
            if pairs.cut:
                capped = [*capped, {"name": "matches", "pairs": pairs.cut}]
            run.capped = [*run.capped, *capped][:CAPPED_MAX]
            run.save()
        for first, last, some in pairs.batches(KEPT):
            tried_again(partial(self._keep_some, first, last, some, apart, started, whole_is_one))
        with business_scope(self.business_id):
            run = self._held()
            self.part += 1
            run.at = {**run.at, "part": self.part}
            run.phase = MatchRun.Phase.COMPARE
            run.save()

    def _keep_some(
        self,
        first: int,
        last: int,
        pairs: list[Pair],
        apart: set[tuple[int, int]],
        started: dt.datetime,
        whole_is_one: bool,
    ) -> None:
        with business_scope(self.business_id):
            run = self._held()
            run.fresh += matches_keep(pairs, now=timezone.now(), apart=apart, before=started, touch=not whole_is_one)
            run.found += len(pairs)
            if whole_is_one:
                matches_close_between(first, last, but=pairs, before=started)
            run.save()

    def _end(self, *, alone: bool) -> None:
        with business_scope(self.business_id):
            run = self._held()
            if not alone:
                matches_close_between(0, EVERY_CARD, but=(), before=self.since)
            # Cards that were written meanwhile were compared as they had been.
            changed = cards_changed(seen=run.at["seen"], marks=run.at["marks"])
        for at in range(0, len(changed), SOME):
            tried_again(partial(self._again, changed[at : at + SOME]))
        with business_scope(self.business_id):
            run = self._held()
            run.done, run.total = run.cards, run.cards
            run_end(run, MatchRun.State.DONE)

    def _again(self, ids: list[int]) -> None:
        with business_scope(self.business_id):
            self._held().save()
            cards_match(ids, whether_new=False)
