"""Writing the new guests that a run's preview has planned, by several connections at once.

No two planned guests have anything to do with one another, so their batches may be written in any order. A batch that
is written is marked in its own transaction; a run that was killed writes those without a mark.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import partial
from typing import Any, NamedTuple, Self

from django.db import DEFAULT_DB_ALIAS, connection, connections

from accounts.models import Business
from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from customers.changes.leaving import leaving_awaited
from customers.changes.services import recording
from imports.ahead import ahead
from imports.findings import Findings
from imports.models import ImportProblem, ImportRun, ImportSeen
from imports.services.lives import RunRefused, findings_store
from imports.services.noting import Left, batch_note, run_due
from imports.services.sources import today_of
from imports.spool import Spooled, spool_remove
from imports.staging import (
    Job,
    Planned,
    Tally,
    cards_made,
    flush_later,
    lines_decided,
    tags_make,
    turn_take,
    write_planned,
)

Progress = Callable[[int], None]
WRITERS = 2
"""Connections: the machines this is meant for have two cores."""
TURN_BATCHES = 8
"""Batches after which another import that waits has its turn: a few seconds."""
_What = ImportSeen.What
_BEGUN = -1
"""Marks, as if it were a batch, that the run goes by what was planned: its batches are numbered otherwise than its
file's."""


def planned_write(business: Business, job: Job, spooled: Iterator[Spooled], tell: Progress | None) -> set[int]:
    """Write what was planned; returns the lines of planned guests that must go the long way.

    To be called outside any scope; inside the caller's transaction, which no other connection would see, it works by
    that connection alone. Raises Left and StopAsked.
    """
    with business_scope(business.pk):
        ImportSeen.objects.bulk_create(
            [ImportSeen(run_id=job.run_id, what=_What.BATCH, row_id=_BEGUN)], ignore_conflicts=True
        )
        state = _State(own=cards_made(job), decided=lines_decided(job))
    with ExitStack() as stack:
        writers = None if connection.in_atomic_block else stack.enter_context(_Writers())
        for batches in ahead(_turns(spooled)):
            rows = _turn(business, job, batches, state, writers)
            if tell is not None:
                tell(rows)
    with business_scope(business.pk):
        return state.late | set(_marked(job, _What.LINE))


def planned_forget(business: Business, run: ImportRun) -> int:
    """The batch that the run has come to in its file. What was planned is not there any more: a run that went by it
    goes through its file from the beginning, finds the guests it has made, and meets every problem again.
    """
    # First: the marks tell what of it is written.
    spool_remove(run, business)
    with business_scope(business.pk):
        gone, _by_model = ImportSeen.objects.filter(run_id=run.pk, what__in=(_What.BATCH, _What.LINE)).delete()
        held = ImportRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        if gone:
            held.rows_done = held.batches_done = 0
            tally = Tally.of(held.counts)
            tally.guests["invalid"] = 0
            held.counts = tally.counts()
            ImportProblem.objects.filter(run=held).delete()
            findings_store(held, Findings())
            held.save()
        return held.batches_done


class _State:
    """What is known across batches: the cards the run has made, the lines somebody decided about and those of them that
    were planned, the tags that are there.
    """

    def __init__(self, *, own: set[int], decided: set[int]) -> None:
        self.own = own
        self.decided = decided
        self.late: set[int] = set()
        self.tags: set[str] = set()


class _Batch(NamedTuple):
    number: int
    planned: Planned


class _Writers:
    """Threads with a connection each."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="import")
        self._connections: set[Any] = set()

    def write(self, write: Callable[[_Batch], None], batches: Iterable[_Batch]) -> None:
        """Write the batches; none is being written any more when it returns, or raises what writing one of them did."""
        writing = [self._pool.submit(self._write, write, batch) for batch in batches]
        try:
            wait(writing)
        except BaseException:
            # Whoever was interrupted is about to let other imports in.
            for each in writing:
                each.cancel()
            wait(writing)
            raise
        for each in writing:
            each.result()

    def _write(self, write: Callable[[_Batch], None], batch: _Batch) -> None:
        self._connections.add(connections[DEFAULT_DB_ALIAS])
        write(batch)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for used in self._connections:
            # Its thread has ended; nobody else has it.
            used.inc_thread_sharing()
            used.close()


def _turns(spooled: Iterator[Spooled]) -> Iterator[list[_Batch]]:
    batches: list[_Batch] = []
    for number, batch in enumerate(spooled):
        if batch.planned is not None:
            batches.append(_Batch(number, batch.planned))
        if len(batches) == TURN_BATCHES:
            yield batches
            batches = []
    if batches:
        yield batches


def _turn(business: Business, job: Job, batches: list[_Batch], state: _State, writers: _Writers | None) -> int:
    """Write the batches that are not written yet, while no other import writes into the business; returns how many rows
    the run has written by now.
    """
    if not leaving_awaited(business_id=business.pk):
        raise Left
    for batch in batches:
        state.late |= state.decided.intersection(batch.planned.lines)
        _tags(business, job, batch.planned.tag_names - state.tags)
        state.tags |= batch.planned.tag_names
    with business_scope(business.pk):
        turn_take(job)
        written = set(_marked(job, _What.BATCH))
        due = [batch for batch in batches if batch.number not in written]
        write = partial(_write, business, job, state)
        if writers is not None:
            writers.write(write, due)
        else:
            for batch in due:
                write(batch)
    with business_scope(business.pk):
        return ImportRun.objects.values_list("rows_done", flat=True).get(pk=job.run_id)


def _tags(business: Business, job: Job, names: set[str]) -> None:
    if names:
        with business_scope(business.pk):
            turn_take(job)
            tags_make(job, names)


def _write(business: Business, job: Job, state: _State, batch: _Batch) -> None:
    tried_again(lambda: _write_once(business, job, state, batch))


def _write_once(business: Business, job: Job, state: _State, batch: _Batch) -> None:
    if not job.act_id:
        raise RunRefused
    with business_scope(business.pk):
        run_due(ImportRun.objects.get(pk=job.run_id))
        flush_later()
        with recording(job.act_id):
            done, overtaken = write_planned(job=job, planned=batch.planned, today=today_of(business), own=state.own)
        marks = [(_What.BATCH, batch.number), *((_What.LINE, line) for line in sorted(overtaken))]
        ImportSeen.objects.bulk_create(ImportSeen(run_id=job.run_id, what=what, row_id=row) for what, row in marks)
        run = ImportRun.objects.select_for_update(no_key=True).get(pk=job.run_id)
        if run.state != ImportRun.State.RUNNING:
            raise Left
        batch_note(run, done, problems=done.problems, rows=done.guests["created"])


def _marked(job: Job, what: str) -> Any:
    return ImportSeen.objects.filter(run_id=job.run_id, what=what).values_list("row_id", flat=True)
