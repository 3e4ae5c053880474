"""What becomes of a run: made, begun, stopped, ended, put away. None of it reads the file."""

from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.audit import audit_record
from accounts.models import Member
from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.changes.services import change_set_close, change_set_open
from imports.findings import Findings
from imports.models import ImportProblem, ImportRow, ImportRun, ImportSeen
from imports.progress import progress_forget
from imports.readers import FileError
from imports.retention import file_retain
from imports.services.sources import Source
from imports.spool import spool_remove
from imports.staging import Tally
from imports.store import store_remove

_State = ImportRun.State
_UNSTARTED = (_State.MAPPING, _State.CHECKING, _State.READY)


class RunRefused(Exception):
    """The run is not in the state that was expected: somebody else has started, finished or discarded it."""


def run_create(
    *,
    source: Source,
    file_name: str,
    upload: str = "",
    currency: str = "",
    member: Member | None = None,
    state: ImportRun.State | None = None,
    policy: dict[str, Any] | None = None,
    layout: dict[str, Any] | None = None,
) -> ImportRun:
    """Note a file that came in. The caller sees to it that it is looked through (`run_check`) and imported.

    `layout` is what the source was opened with, empty where its columns say all.
    """
    run = ImportRun(
        state=state or _State.CHECKING,
        file_name=file_name[:200],
        size=source.file.survey.size,
        sha256=source.file.survey.sha256,
        upload=upload,
        currency=currency,
        policy=policy or {},
        layout=layout or {},
        member=member,
        actor=str(member)[:200] if member else "",
    )
    run_describe(run, source)
    run.save()
    return run


def run_describe(run: ImportRun, source: Source) -> None:
    """Note on a run, unsaved, what its table is and how its columns are read."""
    laid = source.plan
    run.table = source.name
    run.kind = laid.kind
    run.format = laid.key
    run.refused = list(laid.refused)
    run.unread = list(laid.unread)
    run.extras = [list(each) for each in laid.extras()]
    run.rows_about = source.table.rows_about


def run_locked(run_id: int, *states: ImportRun.State) -> ImportRun:
    """A run in one of the states, held until the transaction ends; raises RunRefused when it is in another."""
    run = ImportRun.objects.select_for_update(no_key=True).filter(pk=run_id).first()
    if run is None or run.state not in states:
        raise RunRefused
    return run


def run_start(*, run_id: int, member: Member | None, reacts: bool = False) -> ImportRun:
    """Let a run that is `ready` be written, or one that was stopped go on as it began; raises RunRefused when it is
    neither. `reacts`: what it brings counts as happening now."""
    with transaction.atomic():
        run = run_locked(run_id, _State.READY, _State.STOPPED)
        if run.state == _State.READY:
            run.reacts = reacts
            _begin(run, member)
        else:
            _go_on(run, member)
    return run


def run_begin(*, run: ImportRun, member: Member | None = None) -> None:
    """Let a run be written without being looked through first, as a command does."""
    with transaction.atomic():
        _begin(run, member)


def run_stop(*, run_id: int) -> ImportRun:
    """Ask a run at work to end after the batch it is at; what is in by then stays, and `run_start` goes on.

    Raises RunRefused when it is not at work.
    """
    with transaction.atomic():
        run = run_locked(run_id, _State.RUNNING)
        run.stop_asked = True
        run.save(update_fields=["stop_asked"])
    return run


def run_discard(*, run_id: int) -> None:
    """Put a run that nobody has started away, and its file; raises RunRefused when it is at work or done."""
    with transaction.atomic():
        run = run_locked(run_id, *_UNSTARTED)
        run.state = _State.DISCARDED
        upload, run.upload = run.upload, ""
        run.finished_at = timezone.now()
        run.save()
        ImportProblem.objects.filter(run=run).delete()
        ImportRow.objects.filter(run_id=run.pk).delete()
        transaction.on_commit(lambda: store_remove(upload))
        _spool_drop(run)


def run_expire(*, business_id: int, run_id: int) -> None:
    """Put a run away that nobody has started; one that somebody just did is left. Opens its own scope."""
    with business_scope(business_id), suppress(RunRefused):
        run_discard(run_id=run_id)


