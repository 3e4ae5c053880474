"""Writing a run, batch by batch."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from accounts.models import Business
from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from customers.changes.leaving import leaving_awaited
from customers.changes.services import recording
from customers.sensitive.services import refused_by_guard
from imports.collector import collector_resting
from imports.mapping import Context, Interpreted
from imports.models import ImportRun
from imports.readers import FileError
from imports.selectors import own_fields
from imports.services.lives import RunRefused, run_fail, run_finish
from imports.services.noting import Left, StopAsked, batch_note, run_due
from imports.services.replaying import planned_forget, planned_write
from imports.services.sources import (
    Numbered,
    Source,
    context_of,
    interpreted,
    interpreted_lines,
    job_of,
    read_ahead,
    source_of,
    today_of,
)
from imports.spool import Spooled, SpoolLost, spool_read, spool_remove
from imports.staging import Job, write_batch
from imports.stops import Stopped

Progress = Callable[[int], None]
Part = tuple[int, Interpreted]
"""How many lines of a file, and what was read of them."""
REST_ROWS = 20_000
"""Rows that go the long way are gathered to so many: a batch of a few costs as much as one of hundreds."""
REST_HELD = 20_000
"""So many of them are held while planned guests are written; of more the spool is read once more."""


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
        try:
            _work(business, run, source, context, job, tell)
        except SpoolLost:
            # What has been written by it is found again.
            spool_remove(run, business)
            _work(business, run, source, context, job, tell)
    except Left:
        return
    except StopAsked:
        run_finish(business_id, run_id, ImportRun.State.STOPPED)
        return
    except FileError as error:
        run_fail(business_id, run_id, error)
        return
    except Exception:
        run_fail(business_id, run_id, Stopped(rows=run.rows_done))
        raise
    run_finish(business_id, run_id, ImportRun.State.DONE)


def _work(
    business: Business, run: ImportRun, source: Source, context: Context, job: Job, tell: Progress | None
) -> None:
    with collector_resting():
        for batch in _batches(business, run, source, context, job, tell):
            rows = _write(business, job, batch)
            if tell is not None:
                tell(rows)


def _batches(
    business: Business, run: ImportRun, source: Source, context: Context, job: Job, tell: Progress | None
) -> Iterator[Numbered]:
    """What is to be written the long way; where the preview has kept what it planned, that is written first."""
    spooled = spool_read(run, business, source.fields)
    if spooled is None:
        begun = planned_forget(business, run)
        return read_ahead(source, interpreted(source, context, skip=begun))
    rest = _Rest()
    late = planned_write(business, job, rest.of(spooled), tell)
    if rest.is_whole and not late:
        return _numbered(run, _gathered(map(_open_of, rest.batches)))
    return read_ahead(source, _others(business, run, source, context, late))


class _Rest:
    """Rows that were not planned, as they come by while the others are written; of many none are held."""

    def __init__(self) -> None:
        self.batches: list[Spooled] = []
        self.is_whole = True
        self._held = 0

    def of(self, spooled: Iterator[Spooled]) -> Iterator[Spooled]:
        for batch in spooled:
            self._held += batch.others
            self.is_whole = self._held <= REST_HELD
            if self.is_whole:
                self.batches.append(Spooled(batch.others, None, batch.rest))
            else:
                self.batches.clear()
            yield batch


def _others(business: Business, run: ImportRun, source: Source, context: Context, late: set[int]) -> Iterator[Numbered]:
    """Rows of which something is open since the preview (`late`), then those of which something was open in it: these
    may be further rows of the same guests, never the other way about.
    """

    def lines() -> Iterator[Part]:
        for batch in interpreted_lines(source, context, late) if late else ():
            yield batch.size, batch.rows

    def kept() -> Iterator[Part]:
        spooled = spool_read(run, business, source.fields)
        if spooled is None:
            raise SpoolLost
        yield from map(_open_of, spooled)

    return _numbered(run, chain(_gathered(lines()), _gathered(kept())))


def _open_of(batch: Spooled) -> Part:
    """Those rows of a kept batch of which something was open in the preview."""
    return batch.others, batch.rest


def _numbered(run: ImportRun, parts: Iterable[Part]) -> Iterator[Numbered]:
    """The batches from the one on that the run has come to."""
    for number, (size, rows) in enumerate(parts):
        if number >= run.batches_done:
            yield Numbered(number, size, rows)


def _gathered(parts: Iterable[Part]) -> Iterator[Part]:
    size, gathered = 0, Interpreted()
    for number, rows in parts:
        size += number
        gathered.add(rows)
        if len(gathered.guests) >= REST_ROWS:
            yield size, gathered
            size, gathered = 0, Interpreted()
    if size:
        yield size, gathered


def _write(business: Business, job: Job, batch: Numbered) -> int:
    """Write one batch; returns how many rows the run has written by now. Raises Left and StopAsked.

    A deadlock is tried again, and so is a batch in whose midst a guest withdrew the consent to sensitive details. What
    an undo is taking away must be gone first; one that takes long leaves the run to the next worker.
    """
    if not leaving_awaited(business_id=business.pk):
        raise Left
    return tried_again(lambda: _write_once(business, job, batch), passes=refused_by_guard)


def _write_once(business: Business, job: Job, batch: Numbered) -> int:
    with business_scope(business.pk):
        run = run_due(ImportRun.objects.select_for_update(no_key=True).get(pk=job.run_id))
        if run.batches_done > batch.number:
            raise Left
        if run.change_set_id is None:
            raise RunRefused
        with recording(run.change_set_id):
            done = write_batch(job=job, batch=batch.rows, today=today_of(business))
        run.batches_done = batch.number + 1
        batch_note(run, done, problems=batch.rows.problems + done.problems, rows=batch.size)
    return run.rows_done
