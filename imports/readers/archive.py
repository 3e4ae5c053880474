"""ZIP files of lists: each is a table, and those with the same columns are offered as one."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from imports.readers.csv_file import csv_table
from imports.readers.encoding import ZIPPED
from imports.readers.errors import Archive, EmptyFile, FileError, HeaderOnly, NestedArchive, TooManyEntries
from imports.readers.header import different
from imports.readers.limits import BATCH_ROWS, COLUMNS_MAX
from imports.readers.packed import Package, shown_name
from imports.readers.tables import Batch, Table, TableInfo
from imports.readers.workbook import Workbook, is_workbook

FILE_COLUMN: Final = "File"
"""The first column of joined lists: which one a row stands in."""
_TABLES_MAX: Final = 200
_WORKBOOK_MAX: Final = 64 << 20
"""Bytes of a workbook in an archive, which is held in memory to be read."""
_LISTS: Final = (".csv", ".tsv", ".tab", ".xlsx", ".xlsm")
"""What cannot be passed over when it cannot be read."""
_NAME_MAX: Final = 180
_SHARED: Final = 0.8
"""Of the columns of the narrower of two lists that are one."""


class Lists:
    """The lists of an archive that was looked through.

    `tables` begins with the joined one, named "", where there are lists to join; `ignored` names the entries that are
    no lists or are empty.
    """

    def __init__(self, package: Package, *, limit: int) -> None:
        """Raises any FileError: one list that cannot be read is enough. Archive when there is none."""
        found: list[tuple[TableInfo, Table]] = []
        self.ignored: list[str] = []
        fault: FileError = Archive()
        for name in package.entries:
            if _is_litter(name):
                continue
            try:
                found += _tables(package, name, limit)
            except (EmptyFile, HeaderOnly) as error:
                fault = error
                self.ignored.append(shown_name(name))
            except NestedArchive:
                raise
            except FileError as error:
                if name.casefold().endswith(_LISTS):
                    error.params["inside"] = shown_name(name)
                    raise
                self.ignored.append(shown_name(name))
            if len(found) > _TABLES_MAX:
                raise TooManyEntries(limit=_TABLES_MAX)
        if not found:
            raise fault
        names = different([info.name for info, _table in found])
        found = [(info._replace(name=name), table) for name, (info, table) in zip(names, found, strict=True)]
        # Words of advice that lie beside the lists are tables of one column to a reader.
        found.sort(key=lambda one: len(one[0].header) < 2)
        self.readable = {info.name: table for info, table in found}
        self.tables = tuple(info for info, _table in found)
        if joined := _joined(found):
            self.readable[""] = joined
            self.tables = (TableInfo("", joined.header, joined.header_line, joined.rows_about), *self.tables)


@dataclass(frozen=True, slots=True)
class Joined:
    """Several lists as one table, one below the other. `lines` are counted on from list to list.

    `header` begins with `File`, then come the columns of the first list, then what others have beyond.
    """

    parts: tuple[tuple[str, Table], ...]
    header: tuple[str, ...]
    header_line: int = 1

    @property
    def rows_about(self) -> int:
        """About how many rows all lists have."""
        return sum(table.rows_about for _name, table in self.parts)

    def batches(self, size: int = BATCH_ROWS) -> Iterator[Batch]:
        """All rows in batches of at most `size`, none across two lists, always cut at the same places.

        Raises FileError.
        """
        before = 0
        for name, table in self.parts:
            places = self._places(table)
            last = 0
            for batch in table.batches(size):
                last = max(last, *batch.lines[-1:], *(one.line for one in batch.problems[-1:]))
                yield Batch(
                    [line + before for line in batch.lines],
                    [_row(row, name, places) for row in batch.rows],
                    [one._replace(line=one.line + before) for one in batch.problems],
                    [one._replace(line=one.line + before) for one in batch.notes],
                )
            before += last

    def sample(self, size: int) -> list[list[str]]:
        """The first rows of each list in turn, at most `size` together, so that every column shows some values."""
        share = max(size // len(self.parts), 1)
        rows: list[list[str]] = []
        for name, table in self.parts:
            rows += [_row(row, name, self._places(table)) for row in table.sample(share)]
        return rows[:size]

    def _places(self, table: Table) -> list[int]:
        """Where a list has each of the joined columns but the first; -1 where it has it not."""
        own = {name.casefold(): place for place, name in enumerate(table.header)}
        return [own.get(name.casefold(), -1) for name in self.header[1:]]


def _row(row: Sequence[str], name: str, places: Sequence[int]) -> list[str]:
    return [name, *(row[place] if place >= 0 else "" for place in places)]


def _joined(found: Sequence[tuple[TableInfo, Table]]) -> Joined | None:
    """The lists that have the same columns, or nearly: the largest group of them, if it is more than one."""
    groups: list[list[tuple[TableInfo, Table]]] = []
    for one in found:
        group = next((group for group in groups if _are_alike(group[0][0], one[0])), None)
        if group is None:
            groups.append([one])
        else:
            group.append(one)
    largest = max(groups, key=len)
    if len(largest) < 2:
        return None
    columns: dict[str, str] = {}
    for info, _table in largest:
        for name in info.header:
            columns.setdefault(name.casefold(), name)
    header = different([FILE_COLUMN, *columns.values()])
    if FILE_COLUMN.casefold() in columns or len(header) > COLUMNS_MAX:
        return None
    return Joined(tuple((info.name, table) for info, table in largest), tuple(header))


def _are_alike(one: TableInfo, other: TableInfo) -> bool:
    """Lists of one program: what one has beyond the other is what became of those who left."""
    ours, theirs = ({name.casefold() for name in info.header} for info in (one, other))
    shared = len(ours & theirs)
    return shared >= _SHARED * min(len(ours), len(theirs)) and 2 * shared >= len(ours | theirs)


def _tables(package: Package, name: str, limit: int) -> list[tuple[TableInfo, Table]]:
    """The tables of one entry, called by its name, and by its sheet's when there are several."""
    label = shown_name(name) or "?"
    with package.open(name) as stream:
        is_packed = stream.read(4).startswith(ZIPPED)
    if not is_packed:
        table = csv_table(package.opener(name), limit=limit)
        return [(TableInfo(label, table.header, table.header_line, table.rows_about, table.skipped), table)]
    if package.entries[name].file_size > _WORKBOOK_MAX:
        raise NestedArchive(name=label)
    with package.open(name) as stream:
        content = stream.read()
    inner = Package(lambda: io.BytesIO(content), limit=limit)
    if not is_workbook(inner):
        raise NestedArchive(name=label)
    book = Workbook(inner)
    several = len(book.tables) > 1
    return [
        (info._replace(name=f"{label}: {info.name}"[:_NAME_MAX] if several else label), book.sheets[info.name])
        for info in book.tables
    ]


def _is_litter(name: str) -> bool:
    """What programs leave in archives beside the lists."""
    parts = name.replace("\\", "/").split("/")
    return "__MACOSX" in parts or parts[-1].startswith(".") or parts[-1].casefold() in ("thumbs.db", "desktop.ini")
