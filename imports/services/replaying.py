"""Writing the new guests that a run's preview has planned, by two connections at a time.

No two planned guests have anything to do with one another, so their batches may be written in any order. A batch that
is written is marked in its own transaction; a run that was killed writes those without a mark.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from django.db import connection

from accounts.models import Business
from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from customers.changes.leaving import leaving_awaited
from customers.changes.services import recording
from imports.ahead import ahead
from imports.models import ImportRun, ImportSeen
from imports.services.lives import RunRefused
from imports.services.noting import Left, batch_note, run_due
from imports.services.sources import today_of
from imports.spool import Spooled
from imports.staging import Job, Planned, cards_made, flush_later, lines_decided, tags_make, turn_take, write_planned

Progress = Callable[[int], None]
_What = ImportSeen.What


def planned_write(business: Business, job: Job, spooled: Iterator[Spooled], tell: Progress | None) -> set[int]:
    """Write what was planned; returns the lines of planned guests that must go the long way.

    To be called outside any scope; inside the caller's transaction, which no other connection would see, it works by
    one connection. Raises Left and StopAsked.
    """
    with business_scope(business.pk):
        state = _State(own=cards_made(job), decided=lines_decided(job))
    beside = None if connection.in_atomic_block else ThreadPoolExecutor(1, thread_name_prefix="import")
    try:
        for batches in ahead(_pairs(spooled, 2 if beside else 1)):
            rows = _round(business, job, batches, state, beside)
            if tell is not None:
                tell(rows)
    finally:
        if beside is not None:
            beside.submit(_hang_up).result()
            beside.shutdown()
    with business_scope(business.pk):
        return state.late | set(_marked(job, _What.LINE))


def planned_forget(business: Business, run: ImportRun) -> int:
    """The batch that the run has come to in its file. What was planned is not there any more: where some of it has been
    written, the file is gone through from its beginning, and finds those guests.
    """
    with business_scope(business.pk):
        gone, _by_model = ImportSeen.objects.filter(run_id=run.pk, what__in=(_What.BATCH, _What.LINE)).delete()
        held = ImportRun.objects.select_for_update(no_key=True).get(pk=run.pk)
        if gone:
            held.rows_done = held.batches_done = 0
            held.save(update_fields=["rows_done", "batches_done"])
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


def _hang_up() -> None:
    connection.close()


def _pairs(spooled: Iterator[Spooled], size: int) -> Iterator[list[_Batch]]:
    batches: list[_Batch] = []
    for number, batch in enumerate(spooled):
        if batch.planned is not None:
            batches.append(_Batch(number, batch.planned))
        if len(batches) == size:
            yield batches
            batches = []
    if batches:
        yield batches


def _round(
    business: Business, job: Job, batches: list[_Batch], state: _State, beside: ThreadPoolExecutor | None
) -> int:
    """Write the batches that are not written yet; returns how many rows the run has written by now."""
    if not leaving_awaited(business_id=business.pk):
        raise Left
    for batch in batches:
        state.late |= state.decided.intersection(batch.planned.lines)
        _tags(business, job, batch.planned.tag_names - state.tags)
        state.tags |= batch.planned.tag_names
    return tried_again(lambda: _turn(business, job, batches, state, beside))


def _tags(business: Business, job: Job, names: set[str]) -> None:
    if names:
        with business_scope(business.pk):
            turn_take(job)
            tags_make(job, names)


def _turn(business: Business, job: Job, batches: list[_Batch], state: _State, beside: ThreadPoolExecutor | None) -> int:
    """One turn of the business's imports: it ends, for other imports, when both batches have been written."""
    other: Future[list[int]] | None = None
    with business_scope(business.pk):
        turn_take(job)
        flush_later()
        run_due(ImportRun.objects.get(pk=job.run_id))
        written = set(_marked(job, _What.BATCH))
        due = [batch for batch in batches if batch.number not in written]
        if beside is not None and len(due) > 1:
            other = beside.submit(_beside, business, job, due.pop(), state)
        try:
            cards = [card for batch in due for card in _batch(business, job, batch, state, other)]
        finally:
            if other is not None:
                wait([other])
        rows = ImportRun.objects.values_list("rows_done", flat=True).get(pk=job.run_id)
    state.own.update(cards)
    return rows


def _beside(business: Business, job: Job, batch: _Batch, state: _State) -> list[int]:
    with business_scope(business.pk):
        flush_later()
        return _batch(business, job, batch, state, None)


def _batch(business: Business, job: Job, batch: _Batch, state: _State, other: Future[list[int]] | None) -> list[int]:
    """Write a batch, then wait for the `other` before the run itself is touched; returns the cards of both."""
    if not job.act_id:
        raise RunRefused
    with recording(job.act_id):
        done, overtaken, cards = write_planned(job=job, planned=batch.planned, today=today_of(business), own=state.own)
    if other is not None:
        cards = cards + other.result()
    marks = [(_What.BATCH, batch.number), *((_What.LINE, line) for line in sorted(overtaken))]
    ImportSeen.objects.bulk_create(ImportSeen(run_id=job.run_id, what=what, row_id=row) for what, row in marks)
    run = ImportRun.objects.select_for_update(no_key=True).get(pk=job.run_id)
    batch_note(run, done, problems=done.problems, rows=done.guests["created"])
    return cards


def _marked(job: Job, what: str) -> Any:
    return ImportSeen.objects.filter(run_id=job.run_id, what=what).values_list("row_id", flat=True)
