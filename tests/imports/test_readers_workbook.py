"""Excel workbooks as people have them, and as nobody's program writes them."""

import datetime as dt
import io
import tracemalloc
from typing import Any

import pytest

from imports.readers import Batch, open_source
from imports.readers.errors import (
    BrokenArchive,
    BrokenWorkbook,
    DangerousWorkbook,
    EmptyFile,
    EncryptedFile,
    FileError,
    HeaderOnly,
    PackedTooMuch,
    Spreadsheet,
    TableMissing,
    TooManyColumns,
    TooManyRows,
)
from imports.readers.limits import CELL_MAX
from imports.readers.numbers import PLAIN, NumberFormat, number_format, number_text
from imports.readers.source import SourceFile
from tests.imports.workbooks import by_hand, of_rows, written, zipped


def _open(content: bytes, **options: Any) -> SourceFile:
    return open_source(lambda: io.BytesIO(content), **options)


def _all(content: bytes, name: str = "", size: int = 2_000) -> Batch:
    whole = Batch()
    for batch in _open(content).table(name).batches(size):
        whole.lines += batch.lines
        whole.rows += batch.rows
        whole.problems += batch.problems
        whole.notes += batch.notes
    return whole


def _row(*cells: str) -> str:
    """A sheet of a header a, b, … and one row with these cells."""
    header = "".join(f'<c t="inlineStr"><is><t>{chr(97 + at)}</t></is></c>' for at in range(len(cells)))
    return f'<sheetData><row r="1">{header}</row><row r="2">{"".join(cells)}</row></sheetData>'


def test_cells_of_every_type_become_text() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet("Guests")
        names = ("text", "phone", "amount", "day", "moment", "time", "yes", "zip", "formula", "words", "hours", "small")
        sheet.write_row(0, 0, names)
        sheet.write_string(1, 0, "Åse & <Ødegård>")
        sheet.write_number(1, 1, 4790012345)
        sheet.write_number(1, 2, 0.1 + 0.2)
        sheet.write_datetime(1, 3, dt.date(1980, 2, 1), book.add_format({"num_format": "dd.mm.yyyy"}))
        moment = dt.datetime(2024, 3, 4, 15, 30, tzinfo=dt.UTC).replace(tzinfo=None)
        sheet.write_datetime(1, 4, moment, book.add_format({"num_format": "d. mmm yyyy hh:mm"}))
        sheet.write_datetime(1, 5, dt.time(15, 30), book.add_format({"num_format": "hh:mm"}))
        sheet.write_boolean(1, 6, True)
        sheet.write_number(1, 7, 150, book.add_format({"num_format": "0000"}))
        sheet.write_formula(1, 8, "=B2+1", None, 4790012346)
        sheet.write_formula(1, 9, '=A2&"!"', None, "Åse!")
        sheet.write_number(1, 10, 26.5 / 24, book.add_format({"num_format": "[h]:mm"}))
        sheet.write_number(1, 11, 1e-7)

    for options in ({}, {"constant_memory": True}):
        whole = _all(written(fill, **options))
        (row,) = whole.rows
        assert row[:6] == ["Åse & <Ødegård>", "4790012345", "0.3", "1980-02-01", "2024-03-04T15:30:00", "15:30"]
        assert row[6:] == ["true", "0150", "4790012346", "Åse!", "26:30", "0.0000001"]
        assert whole.lines == [2]


