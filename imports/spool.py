"""What a preview has worked out, kept sealed beside the file until the import: new guests as they would be written, and
all other rows as they were read.

It saves work and is never needed: a run whose spool is not there, does not open, or was made of other columns, another
policy or by another version reads its file again, and so does one whose spool is lost half way.
"""

import hashlib
import json
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self, cast

from django.conf import settings

from accounts.keyring import CannotOpen
from accounts.models import Business
from accounts.sealed_files import SealedWriter, sealed_open
from imports.mapping import ContactRow, GuestRow, Interpreted, OwnField
from imports.models import ImportRun
from imports.staging import Planned
from imports.staging.planned import COLUMNS

PURPOSE: Final = "import rows"
SUFFIX: Final = ".spool"
SPOOLED_ROWS: Final = 5_000
"""Rows of a file that are kept together; their planned guests are written in one transaction."""
_VERSION: Final = 1
_UNREADABLE: Final = (CannotOpen, OSError, pickle.UnpicklingError, AttributeError, EOFError, ImportError)


class SpoolLost(Exception):
    """A spool that was there has gone, or does not open to its end."""


@dataclass(slots=True)
class Spooled:
    """Some rows of a file: their number, the new guests that were planned, and the other rows as they were read."""

    size: int
    planned: Planned | None
    rest: Interpreted

    @property
    def others(self) -> int:
        """The number of the other rows."""
        return self.size - (len(self.planned.lines) if self.planned else 0)

    def add(self, more: "Spooled") -> None:
        """Take the rows of the next batch in."""
        self.size += more.size
        if self.planned is None:
            self.planned = more.planned
        elif more.planned is not None:
            self.planned.add(more.planned)
        self.rest.add(more.rest)


class SpoolWriter:
    """Writes a run's spool while its file is looked through; it is there once it is complete.

    A disk that is full costs the spool and nothing else.
    """

    def __init__(self, run: ImportRun, business: Business, fields: Sequence[OwnField]) -> None:
        self._held: Spooled | None = None
        self._writer: SealedWriter | None = None
        self._path = spool_path(run, business)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._writer = SealedWriter(self._path, business=business.public_id, purpose=PURPOSE)
        except OSError:
            return
        self._put(_signature(run, business, fields))

    def add(self, batch: Spooled) -> None:
        """Keep a batch of the file."""
        if self._held is None:
            self._held = batch
        else:
            self._held.add(batch)
        if self._held.size >= SPOOLED_ROWS:
            self._put(self._held)
            self._held = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._held is not None:
            self._put(self._held)
        if self._writer is None:
            return
        try:
            self._writer.__exit__(kind, error, traceback)
        except OSError:
            self._path.unlink(missing_ok=True)

    def _put(self, what: Any) -> None:
        if self._writer is None:
            return
        try:
            self._writer.write(pickle.dumps(what, pickle.HIGHEST_PROTOCOL))
        except OSError:
            self._writer.abort()
            self._writer = None


def spool_read(run: ImportRun, business: Business, fields: Sequence[OwnField]) -> Iterator[Spooled] | None:
    """The batches of a run's spool, which raise SpoolLost; None when there is none that fits the run, and the business
    with its own fields as they are now.
    """
    try:
        stream = sealed_open(spool_path(run, business), business=business.public_id, purpose=PURPOSE)
    except (FileNotFoundError, CannotOpen):
        return None
    # What is unpickled opened under a key of this installation: nobody else can have written it.
    try:
        fits = pickle.load(stream) == _signature(run, business, fields)  # noqa: S301
    except _UNREADABLE:
        fits = False
    if not fits:
        stream.close()
        return None

    def batches() -> Iterator[Spooled]:
        with stream:
            while (batch := _next(stream)) is not None:
                yield batch

    return batches()


def spool_remove(run: ImportRun, business: Business) -> None:
    """Remove a run's spool; one that is gone already is no error."""
    spool_path(run, business).unlink(missing_ok=True)


def spool_path(run: ImportRun, business: Business) -> Path:
    """Where a run's spool lies, sealed."""
    return Path(settings.INNKEEPER_UPLOADS) / f"{business.public_id.hex}-{run.pk}{SUFFIX}"


def _next(stream: BinaryIO) -> Spooled | None:
    try:
        if not stream.peek(1):  # type: ignore[attr-defined]
            return None
        return cast(Spooled, pickle.load(stream))  # noqa: S301
    except _UNREADABLE as error:
        raise SpoolLost from error


def _signature(run: ImportRun, business: Business, fields: Sequence[OwnField]) -> str:
    """What a spool must have been made of."""
    made_of = [run.pk, run.sha256, run.table, run.layout, run.policy, run.currency]
    made_of += [business.country, business.language, business.currency, str(business.zone)]
    made_of += [[field.id, field.target, field.options] for field in fields]
    shape = [_VERSION, COLUMNS, GuestRow._fields, ContactRow._fields]
    return hashlib.sha256(json.dumps([made_of, shape], sort_keys=True).encode()).hexdigest()
