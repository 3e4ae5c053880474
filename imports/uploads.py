"""Uploaded files: streamed into a private folder in chunks, never larger than the limit, removed once imported."""

import secrets
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

from imports.readers import FILE_BYTES_MAX

KEPT_AT_MOST = timedelta(days=8)
"""Longer than a file waits to be imported: what is older belongs to nobody."""


class PrivateUploadHandler(TemporaryFileUploadHandler):
    """Writes uploads into `FILE_UPLOAD_TEMP_DIR` as they arrive; one beyond the limit is read past and not kept.

    The request then carries `upload_refused`, the size in bytes that was announced or had arrived.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a file whose request is announced as too large, before a byte of it is kept."""
        Path(settings.FILE_UPLOAD_TEMP_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
        super().new_file(*args, **kwargs)
        self.received = 0
        if (self.content_length or 0) > FILE_BYTES_MAX + (1 << 20):
            self._refuse(self.content_length or 0)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a chunk."""
        self.received += len(raw_data)
        if self.received > FILE_BYTES_MAX:
            self._refuse(self.received)
        super().receive_data_chunk(raw_data, start)

    def _refuse(self, size: int) -> None:
        self.file.close()
        self.request.upload_refused = size  # type: ignore[union-attr]
        raise SkipFile


def upload_refused(request: HttpRequest) -> int | None:
    """The size of an upload that was too large to be kept; None when none was."""
    # Reading the files is what makes the handlers run.
    _ = request.FILES
    return getattr(request, "upload_refused", None)


def upload_keep(uploaded: UploadedFile) -> str:
    """Keep an uploaded file beyond its request; returns the name by which `upload_path` finds it."""
    name = f"{secrets.token_hex(16)}.upload"
    target = upload_path(name)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if isinstance(uploaded, TemporaryUploadedFile):
        Path(uploaded.temporary_file_path()).replace(target)
    else:
        with target.open("wb") as stream:
            for chunk in uploaded.chunks():
                stream.write(chunk)
    target.chmod(0o600)
    return name


def upload_path(name: str) -> Path:
    """Where a kept file is."""
    return Path(settings.INNKEEPER_UPLOADS) / Path(name).name


def upload_remove(name: str) -> None:
    """Remove a kept file; one that is gone already is no error."""
    if name:
        upload_path(name).unlink(missing_ok=True)


def uploads_sweep(*, older_than: timedelta = KEPT_AT_MOST) -> int:
    """Remove files of uploads that were broken off or whose request failed; returns how many."""
    limit = time.time() - older_than.total_seconds()
    removed = 0
    for path in Path(settings.INNKEEPER_UPLOADS).glob("*.upload*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                path.unlink()
                removed += 1
    return removed
