"""ZIP files of lists, and ZIP files that are meant to do harm."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from imports.readers import Batch, open_source
from imports.readers.errors import (
    Archive,
    BrokenArchive,
    EmptyFile,
    EncryptedFile,
    FileError,
    FileTooLarge,
    HeaderOnly,
    NestedArchive,
    PackedTooMuch,
    TooManyEntries,
    WrongEncoding,
)
from imports.readers.packed import ENTRIES_MAX, shown_name
from imports.readers.source import SourceFile
from tests.imports.workbooks import of_rows, zipped

SUBSCRIBED = "Email Address,First Name,OPTIN_TIME\njan@berg.no,Jan,2024-01-02\neva@berg.no,Eva,2024-01-03\n"
UNSUBSCRIBED = (
    "Email Address,First Name,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON\nole@berg.no,Ole,2023-01-02,2024-02-03,NORMAL\n"
)
CLEANED = "Email Address,First Name,OPTIN_TIME,CLEAN_TIME\nx@gone.no,,2022-01-01,2023-01-01\n"


def _open(content: bytes, *, limit: int = 1 << 30) -> SourceFile:
    return open_source(lambda: io.BytesIO(content), limit=limit)


def _all(content: bytes, name: str = "", size: int = 2_000) -> Batch:
    whole = Batch()
    for batch in _open(content).table(name).batches(size):
        whole.lines += batch.lines
        whole.rows += batch.rows
        whole.problems += batch.problems
    return whole


def test_lists_with_the_same_columns_are_offered_as_one() -> None:
    content = zipped(
        {
            "audience/subscribed_1.csv": SUBSCRIBED,
            "audience/unsubscribed_1.csv": UNSUBSCRIBED,
            "audience/cleaned_1.csv": CLEANED,
        }
    )
    found = _open(content)
    assert found.kind == "zip"
    assert [(info.name, info.rows_about) for info in found.tables] == [
        ("", 4),
        ("subscribed_1.csv", 2),
        ("unsubscribed_1.csv", 1),
        ("cleaned_1.csv", 1),
    ]
    assert found.tables[0].header == (
        *("File", "Email Address", "First Name", "OPTIN_TIME"),
        *("UNSUB_TIME", "UNSUB_REASON", "CLEAN_TIME"),
    )
    whole = _all(content)
    assert whole.rows[0] == ["subscribed_1.csv", "jan@berg.no", "Jan", "2024-01-02", "", "", ""]
    assert whole.rows[2] == ["unsubscribed_1.csv", "ole@berg.no", "Ole", "2023-01-02", "2024-02-03", "NORMAL", ""]
    assert whole.rows[3] == ["cleaned_1.csv", "x@gone.no", "", "2022-01-01", "", "", "2023-01-01"]
    assert len(set(whole.lines)) == len(whole.lines) == 4
    assert whole.lines == sorted(whole.lines)
    assert [row[0] for row in found.table().sample(3)] == ["subscribed_1.csv", "unsubscribed_1.csv", "cleaned_1.csv"]
    assert _all(content, "cleaned_1.csv").rows == [["x@gone.no", "", "2022-01-01", "2023-01-01"]]
    assert (found.survey.encoding, found.survey.lines, found.survey.size) == ("", 4, len(content))


def test_lists_of_different_kinds_stay_apart() -> None:
    content = zipped({"guests.csv": "name;email\nJan;j@berg.no\n", "rooms.csv": "room,floor,beds\n1,2,3\n"})
    found = _open(content)
    assert [info.name for info in found.tables] == ["guests.csv", "rooms.csv"]
    assert found.table().header == ("name", "email")
    assert found.table("rooms.csv").sample(5) == [["1", "2", "3"]]


def test_a_list_that_shares_a_few_columns_with_a_wide_one_stays_apart() -> None:
    content = zipped({"rooms.csv": "id,name\n1,2\n", "guests.csv": "id,name,email,phone,city\n1,2,3,4,5\n"})
    assert [info.name for info in _open(content).tables] == ["rooms.csv", "guests.csv"]


def test_workbooks_in_archives() -> None:
    book = of_rows(["name", "email"], ["Jan", "j@berg.no"], name="Guests")
    found = _open(zipped({"a.xlsx": book, "b.csv": "name,email\nEva,e@berg.no\n"}))
    assert [info.name for info in found.tables] == ["", "a.xlsx", "b.csv"]
    assert [row for batch in found.table().batches() for row in batch.rows] == [
        ["a.xlsx", "Jan", "j@berg.no"],
        ["b.csv", "Eva", "e@berg.no"],
    ]


def test_problems_keep_lines_of_their_own_when_lists_are_joined() -> None:
    content = zipped({"a.csv": "a,b\n1,2\n1,2,3\n", "b.csv": "a,b\n3,4\n4,5,6\n"})
    whole = _all(content)
    assert whole.lines == [2, 5]
    assert [one.line for one in whole.problems] == [3, 6]


def test_what_is_no_list_is_passed_over_and_told() -> None:
    content = zipped(
        {
            "__MACOSX/._guests.csv": b"\x00\x05\x16\x07",
            ".DS_Store": b"\x00\x00",
            "folder/": "",
            "readme.pdf": b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n",
            "empty.csv": "",
            "names only.csv": "name,email\n",
            "guests.csv": "name,email\nJan,j@berg.no\n",
        }
    )
    found = _open(content)
    assert [info.name for info in found.tables] == ["guests.csv"]
    assert found.ignored == ("readme.pdf", "empty.csv", "names only.csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("/etc/guests.csv", "guests.csv"),
        ("C:\\Users\\x\\guests.csv", "guests.csv"),
        ("gu\u202eests\n.csv", "guests.csv"),
        ("..", ".."),
        ("x" * 400 + ".csv", "x" * 120),
    ],
)
def test_names_are_only_shown(name: str, expected: str) -> None:
    assert shown_name(name) == expected
    table = _open(zipped({name: "a,b\n1,2\n", "b.csv": "x,y,z\n1,2,3\n"})).tables[0]
    assert table.name in (expected, "b.csv")


def test_two_lists_of_one_name_stay_two() -> None:
    found = _open(zipped({"x/a.csv": "a,b\n1,2\n", "y/a.csv": "c,d\n1,2\n"}))
    assert [info.name for info in found.tables] == ["a.csv", "a.csv (2)"]


def _encrypted() -> bytes:
    content = bytearray(zipped({"a.csv": "a,b\n1,2\n"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    return bytes(content)


def _overlapping() -> bytes:
    """Many entries that share one kernel of packed bytes."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    rows = b"a,b\n" + b"1,2\n" * 2_000_000
    kernel = packed.compress(rows) + packed.flush()
    crc = zlib.crc32(rows)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(kernel), len(rows), 5, 0)
    body = local + b"a.csv" + kernel
    directory = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(kernel), len(rows), 5, 0, 0, 0, 0, 0, 0)
        + b"%d.csv" % n
        for n in range(9)
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, len(directory), len(body), 0)
    return body + directory + end


