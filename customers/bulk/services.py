"""Start an action on many guests, carry it on batch by batch, cancel it. `customers.bulk.undoing` has the undos.

`bulk_work` opens its own scopes and transactions, one a batch, and may not be called inside a long one. Everything else
works in the caller's scope.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.tenancy import business_scope, current_actor
from accounts.tenancy.runs import tried_again
from customers.bulk.models import BulkGuests, BulkRun
from customers.bulk.registry import ValuesRefused, action_get
from customers.bulk.selection import Selection, guests_freeze, guests_lock, guests_sort
from customers.bulk.undoing import UNDO, undo_work
from customers.changes.models import ChangeSet
from customers.changes.services import change_set_close, change_set_open, recording
from customers.filters import EMPTY, Group, tree_dumps

BATCH = 5_000
"""Guests a transaction: a second or so, so that nobody waits long for a card that a run holds."""
SMALL = 200
"""So many guests are written at once, in the caller's transaction; more in the background."""
EXAMPLES = 5
"""How many of the guests that are left as they are a run remembers, for each reason."""


class RunRefused(Exception):
    """The run is not in the state that was expected; the message says so, for people."""


def bulk_start(
    *,
    business: Business,
    action: str,
    values: Mapping[str, Any],
    ids: Sequence[int] | None = None,
    tree: Group | None = None,
    text: str = "",
    member: Member | None = None,
    token: str = "",
) -> BulkRun:
    """Start an action on guests by ``ids``, or on all that match ``tree`` and ``text``.

    Up to :data:`SMALL` guests are written at once and the run comes back ``done``; otherwise it is ``waiting`` and the
    caller lets a worker know. The same ``token`` with the same request starts one run, and returns it again. Raises
    :class:`~customers.bulk.registry.ValuesRefused`.
    """
    chosen = action_get(action)
    if chosen is None:
        raise ValuesRefused({"action": _("There is no such action.")})
    asked = chosen.read(values)
    selection = Selection(None if ids is None else tuple(ids), tree or EMPTY, text)
    once = _once(token, action, asked.values, selection)
    try:
        with transaction.atomic():
            # The insert waits for a twin that is being started, and then gives way to it.
            run = BulkRun.objects.create(
                kind=action,
                values=asked.values,
                title=asked.title,
                token=once,
                member=member,
                actor=(str(member) if member else current_actor())[:200],
            )
    except IntegrityError:
        return BulkRun.objects.get(token=once)
    run.total = guests_freeze(run=run, selection=selection, business=business, batch=BATCH)
    run.change_set = change_set_open(kind=ChangeSet.Kind.BULK, title=asked.title, params=asked.values, member=member)
    run.save()
    audit_record(
        action="bulk.started",
        member=member,
        object_type="bulkrun",
        object_id=run.pk,
        data={"action": action, **asked.values, "guests": run.total},
    )
    if run.total <= SMALL:
        while _step(run.pk, run.batches_done):
            run.refresh_from_db()
        run.refresh_from_db()
    return run


def bulk_work(*, business_id: int, run_id: int) -> None:
    """Carry on a run from the batch it had come to. Opens its own scopes, one transaction a batch.

    Two workers on one run do no harm: each batch is written by whoever holds the run while it is due, and the other
    leaves. An error is raised again after the run is marked ``failed``; what was written stays, as one act that can be
    undone.
    """
    with business_scope(business_id):
        run = BulkRun.objects.filter(pk=run_id).first()
    if run is None or not run.is_open:
        return
    if run.kind == UNDO:
        undo_work(business_id=business_id, run_id=run_id)
        return
    try:
        number = run.batches_done
        while tried_again(partial(_batch, business_id, run_id, number)):
            number += 1
    except Exception:
        with business_scope(business_id):
            run = BulkRun.objects.select_for_update().get(pk=run_id)
            if run.is_open:
                _end(run, BulkRun.State.FAILED)
        raise


def bulk_cancel(*, run_id: int, member: Member | None = None) -> BulkRun:
    """Stop a run after the batch it is writing; what is written stays, and can be undone. Raises :class:`RunRefused`
    when it has ended, or is an undo, which is done whole or not at all."""
    with transaction.atomic():
        if BulkRun.objects.filter(pk=run_id, kind=UNDO).exists():
            raise RunRefused(_("An undo cannot be stopped halfway."))
        run = BulkRun.objects.select_for_update().get(pk=run_id)
        if not run.is_open:
            raise RunRefused(_("This had ended before it could be cancelled."))
        _end(run, BulkRun.State.CANCELLED)
        audit_record(
            action="bulk.cancelled",
            member=member,
            object_type="bulkrun",
            object_id=run.pk,
            data={"action": run.kind, "guests": run.total, "changed": run.changed},
        )
    return run


def _once(token: str, action: str, values: Mapping[str, Any], selection: Selection) -> str:
    """What stands for one request: a form that was sent, went back and asks for something else is another."""
    if not token:
        return ""
    ids = sorted(selection.ids) if selection.ids is not None else None
    told = json.dumps([token, action, values, ids, tree_dumps(selection.tree), selection.text], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:40]


def _batch(business_id: int, run_id: int, number: int) -> bool:
    with business_scope(business_id):
        return _step(run_id, number)


def _step(run_id: int, number: int) -> bool:
    """Write one batch, or end the run when there is none left; False when there is no more to do for the caller."""
    run = BulkRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None or not run.is_open or run.batches_done != number:
        return False
    batch = BulkGuests.objects.filter(run=run, number=number).first()
    if batch is None:
        _finish(run)
        return False
    action = action_get(run.kind)
    if action is None or run.change_set_id is None:
        raise RunRefused(_("There is no such action."))
    with recording(run.change_set_id):
        guests_lock(ids=batch.customer_ids)
        found = guests_sort(action=action, values=run.values, ids=batch.customer_ids)
        if found.wanted:
            action.write(run.values, found.wanted)
    for reason, left in found.left.items():
        run.skipped[reason] = run.skipped.get(reason, 0) + len(left)
        known = run.examples.setdefault(reason, [])
        known += left[: EXAMPLES - len(known)]
    run.state = BulkRun.State.RUNNING
    run.done += len(batch.customer_ids)
    run.changed += len(found.wanted)
    run.batches_done = number + 1
    run.seen_at = timezone.now()
    run.save()
    return True


def _finish(run: BulkRun) -> None:
    _end(run, BulkRun.State.DONE)
    audit_record(
        action="bulk.finished",
        member=run.member,
        object_type="bulkrun",
        object_id=run.pk,
        data={"action": run.kind, "guests": run.total, "changed": run.changed, "skipped": run.skipped},
    )


def _end(run: BulkRun, state: BulkRun.State) -> None:
    """Close the act, and forget who was meant. An act that changed nothing is none."""
    act, run.state = run.change_set_id, state
    run.finished_at = run.seen_at = timezone.now()
    if not run.changed:
        run.change_set = None
    run.save()
    BulkGuests.objects.filter(run=run).delete()
    if act is None:
        return
    if run.changed:
        change_set_close(change_set_id=act, result={"changed": run.changed, "skipped": run.skipped})
    else:
        ChangeSet.objects.filter(pk=act).delete()
