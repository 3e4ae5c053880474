"""Looking a file through: what each of its rows would do, before anything is written."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import business_scope
from imports.collector import collector_resting
from imports.findings import Findings
from imports.mapping import MappingError
from imports.models import ImportProblem, ImportRun
from imports.policy import Policy
from imports.progress import progress_forget, progress_tell
from imports.readers import FileError
from imports.selectors import own_fields
from imports.services.beside import Beside
from imports.services.lives import findings_store, run_ask, run_describe, run_fail
from imports.services.sources import Source, context_of, interpreted, job_of, read_ahead, source_of, today_of
from imports.spool import Spooled, SpoolWriter, spool_remove
from imports.staging import Job, Tally, begin_preview, begin_tryout, quality_before, quality_told, write_batch
from imports.stops import Unread

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Tryout:
    """What would happen."""

    tally: Tally
    findings: Findings
    rows: int


class _Overtaken(Exception):
    """Somebody has told the file's columns or policy otherwise, or put it away, while it was looked through."""


def tryout(
    *,
    business: Business,
    source: Source,
    currency: str = "",
    policy: Policy | None = None,
    tell: Progress | None = None,
) -> Tryout:
    """Find out what importing a file would do, in the caller's scope and without writing anything."""
    return _tried(business, source, job_of(business, source, None, policy=policy), currency, tell)


def run_check(*, business_id: int, run_id: int, path: Path | None = None) -> None:
    """Find out what a run would do with each row and make it `ready`; an unreadable file makes it `failed`, one whose
    columns do not fit what was told of them `mapping`. Any other error is raised again after the run is `failed`.

    Opens its own scopes. All of it is one transaction: a run that is `ready` has its rows. Whoever tells its columns
    or its policy otherwise meanwhile, or puts it away, makes the check leave without a trace; the check that follows
    waits until it has.
    """
    with business_scope(business_id):
        run = ImportRun.objects.filter(pk=run_id, state=ImportRun.State.CHECKING).first()
        business = Business.objects.get(pk=business_id)
        fields = own_fields(language=business.language)
    if run is None:
        return
    try:
        source = source_of(run, path=path, fields=fields)
        # Inside the caller's transaction, which no other connection would see, one connection asks everything.
        with nullcontext() if connection.in_atomic_block else Beside(business) as beside, business_scope(business_id):
            _check(business, run, source, beside)
    except MappingError as error:
        run_ask(business_id, run_id, error)
    except FileError as error:
        run_fail(business_id, run_id, error)
    except _Overtaken:
        return
    except Exception:
        # Said on its page, not tried again for ever; without a database nothing can be said, and the sweep comes.
        run_fail(business_id, run_id, Unread())
        raise
    progress_forget(run_id=run_id)


def _check(business: Business, run: ImportRun, source: Source, beside: Beside | None) -> None:
    """The open transaction's check; nothing of it stays when it raises."""
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('innkeeper.import.check', %s))", [run.pk])
    _still(run)
    job = job_of(business, source, run)
    begin_preview(job)
    before = partial(quality_before, job)
    asked: Future[Counter[str]] | None = None

    def tell(rows: int) -> None:
        nonlocal asked
        if beside and not asked:
            # All of the register: not while the first rows wait to be looked up in it.
            asked = beside.ask(before)
        progress_tell(run_id=run.pk, rows=rows)
        _still(run)

    spool_remove(run, business)
    with SpoolWriter(run, business, source.fields) if job.keeps_plan else nullcontext() as spool:
        found = _tried(business, source, job, run.currency, tell, spool, beside)
    now = ImportRun.objects.select_for_update(no_key=True).get(pk=run.pk)
    _still(run)
    now.state = ImportRun.State.READY
    now.error = {}
    run_describe(now, source)
    now.rows_about = found.rows
    now.counts = found.tally.counts()
    now.quality = quality_told(asked.result() if asked else before(), found.tally.quality)
    now.seconds = time.monotonic() - started
    now.seen_at = timezone.now()
    ImportProblem.objects.filter(run=now).delete()
    findings_store(now, found.findings)
    now.save()


def _still(run: ImportRun) -> None:
    """Raises _Overtaken when the run is not to be looked through any more, or otherwise than this check does."""
    same = ImportRun.objects.filter(
        pk=run.pk,
        state=ImportRun.State.CHECKING,
        table=run.table,
        layout=run.layout,
        policy=run.policy,
        currency=run.currency,
    )
    if not same.exists():
        raise _Overtaken


def _tried(
    business: Business,
    source: Source,
    job: Job,
    currency: str,
    tell: Progress | None,
    spool: SpoolWriter | None = None,
    beside: Beside | None = None,
) -> Tryout:
    tally, findings, rows = Tally(), Findings(), 0
    with transaction.atomic(), collector_resting():
        met = begin_tryout()
        batches = read_ahead(source, interpreted(source, context_of(business, currency), skip=0))
        for batch, told in beside.foretold(job, batches) if beside else ((batch, None) for batch in batches):
            done = write_batch(job=job, batch=batch.rows, today=today_of(business), told=told, met=met)
            tally.add(done)
            findings.add(batch.rows.problems + done.problems)
            if spool is not None:
                lines = set(done.planned.lines) if done.planned else set()
                rest = batch.rows.without(lines) if lines else batch.rows
                spool.add(Spooled(batch.size, done.planned, rest))
            rows += batch.size
            if tell is not None:
                tell(rows)
    return Tryout(tally, findings, rows)
