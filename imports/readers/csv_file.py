"""Rows of a CSV file, in batches, as they stand: nothing is interpreted and nothing is held but one batch."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, TextIO

from imports.problems import Problem, shown
from imports.readers.dialect import Dialect, detect
from imports.readers.encoding import Survey, survey
from imports.readers.errors import BrokenHeader, EmptyFile, HeaderOnly, TooManyRows, WrongEncoding
from imports.readers.header import HEADER_ROWS_MAX, above, column_names, header_place, used_places
from imports.readers.limits import BATCH_ROWS, CELL_MAX, CSV_ROWS_MAX, FILE_BYTES_MAX
from imports.readers.opening import Opener
from imports.readers.rows import fitted, no_row, too_long
from imports.readers.tables import Batch, sampled

_SAMPLE_LINES: Final = 200
_SAMPLE_CHARACTERS: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that was looked through and can be read. `header` holds the columns' names, `skipped` the lines above."""

    opener: Opener
    survey: Survey
    dialect: Dialect
    header: tuple[str, ...]
    header_line: int
    skipped: tuple[str, ...] = ()
    heading: tuple[str, ...] = ()
    rows_max: int = CSV_ROWS_MAX

    @property
    def rows_about(self) -> int:
        """About how many rows there are, for a progress bar: lines without the header."""
        return max(self.survey.lines - self.header_line, 1)

    def batches(self, size: int = BATCH_ROWS) -> Iterator[Batch]:
        """All rows in batches of `size`, always cut at the same places. Blank rows are passed over.

        Raises WrongEncoding when the file was changed after it was looked through, TooManyRows.
        """
        rows = 0
        with _open(self.opener, self.survey.encoding) as stream:
            try:
                for batch in _Rows(self, stream).batches(size):
                    rows += len(batch)
                    if rows > self.rows_max:
                        raise TooManyRows(limit=self.rows_max)
                    yield batch
            except UnicodeDecodeError as error:
                raise WrongEncoding(line="?") from error

    def sample(self, size: int) -> list[list[str]]:
        """The first rows, at most `size`."""
        return sampled(self, size)


def csv_table(opener: Opener, *, limit: int = FILE_BYTES_MAX) -> CsvFile:
    """Look a file through: encoding, delimiter, header. `limit` in bytes.

    Raises any FileError: missing, too large, empty, no CSV, wrong encoding, header only, too many columns.
    """
    found = survey(opener, limit=limit)
    with _open(opener, found.encoding) as stream:
        dialect = detect(_sample(stream))
    with _open(opener, found.encoding) as stream:
        rows, ends = _first_rows(stream, dialect)
    place = header_place(rows)
    if place < 0:
        raise EmptyFile
    if place == 0 and ends[0] - dialect.skip > HEADER_ROWS_MAX:
        raise BrokenHeader
    heading = rows[place]
    # Beyond the header's own cells a row has no column: what stands there is most likely an unquoted delimiter.
    header = column_names(heading, used=used_places([row[: len(heading)] for row in rows[place + 1 :]]))
    file = CsvFile(opener, found, dialect, header, ends[place], above(rows[:place]), _laid(heading, len(header)))
    if next(file.batches(1), None) is None:
        raise HeaderOnly
    return file


def _laid(heading: list[str], width: int) -> tuple[str, ...]:
    """The cells of the header as they stand, as many as there are columns."""
    return (*heading[:width], *[""] * (width - len(heading)))


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


def _first_rows(stream: TextIO, dialect: Dialect) -> tuple[list[list[str]], list[int]]:
    """The first rows, and the line on which each ends. A row that cannot be read ends them."""
    for _ in range(dialect.skip):
        stream.readline()
    reader = csv.reader(stream, **dialect.reader_options())  # type: ignore[arg-type]
    rows: list[list[str]] = []
    ends: list[int] = []
    characters = 0
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num + dialect.skip)
            characters += sum(map(len, row))
            if len(rows) >= _SAMPLE_LINES or characters > _SAMPLE_CHARACTERS:
                break
    except csv.Error as error:
        if not any(any(cell.strip() for cell in row) for row in rows):
            raise BrokenHeader from error
    return rows, ends


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


class _Rows:
    """One reading of a file's rows below its header."""

    def __init__(self, file: CsvFile, stream: TextIO) -> None:
        self.dialect = file.dialect
        self.header = file.header
        self.heading = file.heading
        self.width = len(file.header)
        self.lines = _Lines(stream)
        for _ in islice(self.lines, file.header_line):
            pass

    def batches(self, size: int) -> Iterator[Batch]:
        # Strict, so that a quotation mark never closed is told by what follows the mark that closes it by chance.
        reader = csv.reader(self.lines, strict=True, **self.dialect.reader_options())  # type: ignore[arg-type]
        taken = self.lines.taken
        batch = Batch()
        while True:
            taken.clear()
            first = self.lines.number + 1
            problem = None
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error:
                row, problem = self._mended(first)
            if not row and problem is None:
                continue
            if problem is None and len(row) != self.width:
                row, problem = self._fitted(row, first)
            if problem is None and (len(taken) > 1 or len(taken[0]) > CELL_MAX):
                problem = too_long(row, self.header, first)
            if problem is None and row:
                reason = no_row(row, self.heading)
                problem = Problem(first, "", shown(taken[0]), reason) if reason else None
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

    def _mended(self, first: int) -> tuple[list[str], Problem | None]:
        """A row with quotation marks out of order: read leniently if it is one line, else its first is at fault."""
        line = self.lines.taken[0]
        if len(self.lines.taken) > 1:
            self.lines.put_back_all_but_first()
            return [], Problem(first, "", shown(line), "quote")
        try:
            row = next(csv.reader([line], **self.dialect.reader_options()))  # type: ignore[arg-type]
        except csv.Error:
            return [], Problem(first, "", shown(line), "cell_too_long")
        return row, None if len(row) == self.width else Problem(first, "", shown(line), "quote")

    def _fitted(self, row: list[str], first: int) -> tuple[list[str], Problem | None]:
        """A row of another width. Lines that would be rows on their own were swallowed by a quotation mark."""
        line, *rest = self.lines.taken
        if rest and (
            len(row) > self.width or any(each.count(self.dialect.delimiter) + 1 >= self.width for each in rest)
        ):
            self.lines.put_back_all_but_first()
            return [], Problem(first, "", shown(line), "quote")
        if not any(cell.strip() for cell in row):
            return [], None
        laid = fitted(row, self.width)
        return (laid, None) if laid is not None else ([], Problem(first, "", shown(line), "columns"))
