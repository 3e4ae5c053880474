"""Files as damage leaves them: files of every kind, mutated byte by byte and part by part, always the same ones."""

import datetime as dt
import io
import random
import zipfile
from typing import Any, Final

import xlsxwriter

from imports.mapping import Context, interpret, lay, suggest
from imports.problems import REASONS
from imports.readers import FileError, Table, open_source

SMALL: Final = 4 << 20
"""The limit for these files, in bytes: what is mutated may announce any size."""
_CONTEXT: Final = Context("NO", "nb", dt.date(2026, 6, 1), "NOK")

_GUESTS: Final = (
    "id;given_name;family_name;email;phone;city;birth_date;tags;note\r\n"
    '7;Åse;Sørensen;ase@fjord.no;+4722334455;Oslo;1962-05-17;"vip; jazz";"Quiet room\nplease"\r\n'
    "8;Jürgen;Möller;jm@example.de;0151 23456789;Düsseldorf;01.02.1980;;5 € – ”fin”\r\n"
    '9;Jan;"van der ""Big"" Berg";jan@berg.no;22334455;Bø;;;\r\n'
)
_BOOKINGS: Final = "hotel,arrival,departure,guest,amount\n" + "".join(
    f"Fjord,2024-0{n % 9 + 1}-11,2024-0{n % 9 + 1}-14,Guest {n},{n}.50\n" for n in range(40)
)
_TITLED: Final = "Guest list of the Fjord Hotel;;\nPrinted: 01.02.2024;;\n\n" + _GUESTS + "Total;;;;;;;;3\n"
_MAILING: Final = "Email Address,First Name,OPTIN_TIME\njan@berg.no,Jan,2024-01-02\neva@berg.no,Eva,2024-01-03\n"
# What breaks readers: delimiters, quotes, line ends, marks of other kinds, tags, places, sizes, signs of few encodings.
_TOKENS: Final = (
    *(b'"', b'""', b";", b",", b"\t", b"|", b"\\", b"\r", b"\n", b"\r\n", b"\x00", b"\x1a", b"\xff", b"\xef\xbb\xbf"),
    *(b"\xff\xfe", b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02", b"<", b">", b"</c>", b"</row>", b"<v>", b"<!--", b"&"),
    *(b"<!DOCTYPE x>", b"&amp;", b"]]>", b'r="A1"', b'r="XFD1048576"', b'r="1048577"', b't="s"', b's="99999"'),
    *(b"1e308", b"9999999999", b"-1", b"_x0000_", b"_xD800_", b"\xe2\x80\xa8", b"\xc3", b"\xc0\xaf", "ÅØ".encode()),
    *(b"sep=;\n", b"sep=", b"Total;", b"=1+1", b"\xf0\x9f\x8f\xa8", b" " * 300, b"," * 600, b"x" * 40_000),
    *(b" " * 30_000, b"a@" * 12_000, b"1 " * 12_000, b"(a" * 9_000, b"1." * 12_000, b"\t " * 9_000),
)


def seeds() -> dict[str, bytes]:
    """A file of every kind, by what it is."""
    book = _workbook()
    return {
        "csv utf-8": _GUESTS.encode(),
        "csv utf-8 with a mark": _GUESTS.encode("utf-8-sig"),
        "csv utf-16": _GUESTS.encode("utf-16"),
        "csv windows-1252": _GUESTS.encode("cp1252"),
        "csv with a title": _TITLED.encode(),
        "csv of bookings": _BOOKINGS.encode(),
        "csv with escapes": _GUESTS.replace('"', "\\;").encode(),
        "xlsx": book,
        "xlsx with texts in its cells": _workbook(constant_memory=True),
        "zip": _zipped({"subscribed.csv": _MAILING, "unsubscribed.csv": _MAILING, "readme.txt": "hello"}),
        "zip of a workbook": _zipped({"guests.xlsx": book, "guests.csv": _GUESTS}),
    }


def mutated(number: int, files: dict[str, bytes]) -> tuple[str, bytes]:
    """File `number`: what it was made of, and its bytes. The same number is the same file."""
    draw = random.Random(number)
    name = draw.choice(sorted(files))
    content = files[name]
    if content.startswith(b"PK") and draw.random() < 0.7:
        return name, _within(draw, content)
    return name, _changed(draw, content, files)


def looked_through(content: bytes) -> str:
    """Read a file to its end and interpret it, as a preview does; returns its kind, or the error that refused it.

    Raises AssertionError when the readers break their word, and whatever they should not raise.
    """

    def opener() -> io.BytesIO:
        return io.BytesIO(content)

    try:
        found = open_source(opener, limit=SMALL)
        assert found.tables, "no table"
        assert len({info.name for info in found.tables}) == len(found.tables), "two tables of one name"
        for info in found.tables:
            _kept(found.table(info.name), info.header)
        _interpreted(found.table())
    except FileError as error:
        assert str(error).endswith((".", "”")), "an error without a sentence"
        return type(error).__name__
    return found.kind


def _kept(table: Table, header: tuple[str, ...]) -> None:
    """What whoever reads a table may rely on."""
    assert table.header == header and all(header), "a column without a name"
    assert len({name.casefold() for name in header}) == len(header), "two columns of one name"
    lines: list[int] = []
    for batch in table.batches(7):
        assert 0 < len(batch) <= 7, "an empty batch, or one too long"
        assert len(batch.lines) == len(batch.rows), "rows without a line"
        lines += batch.lines + [problem.line for problem in batch.problems]
        for row in batch.rows:
            assert len(row) == len(header), "a row of another width"
            text = "".join(row)
            assert "\x00" not in text, "what no database takes"
            text.encode()
        assert all(problem.reason in REASONS for problem in batch.problems + batch.notes), "an unknown reason"
    assert len(set(lines)) == len(lines), "two rows on one line"
    assert all(line > 0 for line in lines), "a line before the first"


def _interpreted(table: Table) -> None:
    """What the file says of guests, as a preview takes it: the last step before anything could be written."""
    header, sample = table.header, table.sample(100)
    suggestion = suggest(header, sample, language="nb")
    plan = lay(suggestion.layout, header, sample=sample)
    for batch in table.batches(100):
        result = interpret(plan, batch, _CONTEXT)
        assert all(problem.reason in REASONS for problem in result.problems), "an unknown reason"


def _changed(draw: random.Random, content: bytes, files: dict[str, bytes]) -> bytes:
    """One to eight changes of the bytes."""
    for _ in range(draw.choice((1, 1, 2, 3, 8))):
        change = draw.choice((_flip, _cut, _insert, _token, _repeat, _end, _swap))
        content = change(draw, content)
    if draw.random() < 0.05:
        other = files[draw.choice(sorted(files))]
        content = content[: draw.randint(0, len(content))] + other[draw.randint(0, len(other)) :]
    return content


def _within(draw: random.Random, content: bytes) -> bytes:
    """Changes in the parts of a packed file, which is packed anew: what a checksum would hide."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(draw.choice((1, 1, 2))):
        name = draw.choice(sorted(parts))
        kind = draw.random()
        if kind < 0.06:
            del parts[name]
        elif kind < 0.12:
            parts[draw.choice(("../" * 5 + "a.csv", "a\x00.csv", "xl/x.xml", "A.CSV", "/"))] = parts[name]
        else:
            parts[name] = _changed(draw, parts[name], {name: parts[name]})
        if not parts:
            break
    return _zipped(parts)


def _flip(draw: random.Random, content: bytes) -> bytes:
    if not content:
        return b"\x80"
    at = draw.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << draw.randrange(8)]) + content[at + 1 :]


def _cut(draw: random.Random, content: bytes) -> bytes:
    at = draw.randint(0, len(content))
    return content[:at] + content[at + draw.choice((1, 2, 10, 100)) :]


def _insert(draw: random.Random, content: bytes) -> bytes:
    at = draw.randint(0, len(content))
    return content[:at] + draw.randbytes(draw.choice((1, 2, 9))) + content[at:]


def _token(draw: random.Random, content: bytes) -> bytes:
    at = draw.randint(0, len(content))
    return content[:at] + draw.choice(_TOKENS) + content[at + draw.choice((0, 0, 1, 4)) :]


def _repeat(draw: random.Random, content: bytes) -> bytes:
    at = draw.randint(0, len(content))
    piece = content[at : at + draw.choice((1, 5, 40, 400))]
    return content[:at] + piece * draw.choice((2, 2, 3, 50)) + content[at:]


def _end(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randint(0, len(content))]


def _swap(draw: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _workbook(**options: Any) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, **options})
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for name in ("Guests", "Old"):
        sheet = book.add_worksheet(name)
        sheet.merge_range("A1:D1", "Guest list")
        sheet.write_row(1, 0, ["id", "name", "phone", "born"])
        for at in range(2, 9):
            sheet.write_number(at, 0, at)
            sheet.write_string(at, 1, f"Åse <{at}>")
            sheet.write_number(at, 2, 4_790_000_000 + at)
            sheet.write_number(at, 3, 30_000 + at, day)
        sheet.write_formula(9, 0, "=SUM(A3:A9)", None, 35)
    book.close()
    return stream.getvalue()


def _zipped(parts: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
