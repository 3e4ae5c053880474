"""Rows of a CSV file, in batches, as they stand: nothing is interpreted and nothing is held but one batch."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from imports.problems import Problem, shown
from imports.readers.dialect import Dialect, detect
from imports.readers.encoding import Survey, survey
from imports.readers.errors import (
    BrokenHeader,
    DuplicateHeaders,
    EmptyFile,
    HeaderOnly,
    TooManyColumns,
    WrongEncoding,
)
from imports.readers.limits import BATCH_ROWS, CELL_MAX, COLUMNS_MAX, FILE_BYTES_MAX
from imports.readers.opening import Opener, file_opener
from imports.readers.tables import Batch, sampled

_HEADER_LINES_MAX: Final = 50
_SAMPLE_LINES: Final = 200
_SAMPLE_CHARACTERS: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that was looked through and can be read. `header` holds the columns' names, trimmed; some may be empty."""

    opener: Opener
    survey: Survey
    dialect: Dialect
    header: tuple[str, ...]
    header_line: int

    @property
    def rows_about(self) -> int:
        """About how many rows there are, for a progress bar: lines without the header."""
        return max(self.survey.lines - self.header_line, 1)

    def batches(self, size: int = BATCH_ROWS) -> Iterator[Batch]:
        """All rows in batches of `size`, always cut at the same places. Blank rows are passed over.

        Raises WrongEncoding when the file was changed after it was looked through.
        """
        with _open(self.opener, self.survey.encoding) as stream:
            try:
                yield from _batches(stream, self.dialect, self.header_line, self.header, size)
            except UnicodeDecodeError as error:
                raise WrongEncoding(line="?") from error

    def sample(self, size: int) -> list[list[str]]:
        """The first rows, at most `size`."""
        return sampled(self, size)


def open_csv(path: Path, *, limit: int = FILE_BYTES_MAX) -> CsvFile:
    """A CSV file on disk; see `csv_table`."""
    return csv_table(file_opener(path), limit=limit)


def csv_table(opener: Opener, *, limit: int = FILE_BYTES_MAX) -> CsvFile:
    """Look a file through: encoding, delimiter, header. `limit` in bytes.

    Raises any FileError: missing, too large, empty, no CSV, wrong encoding, header only, duplicated headers, too many
    columns.
    """
    found = survey(opener, limit=limit)
    with _open(opener, found.encoding) as stream:
        dialect = detect(_sample(stream))
    with _open(opener, found.encoding) as stream:
        header, line = _header(stream, dialect)
        if not any(line.strip('\ufeff\r\n\t ,;|"\x1a') for line in stream):
            raise HeaderOnly
    return CsvFile(opener, found, dialect, header, line)


def _open(opener: Opener, encoding: str) -> TextIO:
    # newline="" keeps line ends inside quoted cells and lets the csv module see them all.
    return io.TextIOWrapper(opener(), encoding, errors="strict", newline="")


def _sample(stream: TextIO) -> list[str]:
    lines, characters = [], 0
    for line in islice(stream, _SAMPLE_LINES):
        lines.append(line)
        characters += len(line)
        if characters > _SAMPLE_CHARACTERS:
            break
    return lines


def _header(stream: TextIO, dialect: Dialect) -> tuple[tuple[str, ...], int]:
    """The first row that is not blank, and the line on which it ends."""
    for _ in range(dialect.skip):
        stream.readline()
    reader = csv.reader(stream, **dialect.reader_options())  # type: ignore[arg-type]
    try:
        row = next((row for row in reader if any(cell.strip() for cell in row)), None)
    except csv.Error as error:
        raise BrokenHeader from error
    if row is None:
        raise EmptyFile
    if reader.line_num > _HEADER_LINES_MAX:
        raise BrokenHeader
    names = [" ".join(cell.replace("\ufeff", "").split()) for cell in row]
    while names and not names[-1]:
        names.pop()
    if len(names) > COLUMNS_MAX:
        raise TooManyColumns(count=len(names), limit=COLUMNS_MAX)
    seen: dict[str, list[str]] = {}
    for name in names:
        if name:
            seen.setdefault(name.casefold(), []).append(name)
    twice = [same[0] for same in seen.values() if len(same) > 1]
    if twice:
        raise DuplicateHeaders(names=", ".join(twice))
    return tuple(names), reader.line_num + dialect.skip


class _Lines:
    """The physical lines of a file, counted; those of the row being read can be put back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._stream)
        self.number += 1
        self.taken.append(line)
        return line

    def put_back_all_but_first(self) -> None:
        """Let the row be its first line only."""
        rest = self.taken[1:]
        self._again.extendleft(reversed(rest))
        self.number -= len(rest)


def _batches(stream: TextIO, dialect: Dialect, header_line: int, header: tuple[str, ...], size: int) -> Iterator[Batch]:
    width = len(header)
    lines = _Lines(stream)
    for _ in islice(lines, header_line):
        pass
    # Strict, so that a quotation mark never closed is told by what follows the mark that closes it by chance.
    reader = csv.reader(lines, strict=True, **dialect.reader_options())  # type: ignore[arg-type]
    taken = lines.taken
    batch = Batch()
    while True:
        taken.clear()
        first = lines.number + 1
        problem = None
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:
            row, problem = _mended(header, lines, dialect, first)
        if not row and problem is None:
            continue
        if problem is None and len(row) != width:
            row, problem = _fitted(row, header, lines, first)
        if problem is None and (len(taken) > 1 or len(taken[0]) > CELL_MAX):
            problem = _too_long(row, header, first)
        if problem is not None:
            batch.problems.append(problem)
        elif any(row):
            batch.lines.append(first)
            batch.rows.append(row)
        if len(batch.rows) + len(batch.problems) >= size:
            yield batch
            batch = Batch()
    if len(batch):
        yield batch


def _mended(header: tuple[str, ...], lines: _Lines, dialect: Dialect, first: int) -> tuple[list[str], Problem | None]:
    """A row with quotation marks out of order: read leniently if it is one line, else the first line is at fault."""
    line = lines.taken[0]
    if len(lines.taken) > 1:
        lines.put_back_all_but_first()
        return [], Problem(first, "", shown(line), "quote")
    try:
        row = next(csv.reader([line], **dialect.reader_options()))  # type: ignore[arg-type]
    except csv.Error:
        return [], Problem(first, "", shown(line), "cell_too_long")
    return row, None if len(row) == len(header) else Problem(first, "", shown(line), "quote")


def _fitted(row: list[str], header: tuple[str, ...], lines: _Lines, first: int) -> tuple[list[str], Problem | None]:
    """A row of another width: extra cells that are empty are cut off, anything else is a problem."""
    line = lines.taken[0]
    if len(lines.taken) > 1:
        lines.put_back_all_but_first()
        return [], Problem(first, "", shown(line), "quote")
    if not any(cell.strip() for cell in row):
        return [], None
    if len(row) > len(header) and not any(row[len(header) :]):
        return row[: len(header)], None
    return [], Problem(first, "", shown(line), "columns")


def _too_long(row: list[str], header: tuple[str, ...], first: int) -> Problem | None:
    for name, cell in zip(header, row, strict=False):
        if len(cell) > CELL_MAX:
            return Problem(first, name, shown(cell), "cell_too_long")
    return None
