"""A file of any kind that can be read, and the tables it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from imports.readers.archive import Lists
from imports.readers.csv_file import csv_table
from imports.readers.encoding import ZIPPED, Survey, survey_packed
from imports.readers.errors import Spreadsheet, TableMissing
from imports.readers.limits import FILE_BYTES_MAX
from imports.readers.opening import Opener
from imports.readers.packed import Package
from imports.readers.tables import Table, TableInfo
from imports.readers.workbook import Workbook, is_document, is_workbook

_NAMES_SHOWN: Final = 12

FileKind = Literal["csv", "xlsx", "zip"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was looked through. `tables` is never empty; the first is the one that most likely is meant.

    `survey` is of the file's own bytes; of a workbook or an archive its encoding is empty and `lines` is the number of
    rows of all tables. `ignored` names what an archive holds beside its lists.
    """

    kind: FileKind
    survey: Survey
    tables: tuple[TableInfo, ...]
    readable: Mapping[str, Table] = field(repr=False)
    ignored: tuple[str, ...] = ()

    def table(self, name: str = "") -> Table:
        """The table of that name; without a name the first. Raises TableMissing when there is none of that name."""
        found = self.readable.get(name or self.tables[0].name)
        if found is None:
            names = [info.name for info in self.tables if info.name]
            raise TableMissing(name=name, names=", ".join(names[:_NAMES_SHOWN]) or "–")
        return found


def open_source(opener: Opener, *, name: str = "", limit: int = FILE_BYTES_MAX) -> SourceFile:
    """Look a file through: its kind by its bytes, its tables and their headers. `limit` in bytes, packed and unpacked.

    `name` is what the file is called, for what has to be told. Raises FileError.
    """
    with opener() as stream:
        is_packed = stream.read(4).startswith(ZIPPED)
    if not is_packed:
        table = csv_table(opener, limit=limit)
        info = TableInfo("", table.header, table.header_line, table.rows_about, table.skipped)
        return SourceFile("csv", table.survey, (info,), {"": table})
    package = Package(opener, limit=limit)
    if is_workbook(package):
        book = Workbook(package)
        return SourceFile("xlsx", _survey(opener, book.tables), book.tables, book.sheets)
    if is_document(package):
        raise Spreadsheet
    lists = Lists(package, limit=limit)
    return SourceFile("zip", _survey(opener, lists.tables), lists.tables, lists.readable, tuple(lists.ignored))


def _survey(opener: Opener, tables: tuple[TableInfo, ...]) -> Survey:
    """A joined table, which has no name, counts the rows of others."""
    return survey_packed(opener, lines=sum(info.rows_about for info in tables if info.name))