@pytest.mark.parametrize(
    ("number", "code", "form"),
    [
        (0, None, PLAIN),
        (2, None, PLAIN),
        (14, None, NumberFormat("d")),
        (22, None, NumberFormat("dt")),
        (20, None, NumberFormat("t")),
        (46, None, NumberFormat("e")),
        (164, "General", PLAIN),
        (164, '#,##0.00 "kr. per day"', PLAIN),
        (164, "#,##0\\ [$kr-414]", PLAIN),
        (164, "[Red]0.00", PLAIN),
        (164, "0.00E+00", PLAIN),
        (164, "@", PLAIN),
        (164, "00000", NumberFormat("", 5)),
        (164, "[$-414]d. mmmm yyyy;@", NumberFormat("d")),
        (164, "mmm", NumberFormat("d")),
        (164, "mm:ss", NumberFormat("t")),
        (164, "yyyy\\-mm\\-dd\\ hh:mm", NumberFormat("dt")),
        (164, "[hh]:mm", NumberFormat("e")),
        (164, "h:mm AM/PM", NumberFormat("t")),
    ],
)
def test_formats_of_numbers(number: int, code: str | None, form: NumberFormat) -> None:
    assert number_format(number, code) == form


@pytest.mark.parametrize(
    ("text", "kind", "since_1904", "expected"),
    [
        ("4.790012345E9", "", False, "4790012345"),
        ("12.0", "", False, "12"),
        ("-3", "", False, "-3"),
        ("-0", "", False, "0"),
        ("007", "", False, "7"),
        ("1.5E-3", "", False, "0.0015"),
        ("1E+20", "", False, "100000000000000000000"),
        ("0.30000000000000004", "", False, "0.3"),
        ("NaN", "", False, "NaN"),
        ("1e999", "", False, "1e999"),
        ("abc", "", False, "abc"),
        ("1", "d", False, "1900-01-01"),
        ("59", "d", False, "1900-02-28"),
        ("60", "d", False, "60"),
        ("61", "d", False, "1900-03-01"),
        ("45355", "d", False, "2024-03-04"),
        ("45355.6", "d", False, "2024-03-04"),
        ("45355.6458333333", "dt", False, "2024-03-04T15:30:00"),
        ("45355", "dt", False, "2024-03-04"),
        ("43893", "d", True, "2024-03-04"),
        ("0", "d", True, "1904-01-01"),
        ("0.5", "t", False, "12:00"),
        ("0.500011574", "t", False, "12:00:01"),
        ("0.99999999", "dt", False, "1900-01-01"),
        ("2958465", "d", False, "9999-12-31"),
        ("2958466", "d", False, "2958466"),
        ("-5", "d", False, "-5"),
        ("word", "d", False, "word"),
    ],
)
def test_numbers_as_text(text: str, kind: str, since_1904: bool, expected: str) -> None:
    assert number_text(text, NumberFormat(kind) if kind else PLAIN, since_1904=since_1904) == expected


def test_days_since_1904() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "born")
        sheet.write_datetime(1, 0, dt.date(1980, 2, 1), book.add_format({"num_format": "yyyy-mm-dd"}))

    assert _all(written(fill, date_1904=True)).rows == [["1980-02-01"]]


def test_sheets_are_tables_and_hidden_ones_are_told() -> None:
    def fill(book: Any) -> None:
        book.add_worksheet("Notes")
        for name, rows in (("Old", 1), ("Guests", 3), ("Only names", 0)):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["name", "email"])
            for at in range(rows):
                sheet.write_row(at + 1, 0, [f"Jan {at}", f"jan{at}@berg.no"])
            if name == "Old":
                sheet.hide()
            if name == "Guests":
                sheet.activate()

    content = written(fill)
    found = _open(content)
    assert found.kind == "xlsx"
    assert [(info.name, info.rows_about, info.hidden) for info in found.tables] == [
        ("Guests", 3, False),
        ("Old", 1, True),
    ]
    assert found.table().sample(1) == [["Jan 0", "jan0@berg.no"]]
    assert len(_all(content, "Old").rows) == 1
    assert (found.survey.encoding, found.survey.size, found.survey.lines) == ("", len(content), 4)
    with pytest.raises(TableMissing, match="It has these: Guests, Old"):
        found.table("Notes")


