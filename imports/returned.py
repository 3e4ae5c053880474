"""Rows that were left out come back: a file with two columns of ours in front, which are passed over."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from customers.export.rows import plain
from imports.exported import exported
from imports.readers import BATCH_ROWS, Batch, Table
from imports.readers.tables import Seen

LINE: Final = "innkeeper_line"
REASON: Final = "innkeeper_reason"
OURS: Final = (LINE, REASON)


@dataclass(frozen=True, slots=True)
class Returned(Seen):
    """A table without the columns in front, its cells as they were before they were made safe from formulas."""

    @property
    def header(self) -> tuple[str, ...]:
        """The columns' names."""
        return self.table.header[len(OURS) :]

    def batches(self, size: int = BATCH_ROWS) -> Iterator[Batch]:
        """All rows in batches."""
        for batch in self.table.batches(size):
            yield Batch(batch.lines, [_own(row) for row in batch.rows], batch.problems)

    def sample(self, size: int) -> list[list[str]]:
        """The first rows."""
        return [_own(row) for row in self.table.sample(size)]


def returned(table: Table) -> Table:
    """The table as it was before it was handed out, or as it is."""
    return exported(Returned(table) if tuple(table.header[: len(OURS)]) == OURS else table)


def _own(row: list[str]) -> list[str]:
    return [plain(cell) for cell in row[len(OURS) :]]
