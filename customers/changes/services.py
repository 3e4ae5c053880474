"""Open a change set, record under one, undo one."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Member
from accounts.tenancy import current_actor, current_member_id, require_business_id
from accounts.tenancy.runs import tried_again
from customers.changes.asked import sets_restriction
from customers.changes.models import ChangeSet
from customers.changes.outcome import UndoOutcome
from customers.changes.parts import AT_ONCE, lines_undo, parts_left, parts_undo
from customers.changes.undo import GuestRestricted, undo_rows
from customers.lineage.undoing import CannotFollow, lines_of
from customers.signals import act_undone, guests_changed

NOT_EVENTS = frozenset({ChangeSet.Kind.IMPORT, ChangeSet.Kind.SAMPLE, ChangeSet.Kind.MERGE, ChangeSet.Kind.UNDO})
"""Kinds that automations and webhooks do not react to unless asked."""


class CannotUndo(Exception):
    """The change set cannot be undone; the message says why, for people."""


@contextmanager
def change_set(
    *,
    kind: ChangeSet.Kind,
    title: str = "",
    params: dict[str, Any] | None = None,
    member: Member | None = None,
    is_event: bool | None = None,
) -> Iterator[ChangeSet]:
    """Open a transaction whose writes to guest tables are recorded as one act.

    ``title`` is an English sentence marked with ``gettext_noop`` and filled from ``params`` when it is read. Inside
    another change set the writes join the outer one: an act made of acts is one act.
    """
    with transaction.atomic():
        outer = change_set_current()
        if outer is not None:
            yield ChangeSet.objects.get(pk=outer)
            return
        opened = change_set_open(kind=kind, title=title, params=params, member=member, is_event=is_event)
        with recording(opened.pk):
            yield opened
        ChangeSet.objects.filter(pk=opened.pk).update(state=ChangeSet.State.DONE, finished_at=timezone.now())
        opened.state = ChangeSet.State.DONE
        guests_changed.send(sender=ChangeSet, business_id=opened.business_id)


def change_set_open(
    *,
    kind: ChangeSet.Kind,
    title: str = "",
    params: dict[str, Any] | None = None,
    member: Member | None = None,
    is_event: bool | None = None,
) -> ChangeSet:
    """Start a change set that several transactions will write under with :func:`recording`."""
    return ChangeSet.objects.create(
        kind=kind,
        state=ChangeSet.State.OPEN,
        title=title,
        params=params or {},
        member_id=member.pk if member else current_member_id(),
        actor=(str(member) if member else current_actor())[:200],
        is_event=kind not in NOT_EVENTS if is_event is None else is_event,
    )


def change_set_close(*, change_set_id: int, result: dict[str, Any] | None = None) -> None:
    """Mark a change set of several transactions as complete."""
    ChangeSet.objects.filter(pk=change_set_id).update(
        state=ChangeSet.State.DONE, finished_at=timezone.now(), result=result or {}
    )
    guests_changed.send(sender=ChangeSet, business_id=require_business_id())


@contextmanager
def recording(change_set_id: int) -> Iterator[None]:
    """Let this transaction write guest tables under an open change set."""
    with transaction.atomic():
        outer = _write(str(change_set_id))
        yield
        if not connection.needs_rollback:
            _write(outer)


def change_set_undo(*, change_set_id: int, member: Member | None = None) -> tuple[ChangeSet, UndoOutcome]:
    """Take back what a change set did, keeping whatever was changed since.

    A column goes back only where it still holds what the act wrote; a created row goes only while nobody has touched
    it and nothing points to it; a deleted row comes back with its id. What was kept is in the outcome. The undo is a
    change set itself and can be undone. What is known of a restricted guest stays, and a restriction is only set and
    lifted where its reason is asked for. What another transaction made fail is tried again inside its savepoint.
    Raises :class:`CannotUndo`.
    """
    return tried_again(partial(_undone, change_set_id, member))


def _undone(change_set_id: int, member: Member | None) -> tuple[ChangeSet, UndoOutcome]:
    with transaction.atomic():
        target = change_set_check(change_set_id=change_set_id)
        undoing = change_set(kind=ChangeSet.Kind.UNDO, title=target.title, params=target.params, member=member)
        with restricted_told(), undoing as act:
            outcome = _undo(target, act)
        for _room, answer in act_undone.send(sender=ChangeSet, target=target):
            changed, kept = cast("tuple[int, int]", answer)
            outcome.reverted += changed
            outcome.kept += kept
        ChangeSet.objects.filter(pk=act.pk).update(undoes_id=target.pk, result=outcome.as_result())
        _stands(target=target, act_id=act.pk)
        _audit(target_id=target.pk, member=member)
        return act, outcome


def _undo(target: ChangeSet, act: ChangeSet) -> UndoOutcome:
    parts = parts_left(change_set_id=target.pk)
    if parts:
        outcome = UndoOutcome()
        while parts:
            done, dealt = parts_undo(part_ids=parts[:AT_ONCE], act=act)
            parts = [part for part in parts if part not in set(dealt)]
            outcome.add(done)
        return outcome
    lines = lines_of(change_set_ids=[target.pk])
    if lines:
        return lines_undo(change_set_id=target.pk, lines=lines, act_id=act.pk)
    return undo_rows(change_set_id=target.pk)


def change_set_undo_open(*, target: ChangeSet, member: Member | None = None) -> ChangeSet:
    """Open an undo of several transactions, of a set that :func:`change_set_check` has let through; end it with
    :func:`change_set_undo_close`. Call :func:`change_set_undo_stands` once what it removes is out of sight."""
    act = change_set_open(kind=ChangeSet.Kind.UNDO, title=target.title, params=target.params, member=member)
    act.undoes_id = target.pk
    act.save(update_fields=["undoes_id"])
    return act


def change_set_undo_stands(*, target: ChangeSet, act: ChangeSet) -> None:
    """From now on the set counts as undone, and nobody undoes it a second time."""
    _stands(target=target, act_id=act.pk)


def change_set_undo_close(*, act: ChangeSet, outcome: UndoOutcome, member: Member | None = None) -> None:
    """Mark an undo of several transactions as complete."""
    change_set_close(change_set_id=act.pk, result=outcome.as_result())
    _audit(target_id=act.undoes_id, member=member)


def change_set_undo_break(*, act: ChangeSet, outcome: UndoOutcome) -> None:
    """Close an undo that a fault has stopped: what it did can be undone, and the set be undone again for the rest."""
    change_set_close(change_set_id=act.pk, result=outcome.as_result())
    undone = ChangeSet.objects.filter(pk=act.undoes_id or 0, undone_by_id=act.pk)
    undone.update(state=ChangeSet.State.DONE, undone_by_id=None)


@contextmanager
def restricted_told() -> Iterator[None]:
    """Say in words that nothing but what is known of restricted guests would be undone, or that a merge cannot be."""
    try:
        yield
    except CannotFollow as error:
        raise CannotUndo(str(error)) from error
    except GuestRestricted as error:
        raise CannotUndo(
            _("The processing of this guest's data is restricted. The card can be read, but not changed.")
        ) from error


def _stands(*, target: ChangeSet, act_id: int) -> None:
    ChangeSet.objects.filter(pk=target.pk).update(state=ChangeSet.State.UNDONE, undone_by_id=act_id)
    if target.undoes_id is not None:
        # Taking an undo back, the act it had undone stands again, and can be undone again.
        ChangeSet.objects.filter(pk=target.undoes_id, undone_by_id=target.pk).update(
            state=ChangeSet.State.DONE, undone_by_id=None
        )


def _audit(*, target_id: int | None, member: Member | None) -> None:
    audit_record(action="change.undone", member=member, object_type="changeset", object_id=target_id)


def change_set_check(*, change_set_id: int) -> ChangeSet:
    """A change set that can be undone as far as its own state tells, locked until the transaction ends.

    Raises :class:`CannotUndo`.
    """
    target = ChangeSet.objects.select_for_update().filter(pk=change_set_id).first()
    if target is None:
        raise CannotUndo(_("This change is not in the register any more."))
    if target.state == ChangeSet.State.OPEN:
        raise CannotUndo(_("This change is still running. Wait until it has finished, then undo it."))
    if target.state == ChangeSet.State.UNDONE:
        raise CannotUndo(_("This change has already been undone."))
    with connection.cursor() as cursor:
        if sets_restriction(cursor, target.pk):
            raise CannotUndo(
                _("A restriction is not undone here. Set or lift it on the page of contact rules, with a reason.")
            )
    return target


def change_set_current() -> int | None:
    """The open change set of the business in scope; one of a business around a nested scope does not count."""
    setting = _setting()
    if not setting:
        return None
    return ChangeSet.objects.filter(pk=int(setting), state=ChangeSet.State.OPEN).values_list("pk", flat=True).first()


def _setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('innkeeper.change_set', true), '')")
        return str(cursor.fetchone()[0])


def _write(setting: str) -> str:
    """Set it, and return what it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT was, set_config('innkeeper.change_set', %s, true)"
            " FROM (SELECT coalesce(current_setting('innkeeper.change_set', true), '') AS was OFFSET 0) s",
            [setting],
        )
        return str(cursor.fetchone()[0])
