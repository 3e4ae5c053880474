"""An Excel workbook, written cell by cell into a stream that need not be seekable.

Nothing of it is kept: rows go through deflate into the target as they come, so a workbook takes as much memory as one
batch, and no half of it lies about as plain text. Cells are typed: a text is a text whatever it begins with, a date is
a date, a number a number. A sheet that is full is followed by another.
"""

import re
from collections.abc import Callable, Sequence
from typing import IO, BinaryIO, Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from customers.export.catalogue import DATE, MONEY, NUMBER, Column
from customers.export.csv_out import Cells
from customers.export.rows import column_letters, typed

ROWS_MAX: Final = 1_048_576
"""Rows that a sheet takes, its header among them."""
BYTES_MAX: Final = 1_800_000_000
"""A sheet that is larger unpacked would need an archive of a kind that some programs cannot read."""
TEXT_MAX: Final = 32_767
"""Letters that a cell takes."""
MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_LEVEL: Final = 1
"""Packed quickly rather than small."""
_AT_ONCE: Final = 500
"""Rows whose cells are held as XML: those of a whole batch take forty megabytes."""
_NAMESPACE: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SPECIAL: Final = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_UNTOLD: Final = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_WIDTHS: Final = {DATE: 12, NUMBER: 12, MONEY: 14}

_STYLES: Final = f"""{_HEAD}<styleSheet xmlns="{_NAMESPACE}">\
<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>\
<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>\
<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>\
<fills count="2"><fill><patternFill patternType="none"/></fill>\
<fill><patternFill patternType="gray125"/></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>\
<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>\
<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>\
<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"""
_HEADER, _DAY, _AMOUNT, _TEXT = 1, 2, 3, 4
"""Places among the styles: bold, a day, an amount, text that stays text when somebody edits it."""


class XlsxOut:
    """Writes a workbook into ``target``, which it leaves open; ``title`` names its sheets."""

    lost = 0

    def __init__(self, target: BinaryIO, columns: Sequence[Column], *, title: str) -> None:
        self.columns = columns
        self.title = re.sub(r"[\\/*?:\[\]']", " ", title).strip()[:25] or "Export"
        self.letters = [column_letters(place) for place in range(len(columns))]
        self._zip = ZipFile(target, "w", ZIP_DEFLATED, compresslevel=_LEVEL)
        self._sheet: IO[bytes] | None = None
        self._names: list[str] = []
        self._sheets = self._row = self._bytes = 0
        self._cells = [_writer_of(column.type) for column in columns]

    def header(self, names: Sequence[str]) -> None:
        """The names of the columns; they stand on every sheet."""
        self._names = list(names)
        self._open_sheet()

    def rows(self, rows: Sequence[Cells]) -> None:
        """Some rows, each with a text or nothing for every column; days as a workbook counts them, or in ISO form."""
        at = 0
        while at < len(rows):
            if self._row >= ROWS_MAX or self._bytes >= BYTES_MAX:
                self._open_sheet()
            some = rows[at : at + min(_AT_ONCE, ROWS_MAX - self._row)]
            first = self._row + 1
            numbers = [str(number) for number in range(first, first + len(some))]
            told = [
                write(letters, numbers, cells)
                for write, letters, cells in zip(self._cells, self.letters, zip(*some, strict=True), strict=True)
            ]
            lines = [
                f'<row r="{number}">{"".join(cells)}</row>'
                for number, cells in zip(numbers, zip(*told, strict=True), strict=True)
            ]
            self._put("".join(lines))
            self._row += len(some)
            at += len(some)

    def close(self) -> None:
        """Finish the sheet and write what holds the sheets together."""
        self._close_sheet()
        places = range(1, self._sheets + 1)
        names = [self.title if self._sheets == 1 else f"{self.title} {place}" for place in places]
        sheets = "".join(
            f'<sheet name="{_quoted(name)}" sheetId="{place}" r:id="rId{place}"/>'
            for place, name in zip(places, names, strict=True)
        )
        related = "".join(
            f'<Relationship Id="rId{place}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{place}.xml"/>'
            for place in places
        )
        kinds = "".join(
            f'<Override PartName="/xl/worksheets/sheet{place}.xml" ContentType="{_kind("worksheet")}"/>'
            for place in places
        )
        parts = {
            "xl/workbook.xml": f'<workbook xmlns="{_NAMESPACE}" xmlns:r="{_RELATIONS}"><sheets>{sheets}</sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
            f'<Relationship Id="rId{self._sheets + 1}" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
            "</Relationships>",
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_kind("sheet.main")}"/>{kinds}'
            f'<Override PartName="/xl/styles.xml" ContentType="{_kind("styles")}"/></Types>',
        }
        self._write("xl/styles.xml", _STYLES)
        for name, text in parts.items():
            self._write(name, _HEAD + text)
        self._zip.close()

    def _open_sheet(self) -> None:
        self._close_sheet()
        self._sheets += 1
        self._row = self._bytes = 0
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        widths = "".join(
            f'<col min="{place}" max="{place}" width="{_WIDTHS.get(column.type, 20)}" customWidth="1"/>'
            for place, column in enumerate(self.columns, start=1)
        )
        self._put(
            f'{_HEAD}<worksheet xmlns="{_NAMESPACE}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
            f"<cols>{widths}</cols><sheetData>"
        )
        cells = (
            f'<c r="{letters}1" s="{_HEADER}" t="inlineStr"><is>{_text(typed(name))}</is></c>'
            for letters, name in zip(self.letters, self._names, strict=True)
        )
        self._put(f'<row r="1">{"".join(cells)}</row>')
        self._row = 1

    def _close_sheet(self) -> None:
        if self._sheet is None:
            return
        filtered = f'<autoFilter ref="A1:{self.letters[-1]}{self._row}"/>' if self.letters else ""
        self._put(f"</sheetData>{filtered}</worksheet>")
        self._sheet.close()
        self._sheet = None

    def _put(self, text: str) -> None:
        if self._sheet is None:
            raise ValueError("The header comes first.")
        data = text.encode()
        self._bytes += len(data)
        self._sheet.write(data)

    def _write(self, name: str, text: str) -> None:
        with self._zip.open(name, "w") as stream:
            stream.write(text.encode())


