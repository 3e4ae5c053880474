"""Where the files of exports lie: sealed, each for its business alone, and gone when their time is over."""

import secrets
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

from accounts.models import Business
from accounts.sealed_files import sealed_open, sealed_sweep, sealed_writer

PURPOSE: Final = "export"
_BROKEN_OFF: Final = timedelta(hours=6)
"""No file takes so long to write: what is older was left by a worker that was killed."""


def kept_for() -> timedelta:
    """How long a file can be had."""
    return timedelta(hours=settings.INNKEEPER_EXPORT_KEEP_HOURS)


def new_name() -> str:
    """A name that nobody guesses."""
    return f"{secrets.token_hex(16)}.export"


def export_writer(name: str, *, business: Business) -> BinaryIO:
    """A stream that seals a file; it is there once the stream is closed, and not at all after an exception."""
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    return sealed_writer(_path(name), business=business.public_id, purpose=PURPOSE)


def export_reader(name: str, *, business: Business) -> BinaryIO:
    """The contents of a file. Raises FileNotFoundError, and ``CannotOpen`` for what is not this business's."""
    return sealed_open(_path(name), business=business.public_id, purpose=PURPOSE)


def export_forget(name: str) -> None:
    """Remove a file; one that is gone already is no error."""
    if name:
        _path(name).unlink(missing_ok=True)


def exports_expire() -> int:
    """Remove files whose time is over, and what killed workers have left; returns how many."""
    limit = time.time() - kept_for().total_seconds()
    removed = sealed_sweep(_folder(), older_than=_BROKEN_OFF)
    for path in _folder().glob("*.export"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                path.unlink()
                removed += 1
    return removed


def _folder() -> Path:
    return Path(settings.INNKEEPER_UPLOADS) / "exports"


def _path(name: str) -> Path:
    return _folder() / Path(name).name
