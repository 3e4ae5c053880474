"""What every kind of file is read as: tables of rows as they stand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import NamedTuple, Protocol

from imports.problems import Problem
from imports.readers.limits import BATCH_ROWS


@dataclass(slots=True)
class Batch:
    """Some rows of the file: `rows[i]` begins on physical line `lines[i]` and has one cell for each column.

    `problems` are of rows that could not be read, and are not among `rows`; `notes` are of rows that are.
    """

    lines: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    def __len__(self) -> int:
        """Rows read, those that could not be taken included."""
        return len(self.rows) + len(self.problems)

    def cut(self, *places: int) -> Iterator["Batch"]:
        """The same rows in parts, cut before those at ``places``; what is told of a line stays with its neighbours."""
        ends = [place for place in places if place < len(self.rows)]
        below = [*(self.lines[place] for place in ends), inf]
        above = 0.0
        for (start, end), line in zip(pairwise((0, *ends, len(self.rows))), below, strict=True):
            problems, notes = (
                [one for one in told if above <= one.line < line] for told in (self.problems, self.notes)
            )
            yield Batch(self.lines[start:end], self.rows[start:end], problems, notes)
            above = line


class TableInfo(NamedTuple):
    """A table that a file holds.

    `name` is the sheet's or the packed file's, empty for the one table of a CSV file and for the joined one of an
    archive. `header` holds the columns' names, each different and none empty; `header_line` is the line or row on
    which they end; `rows_about` is for a progress bar and a list to choose from. `skipped` are the lines above the
    header as text, `hidden` tells that the sheet is hidden in its workbook.
    """

    name: str
    header: tuple[str, ...]
    header_line: int
    rows_about: int
    skipped: tuple[str, ...] = ()
    hidden: bool = False


class Table(Protocol):
    """A table that can be read, any number of times."""

    @property
    def header(self) -> tuple[str, ...]:
        """The columns' names."""

    @property
    def header_line(self) -> int:
        """The line (CSV) or row (workbook) on which the header ends."""

    @property
    def rows_about(self) -> int:
        """About how many rows there are; at least 1."""

    def batches(self, size: int = BATCH_ROWS) -> Iterator[Batch]:
        """All rows in batches of `size`, always cut at the same places. Blank rows are passed over.

        Raises FileError where the file turns out to be damaged or too large.
        """

    def sample(self, size: int) -> list[list[str]]:
        """The first rows, at most `size`."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A table seen in another way; whoever derives from it tells what differs."""

    table: Table

    @property
    def header_line(self) -> int:
        """The line on which the header ends."""
        return self.table.header_line

    @property
    def rows_about(self) -> int:
        """About how many rows there are."""
        return self.table.rows_about

    def batches(self, size: int = BATCH_ROWS) -> Iterator[Batch]:
        """All rows in batches."""
        return self.table.batches(size)

    def sample(self, size: int) -> list[list[str]]:
        """The first rows."""
        return self.table.sample(size)


def sampled(table: Table, size: int) -> list[list[str]]:
    """The first rows of a table, from one batch."""
    first = next(table.batches(size), None)
    return first.rows if first is not None else []
