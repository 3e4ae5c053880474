"""Files at rest: sealed while they are written, opened frame by frame while they are read.

A file has a key of its own, which stands in its header sealed under the installation's keys and bound to the business
and the purpose; so it opens for no other business and as nothing else, and changing the installation's keys seals a
header anew, not the contents. These follow in frames of 1 MiB, each AES-256-GCM, its nonce made of the frame's number
and whether it is the last: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015). A frame that was
changed, moved, doubled or left out does not open, nor does a file that was cut or never finished.

A file appears under its name when it is complete; until then it lies beside it, its name ending in ``.part``.
"""

import io
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accounts.keyring import KEY_BYTES, NONCE_BYTES, CannotOpen
from accounts.sealing import keyring

FRAME: Final = 1 << 20
"""Bytes of contents in a frame; the last one may have fewer."""
_TAG: Final = 16
_MAGIC: Final = b"INNKEEP1"
_NAME: Final = 16
_WRAPPED: Final = NONCE_BYTES + KEY_BYTES + _TAG
HEADER: Final = len(_MAGIC) + 3 * _NAME + _WRAPPED
_PURPOSE: Final = b"innkeeper.file.1"


@dataclass(frozen=True, slots=True)
class SealedHeader:
    """To whom a sealed file belongs, what for, and the name of the key that opens its own."""

    business: UUID
    purpose: str
    key_name: str
    wrapped: bytes


def sealed_writer(path: Path, *, business: UUID, purpose: str) -> BinaryIO:
    """A stream that seals what is written to it; ``path`` appears, readable by the service alone, when it is closed.

    ``business`` is the business's public id, ``purpose`` at most 16 ASCII letters. Not seekable; ``tell`` counts the
    bytes of contents. Left by an exception, or thrown away unclosed, it leaves no file.
    """
    return cast(BinaryIO, SealedWriter(path, business=business, purpose=purpose))


def sealed_open(
    path: Path, *, business: UUID, purpose: str, spoiled: Callable[[], Exception] | None = None
) -> BinaryIO:
    """The contents of a sealed file as a seekable stream; one frame at a time is in memory.

    Raises FileNotFoundError, and ``CannotOpen`` for a file of another business or purpose, one whose key is missing
    (``MissingKey``), and one that was changed or cut; what was changed in the middle raises when it is read, and then
    ``spoiled`` makes the error where it is given.
    """
    return io.BufferedReader(_Reader(path, business, purpose, spoiled), buffer_size=1 << 16)


def sealed_header(path: Path) -> SealedHeader:
    """Whose a file is, without opening it. Raises FileNotFoundError, and CannotOpen for what is no sealed file."""
    with path.open("rb") as stream:
        return _header_read(stream.read(HEADER), path)


def sealed_again(path: Path) -> bool:
    """Seal a file's key under the newest of the installation's keys; False when it is already. Raises CannotOpen."""
    header = sealed_header(path)
    keys = keyring()
    if header.key_name == keys.current:
        return False
    key = keys.open_bytes(header.wrapped, header.key_name, bound=_bound(header.business, header.purpose))
    before = path.stat()
    part = _part_of(path)
    try:
        with path.open("rb") as old, _private(part) as new:
            old.seek(HEADER)
            new.write(_header_made(header.business, header.purpose, key))
            shutil.copyfileobj(old, new, FRAME)
            _settle(new)
        # Sweeps go by the age of a file.
        os.utime(part, ns=(before.st_atime_ns, before.st_mtime_ns))
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return True


def sealed_under(folder: Path) -> Iterator[tuple[Path, SealedHeader]]:
    """Every sealed file in a folder and below it; what is none, or goes meanwhile, is passed over."""
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError, IsADirectoryError, CannotOpen):
            yield path, sealed_header(path)