def test_titles_merged_names_and_totals() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 4, "Guest list of the Fjord Hotel")
        sheet.merge_range(2, 0, 3, 0, "Number")
        sheet.merge_range(2, 1, 2, 2, "Guest")
        sheet.merge_range(2, 3, 2, 4, "Stay")
        sheet.write_row(3, 1, ["name", "email", "from", "to"])
        sheet.write_row(4, 0, [1, "Jan", "jan@berg.no", "1", "2"])
        sheet.write_row(6, 0, [2, "Eva", "eva@berg.no", "3", "4"])
        sheet.write_row(7, 0, ["Total", None, None, 2, 2])

    content = written(fill)
    found = _open(content).tables[0]
    assert found.header == ("Number", "name", "email", "from", "to")
    assert (found.header_line, found.skipped) == (4, ("Guest list of the Fjord Hotel", "Number Guest Stay"))
    whole = _all(content)
    assert whole.lines == [5, 7]
    assert [(one.line, one.reason) for one in whole.problems] == [(8, "total")]


def test_a_name_merged_over_columns_names_them_all() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Name", "", "", "City"])
        sheet.merge_range(0, 1, 0, 2, "Phone")
        sheet.write_row(1, 0, ["Jan", "1", "2", "Bø"])

    assert _open(written(fill)).tables[0].header == ("Name", "Phone", "Phone (2)", "City")


def test_groups_over_names_are_no_names() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 1, "Guest")
        sheet.merge_range(0, 2, 0, 3, "Stay")
        sheet.write_row(1, 0, ["first name", "last name", "from", "to"])
        sheet.write_row(2, 0, ["Jan", "Berg", "1", "2"])
        sheet.write_row(3, 0, ["Eva", "Berg", "1", "2"])

    found = _open(written(fill)).tables[0]
    assert (found.header, found.skipped) == (("first name", "last name", "from", "to"), ("Guest Stay",))


def test_columns_without_a_name_and_cells_without_a_column() -> None:
    content = of_rows(["name", None, "city"], ["Jan", "x", "Bø", "beyond"], ["Eva", "y", "Bø"])
    assert _open(content).tables[0].header == ("name", "Column B", "city", "Column D")
    rows = [["name", "city"], *[["Jan", "Bø"]] * 120, ["Eva", "Bø", "", "beyond"], ["Ole", "Bø"]]
    whole = _all(of_rows(*rows))
    assert [(one.line, one.reason) for one in whole.problems] == [(122, "columns")]
    assert len(whole.rows) == 121


def test_formulas_that_end_in_an_error_are_empty_and_told() -> None:
    whole = _all(by_hand(_row('<c t="n"><v>1</v></c>', '<c t="e"><f>1/0</f><v>#DIV/0!</v></c>')))
    assert whole.rows == [["1", ""]]
    assert [tuple(one) for one in whole.notes] == [(2, "b", "#DIV/0!", "formula")]


@pytest.mark.parametrize(
    ("description", "cell", "expected"),
    [
        ("a formula never calculated", "<c><f>A1+A2</f></c>", ""),
        ("a formula and its text", '<c t="str"><f>A1</f><v>x</v></c>', "x"),
        (
            "pieces in several fonts",
            '<c t="inlineStr"><is><r><rPr><b/><sz val="9"/></rPr><t>Å</t></r><r><t>se</t></r></is></c>',
            "Åse",
        ),
        (
            "signs with their reading",
            '<c t="inlineStr"><is><t>山田</t><rPh sb="0" eb="1"><t>ヤマダ</t></rPh></is></c>',
            "山田",
        ),
        ("what XML cannot hold", '<c t="inlineStr"><is><t>a_x000D_\nb_x005F_x0041_</t></is></c>', "a\r\nb_x0041_"),
        ("a day as a day", '<c t="d"><v>2024-03-04T00:00:00</v></c>', "2024-03-04"),
        ("no", '<c t="b"><v>0</v></c>', "false"),
        ("a comment and a section", "<c><!-- x --><v><![CDATA[12]]></v></c>", "12"),
        ("space around", "<c> <v> 12 </v> </c>", "12"),
        ("a style that is none", '<c s="9"><v>12</v></c>', "12"),
    ],
)
def test_cells_as_programs_write_them(description: str, cell: str, expected: str) -> None:
    whole = _all(by_hand(_row("<c><v>1</v></c>", cell)))
    assert whole.rows == [["1", expected]], description