Writer = Callable[[str, list[str], Cells], list[str]]
"""Cells of one column: its letters, the numbers of the rows, the texts."""


def _writer_of(type: str) -> Writer:
    return {DATE: _days, NUMBER: _numbers, MONEY: _amounts}.get(type, _texts)


def _texts(letters: str, numbers: list[str], cells: Cells) -> list[str]:
    start, middle = f'<c r="{letters}', f'" s="{_TEXT}" t="inlineStr"><is>'
    return [
        f"{start}{number}{middle}{_text(typed(cell))}</is></c>" if cell else ""
        for number, cell in zip(numbers, cells, strict=True)
    ]


def _days(letters: str, numbers: list[str], cells: Cells) -> list[str]:
    return [
        _value(letters, number, cell, _DAY) if cell and cell.isdecimal() else _string(letters, number, cell)
        for number, cell in zip(numbers, cells, strict=True)
    ]


def _numbers(letters: str, numbers: list[str], cells: Cells) -> list[str]:
    # A nought at the end of decimals stands there so that nobody takes them for thousands: kept by keeping the text.
    # A workbook's numbers have fifteen digits; what has more would come back as another number.
    return [
        _string(letters, number, cell)
        if cell and (("." in cell and cell.endswith("0")) or len(cell) > 15)
        else _value(letters, number, cell, 0)
        for number, cell in zip(numbers, cells, strict=True)
    ]


def _amounts(letters: str, numbers: list[str], cells: Cells) -> list[str]:
    return [_value(letters, number, cell, _AMOUNT) for number, cell in zip(numbers, cells, strict=True)]


def _value(letters: str, number: str, cell: str | None, style: int) -> str:
    return f'<c r="{letters}{number}" s="{style}"><v>{cell}</v></c>' if cell else ""


def _string(letters: str, number: str, cell: str | None) -> str:
    return f'<c r="{letters}{number}" s="{_TEXT}" t="inlineStr"><is>{_text(typed(cell))}</is></c>' if cell else ""


def _text(text: str) -> str:
    """A text as XML; letters that XML does not take are told by their numbers, as Excel tells them."""
    text = text[:TEXT_MAX]
    if _SPECIAL.search(text):
        text = escape(_UNTOLD.sub(lambda found: f"_x{ord(found[0]):04X}_", text))
    return f'<t xml:space="preserve">{text}</t>'


def _quoted(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def _kind(what: str) -> str:
    return f"application/vnd.openxmlformats-officedocument.spreadsheetml.{what}+xml"
