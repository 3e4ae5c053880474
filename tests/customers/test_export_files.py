"""What is written: workbooks that spreadsheets open, CSV as each program wants it."""

import datetime as dt
import io
import re
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from customers.export import xlsx_out
from customers.export.catalogue import DATE, MONEY, NUMBER, TEXT, Column
from customers.export.csv_out import CsvOut
from customers.export.look import Look, look_given, preset_look
from customers.export.xlsx_out import XlsxOut

COLUMNS = [Column("a", "A", "who", "", type=type) for type in (TEXT, DATE, NUMBER, MONEY)]


class Pipe(io.RawIOBase):
    """A stream that only goes forward, as a sealed file does."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.data += data
        return len(data)


def workbook(rows: list[tuple[str | None, ...]], columns: list[Column] = COLUMNS, title: str = "Guests") -> bytes:
    target = Pipe()
    out = XlsxOut(target, columns, title=title)  # type: ignore[arg-type]
    out.header([column.key for column in columns])
    out.rows(rows)
    out.close()
    return bytes(target.data)


def cells(data: bytes, sheet: int = 0) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(sheet).to_python()


def test_a_workbook_has_typed_cells() -> None:
    data = workbook(
        [("=1+1", "45000", "-12.5", "1250.00"), ("+47", None, None, None), ("'=1", "1850-02-03", "1.2340", "0")]
    )
    assert cells(data)[1:] == [
        ["=1+1", dt.date(2023, 3, 15), -12.5, 1250.0],
        ["+47", "", "", ""],
        ["''=1", "1850-02-03", "1.2340", 0.0],
    ]
    sheet = ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet


def test_every_part_of_a_workbook_is_whole() -> None:
    archive = ZipFile(io.BytesIO(workbook([("a", None, None, None)])))
    assert archive.testzip() is None
    named = set(re.findall(r'PartName="/([^"]+)"', archive.read("[Content_Types].xml").decode()))
    assert named | {"[Content_Types].xml", "_rels/.rels", "xl/_rels/workbook.xml.rels"} == set(archive.namelist())


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1, max_size=5))
def test_any_text_comes_back(texts: list[str]) -> None:
    from imports.readers import open_source

    data = workbook([(text,) for text in texts if text.strip()] + [("last",)], COLUMNS[:1])
    source = open_source(lambda: io.BytesIO(data), name="a.xlsx")
    (batch,) = source.table(source.tables[0].name).batches()
    from customers.export.rows import plain

    told = [plain(row[0]).strip() for row in batch.rows]
    assert [_ended(text) for text in told] == [_ended(text.strip()) for text in texts if text.strip()] + ["last"]


def _ended(text: str) -> str:
    """Line ends as one, as XML reads them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def test_a_full_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_out, "ROWS_MAX", 4)
    data = workbook([(str(number), None, None, None) for number in range(7)], title="Guests: of [2026]")
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.sheet_names == ["Guests  of  2026 1", "Guests  of  2026 2", "Guests  of  2026 3"]
    assert [[row[0] for row in cells(data, sheet)] for sheet in range(3)] == [
        ["a", "0", "1", "2"],
        ["a", "3", "4", "5"],
        ["a", "6"],
    ]


def test_a_sheet_that_is_too_large_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_out, "BYTES_MAX", 10)
    target = Pipe()
    out = XlsxOut(target, COLUMNS[:1], title="T")  # type: ignore[arg-type]
    out.header(["a"])
    for number in range(2):
        out.rows([(str(number),)])
    out.close()
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(bytes(target.data))).sheet_names) == 3


def written(rows: list[tuple[str | None, ...]], **look: str) -> tuple[bytes, int]:
    target = io.BytesIO()
    out = CsvOut(target, COLUMNS, Look(**look))
    out.header(["a", "b", "c", "d"])
    out.rows(rows)
    out.rows([])
    out.close()
    return target.getvalue(), out.lost


def test_csv_as_excel_wants_it_where_decimals_have_a_comma() -> None:
    data, lost = written([("=1;Å", "2026-05-17", "-12.5", "1250.00"), (None, None, None, None)], decimal=",")
    assert data == '\ufeffa;b;c;d\r\n"\'=1;Å";2026-05-17;-12,5;1250,00\r\n;;;\r\n'.encode()
    assert lost == 0


def test_letters_that_an_encoding_lacks_are_counted() -> None:
    data, lost = written([("Åse? Łukasz 🏨", None, None, None)], encoding="cp1252")
    assert data == "a;b;c;d\r\nÅse? ?ukasz ?;;;\r\n".encode("cp1252")
    assert lost == 2


@pytest.mark.parametrize(
    ("language", "delimiter", "decimal"), [("nb", ";", ","), ("da", ";", ","), ("nl", ";", ","), ("en", ",", ".")]
)
def test_what_suits_the_excel_of_a_country(language: str, delimiter: str, decimal: str) -> None:
    assert preset_look("excel", language=language) == Look("csv", delimiter, "utf-8-sig", decimal, language)


def test_finer_choices_go_before_a_preset_and_what_is_unknown_changes_nothing() -> None:
    base = preset_look("excel", language="nb")
    given = {"delimiter": "\t", "encoding": "utf-7", "decimal": "", "header": "keys"}
    assert look_given(base, given) == Look("csv", "\t", "utf-8-sig", ",", "")
    assert look_given(base, {"header": "xx"}) == base
