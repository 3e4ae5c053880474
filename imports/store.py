"""Files of imports at rest: sealed while they arrive, opened for their business alone, never in clear on a disk.

An upload is sealed chunk by chunk as it is received (:class:`SealedUploadHandler`); what a form does not keep goes with
its request. What was kept is known by a name, which stands in its run (`ImportRun.upload`).
"""

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from accounts.keyring import CannotOpen
from accounts.marking import gettext_noop
from accounts.models import Business
from accounts.sealed_files import SealedWriter, sealed_open
from imports.readers import FILE_BYTES_MAX, FileError, Opener

PURPOSE: Final = "import"
"""What the files are sealed as."""
SUFFIX: Final = ".upload"
_FORM_BYTES: Final = 1 << 20
"""What a request may have beside its file."""


class FileGone(FileError):
    """A file that was kept and is not there any more."""

    template: ClassVar[str] = gettext_noop("The file is not kept here any more. Choose it again.")


class FileSpoiled(FileError):
    """A kept file that does not open: changed on the disk, or its key is missing."""

    template: ClassVar[str] = gettext_noop(
        "The file that was kept cannot be opened: it was changed on the server, or its key is missing. Choose it again."
    )


class SealedUpload(UploadedFile):
    """A file of a request, sealed on the disk. Closed with the request, it is removed unless `store_keep` kept it."""

    def __init__(self, path: Path, business: Business, name: str, content_type: str | None, size: int) -> None:
        super().__init__(sealed_open(path, business=business.public_id, purpose=PURPOSE), name, content_type, size)
        self.path = path
        self.is_kept = False

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        if not self.is_kept:
            self.path.unlink(missing_ok=True)


class SealedUploadHandler(FileUploadHandler):
    """Seals uploads as they arrive, for the business of the request; without one nothing is kept.

    The files of a request may together be as large as one file. Beyond that they are read past and not kept; the
    request then carries `upload_refused`, the size in bytes that was announced or had arrived.
    """

    writer: SealedWriter | None = None
    announced = received = 0

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:
        """Note what the request announces."""
        self.announced = content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file, or refuse it before a byte of it is kept."""
        super().new_file(*args, **kwargs)
        business = getattr(self.request, "business", None)
        if business is None:
            raise SkipFile
        if self.announced > FILE_BYTES_MAX + _FORM_BYTES:
            self._refuse(self.announced)
        self.writer = SealedWriter(_new_path(), business=business.public_id, purpose=PURPOSE)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Seal a chunk."""
        self.received += len(raw_data)
        if self.received > FILE_BYTES_MAX:
            self._refuse(self.received)
        if self.writer is not None:
            self.writer.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """The file, once it is whole."""
        writer, self.writer = self.writer, None
        if writer is None or self.request is None:
            return None
        writer.close()
        return SealedUpload(writer.path, self.request.business, self.file_name or "", self.content_type, file_size)  # type: ignore[attr-defined]

    def upload_interrupted(self) -> None:
        """Leave nothing of a request that broke off."""
        self._drop()

    def _refuse(self, size: int) -> None:
        self._drop()
        self.request.upload_refused = size  # type: ignore[union-attr]
        raise SkipFile

    def _drop(self) -> None:
        if self.writer is not None:
            self.writer.abort()
            self.writer = None


def upload_refused(request: HttpRequest) -> int | None:
    """The size of an upload that was too large to be kept; None when none was."""
    # Reading the files is what makes the handlers run.
    _ = request.FILES
    return getattr(request, "upload_refused", None)


def store_keep(uploaded: UploadedFile) -> str:
    """Keep an upload beyond its request; returns the name that `store_opener` knows it by."""
    if not isinstance(uploaded, SealedUpload):
        raise TypeError("Only what SealedUploadHandler received can be kept.")
    uploaded.is_kept = True
    return uploaded.path.name


def store_add(chunks: Iterable[bytes], *, business: Business) -> str:
    """Keep a file that came in another way than by an upload; an error in the midst of it leaves nothing."""
    path = _new_path()
    with SealedWriter(path, business=business.public_id, purpose=PURPOSE) as writer:
        for chunk in chunks:
            writer.write(chunk)
    return path.name


def store_opener(name: str, business: Business) -> Opener:
    """How to open a kept file; the opener raises FileGone or FileSpoiled when it cannot, and so does the reading."""

    def opener() -> BinaryIO:
        try:
            return sealed_open(store_path(name), business=business.public_id, purpose=PURPOSE, spoiled=FileSpoiled)
        except FileNotFoundError as error:
            raise FileGone from error
        except CannotOpen as error:
            raise FileSpoiled from error

    return opener


def store_path(name: str) -> Path:
    """Where a kept file lies, sealed."""
    return Path(settings.INNKEEPER_UPLOADS) / Path(name).name


def store_remove(name: str) -> None:
    """Remove a kept file; one that is gone already is no error."""
    if name:
        store_path(name).unlink(missing_ok=True)


def _new_path() -> Path:
    path = store_path(f"{secrets.token_hex(16)}{SUFFIX}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
