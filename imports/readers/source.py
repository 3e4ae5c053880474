"""A file of any kind that can be read, and the tables it holds."""

from dataclasses import dataclass, field
from typing import Literal

from imports.readers.csv_file import csv_table
from imports.readers.encoding import Survey
from imports.readers.limits import FILE_BYTES_MAX
from imports.readers.opening import Opener
from imports.readers.tables import Table, TableInfo

FileKind = Literal["csv", "xlsx", "zip"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was looked through. `tables` is never empty; the first is the one that most likely is meant."""

    kind: FileKind
    survey: Survey
    tables: tuple[TableInfo, ...]
    _readable: dict[str, Table] = field(repr=False)

    def table(self, name: str = "") -> Table:
        """The table of that name; without a name the first. Raises KeyError when the file holds none of that name."""
        return self._readable[name if name in self._readable or name else self.tables[0].name]


def open_source(opener: Opener, *, name: str = "", limit: int = FILE_BYTES_MAX) -> SourceFile:
    """Look a file through: its kind by its bytes, its tables and their headers. `limit` in bytes.

    `name` is what the file is called, for what has to be told. Raises FileError.
    """
    table = csv_table(opener, limit=limit)
    info = TableInfo("", table.header, table.header_line, table.rows_about, table.skipped)
    return SourceFile("csv", table.survey, (info,), {"": table})