def run_finish(business_id: int, run_id: int, state: ImportRun.State) -> None:
    """The run has come to its end (`done`), or to where it was asked to end (`stopped`). Opens its own scope."""
    with business_scope(business_id):
        run = ImportRun.objects.select_for_update(no_key=True).get(pk=run_id)
        if run.state != _State.RUNNING:
            return
        run.state = state
        run.stop_asked = False
        if state == _State.DONE:
            run.rows_about = run.rows_done
        _end(run)
        audit_record(
            action="import.finished" if state == _State.DONE else "import.stopped",
            member=run.member,
            object_type="importrun",
            object_id=run.pk,
            data={"file": run.file_name, **run.counts},
        )


def run_fail(business_id: int, run_id: int, error: FileError) -> None:
    """Mark a run as failed, with the sentence that says why; what it wrote stays undoable. Opens its own scope."""
    with business_scope(business_id):
        run = ImportRun.objects.select_for_update(no_key=True).get(pk=run_id)
        if run.state not in (_State.CHECKING, _State.RUNNING):
            return
        run.state = _State.FAILED
        run.error = {"template": error.template, "params": error.params}
        _end(run)
    progress_forget(run_id=run_id)


def run_ask(business_id: int, run_id: int, error: FileError) -> None:
    """The columns of a run that is looked through have to be told first, and why. Opens its own scope."""
    with business_scope(business_id):
        run = ImportRun.objects.select_for_update(no_key=True).get(pk=run_id)
        if run.state != _State.CHECKING:
            return
        run.state = _State.MAPPING
        run.error = {"template": error.template, "params": error.params}
        run.seen_at = timezone.now()
        run.save()
    progress_forget(run_id=run_id)


def findings_store(run: ImportRun, findings: Findings) -> None:
    """Note on a run, unsaved, what was wrong, and keep the problems that are kept."""
    run.problem_groups = findings.as_groups()
    run.problem_count = findings.groups.total()
    ImportProblem.objects.bulk_create(
        (
            ImportProblem(
                run=run, line=problem.line, column=problem.column[:200], value=problem.value, reason=problem.reason
            )
            for problem in findings.kept
        ),
        batch_size=1_000,
    )


def _begin(run: ImportRun, member: Member | None) -> None:
    """Open the run's change set and forget what looking it through counted."""
    act = change_set_open(
        kind=ChangeSet.Kind.IMPORT,
        title=gettext_noop("Imported %(file)s"),
        params={"file": run.file_name},
        member=member,
        is_event=run.reacts,
    )
    run.change_set = act
    run.counts = Tally().counts()
    run.problem_count, run.problem_groups = 0, []
    run.rows_done = run.batches_done = 0
    ImportProblem.objects.filter(run=run).delete()
    _at_work(run, member)


def _go_on(run: ImportRun, member: Member | None) -> None:
    """Open the change set again that stopping closed. Raises RunRefused when it was undone."""
    act = run.change_set
    if act is None or act.state != ChangeSet.State.DONE:
        raise RunRefused
    act.state, act.finished_at = ChangeSet.State.OPEN, None
    act.save(update_fields=["state", "finished_at"])
    run.finished_at = run.kept_until = None
    _at_work(run, member)


def _at_work(run: ImportRun, member: Member | None) -> None:
    run.state = _State.RUNNING
    run.stop_asked = False
    run.seen_at = timezone.now()
    run.member = member or run.member
    run.actor = str(member)[:200] if member else run.actor
    run.save()
    audit_record(
        action="import.started", member=member, object_type="importrun", object_id=run.pk, data={"file": run.file_name}
    )


def _end(run: ImportRun) -> None:
    """Close the change set and drop what only a running import needs; the file is kept for a while.

    A run that was stopped keeps what it has met: it may go on.
    """
    run.finished_at = run.seen_at = timezone.now()
    file_retain(run=run)
    run.save()
    if run.change_set_id is not None:
        change_set_close(change_set_id=run.change_set_id, result=run.counts)
    if run.state != _State.STOPPED:
        ImportSeen.objects.filter(run_id=run.pk).delete()
        _spool_drop(run)


def _spool_drop(run: ImportRun) -> None:
    transaction.on_commit(lambda: spool_remove(run, run.business))
