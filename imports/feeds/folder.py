"""The watched folder: files that other systems lay down, taken when nobody writes them any more.

Below the folder that the operator has opened (``INNKEEPER_FEED_FOLDER``) each business has one of its own, named by its
public id, and in it one for each feed. A file that was taken goes into ``done/`` beside it, one that could not be read
into ``failed/``.
"""

import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from django.conf import settings

from accounts.models import Business
from imports.feeds.problems import FolderMissing, FolderRefused

QUIET_SECONDS: Final = 60
"""A file is whole when nobody has written it for so long."""
DONE, FAILED = "done", "failed"
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}")
_UNFINISHED: Final = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload")
_CHUNK: Final = 1 << 18


class Found(NamedTuple):
    """A file that is whole. `more`: others wait behind it."""

    path: Path
    more: bool


def folder_name_fits(name: str) -> bool:
    """Whether a folder may be called so: a plain name that leads nowhere else."""
    return bool(NAME.fullmatch(name)) and name.casefold() not in (DONE, FAILED) and not name.endswith((".", " "))


def folder_of(business: Business, name: str) -> Path:
    """Where a feed's files are laid down. Raises FolderMissing when the operator has opened no folder."""
    if not settings.INNKEEPER_FEED_FOLDER or not folder_name_fits(name):
        raise FolderMissing(folder=name)
    return Path(settings.INNKEEPER_FEED_FOLDER) / str(business.public_id) / name


def folder_next(business: Business, name: str) -> Found | None:
    """The file that has lain longest and is whole; None when there is none. Raises FeedError."""
    folder = folder_of(business, name)
    now = time.time()
    whole: list[tuple[float, str]] = []
    try:
        _inside(folder)
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.casefold().endswith(_UNFINISHED):
                    continue
                # A link could lead out of the folder.
                if not entry.is_file(follow_symlinks=False):
                    continue
                told = entry.stat(follow_symlinks=False)
                # Who copies a file may set when it was changed, never when its entry was.
                touched = max(told.st_mtime, told.st_ctime)
                if told.st_size and now - touched >= QUIET_SECONDS:
                    whole.append((touched, entry.name))
    except FileNotFoundError as error:
        raise FolderMissing(folder=name) from error
    except OSError as error:
        raise FolderRefused(folder=name, cause=error.strerror or "") from error
    if not whole:
        return None
    return Found(folder / min(whole)[1], len(whole) > 1)


def file_chunks(path: Path) -> Iterator[bytes]:
    """The contents of a file of the folder, which must be a file and no link. Raises OSError."""
    with _opened(path) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def file_put(path: Path, into: str) -> None:
    """Move a file out of the way, into ``done`` or ``failed``; one of the same name there is not written over.

    Raises FolderRefused.
    """
    try:
        target = path.parent / into
        target.mkdir(mode=0o700, exist_ok=True)
        _inside(target)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        name, number = path.name, 0
        while (target / name).exists():
            number += 1
            name = f"{path.stem}-{stamp}{f'-{number}' if number > 1 else ''}{path.suffix}"
        path.rename(target / name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FolderRefused(folder=path.parent.name, cause=error.strerror or "") from error


def folders_sweep() -> int:
    """Remove files that were taken, as long after it as files of imports are kept; returns how many."""
    if not settings.INNKEEPER_FEED_FOLDER:
        return 0
    removed = 0
    limit = time.time() - timedelta(days=settings.INNKEEPER_IMPORT_KEEP_DAYS).total_seconds()
    for path in Path(settings.INNKEEPER_FEED_FOLDER).glob(f"*/*/{DONE}/*"):
        with suppress(OSError):
            told = path.lstat()
            # Moving it there has set the time of its entry.
            if stat.S_ISREG(told.st_mode) and told.st_ctime < limit:
                path.unlink()
                removed += 1
    return removed


def _inside(folder: Path) -> None:
    """Raises OSError when a folder, its links followed, lies outside the one that the operator has opened."""
    base = Path(settings.INNKEEPER_FEED_FOLDER).resolve(strict=True)
    if not folder.resolve(strict=True).is_relative_to(base):
        raise PermissionError(1, "it leads out of the folder for files")
    if not folder.is_dir():
        raise NotADirectoryError(20, "it is no folder")


def _opened(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
