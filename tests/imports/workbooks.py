"""Workbooks for tests: made by XlsxWriter, or part by part where no program would write them so."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import xlsxwriter

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def written(fill: Callable[[Any], None], **options: Any) -> bytes:
    """A workbook as `fill` fills it."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, options)
    fill(book)
    book.close()
    return stream.getvalue()


def of_rows(*rows: Sequence[object], name: str = "Guests") -> bytes:
    """A workbook with one sheet of texts and numbers."""

    def fill(book: Any) -> None:
        sheet = book.add_worksheet(name)
        for at, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(at, place, value)
                elif value is not None:
                    sheet.write(at, place, value)

    return written(fill)


def by_hand(sheet: str, *, prologue: str = "", parts: Mapping[str, str | bytes] | None = None) -> bytes:
    """A workbook whose one sheet is `sheet`, what stands between `<worksheet>` and `</worksheet>`."""
    content: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _relations(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": (
            f'<workbook {MAIN} xmlns:r="{_RELATION}"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>"
        ),
        "xl/_rels/workbook.xml.rels": _relations(
            ("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "sharedStrings", "sharedStrings.xml")
        ),
        "xl/worksheets/sheet1.xml": f"{prologue}<worksheet {MAIN}>{sheet}</worksheet>",
        **(parts or {}),
    }
    return zipped(content)


def zipped(content: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP file of texts by their names."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return stream.getvalue()


def _relations(*relations: tuple[str, str, str]) -> str:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="{number}" Type="{_RELATION}/{kind}" Target="{target}"/>'
            for number, kind, target in relations
        )
        + "</Relationships>"
    )
