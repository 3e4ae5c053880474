"""A run's file, opened and laid out, and its rows in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.utils import timezone

from accounts.models import Business
from imports.mapping import Context, Interpreted, Kind, OwnField, Plan, interpret, plan
from imports.models import ImportRun
from imports.policy import Policy, policy_of
from imports.readers import FILE_BYTES_MAX, Opener, SourceFile, Table, file_opener, open_source
from imports.returned import returned
from imports.staging import Job
from imports.stops import Changed
from imports.store import store_opener

BATCH_ROWS = 5_000
"""Rows a transaction: a second or two, so that nobody waits long for a card that the import holds."""
SAMPLE_ROWS = 1_000
"""Rows in which payment cards are looked for, and from which the meaning of columns is guessed."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be imported, and how. `name` is the table's, empty for the only one."""

    file: SourceFile
    table: Table
    plan: Plan
    name: str = ""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A batch of a file, interpreted; `end` is the number of rows up to the batch's end."""

    number: int
    end: int
    rows: Interpreted


def source_open(
    *,
    path: Path | None = None,
    opener: Opener | None = None,
    name: str = "",
    table: str = "",
    kind: Kind | None = None,
    fields: Sequence[OwnField] = (),
    limit: int = FILE_BYTES_MAX,
) -> Source:
    """Look a file through and recognise it; `fields` are the business's own. Raises FileError.

    The file is at `path` or behind `opener`; `name` is what it is called, `table` which of its tables is meant.
    """
    if opener is None:
        opener = file_opener(path or Path())
    file = open_source(opener, name=name or (path.name if path else ""), limit=limit)
    read = returned(file.table(table))
    laid = plan(read.header, read.sample(SAMPLE_ROWS), kind=kind, fields=fields)
    return Source(file, read, laid, table)


def source_of(run: ImportRun, *, path: Path | None, fields: Sequence[OwnField]) -> Source:
    """The run's file, which must be the one that was looked through. Raises FileError."""
    source = source_open(
        opener=file_opener(path) if path else store_opener(run.upload, run.business),
        name=run.file_name,
        table=run.table,
        kind=run.kind or None,  # type: ignore[arg-type]
        fields=fields,
    )
    if source.file.survey.sha256 != run.sha256:
        raise Changed
    return source


def interpreted(business: Business, source: Source, currency: str, *, skip: int) -> Iterator[Numbered]:
    """Batches of a file from number `skip` on, always cut at the same rows."""
    context = Context(
        country=business.country,
        language=business.language,
        today=today_of(business),
        home_currency=business.currency,
        currency=currency,
        zone=business.zone,
    )
    end = 0
    for number, batch in enumerate(source.table.batches(BATCH_ROWS)):
        end += len(batch)
        if number >= skip:
            yield Numbered(number, end, interpret(source.plan, batch, context))


def policy_run(run: ImportRun) -> Policy:
    """How a run's file and the register are brought together."""
    return policy_of(run.policy, kind=run.kind, format_key=run.format)


def job_of(business: Business, source: Source, run: ImportRun | None, *, policy: Policy | None = None) -> Job:
    """What batches are written for. Without a run, or with one that has not begun, it is a try-out."""
    laid = source.plan
    begun = run is not None and run.state == ImportRun.State.RUNNING
    return Job(
        business_id=business.pk,
        run_id=run.pk if run else 0,
        act_id=(run.change_set_id or 0) if run and begun else 0,
        system=laid.format.system,
        language=business.language,
        edits=laid.format.kind == "guests",
        tells_kind="guest.kind" in laid.places,
        public_id=business.public_id,
        dry=not begun,
        has_details=bool(laid.sensitive),
        file_name=run.file_name if run else "",
        member_id=run.member_id if run else None,
        actor=run.actor if run else "",
        policy=policy or (policy_run(run) if run else policy_of({}, kind=laid.format.kind, format_key=laid.format.key)),
    )


def today_of(business: Business) -> date:
    """The day it is where the business is."""
    return timezone.localdate(timezone=business.zone)
