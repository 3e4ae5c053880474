"""Files as people have them: encodings, delimiters, quotes, and everything that can be wrong with one."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imports.problems import Problem
from imports.readers import TableInfo, file_opener, open_source
from imports.readers.errors import (
    Archive,
    BrokenHeader,
    Document,
    EmptyFile,
    FileError,
    FileMissing,
    FileTooLarge,
    HeaderOnly,
    LineTooLong,
    NotCsv,
    Spreadsheet,
    TableMissing,
    TooManyColumns,
    TooManyRows,
)
from imports.readers.limits import CELL_MAX, COLUMNS_MAX
from tests.imports.csv_files import all_of, csv_of, file_of


@pytest.mark.parametrize(
    ("description", "text", "expected"),
    [
        ("comma", "a,b\n1,2\n", [["1", "2"]]),
        ("semicolon with decimal commas", "a;b\n1,5;2,5\n", [["1,5", "2,5"]]),
        ("tab", "a\tb\n1\t2\n", [["1", "2"]]),
        ("bar", "a|b\n1|2\n", [["1", "2"]]),
        ("comma in a quoted header", 'a;"b, c"\n1;2\n', [["1", "2"]]),
        ("quotes", 'a,b\n"1, 2","say ""hi"""\n', [["1, 2", 'say "hi"']]),
        ("line break in a cell", 'a,b\n"1\n2",3\n', [["1\n2", "3"]]),
        ("a quote within a word", 'a,b\n5" nails,2\n', [['5" nails', "2"]]),
        ("the line that Excel reads", "sep=;\na;b\n1,5;2\n", [["1,5", "2"]]),
        ("backslash escapes", "a;b;c\nx\\;y;2;3\nu;v;w\n", [["x;y", "2", "3"], ["u", "v", "w"]]),
        ("a backslash that is none", "a;b\nC:\\x;2\n", [["C:\\x", "2"]]),
        ("old Macintosh line ends", "a,b\r1,2\r3,4\r", [["1", "2"], ["3", "4"]]),
        ("no line end at the end", "a,b\n1,2", [["1", "2"]]),
        ("blank lines and blank rows", "\n\na,b\n\n1,2\n,\n  \n3,4\n", [["1", "2"], ["3", "4"]]),
        ("one column", "email\njan@berg.no\n", [["jan@berg.no"]]),
        ("empty columns at the end", "a,b,,\n1,2,,\n3,4\n", [["1", "2"], ["3", "4"]]),
    ],
)
def test_dialects(tmp_path: Path, description: str, text: str, expected: list[list[str]]) -> None:
    whole = all_of(file_of(tmp_path, text))
    assert whole.rows == expected, description
    assert whole.problems == []


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    text = '\na,b\n1,2\n\n"x\ny",4\n5,6\n'
    assert all_of(file_of(tmp_path, text)).lines == [3, 5, 7]
    assert all_of(file_of(tmp_path, "sep=,\na,b\n1,2\n")).lines == [3]


def test_header_names_are_trimmed(tmp_path: Path) -> None:
    assert csv_of(file_of(tmp_path, "\ufeff a ,b  c, \n1,2,3\n".encode("utf-8-sig"))).header == ("a", "b c", "Column C")


@pytest.mark.parametrize(
    ("description", "text", "problems", "rows"),
    [
        ("too few cells", "a,b\n1\n2,3\n", [], [["1", ""], ["2", "3"]]),
        ("too many cells", "a,b\n1,2,3\n4,5\n", [(2, "", "columns")], [["4", "5"]]),
        (
            "a quote never closed",
            'a,b\n1,2\n"3,4\n5,6\n7,8\n',
            [(3, "", "quote")],
            [["1", "2"], ["5", "6"], ["7", "8"]],
        ),
        (
            "a quote closed by another row",
            'a,b\n"1,2\n3,4\n"5",6\n7,8\n',
            [(2, "", "quote")],
            [["3", "4"], ["5", "6"], ["7", "8"]],
        ),
        ("text after a closed quote", 'a,b\n"Best" hotel,2\n', [], [["Best hotel", "2"]]),
        ("a quote never closed on the last line", 'a,b\n1,2\n"3,4', [(3, "", "quote")], [["1", "2"]]),
        ("a cell too long", f"a,b\n1,{'x' * (CELL_MAX + 1)}\n3,4\n", [(2, "b", "cell_too_long")], [["3", "4"]]),
        ("a cell far too long", f"a,b\n1,{'x' * 200_000}\n3,4\n", [(2, "", "cell_too_long")], [["3", "4"]]),
    ],
)
def test_a_bad_row_is_named_and_the_others_stand(
    tmp_path: Path, description: str, text: str, problems: list[tuple[int, str, str]], rows: list[list[str]]
) -> None:
    whole = all_of(file_of(tmp_path, text))
    assert [(found.line, found.column, found.reason) for found in whole.problems] == problems, description
    assert whole.rows == rows