def _long_directory() -> bytes:
    content = bytearray(zipped({"a.csv": "a,b\n1,2\n"}))
    at = content.rindex(b"PK\x05\x06")
    content[at + 12 : at + 16] = (3 << 20).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("description", "content", "error"),
    [
        ("a ZIP file in a ZIP file", zipped({"a.zip": zipped({"a.csv": "a,b\n1,2\n"})}), NestedArchive),
        ("a ZIP file called a list", zipped({"a.csv": zipped({"a.csv": "a,b\n1,2\n"})}), NestedArchive),
        ("a password", _encrypted(), EncryptedFile),
        ("too many files", zipped({f"{n}.csv": "" for n in range(ENTRIES_MAX + 1)}), TooManyEntries),
        ("too many lists", zipped({f"{n}.csv": "a,b\n1,2\n" for n in range(201)}), TooManyEntries),
        ("a list of files without an end", _long_directory(), TooManyEntries),
        ("files that share their bytes", _overlapping(), BrokenArchive),
        ("packed more tightly than lists are", zipped({"a.csv": "a,b\n" + "1,2\n" * 5_000_000}), PackedTooMuch),
        ("cut off", zipped({"a.csv": SUBSCRIBED})[:-10], BrokenArchive),
        ("nothing in it", zipped({}), Archive),
        ("no list in it", zipped({"a.pdf": b"%PDF-1.7\n"}), Archive),
        ("an empty list", zipped({"a.csv": "\n\n"}), EmptyFile),
        ("names only", zipped({"a.csv": "a,b\n"}), HeaderOnly),
        ("a list that cannot be read", zipped({"a.csv": "имя,город\nИван,Москва\n".encode("cp1251")}), WrongEncoding),
        ("an unusual way of packing", zipped({"a.csv": SUBSCRIBED}, zipfile.ZIP_LZMA), BrokenArchive),
    ],
)
def test_archives_that_are_refused(description: str, content: bytes, error: type[FileError]) -> None:
    with pytest.raises(FileError) as caught:
        _all(content)
    assert type(caught.value) is error, description
    assert str(caught.value).endswith(".")


def test_a_damaged_list_is_refused() -> None:
    content = bytearray(zipped({"a.csv": SUBSCRIBED * 50}, zipfile.ZIP_STORED))
    content[100] ^= 0x20
    with pytest.raises(BrokenArchive):
        _all(bytes(content))


def test_the_list_that_cannot_be_read_is_named() -> None:
    with pytest.raises(WrongEncoding, match=r"^guests\.csv: On line 1"):
        _open(zipped({"x/guests.csv": "имя,город\nИван,Москва\n".encode("cp1251"), "b.csv": "a,b\n1,2\n"}))


def test_words_of_advice_are_not_taken_for_the_list() -> None:
    content = zipped({"a readme.txt": "Hello\nthis is your export\n", "b.csv": "a,b\n1,2\n", "c.txt": b"\x01\x02" * 99})
    found = _open(content)
    assert [info.name for info in found.tables] == ["b.csv", "a readme.txt"]
    assert (found.table().header, found.ignored) == (("a", "b"), ("c.txt",))


def test_limits_hold_for_what_is_packed_too() -> None:
    content = zipped({f"{n}.csv": "name,note\n" + f"Jan {n},{'x' * 50}\n" * 100 for n in range(10)})
    assert len(content) < 20_000
    with pytest.raises(PackedTooMuch, match="at most"):
        _open(content, limit=20_000)
    with pytest.raises(FileTooLarge):
        _open(content, limit=1_000)


def test_a_bomb_is_refused_unread() -> None:
    """Sixty-four megabytes of zeros: nothing of them is unpacked."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as entry:
        for _ in range(64):
            entry.write(bytes(1 << 20))
    content = stream.getvalue()
    tracemalloc.start()
    with pytest.raises(PackedTooMuch):
        _open(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20
