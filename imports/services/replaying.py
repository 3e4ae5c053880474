"""Writing the new guests that a run's preview has planned, by several connections at once.

No two planned guests have anything to do with one another, so their batches may be written in any order. A batch that
is written is marked in its own transaction; a run that was killed writes those without a mark.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, Self

from django.db import DEFAULT_DB_ALIAS, connection, connections

from accounts.models import Business
from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from customers.changes.leaving import is_leaving, leaving_awaited
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
    turn_wanted,
    write_planned,
)

Progress = Callable[[int], None]
WRITERS = 2
"""Connections: the machines this is meant for have two cores, and a third connection gains nothing."""
TURN_BATCHES = 8
"""Batches after which another import that waits has its turn: a few seconds."""
TURN_LONGEST = 40
"""Batches after which a turn ends in any case: what comes after its transaction must not wait for a whole register."""
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
        batches = ahead(_planned(spooled))
        while not state.is_through:
            _turn(business, job, batches, state, writers, tell)
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
    were planned, the tags that are there, and whether all batches have had their turn.
    """

    def __init__(self, *, own: set[int], decided: set[int]) -> None:
        self.own = own
        self.decided = decided
        self.late: set[int] = set()
        self.tags: set[str] = set()
        self.tags_lock = Lock()
        self.is_through = False


class _Batch(NamedTuple):
    number: int
    planned: Planned


class _Writers:
    """Threads with a connection each."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="import")
        self._connections: set[Any] = set()

    def write(self, write: Callable[[_Batch], None], batches: Iterable[_Batch], *, done: Callable[[], None]) -> None:
        """Write the batches, each taken when a connection is about to be free, and call `done` after each; none is
        being written any more when it returns, or raises what writing one of them did."""
        writing: set[Future[None]] = set()
        try:
            for batch in batches:
                writing.add(self._pool.submit(self._write, write, batch))
                if len(writing) > WRITERS:
                    writing = _settled(writing, done)
            while writing:
                writing = _settled(writing, done)
        except BaseException:
            # Whoever was interrupted is about to let other imports in.
            for each in writing:
                each.cancel()
            wait(writing)
            raise

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


def _settled(writing: set[Future[None]], done: Callable[[], None]) -> set[Future[None]]:
    """Those that are still being written, once one of them is not."""
    finished, others = wait(writing, return_when=FIRST_COMPLETED)
    for each in finished:
        each.result()
        done()
    return others


def _planned(spooled: Iterator[Spooled]) -> Iterator[_Batch]:
    for number, batch in enumerate(spooled):
        if batch.planned is not None:
            yield _Batch(number, batch.planned)


def _turn(
    business: Business,
    job: Job,
    batches: Iterator[_Batch],
    state: _State,
    writers: _Writers | None,
    tell: Progress | None,
) -> None:
    """Write batches that are not written yet, while no other import writes into the business or waits for its turn."""
    if not leaving_awaited(business_id=business.pk):
        raise Left
    with business_scope(business.pk):
        turn_take(job)

        def done() -> None:
            if tell is not None:
                tell(ImportRun.objects.values_list("rows_done", flat=True).get(pk=job.run_id))

        due = _due(job, batches, state)
        write = partial(_write, business, job, state)
        if writers is not None:
            writers.write(write, due, done=done)
        else:
            for batch in due:
                write(batch)
                done()


def _due(job: Job, batches: Iterator[_Batch], state: _State) -> Iterator[_Batch]:
    """The batches of a turn."""
    written = set(_marked(job, _What.BATCH))
    for place, batch in enumerate(batches, start=1):
        state.late |= state.decided.intersection(batch.planned.lines)
        if batch.number not in written:
            yield batch
        if place >= TURN_LONGEST or (place >= TURN_BATCHES and (turn_wanted(job) or is_leaving())):
            return
    state.is_through = True


def _tags(business: Business, job: Job, state: _State, names: set[str]) -> None:
    """Make the tags of a batch before it is written, in a transaction of their own: another connection may want them,
    too."""
    with state.tags_lock:
        if names - state.tags:
            with business_scope(business.pk):
                tags_make(job, names - state.tags)
            state.tags |= names


def _write(business: Business, job: Job, state: _State, batch: _Batch) -> None:
    _tags(business, job, state, batch.planned.tag_names)
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
