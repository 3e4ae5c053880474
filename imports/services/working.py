"""Writing a run, batch by batch."""

from collections.abc import Callable
from pathlib import Path

from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from customers.changes.leaving import leaving_awaited
from customers.changes.services import recording
from customers.sensitive.services import refused_by_guard
from imports.ahead import ahead
from imports.findings import Findings
from imports.models import ImportRun
from imports.readers import FileError
from imports.selectors import own_fields
from imports.services.lives import RunRefused, findings_store, run_fail, run_finish
from imports.services.sources import Numbered, context_of, interpreted, job_of, source_of, today_of
from imports.staging import Job, Tally, write_batch
from imports.stops import Stopped

Progress = Callable[[int], None]


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
        context = context_of(business, run.currency) if run else None
    if run is None or context is None:
        return
    try:
        source = source_of(run, path=path, fields=fields)
        job = job_of(business, source, run)
        for batch in ahead(interpreted(source, context, skip=run.batches_done)):
            goes_on = _write(business, job, batch)
            if goes_on is not True:
                if goes_on is None:
                    run_finish(business_id, run_id, ImportRun.State.STOPPED)
                return
            if tell is not None:
                tell(batch.end)
    except FileError as error:
        run_fail(business_id, run_id, error)
        return
    except Exception:
        run_fail(business_id, run_id, Stopped(rows=run.rows_done))
        raise
    run_finish(business_id, run_id, ImportRun.State.DONE)


def _write(business: Business, job: Job, batch: Numbered) -> bool | None:
    """Write one batch; False when the run is not at this batch any more, None when it is asked to stop before it.

    A deadlock is tried again, and so is a batch in whose midst a guest withdrew the consent to sensitive details. What
    an undo is taking away must be gone first; one that takes long leaves the run to the next worker.
    """
    if not leaving_awaited(business_id=business.pk):
        return False
    return tried_again(lambda: _write_once(business, job, batch), passes=refused_by_guard)


def _write_once(business: Business, job: Job, batch: Numbered) -> bool | None:
    with business_scope(business.pk):
        run = ImportRun.objects.select_for_update(no_key=True).get(pk=job.run_id)
        if run.state != ImportRun.State.RUNNING or run.batches_done != batch.number:
            return False
        if run.stop_asked:
            return None
        if run.change_set_id is None:
            raise RunRefused
        with recording(run.change_set_id):
            done = write_batch(job=job, batch=batch.rows, today=today_of(business))
        tally = Tally.of(run.counts)
        tally.add(done)
        findings = Findings.of(run.problem_groups)
        findings.add(batch.rows.problems + done.problems)
        run.counts = tally.counts()
        run.rows_done = batch.end
        run.rows_about = max(run.rows_about, batch.end)
        run.batches_done = batch.number + 1
        run.seen_at = timezone.now()
        findings_store(run, findings)
        run.save()
    return True