def test_a_quote_never_closed_in_a_big_file_costs_one_row(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2\n" * 1_000 + '"oops,2\n' + "3,4\n" * 60_000
    whole = all_of(file_of(tmp_path, text))
    assert [(found.line, found.reason) for found in whole.problems] == [(1_002, "quote")]
    assert len(whole.rows) == 61_000
    assert whole.lines[-1] == 61_002


def test_card_numbers_do_not_stand_in_problems(tmp_path: Path) -> None:
    whole = all_of(file_of(tmp_path, "a,b\n4111 1111 1111 1111,2,3\n1,2\n"))
    assert "4111" not in whole.problems[0].value.removesuffix("1111")


@pytest.mark.parametrize(
    ("description", "content", "error"),
    [
        ("no byte", b"", EmptyFile),
        ("blank lines", b"\r\n\r\n  \n", EmptyFile),
        ("only a byte order mark", b"\xef\xbb\xbf", EmptyFile),
        ("only separators", b";;;\n;;;\n", EmptyFile),
        ("header only", b"a,b,c\n", HeaderOnly),
        ("header and blank rows", b"a,b,c\n,,\n\n", HeaderOnly),
        ("too many columns", ",".join(f"c{n}" for n in range(COLUMNS_MAX + 1)).encode() + b"\n1\n", TooManyColumns),
        ("zero bytes", b"a,b\n1,\x00\n", NotCsv),
        ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, NotCsv),
        ("control characters", b"a,b\n" + b"\x01\x02\x03\x04" * 50, NotCsv),
        ("a PDF", b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n", Document),
        ("a web page called a spreadsheet", b"\n<html><table><tr><td>a</td></tr></table>", Document),
        ("an old Excel workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, Spreadsheet),
        ("gzip", b"\x1f\x8b\x08\x00abc", Archive),
        ("a quote never closed in the header", b'a,"b\n' + b"1,2\n" * 50_000, BrokenHeader),
    ],
)
def test_files_that_cannot_be_imported(
    tmp_path: Path, description: str, content: bytes, error: type[FileError]
) -> None:
    with pytest.raises(FileError) as caught:
        csv_of(file_of(tmp_path, content))
    assert type(caught.value) is error, description
    assert str(caught.value).endswith((".", "”"))


@pytest.mark.parametrize(
    ("description", "text", "header", "line", "skipped", "rows"),
    [
        (
            "a title and a day above the names",
            "Guest list, Fjord Hotel\nPrinted: 01.02.2024\n\nname;email;phone\nJan;jan@berg.no;1\nKari;k@berg.no;2\n",
            ("name", "email", "phone"),
            4,
            ("Guest list, Fjord Hotel", "Printed: 01.02.2024"),
            2,
        ),
        (
            "the same as spreadsheets save it",
            "Gästeliste;;;\nStand:;01.02.2024;;\nname;email;phone;city\nJan;jan@berg.no;1;Bø\nEva;e@berg.no;2;Bø\n",
            ("name", "email", "phone", "city"),
            3,
            ("Gästeliste", "Stand: 01.02.2024"),
            2,
        ),
        (
            "groups of columns above the names",
            "Guest,,,Stay,\nname,email,phone,from,to\nJan,jan@berg.no,1,2,3\nEva,e@berg.no,1,2,3\n",
            ("name", "email", "phone", "from", "to"),
            2,
            ("Guest Stay",),
            2,
        ),
        ("no title", "name;email\nJan;j@b.no\n", ("name", "email"), 1, (), 1),
        (
            "names that look like days",
            "name,01.02.2024,02.02.2024\nJan,1,2\nEva,,2\n",
            ("name", "01.02.2024", "02.02.2024"),
            1,
            (),
            2,
        ),
        (
            "few names and a row of many cells",
            "name,email\nJan,jan@berg.no,1,2,3\nEva,e@berg.no\n",
            ("name", "email"),
            1,
            (),
            1,
        ),
        (
            "labels and days above the names",
            "From;01.01.2024;To;31.12.2024\nname;email;city;phone;note\nJan;j@b.no;Bø;1;x\nEva;e@b.no;Bø;2;y\n",
            ("name", "email", "city", "phone", "note"),
            2,
            ("From 01.01.2024 To 31.12.2024",),
            2,
        ),
        ("a narrow table of words", "name,note\nJan,sea view\nEva,\n", ("name", "note"), 1, (), 2),
    ],
)
def test_lines_above_the_header_are_found_and_told(
    tmp_path: Path, description: str, text: str, header: tuple[str, ...], line: int, skipped: tuple[str, ...], rows: int
) -> None:
    found = open_source(file_opener(file_of(tmp_path, text))).tables[0]
    assert (found.header, found.header_line, found.skipped) == (header, line, skipped), description
    assert len(all_of(tmp_path / "list.csv").rows) == rows


@pytest.mark.parametrize(
    ("description", "last", "reason"),
    [
        ("a word and an amount", "Total;;1 234,50", "total"),
        ("Norwegian", "Sum:;;kr 500", "total"),
        ("a number of guests", "Antall gjester: 120;;", "total"),
        ("in a later column", ";Gesamtsumme;4", "total"),
        ("two words", "I alt;;12", "total"),
        ("the header once more", "name;email;paid", "heading"),
        ("the number of a page", "Page 2 of 3;;", "printout"),
        ("when it was printed", "Utskrevet 01.02.2024 kl. 12:00 av Anna;;", "printout"),
        ("the end", ";;End of report", "printout"),
        ("a guest called Page", "Page;page@berg.no;", None),
        ("a guest called Side with a number", "Side 1;side@berg.no;3", None),
        ("a company of that name", "Total Energies;post@total.no;1", None),
        ("a guest of that name", "Sum;sum@berg.no;", None),
        ("a guest of that name with a phone number", "Sum;+47 900 00 000;", None),
        ("a count", "Count Dracula;;13", None),
    ],
)
def test_totals_are_left_out_and_told(tmp_path: Path, description: str, last: str, reason: str | None) -> None:
    whole = all_of(file_of(tmp_path, f"name;email;paid\nJan;jan@berg.no;3\n{last}\n"))
    assert [(found.line, found.reason) for found in whole.problems] == ([(3, reason)] if reason else []), description
    assert len(whole.rows) == (1 if reason else 2)


@pytest.mark.parametrize(
    ("description", "text", "header"),
    [
        ("repeated", "name,email,phone,NAME,Email\n1,2,3,4,5\n", ("name", "email", "phone", "NAME (2)", "Email (2)")),
        ("repeated with the number taken", "a,a,a (2)\n1,2,3\n", ("a", "a (3)", "a (2)")),
        ("missing between others", "name,,phone\n1,,3\n", ("name", "Column B", "phone")),
        ("missing at the end, with values", "name,phone,,\n1,2,3,\n", ("name", "phone", "Column C")),
        ("missing, the letter taken", "Column C,x,\n1,2,3\n", ("Column C", "x", "Column C (2)")),
    ],
)
def test_every_column_has_a_name_of_its_own(
    tmp_path: Path, description: str, text: str, header: tuple[str, ...]
) -> None:
    found = csv_of(file_of(tmp_path, text))
    assert found.header == header, description
    assert len(next(found.batches()).rows[0]) == len(header)


def test_a_short_row_with_a_line_break_is_no_broken_one(tmp_path: Path) -> None:
    whole = all_of(file_of(tmp_path, 'name,note,phone\n"Jan","one\ntwo"\nEva,,3\n'))
    assert whole.rows == [["Jan", "one\ntwo", ""], ["Eva", "", "3"]]
    assert whole.problems == []


def test_words_of_totals_cost_no_time(tmp_path: Path) -> None:
    """A cell of digits and spaces, however long, is looked at once."""
    whole = all_of(file_of(tmp_path, "a,b\n" + "total " + "1 ." * 10_000 + "x,2\nTotal," + "1 " * 10_000 + "\n"))
    assert len(whole.rows) == 2


def test_a_table_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    found = replace(csv_of(file_of(tmp_path, "a,b\n" + "1,2\n" * 12)), rows_max=10)
    with pytest.raises(TooManyRows, match="more than 10 rows"):
        list(found.batches(4))


def test_the_one_table_of_a_text_file(tmp_path: Path) -> None:
    found = open_source(file_opener(file_of(tmp_path, "a,b\n1,2\n3,4\n")), name="list.csv")
    assert (found.kind, found.survey.lines) == ("csv", 3)
    assert found.tables == (TableInfo("", ("a", "b"), 1, 2),)
    assert found.table().sample(1) == found.table("").sample(1) == [["1", "2"]]
    with pytest.raises(TableMissing, match="no sheet or list called “Sheet1”"):
        found.table("Sheet1")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"nothing\.csv"):
        csv_of(tmp_path / "nothing.csv")
    with pytest.raises(FileMissing):
        csv_of(tmp_path)


def test_a_file_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(2 << 30)
    with pytest.raises(FileTooLarge, match="2147 MB; at most 1074 MB"):
        csv_of(path)
    with pytest.raises(FileTooLarge):
        csv_of(file_of(tmp_path, "a,b\n1,2\n"), limit=7)


def test_a_file_without_line_ends_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LineTooLong):
        csv_of(file_of(tmp_path, b"a,b," * 5_000_000))


