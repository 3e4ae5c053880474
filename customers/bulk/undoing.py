"""Undo a large act in the background, in steps that any worker can go on with.

An act of up to :data:`BIG_UNDO` changes is undone in one transaction. A larger one in many:

1. *Out of sight.* What the act made and nobody has used since leaves (:mod:`customers.changes.leaving`): it is gone
   from every page, count, search and list of recipients with the commit of this first transaction. A second one takes
   its words out of the look-up.
2. *Removed*, table by table, children before parents, :data:`ROWS` at a time.
3. *The rest* in one transaction, exactly as a small act is undone: columns go back, removed rows return. What somebody
   used in spite of all comes back into sight and is counted as kept.

An act made of parts (thousands of merges) is undone part by part, as many in a transaction as :data:`AT_ONCE`; a
merge, however large, in one.

How far it has come stands in the run, and moves in the transaction of its step.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import override

from accounts.models import Business, Member
from accounts.tenancy import business_scope, current_actor
from accounts.tenancy.runs import tried_again
from customers.bulk.models import BulkRun
from customers.changes import asked, leaving, statements
from customers.changes.models import Change, ChangeSet
from customers.changes.outcome import UndoOutcome
from customers.changes.parts import AT_ONCE, has_parts, parts_left, parts_undo
from customers.changes.services import (
    CannotUndo,
    change_set_check,
    change_set_undo,
    change_set_undo_break,
    change_set_undo_close,
    change_set_undo_open,
    change_set_undo_stands,
    recording,
    restricted_told,
)
from customers.changes.undo import tables_made, tracked_models, undo_rows, undo_target
from customers.facts.selectors import facts_today
from customers.facts.services import register_facts_count
from customers.lineage.undoing import lines_of

UNDO = "undo"
BIG_UNDO = 5_000
"""Changes above which an act is undone in the background."""
BIG_PARTS = 20
"""Parts above which an act is undone in the background."""
ROWS = 10_000
"""Rows removed in a transaction: a second or less."""

_AT = "came_to"
"""Where in a run's values stands how far it has come: whether ``guests`` leave, whether their ``words`` are still to be
forgotten, the ``records`` that rows are still to be removed of, the first of them behind ``after``, and how many rows
stay because their guest is ``restricted``."""


def undo_is_big(*, change_set_id: int) -> bool:
    """Whether an act is too large to be undone while somebody waits for the page."""
    parts = ChangeSet.objects.filter(part_of_id=change_set_id).order_by()
    changes = Change.objects.filter(change_set_id=change_set_id).order_by()
    return parts[BIG_PARTS : BIG_PARTS + 1].exists() or changes[BIG_UNDO : BIG_UNDO + 1].exists()


def undo_open(*, change_set_id: int) -> BulkRun | None:
    """The run that is undoing an act, while it is not done."""
    open_states = (BulkRun.State.WAITING, BulkRun.State.RUNNING)
    return BulkRun.objects.filter(kind=UNDO, values__change_set=change_set_id, state__in=open_states).first()


def bulk_undo(*, change_set_id: int, member: Member | None = None) -> BulkRun:
    """Undo an act: a small one at once, and the run comes back ``done``; a large one in the background, where the run
    is ``waiting`` and the caller lets a worker know. The same run comes back while it is not done.

    Raises :class:`~customers.changes.services.CannotUndo`, for a large act where that is known before it begins.
    """
    with transaction.atomic():
        waiting = undo_open(change_set_id=change_set_id)
        if waiting is not None:
            return waiting
        target = change_set_check(change_set_id=change_set_id)
        # Whoever held the act's row before this transaction may have begun in between.
        waiting = undo_open(change_set_id=change_set_id)
        if waiting is not None:
            return waiting
        run = BulkRun.objects.create(
            kind=UNDO,
            values={**target.params, "change_set": target.pk},
            title=target.title,
            total=len(parts_left(change_set_id=change_set_id))
            or Change.objects.filter(change_set_id=change_set_id).order_by().count(),
            member=member,
            actor=(str(member) if member else current_actor())[:200],
        )
        if not undo_is_big(change_set_id=change_set_id):
            _whole(run)
        return run


def undo_work(*, business_id: int, run_id: int, tell: Callable[[], None] = lambda: None) -> None:
    """Carry on an undo from where it had come to. Opens its own scopes, one transaction a step; ``tell`` is called
    after each, outside any scope.

    A second worker finds the run's row taken and leaves. Whoever is killed leaves whole steps done. An error is raised
    again after the run is marked ``failed``: what it had not removed yet is seen again; what it did is an act that can
    be undone, and the act it undid can be undone again for the rest.
    """
    with business_scope(business_id):
        waiting = BulkRun.objects.filter(pk=run_id, state=BulkRun.State.WAITING)
        waiting.update(state=BulkRun.State.RUNNING, seen_at=timezone.now())
    try:
        while tried_again(partial(_step, business_id, run_id)):
            tell()
    except Exception:
        with business_scope(business_id):
            _break_off(BulkRun.objects.select_for_update().get(pk=run_id))
        raise


def _break_off(run: BulkRun) -> None:
    if not run.is_open:
        return
    if run.change_set is not None:
        with connection.cursor() as cursor, leaving.seeing():
            leaving.sight_restore(cursor, undo_id=run.change_set.pk)
        change_set_undo_break(act=run.change_set, outcome=UndoOutcome(removed=run.changed))
    _end(run, BulkRun.State.FAILED)


def _step(business_id: int, run_id: int) -> bool:
    """One step of an undo; False when there is no more to do for the caller."""
    with business_scope(business_id):
        run = BulkRun.objects.select_for_update(skip_locked=True).filter(pk=run_id).first()
        if run is None or not run.is_open:
            return False
        language = run.member.user.language if run.member else Business.objects.get(pk=business_id).language
        try:
            # What refuses it is told before anything is written: the run may end in the same transaction.
            with override(language):
                return _took_step(run)
        except CannotUndo as refused:
            run.error = str(refused)[:300]
            _end(run, BulkRun.State.FAILED)
            return False


def _took_step(run: BulkRun) -> bool:
    target_id = run.values["change_set"]
    if run.change_set is None and (not undo_is_big(change_set_id=target_id) or lines_of(change_set_ids=[target_id])):
        _whole(run)
        return False
    if has_parts(change_set_id=target_id):
        _undo_parts(run)
        return run.is_open
    with connection.cursor() as cursor, leaving.seeing():
        asked.join_by_hash(cursor, True)
        if run.change_set is None:
            _leave(run, cursor)
        elif run.values[_AT]["words"]:
            _forget(run, cursor, run.change_set)
        elif run.values[_AT]["records"]:
            _remove(run, cursor, run.change_set)
        else:
            _rest(run, cursor, run.change_set)
        asked.join_by_hash(cursor, False)
    return run.is_open


def _whole(run: BulkRun) -> None:
    """Undo an act in this transaction."""
    act, outcome = change_set_undo(change_set_id=run.values["change_set"], member=run.member)
    run.change_set = act
    _done(run, outcome)


def _undo_parts(run: BulkRun) -> None:
    """Undo some parts of an act; with the last of them the act counts as undone."""
    target = change_set_check(change_set_id=run.values["change_set"])
    at = run.values.setdefault(_AT, {"dealt": [], "outcome": UndoOutcome().as_result()})
    if run.change_set is None:
        run.change_set = change_set_undo_open(target=target, member=run.member)
    outcome = UndoOutcome(**at["outcome"])
    # What could not be undone stands, and is not tried again.
    parts = [part for part in parts_left(change_set_id=target.pk) if part not in set(at["dealt"])]
    if parts:
        with recording(run.change_set.pk), restricted_told():
            done, dealt = parts_undo(part_ids=parts[:AT_ONCE], act=run.change_set)
        outcome.add(done)
        at["outcome"] = outcome.as_result()
        at["dealt"] = [*at["dealt"], *(part for part in dealt if done.kept)]
        run.done += len(dealt)
        _save(run)
        return
    change_set_undo_stands(target=target, act=run.change_set)
    change_set_undo_close(act=run.change_set, outcome=outcome, member=run.member)
    _done(run, outcome)


def _leave(run: BulkRun, cursor: Any) -> None:
    """Put out of sight what will be removed, and let the act count as undone."""
    target = change_set_check(change_set_id=run.values["change_set"])
    with restricted_told():
        rows = undo_target(cursor, target.pk)
    made = tables_made(cursor, target.pk)
    run.change_set = change_set_undo_open(target=target, member=run.member)
    found = leaving.leave(cursor, rows, made, undo_id=run.change_set.pk)
    change_set_undo_stands(target=target, act=run.change_set)
    records = [model._meta.model_name for model in made]
    run.values[_AT] = {
        "guests": found,
        "words": found,
        "records": records,
        "after": 0,
        "restricted": rows.restricted,
    }
    _save(run)


def _forget(run: BulkRun, cursor: Any, act: ChangeSet) -> None:
    """Nobody looks further because of words of guests they do not see, nor counts with them."""
    leaving.words_forget(cursor, undo_id=act.pk)
    register_facts_count(today=facts_today())
    run.values[_AT]["words"] = False
    _save(run)


def _remove(run: BulkRun, cursor: Any, act: ChangeSet) -> None:
    """Remove some rows of the table it has come to, or come to the next one."""
    at = run.values[_AT]
    model = next(model for model in tracked_models() if model._meta.model_name == at["records"][0])
    rows = _target(run, cursor, act)
    with recording(act.pk):
        done = leaving.remove_some(cursor, model, rows, after=at["after"], most=ROWS, guests_leave=at["guests"])
    run.done += done.rows
    run.changed += done.removed
    if done.last is not None:
        at["after"] = done.last
    else:
        at["records"], at["after"] = at["records"][1:], 0
    _save(run)


def _rest(run: BulkRun, cursor: Any, act: ChangeSet) -> None:
    """Everything that is left to undo, at once; then nothing is hidden any longer."""
    with recording(act.pk):
        outcome = undo_rows(change_set_id=run.values["change_set"], target=_target(run, cursor, act))
    outcome.removed += run.changed
    leaving.sight_restore(cursor, undo_id=act.pk)
    change_set_undo_close(act=act, outcome=outcome, member=run.member)
    if run.values[_AT]["guests"]:
        register_facts_count(today=facts_today())
    _done(run, outcome)


def _target(run: BulkRun, cursor: Any, act: ChangeSet) -> statements.Target:
    return leaving.target_of(
        cursor, undo_id=act.pk, change_set_id=run.values["change_set"], restricted=run.values[_AT]["restricted"]
    )


def _done(run: BulkRun, outcome: UndoOutcome) -> None:
    run.done, run.changed = run.total, outcome.restored + outcome.reverted + outcome.removed
    left = {
        "kept": outcome.kept - outcome.restricted,
        "restricted": outcome.restricted,
        "blocked": outcome.blocked,
    }
    run.skipped = {reason: number for reason, number in left.items() if number}
    _end(run, BulkRun.State.DONE)


def _save(run: BulkRun) -> None:
    run.state, run.seen_at = BulkRun.State.RUNNING, timezone.now()
    run.save()


def _end(run: BulkRun, state: BulkRun.State) -> None:
    run.state, run.finished_at = state, timezone.now()
    run.seen_at = run.finished_at
    run.values.pop(_AT, None)
    run.save()
