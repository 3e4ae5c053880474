"""Runs: look a file through, write it in batches as one change set, go on after an interruption.

A run opens its own scopes and transactions, one a batch; none of these functions may be called inside a long one.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.audit import audit_record
from accounts.models import Business, Member
from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from customers.changes.models import ChangeSet
from customers.changes.services import change_set_close, change_set_open, recording
from customers.sensitive.services import refused_by_guard
from imports.ahead import ahead
from imports.findings import Findings
from imports.mapping import Context, Interpreted, Kind, OwnField, Plan, interpret, plan
from imports.models import ImportProblem, ImportRun, ImportSeen
from imports.progress import progress_forget, progress_tell
from imports.readers import FILE_BYTES_MAX, CsvFile, FileError, open_csv
from imports.selectors import own_fields
from imports.staging import Job, Tally, begin_tryout, write_batch
from imports.stops import Changed, Stopped
from imports.uploads import upload_path, upload_remove

BATCH_ROWS = 5_000
"""Rows a transaction: a second or two, so that nobody waits long for a card that the import holds."""
SAMPLE_ROWS = 1_000
"""Rows in which payment cards are looked for."""

Progress = Callable[[int], None]


class RunRefused(Exception):
    """The run is not in the state that was expected: somebody else has started, finished or discarded it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be imported, and how."""

    file: CsvFile
    plan: Plan


@dataclass(frozen=True, slots=True)
class Tryout:
    """What would happen."""

    tally: Tally
    findings: Findings
    rows: int


def source_open(
    *, path: Path, kind: Kind | None = None, fields: Sequence[OwnField] = (), limit: int = FILE_BYTES_MAX
) -> Source:
    """Look a file through and recognise it; `fields` are the business's own. Raises FileError."""
    file = open_csv(path, limit=limit)
    sample = next(file.batches(SAMPLE_ROWS))
    return Source(file, plan(file.header, sample.rows, kind=kind, fields=fields))


def run_create(
    *,
    source: Source,
    file_name: str,
    upload: str = "",
    currency: str = "",
    member: Member | None = None,
    state: ImportRun.State = ImportRun.State.CHECKING,
) -> ImportRun:
    """Note a file that came in. The caller sees to it that it is looked through (`run_check`) and imported."""
    laid = source.plan
    return ImportRun.objects.create(
        state=state,
        kind=laid.format.kind,
        format=laid.format.key,
        file_name=file_name[:200],
        size=source.file.survey.size,
        sha256=source.file.survey.sha256,
        upload=upload,
        currency=currency,
        refused=list(laid.refused),
        unread=list(laid.unread),
        extras=[list(each) for each in laid.extras()],
        rows_about=source.file.rows_about,
        member=member,
        actor=str(member)[:200] if member else "",
    )


def tryout(*, business: Business, source: Source, currency: str = "", tell: Progress | None = None) -> Tryout:
    """Find out what importing a file would do, in the caller's scope and without writing anything."""
    tally, findings, rows = Tally(), Findings(), 0
    job = _job(business, source, None)
    with transaction.atomic():
        begin_tryout()
        for batch in ahead(_interpreted(business, source, currency, skip=0)):
            done = write_batch(job=job, batch=batch.rows, today=_today(business))
            tally.add(done)
            findings.add(batch.rows.problems + done.problems)
            rows = batch.end
            if tell is not None:
                tell(rows)
    return Tryout(tally, findings, rows)


def run_check(*, business_id: int, run_id: int) -> None:
    """Find out what a run would do and make it `ready`; an unreadable file makes it `failed`. Opens its own scopes."""
    with business_scope(business_id):
        run = ImportRun.objects.filter(pk=run_id, state=ImportRun.State.CHECKING).first()
        business = Business.objects.get(pk=business_id)
        fields = own_fields(language=business.language)
    if run is None:
        return
    started = time.monotonic()
    try:
        source = _source_of(run, upload_path(run.upload), fields)
        with business_scope(business_id):
            found = tryout(
                business=business,
                source=source,
                currency=run.currency,
                tell=lambda rows: progress_tell(run_id=run_id, rows=rows),
            )
    except FileError as error:
        _fail(business_id, run_id, error)
        return
    with business_scope(business_id):
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state != ImportRun.State.CHECKING:
            return
        run.state = ImportRun.State.READY
        run.rows_about = found.rows
        run.counts = found.tally.counts()
        run.seconds = time.monotonic() - started
        run.seen_at = timezone.now()
        _store_findings(run, found.findings)
        run.save()
    progress_forget(run_id=run_id)


