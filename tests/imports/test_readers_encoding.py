"""Encodings of text files: found by their letters, or refused with the line."""

from pathlib import Path

import pytest

from imports.readers.errors import (
    BrokenText,
    WrongEncoding,
)
from tests.imports.csv_files import all_of, csv_of, file_of

NORDIC = "navn;by;note\r\nÅse Ødegård;Ålesund;Kjær på fjellet\r\nJürgen Möller;Düsseldorf;5 € – ”fin”\r\n"
LATIN = "navn;by;note\nÅse Ødegård;Ålesund;Kjær\nZoé Œuvré;Šibenik;5 €\n"


@pytest.mark.parametrize(
    ("description", "content", "encoding"),
    [
        ("UTF-8", NORDIC.encode("utf-8"), "utf-8"),
        ("UTF-8 with a byte order mark", NORDIC.encode("utf-8-sig"), "utf-8-sig"),
        ("UTF-16 little endian", NORDIC.encode("utf-16"), "utf-16"),
        ("UTF-16 big endian", b"\xfe\xff" + NORDIC.encode("utf-16-be"), "utf-16"),
        ("UTF-16 without a mark", NORDIC.encode("utf-16-le"), "utf-16-le"),
        ("UTF-16 big endian without a mark", NORDIC.encode("utf-16-be"), "utf-16-be"),
        ("Windows-1252", NORDIC.encode("cp1252"), "cp1252"),
    ],
)
def test_encodings(tmp_path: Path, description: str, content: bytes, encoding: str) -> None:
    path = file_of(tmp_path, content)
    found = csv_of(path)
    assert found.survey.encoding == encoding, description
    assert found.header == ("navn", "by", "note")
    assert all_of(path).rows == [
        ["Åse Ødegård", "Ålesund", "Kjær på fjellet"],
        ["Jürgen Möller", "Düsseldorf", "5 € – ”fin”"],
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "iso-8859-15"])
def test_windows_and_iso_are_told_apart_by_the_letters_that_differ(tmp_path: Path, encoding: str) -> None:
    path = file_of(tmp_path, LATIN.encode(encoding))
    assert csv_of(path).survey.encoding == encoding
    assert all_of(path).rows[1] == ["Zoé Œuvré", "Šibenik", "5 €"]


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("an acute accent as apostrophe", "navn,by\nPeter D´Artagnan,Århus\n"),
        ("a half", "navn,by\nÅse,Storgata 5½\n"),
        ("only Nordic letters", "navn,by\nÅse,Ålesund\n"),
    ],
)
def test_signs_of_windows_stay_signs(tmp_path: Path, description: str, text: str) -> None:
    path = file_of(tmp_path, text.encode("cp1252"))
    assert csv_of(path).survey.encoding == "cp1252", description
    assert all_of(path).rows[0] == text.splitlines()[1].split(",")


def test_a_letter_beyond_ascii_at_the_end_of_a_long_file_counts(tmp_path: Path) -> None:
    rows = "a,b\n" + "Jan,Oslo\n" * 200_000
    assert csv_of(file_of(tmp_path, rows.encode() + "Åse,Bodø\n".encode("cp1252"))).survey.encoding == "cp1252"
    assert csv_of(file_of(tmp_path, rows.encode() + "Åse,Bodø\n".encode())).survey.encoding == "utf-8"


@pytest.mark.parametrize(
    ("description", "content", "line"),
    [
        ("DOS Nordic", "navn,by\nJørgen Håkonsen,Tromsø\n".encode("cp865"), 2),
        ("Macintosh", "navn,by\nJan,Oslo\nJørgen Håkonsen,Tromsø\n".encode("mac_roman"), 3),
        ("Cyrillic", "имя,город\nИван Иванов,Москва\n".encode("cp1251"), 1),
        ("Japanese", "名前,市\n山田太郎,東京\n".encode("shift_jis"), 1),
    ],
)
def test_other_encodings_are_refused_with_the_line(tmp_path: Path, description: str, content: bytes, line: int) -> None:
    with pytest.raises(WrongEncoding, match="CSV UTF-8") as caught:
        csv_of(file_of(tmp_path, content))
    assert caught.value.params["line"] == line, description


@pytest.mark.parametrize(
    ("description", "content"),
    [
        ("one byte of another encoding", "navn,by\nÅse,Tromsø\nBjørn,Bodø\n".encode() + b"K\xe5re,Oslo\n"),
        ("cut off within a letter", "navn,by\nJan,Oslo\nÅse,Bodø".encode()[:-1]),
        ("declared UTF-8 and is not", b"\xef\xbb\xbf" + "navn,by\nÅse,Bodø\n".encode("cp1252")),
        ("UTF-16 cut off", NORDIC.encode("utf-16")[:-1]),
    ],
)
def test_damaged_text_is_named(tmp_path: Path, description: str, content: bytes) -> None:
    with pytest.raises(BrokenText, match="damaged"):
        csv_of(file_of(tmp_path, content))


def test_damaged_utf8_names_its_line(tmp_path: Path) -> None:
    content = "navn,by\nÅse,Tromsø\nBjørn,Bodø\n".encode() + b"K\xe5re,Oslo\n"
    with pytest.raises(BrokenText) as caught:
        csv_of(file_of(tmp_path, content))
    assert caught.value.params == {"encoding": "UTF-8", "line": 4}
