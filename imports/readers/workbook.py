"""Excel workbooks (.xlsx): their sheets as tables of text, read row by row."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from imports.problems import Problem, shown
from imports.readers.errors import BrokenWorkbook, EmptyFile, FileError, HeaderOnly, Spreadsheet, TooManyColumns
from imports.readers.header import above, column_names, different, header_place, used_places
from imports.readers.limits import BATCH_ROWS, COLUMNS_MAX
from imports.readers.markup import CHUNK, LocalNames, Markup, Start
from imports.readers.numbers import PLAIN, NumberFormat, number_format
from imports.readers.packed import Package
from imports.readers.rows import no_row, told, too_long
from imports.readers.sheet import Book, Merged, SheetRow, merged, sheet_rows
from imports.readers.strings import SharedStrings, shared_strings
from imports.readers.tables import Batch, TableInfo, sampled

_FIRST_ROWS: Final = 100
_MERGED_MAX: Final = 1_000
_ROW: Final = re.compile(rb"<(?:\w+:)?row[ >]")
_MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\s+ref\s*=\s*[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})[\"']")
_OVERLAP: Final = 200


@dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet that can be read as a table; `heading` are the cells of its header row as they stand."""

    package: Package
    part: str
    book: Book
    header: tuple[str, ...]
    header_line: int
    rows_about: int
    heading: tuple[str, ...]

    def batches(self, size: int = BATCH_ROWS) -> Iterator[Batch]:
        """All rows in batches of `size`, always cut at the same places; `lines` are the rows' numbers.

        Raises BrokenWorkbook, DangerousWorkbook, TooManyRows.
        """
        batch = Batch()
        with self.package.open(self.part) as stream:
            for row in sheet_rows(stream, self.book):
                if row.number <= self.header_line:
                    continue
                self._add(row, batch)
                if len(batch) >= size:
                    yield batch
                    batch = Batch()
        if len(batch):
            yield batch

    def sample(self, size: int) -> list[list[str]]:
        """The first rows, at most `size`."""
        return sampled(self, size)

    def _add(self, row: SheetRow, batch: Batch) -> None:
        width = len(self.header)
        get = row.cells.get
        cells = [get(place, "") for place in range(width)]
        beyond = max(row.cells, default=0) >= width and any(
            text.strip() for place, text in row.cells.items() if place >= width
        )
        if not beyond and not any(cell.strip() for cell in row.cells.values()):
            return
        line = row.number
        if beyond:
            batch.problems.append(Problem(line, "", told(list(row.cells.values())), "columns"))
        elif problem := too_long(cells, self.header, line):
            batch.problems.append(problem)
        elif reason := no_row(cells, self.heading):
            batch.problems.append(Problem(line, "", told(cells), reason))
        else:
            batch.lines.append(line)
            batch.rows.append(cells)
            batch.notes += [
                Problem(line, self.header[place], shown(text), "formula") for place, text in row.errors if place < width
            ]


@dataclass(frozen=True, slots=True)
class _SheetPart:
    name: str
    part: str
    hidden: bool