def run_start(*, run_id: int, member: Member | None) -> ImportRun:
    """Let a run that is `ready` be written; raises RunRefused when it is not (any more)."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None or run.state != ImportRun.State.READY:
            raise RunRefused
        _begin(run, member)
    return run


def run_begin(*, run: ImportRun, member: Member | None = None) -> None:
    """Let a run be written without being looked through first, as a command does."""
    with transaction.atomic():
        _begin(run, member)


def run_discard(*, run_id: int) -> None:
    """Put a run that nobody has started away, and its file; raises RunRefused when it is at work or done."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().filter(pk=run_id).first()
        if run is None or run.state not in (ImportRun.State.CHECKING, ImportRun.State.READY):
            raise RunRefused
        run.state = ImportRun.State.DISCARDED
        upload, run.upload = run.upload, ""
        run.finished_at = timezone.now()
        run.save()
        ImportProblem.objects.filter(run=run).delete()
        transaction.on_commit(lambda: upload_remove(upload))


def run_expire(*, business_id: int, run_id: int) -> None:
    """Put a run away that nobody has started; one that somebody just did is left. Opens its own scope."""
    with business_scope(business_id), suppress(RunRefused):
        run_discard(run_id=run_id)


def run_work(*, business_id: int, run_id: int, path: Path | None = None, tell: Progress | None = None) -> None:
    """Write a run that is `running`, from the batch it had come to. Opens its own scopes, one transaction a batch.

    Two workers on one run do no harm: each batch is written by whoever holds the run while it is due, and the other
    leaves. Any error but a wrong file is raised again after the run is marked `failed`; what was written stays, as one
    change set that can be undone or gone on with by importing the file again.
    """
    with business_scope(business_id):
        run = ImportRun.objects.filter(pk=run_id, state=ImportRun.State.RUNNING).first()
        business = Business.objects.get(pk=business_id)
        fields = own_fields(language=business.language)
    if run is None:
        return
    try:
        source = _source_of(run, path or upload_path(run.upload), fields)
        job = _job(business, source, run)
        for batch in ahead(_interpreted(business, source, run.currency, skip=run.batches_done)):
            if not _write(business, job, batch):
                return
            if tell is not None:
                tell(batch.end)
    except FileError as error:
        _fail(business_id, run_id, error)
        return
    except Exception:
        _fail(business_id, run_id, Stopped(rows=run.rows_done))
        raise
    _finish(business_id, run_id)


@dataclass(frozen=True, slots=True)
class _Batch:
    number: int
    end: int
    rows: Interpreted


def _interpreted(business: Business, source: Source, currency: str, *, skip: int) -> Iterator[_Batch]:
    """Batches of a file, interpreted; `end` is the number of rows up to the batch's end."""
    context = Context(
        country=business.country,
        language=business.language,
        today=_today(business),
        home_currency=business.currency,
        currency=currency,
        zone=business.zone,
    )
    end = 0
    for number, batch in enumerate(source.file.batches(BATCH_ROWS)):
        end += len(batch)
        if number >= skip:
            yield _Batch(number, end, interpret(source.plan, batch, context))


def _write(business: Business, job: Job, batch: _Batch) -> bool:
    """Write one batch; False when the run is not at this batch any more.

    A deadlock is tried again, and so is a batch in whose midst a guest withdrew the consent to sensitive details.
    """
    return tried_again(lambda: _write_once(business, job, batch), passes=refused_by_guard)