def test_a_formula_never_calculated_is_told() -> None:
    whole = _all(by_hand(_row("<c><v>1</v></c>", "<c><f>A1+A2</f></c>")))
    assert [tuple(one) for one in whole.notes] == [(2, "b", "=A1+A2", "formula")]
    assert not _all(by_hand(_row("<c><v>1</v></c>", '<c t="str"><f>A1</f><v></v></c>'))).notes


def test_what_follows_the_rows_is_in_none_of_them() -> None:
    after = '<mergeCells><mergeCell ref="A9:B9"/></mergeCells><headerFooter><oddFooter>P</oddFooter></headerFooter>'
    sheet = _row("<c><v>1</v></c>", '<c t="inlineStr"><is><t>x</t></is></c>') + after
    assert _all(by_hand(sheet)).rows == [["1", "x"]]


def test_tags_with_a_prefix_and_cells_without_a_place() -> None:
    sheet = "<x:sheetData>" + "".join(
        f"<x:row><x:c><x:v>{n}</x:v></x:c><x:c t='str'><x:v>n{n}</x:v></x:c></x:row>" for n in range(3)
    )
    content = by_hand(
        "", parts={"xl/worksheets/sheet1.xml": f'<x:worksheet xmlns:x="urn:x">{sheet}</x:sheetData></x:worksheet>'}
    )
    assert _all(content).rows == [["1", "n1"], ["2", "n2"]]
    assert _open(content).tables[0].header == ("0", "n0")


def test_a_cell_too_long_costs_its_row() -> None:
    long = f'<c t="inlineStr"><is><t>{"x" * 400_000}</t></is></c>'
    whole = _all(by_hand(_row("<c><v>1</v></c>", long)))
    assert [(one.line, one.column, one.reason) for one in whole.problems] == [(2, "b", "cell_too_long")]
    exact = f'<c t="inlineStr"><is><t>{"x" * CELL_MAX}</t></is></c>'
    assert len(_all(by_hand(_row("<c><v>1</v></c>", exact))).rows[0][1]) == CELL_MAX


_BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
_SHEET = _row("<c><v>1</v></c>", "<c><v>2</v></c>")