class Workbook:
    """A workbook that was looked through: `tables` are the sheets with rows, in order, those that are hidden last."""

    def __init__(self, package: Package) -> None:
        """Raises any FileError; EmptyFile or HeaderOnly when no sheet has rows."""
        self._package = package
        self._names = {name.casefold(): name for name in package.entries}
        main = self._related("", "/officeDocument").get("", "xl/workbook.xml")
        if main.endswith(".bin") or self._part(main) is None:
            raise Spreadsheet
        parts, since_1904 = self._sheets(main)
        self._book = Book(self._strings(main), self._formats(main), since_1904)
        found: list[tuple[TableInfo, Sheet]] = []
        fault: FileError = EmptyFile()
        for part in sorted(parts, key=lambda one: one.hidden):
            try:
                found.append(self._table(part))
            except EmptyFile:
                continue
            except HeaderOnly as error:
                fault = error
        if not found:
            raise fault
        names = different([info.name for info, _sheet in found])
        self.tables = tuple(info._replace(name=name) for name, (info, _sheet) in zip(names, found, strict=True))
        self.sheets = {name: sheet for name, (_info, sheet) in zip(names, found, strict=True)}

    def _table(self, part: _SheetPart) -> tuple[TableInfo, Sheet]:
        with self._package.open(part.part) as stream:
            first = list(islice(sheet_rows(stream, self._book), _FIRST_ROWS))
        rows = [_laid(row) for row in first]
        place = header_place(rows)
        if place < 0:
            raise EmptyFile
        if len(rows) < 2:
            raise HeaderOnly
        counted, ranges = self._scanned(part.part)
        place = _below_groups(rows, [row.number for row in first], place, ranges)
        if max(first[place].cells, default=0) >= COLUMNS_MAX:
            raise TooManyColumns(count=max(first[place].cells) + 1, limit=COLUMNS_MAX)
        heading = _filled(rows, place, {row.number: at for at, row in enumerate(first)}, first[place].number, ranges)
        header = column_names(heading, used=used_places(rows[place + 1 :]))
        line = first[place].number
        sheet = Sheet(
            self._package,
            part.part,
            self._book,
            header,
            line,
            max(counted - place - 1, 1),
            (*heading[: len(header)], *[""] * (len(header) - len(heading))),
        )
        if next(sheet.batches(1), None) is None:
            raise HeaderOnly
        return TableInfo(part.name, header, line, sheet.rows_about, above(rows[:place]), part.hidden), sheet

    def _scanned(self, part: str) -> tuple[int, list[Merged]]:
        """About how many rows a sheet has, and which cells are merged: they stand at its end."""
        rows, ranges, tail = 0, list[Merged](), b""
        with self._package.open(part) as stream:
            while chunk := stream.read(CHUNK):
                rows += len(_ROW.findall(chunk))
                if b"mergeCell" in (piece := tail + chunk):
                    for found in _MERGED.finditer(piece):
                        if found.end() > len(tail) and len(ranges) < _MERGED_MAX:
                            ranges += [one] if (one := merged(found.group(1).decode())) else []
                tail = piece[-_OVERLAP:]
        return rows, ranges

    def _sheets(self, main: str) -> tuple[list[_SheetPart], bool]:
        """The worksheets in order, and whether days are counted from 1904."""
        targets = self._related(main, "/worksheet")
        found: list[_SheetPart] = []
        since_1904 = False
        names = LocalNames()

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal since_1904
            name = names[tag]
            if name == "workbookPr":
                since_1904 = attributes.get("date1904", "") in ("1", "true", "on")
            elif name == "sheet":
                number = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                part = self._part(targets.get(number, ""))
                if part is not None:
                    is_hidden = attributes.get("state", "visible") != "visible"
                    found.append(_SheetPart(attributes.get("name", "")[:120] or part, part, is_hidden))

        self._read(main, start)
        if not found:
            raise BrokenWorkbook
        return found, since_1904

    def _strings(self, main: str) -> SharedStrings:
        part = self._part(next(iter(self._related(main, "/sharedStrings").values()), ""))
        if part is None:
            return SharedStrings()
        with self._package.open(part) as stream:
            return shared_strings(stream)

    def _formats(self, main: str) -> dict[str, NumberFormat]:
        """The number format of each style that a cell may name, plain ones left out."""
        part = self._part(next(iter(self._related(main, "/styles").values()), ""))
        codes: dict[str, str] = {}
        numbers: list[str] = []
        names = LocalNames()
        inside = False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            name = names[tag]
            if name == "numFmt":
                codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:400]
            elif name == "cellXfs":
                inside = True
            elif name == "xf" and inside and len(numbers) < 1 << 17:
                numbers.append(attributes.get("numFmtId", "0"))

        def end(tag: str) -> None:
            nonlocal inside
            if names[tag] == "cellXfs":
                inside = False

        if part is None:
            return {}
        with self._package.open(part) as stream:
            Markup(start, end).run(stream)
        known = {number: number_format(_small(number), codes.get(number)) for number in set(numbers)}
        return {str(at): form for at, number in enumerate(numbers) if (form := known[number]) is not PLAIN}

    def _related(self, part: str, kind: str) -> dict[str, str]:
        """The parts that a part names with a relation of a kind, by the relation's number; "" for the package's own."""
        folder, name = posixpath.split(part)
        rels = self._part(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, str] = {}
        names = LocalNames()

        def start(tag: str, attributes: dict[str, str]) -> None:
            if names[tag] == "Relationship" and attributes.get("Type", "").endswith(kind):
                target = attributes.get("Target", "")
                found[attributes.get("Id", "") if part else ""] = posixpath.normpath(
                    target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                )

        if rels is not None:
            self._read(rels, start)
        return found

    def _read(self, part: str, start: Start) -> None:
        with self._package.open(part) as stream:
            Markup(start).run(stream)

    def _part(self, name: str) -> str | None:
        """An entry by its name, whatever its letters' case, as the format wants it."""
        return self._names.get(name.casefold())


def is_workbook(package: Package) -> bool:
    """Whether a package is a workbook of any kind rather than an archive of lists."""
    names = {name.casefold() for name in package.entries}
    return "[content_types].xml" in names and any(name.startswith("xl/") for name in names)


def is_document(package: Package) -> bool:
    """Whether a package is a document of another program: OpenDocument, Word, Numbers."""
    names = {name.casefold() for name in package.entries}
    return "mimetype" in names or "[content_types].xml" in names or any(name.startswith("index/") for name in names)


def _laid(row: SheetRow) -> list[str]:
    """The cells of a row as a list; what stands beyond all columns that may be is left away."""
    width = min(max(row.cells, default=-1) + 1, 2 * COLUMNS_MAX)
    return [row.cells.get(place, "") for place in range(width)]


def _below_groups(rows: list[list[str]], lines: list[int], place: int, ranges: list[Merged]) -> int:
    """The row of names, where the one that was found holds groups of columns merged over the names below them."""
    if place + 2 >= len(rows) or lines[place + 1] != lines[place] + 1:
        return place
    line = lines[place]
    over = [one for one in ranges if one.top == one.bottom == line and one.right > one.left]
    under = [cell for one in over for cell in rows[place + 1][one.left : one.right + 1] if cell]
    if len(under) <= len(over) or len(set(under)) < len(under):
        return place
    is_beside = any(one.top <= line and one.bottom == line + 1 for one in ranges)
    are_names = len(over) > 1 and not any(sign.isdigit() or sign == "@" for cell in under for sign in cell)
    return place + 1 if is_beside or are_names else place


def _filled(rows: list[list[str]], place: int, places: Mapping[int, int], line: int, ranges: list[Merged]) -> list[str]:
    """The header's cells, those of merged cells filled with the text that is shown in them."""
    heading = list(rows[place])
    for one in ranges:
        if not one.top <= line <= one.bottom or one.top not in places or one.right >= COLUMNS_MAX:
            continue
        source = rows[places[one.top]]
        text = source[one.left] if one.left < len(source) else ""
        heading += [""] * (one.right + 1 - len(heading))
        for column in range(one.left, one.right + 1):
            heading[column] = heading[column] or text
    return heading


def _small(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
