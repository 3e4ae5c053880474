"""Undo of a change set, in sets of rows (:mod:`customers.changes.statements`). docs/change-sets.md tells the order.

What a constraint refuses because the place has been taken since (a phone that is primary now, a tag's slot, a booking
reference) never stops the rest: such rows are found by halving, tried again once others have moved, and in the end
come back without what is taken, or are reported.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from accounts.tenancy.models import TenantForeignKey
from customers.changes import asked, leaving, moves, places, statements
from customers.changes.meanwhile import Undone, away, undone_meanwhile
from customers.changes.models import TrackedModel
from customers.changes.outcome import UndoOutcome
from customers.changes.piecewise import REFUSED, Ids, piecewise, whole

BIG = 2_000
"""Changes above which tables are read whole rather than row by row."""


class GuestRestricted(Exception):
    """All that the set changed is of guests whose data may only be stored now."""


@cache
def tracked_models() -> tuple[type[TrackedModel], ...]:
    """The guest tables, parents before children."""
    pending = [model for model in apps.get_models() if issubclass(model, TrackedModel)]
    ordered: list[type[TrackedModel]] = []
    while pending:
        for model in pending:
            if all(parent is model or parent in ordered for parent in _tracked_parents(model)):
                ordered.append(model)
                pending.remove(model)
                break
        else:
            raise RuntimeError(f"Guest tables point at each other in a circle: {pending}")
    return tuple(ordered)


def undo_target(cursor: Any, change_set_id: int) -> statements.Target:
    """A set to take back, without the rows of guests who are restricted now. Raises :class:`GuestRestricted`."""
    held = asked.of_restricted(cursor, change_set_id)
    restricted = sum(map(len, held.values()))
    if held and asked.rows_of(cursor, change_set_id) == restricted:
        raise GuestRestricted
    return statements.Target(change_set_id, held, restricted)


def tables_made(cursor: Any, change_set_id: int) -> list[type[TrackedModel]]:
    """The guest tables to which a set added rows, children before parents: the order in which those can go."""
    acts = asked.acts_on(cursor, [change_set_id]).acts
    return [model for model in reversed(tracked_models()) if (model._meta.model_name, "I") in acts]


def undo_rows(
    *, change_set_id: int, target: statements.Target | None = None, cards_first: Callable[[], None] | None = None
) -> UndoOutcome:
    """Take back the changes of one set, inside the caller's recording and transaction.

    What is known of a guest who is restricted now stays and is counted as kept, and so is what makes up a card that the
    set made and that was used since; ``target`` says which rows those are, where that has been found out before.
    ``cards_first``: deleted cards return before anything else, because nearly every row of the set goes back to one; it
    is called when they have got those, before other deleted rows return.
    Raises :class:`GuestRestricted` before anything is taken back, where that would be all.
    """
    with connection.cursor() as cursor:
        did = asked.acts_on(cursor, [change_set_id, *(target.also if target else ())])
        is_big = sum(did.acts.values()) > BIG
        if is_big:
            asked.join_by_hash(cursor, True)
        asked.lock_guests(cursor, change_set_id, also=target.also if target else ())
        loose = None
        if target is None:
            loose = undo_target(cursor, change_set_id)
            target = leaving.holding(cursor, loose, tables_made(cursor, change_set_id))
        target = replace(target, plain=did.plain)
        begun = partial(_Undo, cursor, target, did, loose)
        outcome = None if is_big else _at_once(begun, cards_first)
        if outcome is None:
            outcome = begun().run(cards_first=cards_first)
        if is_big:
            asked.join_by_hash(cursor, False)
        return outcome


def _at_once(begun: "partial[_Undo]", cards_first: Callable[[], None] | None) -> UndoOutcome | None:
    """Take a set back of which nothing is refused: a savepoint around all of it, in place of one around each statement.
    Where something is, nothing has been done."""
    try:
        with transaction.atomic():
            return begun(act_by_act=False).run(cards_first=cards_first)
    except REFUSED:
        return None


class _Undo:
    """One undo under way: what it has done so far, and which guest tables the set touched in which way. ``loose`` is
    the target without what is held of used cards. Not ``act_by_act``, what is refused ends it."""

    def __init__(
        self,
        cursor: Any,
        target: statements.Target,
        did: asked.Did,
        loose: statements.Target | None = None,
        *,
        act_by_act: bool = True,
    ) -> None:
        self.cursor = cursor
        self.target = target
        self.loose = loose
        self.acts = did.acts
        self.piecewise = piecewise if act_by_act else whole
        self.outcome = UndoOutcome()
        deleted, updated = self._touched("D"), self._touched("U")
        self.gone = [model for model in deleted if not model.sealed]
        self.changed = [model for model in updated if not model.sealed]
        self.lost = [model for model in deleted + updated if model.sealed]
        self.moved = [model for model in updated if model.belongs]
        self.made = self._touched("I")[::-1]
        self.columns = did.columns
        self.did = did
        self.way: moves.Way | None = None
        self.reverted: dict[type[TrackedModel], dict[int, bool]] = {model: {} for model in self.changed + self.moved}
        self.returned: dict[type[TrackedModel], int] = dict.fromkeys(self.gone, 0)
        self.removed: dict[type[TrackedModel], int] = dict.fromkeys(self.made, 0)

    def _touched(self, act: str) -> list[type[TrackedModel]]:
        return [model for model in tracked_models() if (model._meta.model_name, act) in self.acts]

    def _number(self, model: type[TrackedModel], act: str) -> int:
        """How many changes of a kind the set recorded of a table: at least as many as rows."""
        return self.acts[str(model._meta.model_name), act]

    def run(self, *, cards_first: Callable[[], None] | None = None) -> UndoOutcome:
        """What the set made goes first, to free the places of what returns, and again last, when nothing points to it.

        Columns go back before deleted rows return, and again after: a reference may lead to one of those.
        """
        self._remove()
        for model in self.changed:
            self._withdraw(model)
        absent = {model: self._restore(model) for model in self.gone[:1] if cards_first}
        self.way = moves.one_way(self.cursor, self.changed, self.target, self.did.same)
        stuck = {model: self._revert(model) for model in self.changed}
        if cards_first:
            cards_first()
        absent |= {model: self._restore(model) for model in self.gone if model not in absent}
        if not cards_first:
            stuck = {model: self._revert(model) for model in self.changed}
        self.way = None
        waiting = _count(absent, stuck)
        while waiting:
            absent = {model: self._restore(model, ids) for model, ids in absent.items() if ids}
            stuck = {model: self._revert(model, ids) for model, ids in stuck.items() if ids}
            if _count(absent, stuck) == waiting:
                break
            waiting = _count(absent, stuck)
        self._give_way(absent, stuck)
        for model in self.moved:
            self._revert_columns(model, statements.updated(self.cursor, model, self.target), model.belongs)
        self._catch_up()
        if self.loose and self.loose.held != self.target.held:
            # Some cards were in use by rows alone that the set had led there and that have gone back by now.
            self.target = replace(leaving.holding(self.cursor, self.loose, self.made), plain=self.target.plain)
        self._remove()
        return self._outcome()

    def _give_way(
        self, absent: Mapping[type[TrackedModel], list[int]], stuck: Mapping[type[TrackedModel], list[int]]
    ) -> None:
        """The last resort of rows whose place is taken."""
        for model, ids in absent.items():
            if ids:
                self.outcome.leave(str(model._meta.model_name), ids)
                self._restore(model, ids, yielding=True)
        for model, ids in stuck.items():
            self._revert_by_column(model, ids)

    def _catch_up(self) -> None:
        """What has returned goes back further, where an earlier set was undone while it was away or held by this one;
        and what the undo of that set had to leave is done now."""
        finished: dict[str, set[int]] = {}
        for earlier in undone_meanwhile(self.cursor, self.target) if self.gone or self.changed else ():
            target = statements.Target(earlier.id, self.target.held, 0)
            did = asked.acts_on(self.cursor, [earlier.id])
            _Undo(self.cursor, target, did, act_by_act=self.piecewise is piecewise).resume(earlier, finished)
            for record, rows in earlier.left.items():
                finished.setdefault(record, set()).update(rows)

    def resume(self, earlier: Undone, finished: Mapping[str, Collection[int]]) -> None:
        """Go on with an undo that left rows, now that what stood in their way is undone: what they were given goes
        first. ``finished`` are rows that undos of later sets have just gone on with."""
        reverting = {
            model: sorted({*earlier.touched.get(name, ()), *earlier.left.get(name, ()), *finished.get(name, ())})
            for model in self.changed
            for name in (str(model._meta.model_name),)
        }
        returning = {
            model: away(self.cursor, earlier, name, rows)
            for model in self.gone
            if (rows := earlier.left.get(name := str(model._meta.model_name)))
        }
        waiting = -1
        while (left := _count(reverting, returning)) and left != waiting:
            waiting = left
            reverting = {model: self._revert(model, ids) for model, ids in reverting.items() if ids}
            returning = {model: self._restore(model, ids) for model, ids in returning.items() if ids}
        for model in self.gone:
            self._regain(model, earlier.left.get(str(model._meta.model_name), ()))

    def _regain(self, model: type[TrackedModel], ids: Sequence[int]) -> None:
        def act(part: Ids) -> None:
            places.regain(self.cursor, model, self.target, part or [])

        if ids and (model.exclusive or model.places):
            self.piecewise(act, ids, list)

    def _remove(self) -> None:
        for model in self.made:
            if self.removed[model] == self._number(model, "I"):
                continue

            def act(part: Ids, model: type[TrackedModel] = model) -> None:
                self.removed[model] += statements.remove(self.cursor, model, self.target, part)

            self.piecewise(act, None, partial(statements.made, self.cursor, model, self.target))

    def _withdraw(self, model: type[TrackedModel]) -> None:
        """Give up what only one row may have; a row that would be nothing without it keeps it until it goes back."""

        def act(part: Ids) -> None:
            rows = statements.withdraw(self.cursor, model, self.target, part)
            self.reverted[model].update(dict.fromkeys(rows, True))

        if set(model.exclusive) & set(self.columns[str(model._meta.model_name)]) and not self._in_one(model):
            self.piecewise(act, None, partial(statements.updated, self.cursor, model, self.target))

    def _revert(self, model: type[TrackedModel], ids: Ids = None) -> list[int]:
        """Set columns back; returns the rows that a constraint refused."""

        refused: set[int] = set()
        if moves.led_by(model, self.target):

            def back(part: Ids) -> None:
                rows = moves.lead_back(self.cursor, model, self.target, part, self.way)
                self.reverted[model].update(dict.fromkeys(rows, False))

            return self.piecewise(back, ids, partial(statements.updated, self.cursor, model, self.target))
        for columns in self._rounds(model):

            def act(part: Ids, columns: Sequence[str] = columns) -> None:
                changed = self.columns[str(model._meta.model_name)]
                rows = statements.revert(self.cursor, model, self.target, part, columns=columns, told=changed)
                self.reverted[model].update(rows)

            refused.update(self.piecewise(act, ids, partial(statements.updated, self.cursor, model, self.target)))
        return sorted(refused)

    def _rounds(self, model: type[TrackedModel]) -> list[list[str]]:
        """The columns to set back, by statements: rows leave a card before one of its own gets back the flag that only
        one may carry."""
        columns = self.columns[str(model._meta.model_name)]
        ends = [column for column in columns if column in statements.card_columns(model)]
        others = [column for column in columns if column not in ends]
        together = not set(others) & set(model.exclusive) or self._in_one(model)
        return [columns] if together or not ends else [ends, others]

    def _in_one(self, model: type[TrackedModel]) -> bool:
        """Whether one statement sets all columns of a table back: all rows that the set changed left their cards by it,
        each written once, so that none is in the way of another, unless it was given a flag since. Where one was, that
        is refused, and done again in rounds."""
        if self.piecewise is not whole:
            return False
        ends = set(statements.card_columns(model))
        alike = self.did.once.get(str(model._meta.model_name), [])
        return bool(alike) and all(ends & set(columns) for columns in alike)

    def _revert_by_column(self, model: type[TrackedModel], ids: Sequence[int]) -> None:
        """The last resort of rows that cannot go back whole: as many of their columns as can."""
        for row in ids:
            for column in self.columns[str(model._meta.model_name)]:
                self._revert_columns(model, [row], [column])

    def _revert_columns(self, model: type[TrackedModel], ids: Sequence[int], columns: Sequence[str]) -> None:
        def act(part: Ids) -> None:
            rows = statements.revert(self.cursor, model, self.target, part, columns=columns)
            # Of the other columns nothing is known.
            self.reverted[model].update(dict.fromkeys(rows, True))

        if ids:
            self.piecewise(act, ids, list)

    def _restore(self, model: type[TrackedModel], ids: Ids = None, *, yielding: bool = False) -> list[int]:
        """Bring deleted rows back; returns the rows that a constraint refused."""

        def act(part: Ids) -> None:
            self.returned[model] += statements.restore(self.cursor, model, self.target, part, yielding=yielding)

        return self.piecewise(act, ids, partial(statements.missing, self.cursor, model, self.target))

    def _outcome(self) -> UndoOutcome:
        self.outcome.reverted = sum(map(len, self.reverted.values()))
        self.outcome.restored = sum(self.returned.values())
        self.outcome.removed = sum(self.removed.values())
        for model in self.gone:
            if self.returned[model] < self._number(model, "D"):
                rows = statements.missing(self.cursor, model, self.target)
                self.outcome.block(str(model._meta.model_name), rows)
                self.outcome.leave(str(model._meta.model_name), rows)
        for model in self.changed:
            done = self.reverted[model]
            if len(done) < self._number(model, "U") or any(done.values()):
                rows = statements.edited_since(self.cursor, model, self.target)
                self.outcome.keep(str(model._meta.model_name), rows)
                self.outcome.leave(str(model._meta.model_name), rows)
        for model in self.made:
            if self.removed[model] < self._number(model, "I"):
                self.outcome.keep(str(model._meta.model_name), statements.made(self.cursor, model, self.target))
        for model in dict.fromkeys(self.lost):
            name = str(model._meta.model_name)
            self.outcome.block(name, statements.missing(self.cursor, model, self.target))
            self.outcome.keep(name, statements.updated(self.cursor, model, self.target, beside=model.belongs))
        for model in self.moved:
            left = statements.edited_since(self.cursor, model, self.target, columns=model.belongs)
            self.outcome.keep(str(model._meta.model_name), left)
        for record, held in self.target.held.items():
            self.outcome.keep(record, held)
        self.outcome.restricted = self.target.restricted
        return self.outcome


def _count(*waiting: dict[type[TrackedModel], list[int]]) -> int:
    return sum(len(ids) for rows in waiting for ids in rows.values())


def _tracked_parents(model: type[TrackedModel]) -> list[type]:
    return [
        item.related_model
        for item in model._meta.local_concrete_fields
        if isinstance(item, TenantForeignKey) and issubclass(item.related_model, TrackedModel)
    ]