def _write_once(business: Business, job: Job, batch: _Batch) -> bool:
    with business_scope(business.pk):
        run = ImportRun.objects.select_for_update().get(pk=job.run_id)
        if run.state != ImportRun.State.RUNNING or run.batches_done != batch.number:
            return False
        with recording(_act_of(run)):
            done = write_batch(job=job, batch=batch.rows, today=_today(business))
        tally = Tally.of(run.counts)
        tally.add(done)
        findings = Findings.of(run.problem_groups)
        findings.add(batch.rows.problems + done.problems)
        run.counts = tally.counts()
        run.rows_done = batch.end
        run.rows_about = max(run.rows_about, batch.end)
        run.batches_done = batch.number + 1
        run.seen_at = timezone.now()
        _store_findings(run, findings)
        run.save()
    return True


def _act_of(run: ImportRun) -> int:
    if run.change_set_id is None:
        raise RunRefused
    return run.change_set_id


def _begin(run: ImportRun, member: Member | None) -> None:
    """Open the run's change set and forget what looking it through counted."""
    act = change_set_open(
        kind=ChangeSet.Kind.IMPORT,
        title=gettext_noop("Imported %(file)s"),
        params={"file": run.file_name},
        member=member,
    )
    run.change_set = act
    run.state = ImportRun.State.RUNNING
    run.counts = Tally().counts()
    run.problem_count, run.problem_groups = 0, []
    run.rows_done = run.batches_done = 0
    run.seen_at = timezone.now()
    run.member = member or run.member
    run.actor = str(member)[:200] if member else run.actor
    run.save()
    ImportProblem.objects.filter(run=run).delete()
    audit_record(
        action="import.started", member=member, object_type="importrun", object_id=run.pk, data={"file": run.file_name}
    )


def _finish(business_id: int, run_id: int) -> None:
    with business_scope(business_id):
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state != ImportRun.State.RUNNING:
            return
        run.state = ImportRun.State.DONE
        run.rows_about = run.rows_done
        _end(run)
        audit_record(
            action="import.finished",
            member=run.member,
            object_type="importrun",
            object_id=run.pk,
            data={"file": run.file_name, **run.counts},
        )


def _fail(business_id: int, run_id: int, error: FileError) -> None:
    """Mark a run as failed, with the sentence that says why; its file goes, what it wrote stays undoable."""
    with business_scope(business_id):
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state not in (ImportRun.State.CHECKING, ImportRun.State.RUNNING):
            return
        run.state = ImportRun.State.FAILED
        run.error = {"template": error.template, "params": error.params}
        _end(run)
    progress_forget(run_id=run_id)


def _end(run: ImportRun) -> None:
    """Close the change set, drop what only a running import needs, and remove the file after the commit."""
    run.finished_at = run.seen_at = timezone.now()
    upload, run.upload = run.upload, ""
    run.save()
    if run.change_set_id is not None:
        change_set_close(change_set_id=run.change_set_id, result=run.counts)
    ImportSeen.objects.filter(run_id=run.pk).delete()
    transaction.on_commit(lambda: upload_remove(upload))


def _store_findings(run: ImportRun, findings: Findings) -> None:
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


def _source_of(run: ImportRun, path: Path, fields: Sequence[OwnField]) -> Source:
    """The run's file, which must be the one that was looked through."""
    source = source_open(path=path, kind=run.kind, fields=fields)  # type: ignore[arg-type]
    if source.file.survey.sha256 != run.sha256:
        raise Changed
    return source


def _job(business: Business, source: Source, run: ImportRun | None) -> Job:
    """What batches are written for; without a run it is a try-out."""
    laid = source.plan
    return Job(
        business_id=business.pk,
        run_id=run.pk if run else 0,
        act_id=_act_of(run) if run else 0,
        system=laid.format.system,
        language=business.language,
        edits=laid.format.kind == "guests",
        tells_kind="guest.kind" in laid.places,
        public_id=business.public_id,
        dry=run is None,
        has_details=bool(laid.sensitive),
        file_name=run.file_name if run else "",
        member_id=run.member_id if run else None,
        actor=run.actor if run else "",
    )


def _today(business: Business) -> Any:
    return timezone.localdate(timezone=business.zone)