@pytest.mark.parametrize(
    ("description", "content", "error"),
    [
        ("entities in a sheet", by_hand(_SHEET, prologue=_BOMB), DangerousWorkbook),
        ("a document type in a sheet", by_hand(_SHEET, prologue='<!DOCTYPE x SYSTEM "file:///x">'), DangerousWorkbook),
        (
            "entities in the texts",
            by_hand(_SHEET, parts={"xl/sharedStrings.xml": f"{_BOMB}<sst><si><t>&b;</t></si></sst>"}),
            DangerousWorkbook,
        ),
        (
            "entities in UTF-16",
            by_hand(_SHEET, parts={"xl/worksheets/sheet1.xml": (_BOMB + "<worksheet/>").encode("utf-16")}),
            DangerousWorkbook,
        ),
        ("a tag without an end", by_hand(f"<sheetData {'a' * 8_000_000}"), DangerousWorkbook),
        ("cut off", by_hand(_SHEET)[:-30], BrokenArchive),
        ("no sheet", by_hand(_SHEET, parts={"xl/workbook.xml": "<workbook/>"}), BrokenWorkbook),
        ("no XML", by_hand(_SHEET, parts={"xl/workbook.xml": "hello"}), BrokenWorkbook),
        ("tags that do not close", by_hand("<sheetData><row>"), BrokenWorkbook),
        ("an unknown encoding", by_hand(_SHEET, prologue='<?xml version="1.0" encoding="x-ray"?>'), BrokenWorkbook),
        ("a text that is none", by_hand(_row('<c t="s"><v>5</v></c>', "<c><v>2</v></c>")), BrokenWorkbook),
        ("a place that is none", by_hand(_row('<c r="ÅÅ1"><v>5</v></c>')), BrokenWorkbook),
        ("a place beyond all", by_hand(_row('<c r="ZZZ1"><v>5</v></c>')), BrokenWorkbook),
        ("a row twice", by_hand('<sheetData><row r="2"/><row r="2"/></sheetData>'), BrokenWorkbook),
        ("a row that is none", by_hand('<sheetData><row r="x"/></sheetData>'), BrokenWorkbook),
        ("a cell in no row", by_hand("<sheetData><c><v>1</v></c></sheetData>"), BrokenWorkbook),
        ("a row beyond all", by_hand('<sheetData><row r="1048577"/></sheetData>'), TooManyRows),
        ("empty", by_hand("<sheetData/>"), EmptyFile),
        ("names only", of_rows(["name", "email"]), HeaderOnly),
        ("too many columns", of_rows([f"c{n}" for n in range(501)], ["1"]), TooManyColumns),
        ("a binary workbook", zipped({"[Content_Types].xml": "x", "xl/workbook.bin": "x"}), Spreadsheet),
        ("OpenDocument", zipped({"mimetype": "application/vnd.oasis", "content.xml": "<x/>"}), Spreadsheet),
        ("a Word document", zipped({"[Content_Types].xml": "x", "word/document.xml": "x"}), Spreadsheet),
        (
            "a workbook with a password",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500 + "EncryptedPackage".encode("utf-16-le"),
            EncryptedFile,
        ),
    ],
)
def test_workbooks_that_are_refused(description: str, content: bytes, error: type[FileError]) -> None:
    with pytest.raises(FileError) as caught:
        _all(content)
    assert type(caught.value) is error, description
    assert str(caught.value).endswith(".")


def test_far_corners_cost_neither_time_nor_memory() -> None:
    """A cell in the first row and one in the last column of the last: no table of all cells between is made."""

    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "email"])
        sheet.write_row(1, 0, ["Jan", "jan@berg.no"])
        sheet.write_string(1_048_575, 16_383, "far")

    content = written(fill)
    tracemalloc.start()
    whole = _all(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert whole.rows == [["Jan", "jan@berg.no"]]
    assert [(one.line, one.reason) for one in whole.problems] == [(1_048_576, "columns")]
    assert peak < 16 << 20


def test_a_sheet_that_unpacks_to_far_more_is_refused() -> None:
    with pytest.raises(PackedTooMuch):
        _open(by_hand("<sheetData>" + " " * (40 << 20) + "</sheetData>"))
    with pytest.raises(PackedTooMuch):
        _open(of_rows(["a", "b"], *[["x" * 100, n] for n in range(2_000)]), limit=40_000)


def test_a_header_that_lies_about_its_size_is_refused() -> None:
    content = by_hand(_SHEET + "<!--" + "x" * 5_000 + "-->")
    at = content.rfind(b"xl/worksheets/sheet1.xml") - 46 + 24
    lie = content[:at] + (300).to_bytes(4, "little") + content[at + 4 :]
    with pytest.raises(BrokenArchive):
        _all(lie)


def test_batches_are_cut_at_the_same_places() -> None:
    content = of_rows(["a", "b"], *[[n, "x"] for n in range(10)])
    batches = list(_open(content).table().batches(4))
    assert [(len(batch), batch.lines[0]) for batch in batches] == [(4, 2), (4, 6), (2, 10)]


def test_memory_stays_flat() -> None:
    def fill(book: Any) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "email", "phone"])
        for n in range(1, 30_000):
            sheet.write_row(n, 0, [f"Åse Ødegård {n}", f"ase{n}@fjord.no", n])

    content = written(fill, constant_memory=True)
    tracemalloc.start()
    assert sum(len(batch) for batch in _open(content).table().batches()) == 29_999
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()