def sealed_sweep(folder: Path, *, older_than: timedelta) -> int:
    """Remove what writers that were killed have left in a folder; returns how many."""
    limit = time.time() - older_than.total_seconds()
    removed = 0
    for path in folder.glob("*.part"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < limit:
                path.unlink()
                removed += 1
    return removed


class SealedWriter(io.BufferedIOBase):
    """See :func:`sealed_writer`."""

    def __init__(self, path: Path, *, business: UUID, purpose: str) -> None:
        self._open = False
        self.path = path
        key = AESGCM.generate_key(8 * KEY_BYTES)
        header = _header_made(business, purpose, key)
        self._cipher = AESGCM(key)
        self._held = bytearray()
        self._frames = 0
        self._part = _part_of(path)
        self._stream = _private(self._part)
        self._open = True
        self._stream.write(header)

    def writable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes of contents written."""
        return self._frames * FRAME + len(self._held)

    def write(self, data: Any, /) -> int:
        """Take bytes; whole frames go to the disk, sealed."""
        self._check()
        view = memoryview(data).cast("B")
        self._held += view
        # A frame is held back until more follows: only then is it known not to be the last.
        while len(self._held) > FRAME:
            self._put(bytes(self._held[:FRAME]), last=False)
            del self._held[:FRAME]
        return len(view)

    def close(self) -> None:
        """Finish the file and give it its name."""
        if not self._open:
            return
        try:
            self._put(bytes(self._held), last=True)
            _settle(self._stream)
            self._stream.close()
            self._part.replace(self.path)
        except BaseException:
            self.abort()
            raise
        self._open = False
        super().close()

    def abort(self) -> None:
        """Leave no file."""
        if self._open:
            self._open = False
            # A full disk refuses what is still to be written here, too.
            with suppress(OSError):
                self._stream.close()
            self._part.unlink(missing_ok=True)
            super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def __del__(self) -> None:
        # The default would close it, and half a file would look whole.
        self.abort()

    def _check(self) -> None:
        if not self._open:
            raise ValueError("The file is closed.")

    def _put(self, contents: bytes, *, last: bool) -> None:
        self._stream.write(self._cipher.encrypt(_nonce(self._frames, last), contents, None))
        self._frames += 1


class _Reader(io.RawIOBase):
    """Frames of a sealed file, opened as they are asked for."""

    def __init__(
        self, path: Path, business: UUID, purpose: str, spoiled: Callable[[], Exception] | None = None
    ) -> None:
        self._path = path
        self._spoiled = spoiled
        self._stream = path.open("rb", buffering=0)
        try:
            header = _header_read(self._stream.read(HEADER), path)
            if (header.business, header.purpose) != (business, purpose):
                raise CannotOpen(f"{path.name} was sealed for another business or purpose.")
            bound = _bound(business, purpose)
            self._cipher = AESGCM(keyring().open_bytes(header.wrapped, header.key_name, bound=bound))
            sealed = os.fstat(self._stream.fileno()).st_size - HEADER
            self._frames = -(-sealed // (FRAME + _TAG))
            self.size = sealed - self._frames * _TAG
            self._at = 0
            self._number = -1
            self._frame = b""
            # The last frame says that it is the last: a file that was cut is refused before any of it is believed.
            self._load(max(self._frames - 1, 0))
        except BaseException:
            self._stream.close()
            raise

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place in the contents, in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place in the contents."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise ValueError("A place before the beginning.")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer as far as the frame goes."""
        target = memoryview(buffer).cast("B")
        if self._at >= self.size or not target:
            return 0
        number, start = divmod(self._at, FRAME)
        self._load(number)
        piece = memoryview(self._frame)[start : start + len(target)]
        target[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        """Close the file and forget the frame."""
        self._frame = b""
        self._stream.close()
        super().close()

    def _load(self, number: int) -> None:
        if number == self._number:
            return
        self._stream.seek(HEADER + number * (FRAME + _TAG))
        data = self._stream.read(FRAME + _TAG)
        last = number >= self._frames - 1
        try:
            self._frame = self._cipher.decrypt(_nonce(number, last), data, None)
        except (InvalidTag, ValueError) as error:
            refused = self._spoiled() if self._spoiled else CannotOpen(f"{self._path.name} was changed or cut.")
            raise refused from error
        self._number = number


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(NONCE_BYTES - 1, "big") + (b"\1" if last else b"\0")


def _bound(business: UUID, purpose: str) -> bytes:
    return _PURPOSE + business.bytes + _padded(purpose)


def _padded(name: str) -> bytes:
    data = name.encode("ascii")
    if not 0 < len(data) <= _NAME:
        raise ValueError(f"A name of 1 to {_NAME} letters, not {name!r}.")
    return data.ljust(_NAME, b"\0")


def _header_made(business: UUID, purpose: str, key: bytes) -> bytes:
    sealed = keyring().seal_bytes(key, bound=_bound(business, purpose))
    return _MAGIC + _padded(sealed.key_name) + business.bytes + _padded(purpose) + sealed.ciphertext


def _header_read(data: bytes, path: Path) -> SealedHeader:
    if len(data) < HEADER or not data.startswith(_MAGIC):
        raise CannotOpen(f"{path.name} is no sealed file.")
    names = data[len(_MAGIC) : len(_MAGIC) + 3 * _NAME]
    key_name, business, purpose = (names[at : at + _NAME] for at in range(0, 3 * _NAME, _NAME))
    return SealedHeader(
        business=UUID(bytes=business),
        purpose=purpose.rstrip(b"\0").decode("ascii", "replace"),
        key_name=key_name.rstrip(b"\0").decode("ascii", "replace"),
        wrapped=data[-_WRAPPED:],
    )


def _part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")


def _private(path: Path) -> BinaryIO:
    """A new file that the service alone can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _settle(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())
