"""Finding out how a file's letters are written, in one pass over its bytes and a fixed amount of memory."""

import codecs
import hashlib
import io
import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from imports.readers.errors import (
    Archive,
    BrokenText,
    Document,
    EmptyFile,
    EncryptedFile,
    FileError,
    FileTooLarge,
    LineTooLong,
    NotCsv,
    Spreadsheet,
    WrongEncoding,
)
from imports.readers.opening import Opener

CHUNK: Final = 1 << 20
LINE_BYTES_MAX: Final = 8 * CHUNK
_SAMPLE_MAX: Final = 4 * CHUNK
_EXCERPT: Final = 64

ZIPPED = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = (
    *ZIPPED,
    b"\x1f\x8b",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PASSWORD = "EncryptedPackage".encode("utf-16-le")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_WIDE = {"utf-16": 2, "utf-16-le": 2, "utf-16-be": 2, "utf-32": 4}
# Control characters that no text has; tab, line feed, form feed, carriage return and Ctrl-Z are let through.
_CONTROLS = bytes(set(range(32)) - {0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1A, 0x1B})
_HIGH = re.compile(rb"[\x80-\xff]+")
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Windows-1252 leaves these five undefined; ISO-8859-15 has control characters from 80 to 9F.
_UNDEFINED_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
# What stands between two letters in Western text though it is no letter.
_BETWEEN_LETTERS = frozenset("’‘´`·–—-\u00ad")
# The eight bytes that differ: what they are in ISO-8859-15.
_LATIN9 = {0xA4: "€", 0xA6: "Š", 0xA8: "š", 0xB4: "Ž", 0xB8: "ž", 0xBC: "Œ", 0xBD: "œ", 0xBE: "Ÿ"}


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over the bytes told. `lines` counts line ends: about the number of rows."""

    encoding: str
    size: int
    lines: int
    sha256: str


def survey(opener: Opener, *, limit: int) -> Survey:
    """Read the whole file once: its encoding, size, digest and number of lines.

    Raises FileMissing, FileTooLarge (before reading), EmptyFile, NotCsv and its kinds, LineTooLong,
    WrongEncoding, BrokenText.
    """
    with opener() as stream:
        size = size_of(stream)
        if size > limit:
            raise FileTooLarge(size=size, limit=limit)
        return _Pass(stream, size).run()


def survey_packed(opener: Opener, *, lines: int) -> Survey:
    """The same of a packed file, whose bytes are no text: its encoding is empty."""
    with opener() as stream:
        size = size_of(stream)
        digest = hashlib.sha256()
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return Survey("", size, lines, digest.hexdigest())


def size_of(stream: BinaryIO) -> int:
    """How many bytes a stream has; it stands at its beginning afterwards."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return size


class _Pass:
    """One pass; each chunk is looked at once."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.stream = stream
        self.size = size
        self.digest = hashlib.sha256()
        self.lines = 0
        self.since_line_end = 0
        self.sample = bytearray()
        self.undefined_line: int | None = None
        self.first_high_line: int | None = None
        self.controls = 0

    def run(self) -> Survey:
        first = self.stream.read(CHUNK)
        if not first.strip(b"\xef\xbb\xbf\xff\xfe\x00\r\n\t ;,\x1a") and len(first) == self.size:
            raise EmptyFile
        _refuse_other_kinds(first)
        encoding = _declared(first)
        decoder = codecs.getincrementaldecoder(encoding or "utf-8")("strict")
        valid = True
        broken_line = 0
        chunk = first
        while chunk:
            self.digest.update(chunk)
            self._look(chunk, wide=encoding in _WIDE)
            if valid:
                try:
                    if "\x00" in decoder.decode(chunk):
                        raise NotCsv
                except UnicodeDecodeError as error:
                    valid = False
                    broken_line = self._line_in(chunk, error.start)
                    if encoding is not None:
                        raise BrokenText(encoding=_shown(encoding), line=broken_line) from error
            self._count(chunk, wide=encoding in _WIDE)
            chunk = self.stream.read(CHUNK)
        if valid:
            try:
                decoder.decode(b"", final=True)
            except UnicodeDecodeError as error:
                if encoding is not None:
                    raise BrokenText(encoding=_shown(encoding), line=self.lines + 1) from error
                valid, broken_line = False, self.lines + 1
        if not valid:
            encoding = self._eight_bit(broken_line)
        return Survey(encoding or "utf-8", self.size, self.lines, self.digest.hexdigest())

    def _look(self, chunk: bytes, *, wide: bool) -> None:
        """Refuse what is no text, and put aside the letters beyond ASCII with their surroundings."""
        if wide:
            return
        if b"\x00" in chunk:
            raise NotCsv
        self.controls += len(chunk) - len(chunk.translate(None, _CONTROLS))
        if self.controls > 8 + self.size // 10_000:
            raise NotCsv
        if chunk.isascii():
            return
        if self.first_high_line is None:
            self.first_high_line = self._line_in(chunk, _HIGH.search(chunk).start())  # type: ignore[union-attr]
        if self.undefined_line is None and (undefined := _UNDEFINED_1252.search(chunk)):
            self.undefined_line = self._line_in(chunk, undefined.start())
        if len(self.sample) < _SAMPLE_MAX:
            at = 0
            for found in _HIGH.finditer(chunk):
                if found.start() >= at:
                    start, at = max(found.start() - _EXCERPT, 0), found.end() + _EXCERPT
                    self.sample += chunk[max(start, 0) : at] + b"\n"
                    if len(self.sample) >= _SAMPLE_MAX:
                        break

    def _line_in(self, chunk: bytes, at: int) -> int:
        before = chunk[:at]
        return self.lines + 1 + max(before.count(b"\n"), before.count(b"\r"))

    def _count(self, chunk: bytes, *, wide: bool) -> None:
        feeds, returns = chunk.count(b"\n"), chunk.count(b"\r")
        ends = max(feeds, returns)
        self.lines += ends
        last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self.since_line_end = len(chunk) - last - 1 if ends else self.since_line_end + len(chunk)
        if self.since_line_end > LINE_BYTES_MAX * (2 if wide else 1):
            raise LineTooLong(line=self.lines + 1, limit=LINE_BYTES_MAX // CHUNK)

    def _eight_bit(self, broken_line: int) -> str:
        """Windows-1252 or ISO-8859-15, by what makes words of the letters; else an error."""
        sample = bytes(self.sample)
        high = sum(len(run) for run in _HIGH.findall(sample))
        sequences = sum(len(found) for found in _UTF8_SEQUENCE.findall(sample))
        if sequences and (sequences >= 0.5 * high or broken_line > self.lines):
            raise BrokenText(encoding="UTF-8", line=broken_line)
        if self.undefined_line is not None:
            raise WrongEncoding(line=self.undefined_line)
        if _oddity(sample.decode("cp1252")) > 0.2:
            raise WrongEncoding(line=self.first_high_line or broken_line)
        return "iso-8859-15" if _is_latin9(sample) else "cp1252"


def _refuse_other_kinds(first: bytes) -> None:
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    kind: type[FileError] | None = None
    if first.startswith(_PACKED):
        kind = Archive
    elif first.startswith(_OLE):
        kind = EncryptedFile if _PASSWORD in first else Spreadsheet
    elif first.startswith((b"%PDF", b"{\\rtf")) or start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")):
        kind = Document
    if kind is not None:
        raise kind


def _declared(first: bytes) -> str | None:
    """The encoding that a byte order mark names, or the zero bytes of UTF-16 without one give away."""
    for mark, encoding in _BOMS:
        if first.startswith(mark):
            return encoding
    head = first[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 4 and max(even, odd) > 0.6 * half and min(even, odd) < 0.05 * half:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _shown(encoding: str) -> str:
    return encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be").upper()


def _oddity(text: str) -> float:
    """The share of letters beyond ASCII that make no Western word: 0 for Nordic text, near 1 for another encoding.

    Odd are symbols between two letters (`J›rgen`), capitals between small letters (`HŒkon`), and runs of three or
    more such letters (`Èâàíîâ`, which is Cyrillic read as Western).
    """
    total = odd = 0
    for found in re.finditer(r"[^\x00-\x7f]+", text):
        run = found.group()
        total += len(run)
        before = text[found.start() - 1] if found.start() else " "
        after = text[found.end()] if found.end() < len(text) else " "
        if len(run) >= 3 and sum(letter.isalpha() for letter in run) >= 3:
            odd += len(run)
        elif before.isalpha() and after.isalpha():
            symbols = [letter for letter in run if not letter.isalpha() and letter not in _BETWEEN_LETTERS]
            capitals = [letter for letter in run if letter.isupper() and before.islower() and after.islower()]
            odd += len(symbols) + len(capitals)
    return odd / total if total else 0.0


def _is_latin9(sample: bytes) -> bool:
    """Whether the eight bytes that differ stand where the letters of ISO-8859-15 would."""
    if any(0x80 <= byte <= 0x9F for byte in sample):
        return False
    for_latin9 = against = 0
    text = sample.decode("cp1252")
    for at, byte in enumerate(sample):
        letter = _LATIN9.get(byte)
        if letter is None:
            continue
        before = text[at - 1] if at else " "
        after = text[at + 1] if at + 1 < len(text) else " "
        if letter == "€":
            # The general currency sign is hardly ever written.
            for_latin9 += 1
        elif letter.isupper():
            inside = at > 1 and text[at - 2 : at].isalpha() and text[at - 2 : at].isupper()
            fits = (after.islower() and not before.isalpha()) or inside
            for_latin9, against = for_latin9 + fits, against + (not fits)
        else:
            fits = before.isalpha() or (after.isalpha() and not before.isdigit())
            for_latin9, against = for_latin9 + fits, against + (not fits)
    return for_latin9 > against
