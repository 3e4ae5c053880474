"""A run's file, opened and laid out, and its rows in batches."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts.models import Business, Property
from imports.ahead import ahead, ahead_apart
from imports.mapping import Context, Interpreted, Kind, OwnField, Plan, interpret, lay, suggest
from imports.models import ImportRun
from imports.policy import Policy, policy_of
from imports.readers import FILE_BYTES_MAX, Batch, Opener, SourceFile, Table, file_opener, open_source
from imports.readers.errors import UnknownColumns
from imports.returned import returned
from imports.staging import Job
from imports.stops import Changed
from imports.store import store_opener

BATCH_ROWS = 5_000
"""Rows a transaction: a second or two, so that nobody waits long for a card that the import holds."""
BEGIN_ROWS = (600, 1_800)
"""Where the first batch is cut: while some hundred rows are looked up, more are read."""
WEIGHED_ROWS = 10_000
"""Files of so many rows are weighed guest by guest against the register in the preview: most of a millisecond each in a
register of a million. Of longer ones duplicates are proposed after the import."""
SAMPLE_ROWS = 1_000
"""Rows in which payment cards are looked for, and from which the meaning of columns is guessed."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be imported, and how. `name` is the table's, empty for the only one; `fields` are the business's
    own.
    """

    file: SourceFile
    table: Table
    plan: Plan
    name: str = ""
    fields: Sequence[OwnField] = ()


@dataclass(frozen=True, slots=True)
class Numbered:
    """A batch of a file, interpreted; `size` is its number of rows, those that could not be read included."""

    number: int
    size: int
    rows: Interpreted


def source_open(
    *,
    path: Path | None = None,
    opener: Opener | None = None,
    name: str = "",
    table: str = "",
    layout: Mapping[str, Any] | None = None,
    kind: Kind | None = None,
    fields: Sequence[OwnField] = (),
    limit: int = FILE_BYTES_MAX,
) -> Source:
    """Look a file through and lay `layout` over it, or recognise it. Raises FileError, MappingError among them.

    The file is at `path` or behind `opener`; `name` is what it is called, `table` which of its tables is meant.
    `fields` are the business's own.
    """
    if opener is None:
        opener = file_opener(path or Path())
    file = open_source(opener, name=name or (path.name if path else ""), limit=limit)
    read = returned(file.table(table))
    sample = read.sample(SAMPLE_ROWS)
    if not layout:
        found = suggest(read.header, sample, kind=kind, fields=fields)
        if any(question.asked == "needs" for question in found.questions):
            raise UnknownColumns(names=", ".join(name[:40] for name in read.header if name)[:500])
        layout = found.layout
    laid = lay(layout, read.header, fields=fields, sample=sample)
    return Source(file, read, laid, table, fields)


def source_of(run: ImportRun, *, path: Path | None, fields: Sequence[OwnField]) -> Source:
    """The run's file, which must be the one that was looked through. Raises FileError."""
    source = source_open(
        opener=file_opener(path) if path else store_opener(run.upload, run.business),
        name=run.file_name,
        table=run.table,
        layout=run.layout,
        kind=run.kind or None,  # type: ignore[arg-type]
        fields=fields,
    )
    if source.file.survey.sha256 != run.sha256:
        raise Changed
    return source


def context_of(business: Business, currency: str) -> Context:
    """What the business in scope adds to a file."""
    names = list(Property.objects.values_list("name", flat=True)[:2])
    return Context(
        country=business.country,
        language=business.language,
        today=today_of(business),
        home_currency=business.currency,
        currency=currency,
        zone=business.zone,
        property=names[0] if len(names) == 1 else "",
    )


def interpreted(source: Source, context: Context, *, skip: int) -> Iterator[Numbered]:
    """Batches of a file from number `skip` on, always cut at the same rows."""
    for number, batch in enumerate(_quickly_begun(source.table.batches(BATCH_ROWS))):
        if number >= skip:
            yield Numbered(number, len(batch), interpret(source.plan, batch, context))


def _quickly_begun(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same rows, the first batch in parts."""
    for first in islice(batches, 1):
        yield from first.cut(*BEGIN_ROWS)
    yield from batches


def read_ahead(source: Source, batches: Iterator[Numbered]) -> Iterator[Numbered]:
    """Batches of a file, read while those before them are written; a long file by a process of its own."""
    return ahead_apart(batches) if source.table.rows_about > 2 * BATCH_ROWS else ahead(batches)


def interpreted_lines(source: Source, context: Context, lines: Collection[int]) -> Iterator[Numbered]:
    """Single rows of a file, in the batches they stand in and by their numbers."""
    for number, batch in enumerate(source.table.batches(BATCH_ROWS)):
        wanted = [at for at, line in enumerate(batch.lines) if line in lines]
        if wanted:
            rows = Batch(
                [batch.lines[at] for at in wanted],
                [batch.rows[at] for at in wanted],
                notes=[note for note in batch.notes if note.line in lines],
            )
            yield Numbered(number, len(wanted), interpret(source.plan, rows, context))


def policy_run(run: ImportRun) -> Policy:
    """How a run's file and the register are brought together."""
    return policy_of(run.policy, kind=run.kind, format_key=run.format)


def job_of(business: Business, source: Source, run: ImportRun | None, *, policy: Policy | None = None) -> Job:
    """What batches are written for. Without a run, or with one that has not begun, it is a try-out."""
    laid = source.plan
    chosen = policy or (policy_run(run) if run else policy_of({}, kind=laid.kind, format_key=laid.key))
    came = timezone.localdate(run.created_at, business.zone) if run else today_of(business)
    begun = run is not None and run.state == ImportRun.State.RUNNING
    return Job(
        business_id=business.pk,
        run_id=run.pk if run else 0,
        act_id=(run.change_set_id or 0) if run and begun else 0,
        system=laid.system,
        language=business.language,
        kind=laid.kind,
        edits=laid.kind == "guests",
        tells_kind="guest.kind" in laid.places,
        public_id=business.public_id,
        dry=not begun,
        has_details=bool(laid.sensitive),
        file_name=run.file_name if run else "",
        member_id=run.member_id if run else None,
        actor=run.actor if run else "",
        policy=chosen,
        weighs=source.table.rows_about <= WEIGHED_ROWS,
        told_at=datetime.combine(chosen.file_date or came, time.min, business.zone),
    )


def today_of(business: Business) -> date:
    """The day it is where the business is."""
    return timezone.localdate(timezone=business.zone)