def test_batches_are_cut_at_the_same_places(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a,b\n" + "".join(f"{n},x\n" for n in range(10)))
    assert [len(batch) for batch in csv_of(path).batches(4)] == [4, 4, 2]
    assert [batch.lines[0] for batch in csv_of(path).batches(4)] == [2, 6, 10]


def test_a_batch_in_parts_is_the_same_batch(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a,b\n" + "".join(f"{n},x\n" if n % 3 else f"{n},x,too,many\n" for n in range(10)))
    (batch,) = csv_of(path).batches()
    batch.notes.append(Problem(6, "a", "4", "unreadable"))
    parts = list(batch.cut(1, 4, 99))
    assert [part.lines for part in parts] == [[3], [4, 6, 7], [9, 10]]
    assert [[one.line for one in part.problems] for part in parts] == [[2], [5, 8], [11]]
    assert [len(part.notes) for part in parts] == [0, 1, 0]
    assert [row for part in parts for row in part.rows] == batch.rows
    assert sum(map(len, parts)) == len(batch) == 10


def test_a_batch_of_nothing_but_problems_stays_whole(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a,b\n" + "1,x,too,many\n" * 3)
    (batch,) = csv_of(path).batches()
    assert [len(part.problems) for part in batch.cut(1, 2)] == [3]


def test_memory_stays_flat(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w") as stream:
        stream.write("name,email,phone\n")
        for n in range(300_000):
            stream.write(f"Åse Ødegård {n},ase{n}@fjord.no,{n:08}\n")
    tracemalloc.start()
    rows = sum(len(batch) for batch in csv_of(path).batches())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 300_000
    assert peak < 20 << 20


CELLS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\x85\u2028\u2029"), max_size=12
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_is_written_is_read(tmp_path: Path, rows: list[list[str]], delimiter: str, encoding: str) -> None:
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    path = file_of(
        tmp_path,
        "\n".join([delimiter.join(["aaa", "bbb", "ccc"]), "x1" + 2 * (delimiter + "y"), *quoted]).encode(encoding),
    )
    whole = all_of(path)
    assert whole.rows[1:] == [row for row in rows if any(row)]
    assert whole.problems == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_words(tmp_path: Path, content: bytes) -> None:
    path = file_of(tmp_path, content)
    try:
        all_of(path)
    except FileError as error:
        assert str(error)
