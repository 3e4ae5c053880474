"""What a member says about a run before it is written: its table, its columns, its policy, single rows."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from customers.card.models import Customer
from imports.mapping import layout_read, signature
from imports.models import ImportMapping, ImportRow, ImportRun
from imports.policy import policy_of
from imports.readers import open_source
from imports.returned import returned
from imports.services.lives import run_locked
from imports.store import store_opener

_State = ImportRun.State
_Decision = ImportRow.Decision
_OPEN = (_State.MAPPING, _State.CHECKING, _State.READY)


class DecisionRefused(Exception):
    """The decision cannot be carried out: the card is not there, or the rows have none to be the same as."""


def rows_decide(
    *,
    run_id: int,
    lines: Sequence[int] | None = None,
    outcome: str | None = None,
    cause: str | None = None,
    decision: str,
    customer_id: int | None = None,
) -> int:
    """Decide what becomes of rows of a run that is `ready`: those of `lines`, of a group, or of both.

    `same` takes the card that each row may mean, or `customer_id` for all of them. Rows that cannot be imported are
    left as they are. Returns how many rows it decided. Raises RunRefused, DecisionRefused, ValueError for an unknown
    decision.
    """
    decision = _Decision(decision)
    if lines is None and outcome is None:
        raise ValueError("Name lines or a group.")
    with transaction.atomic():
        run = run_locked(run_id, _State.READY)
        rows = ImportRow.objects.filter(run_id=run.pk).exclude(outcome=ImportRow.Outcome.INVALID)
        if lines is not None:
            rows = rows.filter(line__in=list(lines))
        if outcome is not None:
            rows = rows.filter(outcome=outcome)
        if cause is not None:
            rows = rows.filter(cause=cause)
        changes: dict[str, Any] = {"decision": decision}
        if decision == _Decision.SAME:
            if customer_id is not None:
                if not Customer.objects.filter(pk=customer_id).exists():
                    raise DecisionRefused
                changes["customer_id"] = customer_id
            elif rows.filter(customer_id__isnull=True).exists():
                raise DecisionRefused
        decided = rows.update(**changes)
        # Somebody is at it: a file that is being decided on is not forgotten.
        ImportRun.objects.filter(pk=run.pk).update(seen_at=timezone.now())
    return decided


def run_table_set(*, run_id: int, table: str) -> ImportRun:
    """Say which table of the file is meant; what its columns mean is found out anew. Raises RunRefused."""
    with transaction.atomic():
        run = run_locked(run_id, *_OPEN)
        run.table = table[:200]
        run.layout, run.format, run.kind = {}, "", ""
        run.state = _State.MAPPING
        _again(run)
    return run


def run_layout_set(*, run_id: int, layout: dict[str, Any], save_as: str = "") -> ImportRun:
    """Say what a run's columns mean; it is looked through (again) by the `run_check` that the caller nudges.

    `save_as` keeps the layout and the run's policy under that name, in the place of one of the same name. Decisions on
    single rows are dropped: rows may mean other guests now. Raises RunRefused, and MappingError when `layout` is none;
    whether it fits the file is found out with the file.
    """
    said = layout_read(layout)
    with transaction.atomic():
        run = run_locked(run_id, *_OPEN)
        run.layout = layout
        run.kind, run.format = said.kind, said.format
        run.error = {}
        run.state = _State.CHECKING
        ImportRow.objects.filter(run_id=run.pk).delete()
        if save_as:
            _save(run, save_as)
        _again(run)
    return run


def run_policy_set(*, run_id: int, policy: dict[str, Any]) -> ImportRun:
    """Say how a run's file and the register are brought together; it is looked through again, decisions stand.

    The caller nudges `run_check`. Raises RunRefused, and ValueError when `policy` is none.
    """
    chosen = policy_of(policy)
    with transaction.atomic():
        run = run_locked(run_id, *_OPEN)
        run.policy = chosen.as_json()
        if run.state != _State.MAPPING:
            run.state = _State.CHECKING
        _again(run)
    return run


def _again(run: ImportRun) -> None:
    run.seen_at = timezone.now()
    run.save()


def _save(run: ImportRun, name: str) -> None:
    """Keep a run's layout and policy under a name, to be found by the file's header."""
    table = returned(open_source(store_opener(run.upload, run.business), name=run.file_name).table(run.table))
    ImportMapping.objects.update_or_create(
        name=name[:80],
        defaults={
            "kind": run.kind,
            "signature": signature(table.header),
            "layout": run.layout,
            "policy": run.policy,
            "member": run.member,
            "used_at": timezone.now(),
        },
    )
