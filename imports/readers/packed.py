"""ZIP files, opened with care: how much is in them is bounded before anything is unpacked.

No more of an entry is ever unpacked than its header announces (`zipfile` stops there, and the checksum then tells a
header that lied), so that what all headers announce together bounds what is really read. Nothing is written to disk:
an entry's name is a name to show and to look up, never a path.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, cast

from imports.readers.encoding import size_of
from imports.readers.errors import BrokenArchive, EncryptedFile, FileTooLarge, PackedTooMuch, TooManyEntries
from imports.readers.opening import Opener

ENTRIES_MAX: Final = 1_000
_DIRECTORY_MAX: Final = 2 << 20
"""Bytes of the list of entries, which is read as a whole."""
_RATIO_MAX: Final = 200
_RATIO_FROM: Final = 16 << 20
"""Entries that unpack to less than this may be packed as tightly as they like."""
_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x06"
_LOCAL_HEADER: Final = 30
_READABLE: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FAULTS: Final = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError, ValueError)
_UNSHOWABLE: Final = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Package:
    """The entries of a ZIP file by their names, folders left out; of two of one name the later counts."""

    def __init__(self, opener: Opener, *, limit: int) -> None:
        """Look the list of entries through. `limit` is in bytes, for the file and for all that is packed in it.

        Raises FileTooLarge, BrokenArchive, EncryptedFile, TooManyEntries, PackedTooMuch.
        """
        self._opener = opener
        with opener() as stream:
            size = size_of(stream)
            if size > limit:
                raise FileTooLarge(size=size, limit=limit)
            _refuse_long_directory(stream, size)
            with _faults(), zipfile.ZipFile(stream) as archive:
                infos = archive.infolist()
        if len(infos) > ENTRIES_MAX:
            raise TooManyEntries(limit=ENTRIES_MAX)
        _refuse_overlaps(infos, size)
        for info in infos:
            if info.flag_bits & 0x1:
                raise EncryptedFile
            if info.file_size > _RATIO_FROM and info.file_size > _RATIO_MAX * info.compress_size:
                raise PackedTooMuch(limit=limit)
        if sum(info.file_size for info in infos) > limit:
            raise PackedTooMuch(limit=limit)
        self.entries = {info.filename: info for info in infos if not info.is_dir()}

    def open(self, name: str) -> BinaryIO:
        """The unpacked bytes of an entry, seekable. Raises KeyError; opening and reading raise BrokenArchive."""
        return cast(BinaryIO, io.BufferedReader(_Entry(self._opener, self.entries[name]), 1 << 17))

    def opener(self, name: str) -> Opener:
        """Opens an entry, any number of times."""
        return lambda: self.open(name)


class _Entry(io.RawIOBase):
    """An entry as it is unpacked. Going back unpacks it again from its beginning."""

    def __init__(self, opener: Opener, info: zipfile.ZipInfo) -> None:
        if info.compress_type not in _READABLE:
            raise BrokenArchive
        self._size = info.file_size
        self._at = 0
        self._stack = ExitStack()
        with _faults():
            try:
                archive = self._stack.enter_context(zipfile.ZipFile(self._stack.enter_context(opener())))
                self._entry = self._stack.enter_context(archive.open(info))
            except BaseException:
                self._stack.close()
                raise

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        with _faults():
            if self._entry.tell() != self._at:
                self._entry.seek(self._at)
            data = self._entry.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stack.close()
        super().close()


def shown_name(name: str) -> str:
    """An entry's name without folders and without what cannot be shown."""
    return _UNSHOWABLE.sub("", PurePosixPath(name.replace("\\", "/")).name).strip()[:120]


@contextmanager
def _faults() -> Iterator[None]:
    """Say in one way that an archive is damaged."""
    try:
        yield
    except _FAULTS as error:
        raise BrokenArchive from error


def _refuse_long_directory(stream: BinaryIO, size: int) -> None:
    """Refuse a list of entries that is too long to be read, by the record at the end of the file."""
    tail_size = min(size, (1 << 16) + 22 + 20 + 56)
    stream.seek(size - tail_size)
    tail = stream.read(tail_size)
    stream.seek(0)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise BrokenArchive
    length = struct.unpack_from("<L", tail, at + 12)[0]
    at_64 = tail.rfind(_END_64, 0, at)
    if at_64 >= 0 and at - at_64 >= 56:
        # The longer record counts as well as the other; what is marked as too large for that one says nothing.
        length = max(0 if length == 0xFFFFFFFF else length, struct.unpack_from("<Q", tail, at_64 + 40)[0])
    if length > _DIRECTORY_MAX:
        raise TooManyEntries(limit=ENTRIES_MAX)


def _refuse_overlaps(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse entries that share their packed bytes, by which a small file holds many large ones."""
    end = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        if info.header_offset < end:
            raise BrokenArchive
        end = info.header_offset + _LOCAL_HEADER + info.compress_size
    if end > size:
        raise BrokenArchive
