"""Sealed files: what opens where, and that nothing changed, moved, cut or unfinished does. No database."""

import gc
import io
import os
import random
import uuid
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import sealed_files
from accounts.keyring import CannotOpen, MissingKey
from accounts.sealed_files import (
    FRAME,
    HEADER,
    SealedWriter,
    sealed_again,
    sealed_header,
    sealed_open,
    sealed_sweep,
    sealed_writer,
)

BUSINESS = uuid.UUID(int=7)
PLACE = {"business": BUSINESS, "purpose": "import"}
OLD, NEW = ("old", b"o" * 32), ("new", b"n" * 32)
CANARY = b"peanuts-canary"


def sealed(path: Path, contents: bytes) -> Path:
    with sealed_writer(path, **PLACE) as stream:
        stream.write(contents)
    return path


def opened(path: Path, **place: Any) -> bytes:
    with sealed_open(path, **(PLACE | place)) as stream:
        return stream.read()


def letters(count: int) -> bytes:
    return random.Random(count).randbytes(count)


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 3 * FRAME + 17])
def test_what_was_written_is_read_again(tmp_path: Path, size: int) -> None:
    contents = letters(size)
    path = sealed(tmp_path / "a", contents)
    assert opened(path) == contents
    assert path.stat().st_size == HEADER + size + 16 * max(-(-size // FRAME), 1)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_size_of_writes_does_not_matter(tmp_path: Path) -> None:
    contents = letters(2 * FRAME + 5)
    with sealed_writer(tmp_path / "a", **PLACE) as stream:
        for start in range(0, len(contents), 70_001):
            assert stream.write(contents[start : start + 70_001]) > 0
        assert stream.tell() == len(contents)
    assert opened(tmp_path / "a") == contents


def test_nothing_is_in_clear_on_the_disk_at_any_time(tmp_path: Path) -> None:
    with sealed_writer(tmp_path / "a", **PLACE) as stream:
        for _ in range(3):
            stream.write(CANARY * 50_000)
            stream.flush()
            assert not [each for each in tmp_path.iterdir() if CANARY in each.read_bytes()]
    assert CANARY not in (tmp_path / "a").read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2 * FRAME + 300), st.integers(0, 100_000)), min_size=1, max_size=12))
def test_every_place_is_read_as_from_a_plain_file(tmp_path_factory: Any, moves: list[tuple[int, int]]) -> None:
    contents = letters(2 * FRAME + 300)
    path = sealed(tmp_path_factory.mktemp("seek") / "a", contents)
    plain = io.BytesIO(contents)
    with sealed_open(path, **PLACE) as stream:
        for place, length in moves:
            assert stream.seek(place) == plain.seek(place)
            assert stream.read(length) == plain.read(length)
            assert stream.tell() == plain.tell()
        assert stream.seek(-100, os.SEEK_END) == plain.seek(-100, os.SEEK_END)
        assert stream.read() == plain.read()


def test_a_zip_is_written_and_read_through_the_seal(tmp_path: Path) -> None:
    with sealed_writer(tmp_path / "a", **PLACE) as stream, zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("guests.csv", "name\nÅse\n")
    with sealed_open(tmp_path / "a", **PLACE) as stream, zipfile.ZipFile(stream) as archive:
        assert archive.read("guests.csv").decode() == "name\nÅse\n"


@pytest.mark.parametrize(
    ("description", "place"),
    [("another business", {"business": uuid.UUID(int=8)}), ("another purpose", {"purpose": "export"})],
)
def test_a_file_opens_only_where_it_belongs(tmp_path: Path, description: str, place: dict[str, Any]) -> None:
    with pytest.raises(CannotOpen):
        opened(sealed(tmp_path / "a", b"guests"), **place)


def test_a_header_rewritten_for_another_business_does_not_open(tmp_path: Path) -> None:
    path = sealed(tmp_path / "a", b"guests")
    path.write_bytes(path.read_bytes().replace(BUSINESS.bytes, uuid.UUID(int=8).bytes))
    assert sealed_header(path).business == uuid.UUID(int=8)
    with pytest.raises(CannotOpen):
        opened(path, business=uuid.UUID(int=8))


def test_every_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = sealed(tmp_path / "a", b"guests")
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(CannotOpen):
            opened(path)


def frames(data: bytes) -> list[bytes]:
    step = FRAME + 16
    return [data[at : at + step] for at in range(HEADER, len(data), step)]


@pytest.mark.parametrize(
    ("description", "spoil"),
    [
        ("cut between frames", lambda parts: parts[:-1]),
        ("cut to one frame", lambda parts: parts[:1]),
        ("no frame at all", lambda parts: []),
        ("cut within a frame", lambda parts: [*parts[:-1], parts[-1][:-1]]),
        ("cut within a tag", lambda parts: [*parts[:-1], parts[-1][:7]]),
        ("the first two swapped", lambda parts: [parts[1], parts[0], *parts[2:]]),
        ("the last put first", lambda parts: [parts[-1], *parts[:-1]]),
        ("one doubled", lambda parts: [parts[0], *parts]),
        ("one left out", lambda parts: [parts[0], *parts[2:]]),
        ("bytes behind it", lambda parts: [*parts, b"x"]),
        ("a frame of another file", lambda parts: [b"\0" * len(parts[0]), *parts[1:]]),
    ],
)
def test_frames_that_are_not_as_written_are_refused(
    tmp_path: Path, description: str, spoil: Callable[[list[bytes]], list[bytes]]
) -> None:
    path = sealed(tmp_path / "a", letters(3 * FRAME + 9))
    whole = path.read_bytes()
    path.write_bytes(whole[:HEADER] + b"".join(spoil(frames(whole))))
    with pytest.raises(CannotOpen):
        opened(path)


def test_a_cut_file_is_refused_before_any_of_it_is_read(tmp_path: Path) -> None:
    path = sealed(tmp_path / "a", letters(3 * FRAME))
    whole = path.read_bytes()
    path.write_bytes(whole[: HEADER + 2 * (FRAME + 16)])
    with pytest.raises(CannotOpen):
        sealed_open(path, **PLACE)


@pytest.mark.parametrize("data", [b"", b"x", b"name;email\n" * 100, b"INNKEEP1"])
def test_what_was_never_sealed_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    with pytest.raises(CannotOpen):
        opened(path)
    with pytest.raises(CannotOpen):
        sealed_header(path)


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    stream = sealed_writer(tmp_path / "a", **PLACE)
    stream.write(b"guests")
    assert not (tmp_path / "a").exists()
    stream.close()
    stream.close()
    assert opened(tmp_path / "a") == b"guests"
    with pytest.raises(ValueError, match="closed"):
        stream.write(b"more")


def fails(path: Path) -> None:
    with sealed_writer(path, **PLACE) as stream:
        stream.write(b"half")
        raise LookupError


def test_an_error_in_the_midst_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        fails(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    sealed(tmp_path / "a", b"before")
    with pytest.raises(LookupError):
        fails(tmp_path / "a")
    assert opened(tmp_path / "a") == b"before"


def test_a_writer_that_is_thrown_away_leaves_nothing(tmp_path: Path) -> None:
    stream = sealed_writer(tmp_path / "a", **PLACE)
    stream.write(b"half")
    del stream
    gc.collect()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(stream: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sealed_files, "_settle", full)
    with pytest.raises(OSError, match="No space"):
        sealed(tmp_path / "a", b"guests")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_to_the_last_byte_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.FileIO):
        def write(self, data: Any, /) -> int:
            raise OSError(28, "No space left on device")

    def full(path: Path) -> io.BufferedWriter:
        return io.BufferedWriter(Full(path, "wb"))

    monkeypatch.setattr(sealed_files, "_private", full)
    with pytest.raises(OSError, match="No space"):
        sealed(tmp_path / "a", letters(3 * FRAME))
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_swept(tmp_path: Path) -> None:
    left, fresh = tmp_path / "a.1.part", tmp_path / "b.2.part"
    for each in (left, fresh):
        each.write_bytes(b"x")
    os.utime(left, (0, 0))
    path = sealed(tmp_path / "c", b"guests")
    os.utime(path, (0, 0))
    assert sealed_sweep(tmp_path, older_than=timedelta(days=1)) == 1
    assert sorted(tmp_path.iterdir()) == [fresh, path]


def test_a_newer_key_takes_a_file_over(tmp_path: Path, settings: Any) -> None:
    settings.INNKEEPER_SENSITIVE_KEYS = (OLD,)
    contents = letters(FRAME + 3)
    path = sealed(tmp_path / "a", contents)
    os.utime(path, (1_000, 1_000))
    before = frames(path.read_bytes())
    assert not sealed_again(path)
    settings.INNKEEPER_SENSITIVE_KEYS = (NEW, OLD)
    assert opened(path) == contents
    assert sealed_again(path)
    assert not sealed_again(path)
    settings.INNKEEPER_SENSITIVE_KEYS = (NEW,)
    assert opened(path) == contents
    assert sealed_header(path).key_name == "new"
    assert frames(path.read_bytes()) == before
    assert (path.stat().st_mtime, path.stat().st_mode & 0o777) == (1_000, 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_key_is_named_and_changes_nothing(tmp_path: Path, settings: Any) -> None:
    settings.INNKEEPER_SENSITIVE_KEYS = (OLD,)
    path = sealed(tmp_path / "a", b"guests")
    before = path.read_bytes()
    settings.INNKEEPER_SENSITIVE_KEYS = (NEW,)
    for act in (opened, sealed_again):
        with pytest.raises(MissingKey, match="old"):
            act(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("purpose", ["", "seventeen letters", "brudd på"])
def test_a_purpose_is_a_short_ascii_word(tmp_path: Path, purpose: str) -> None:
    with pytest.raises(ValueError):
        SealedWriter(tmp_path / "a", business=BUSINESS, purpose=purpose)
    assert list(tmp_path.iterdir()) == []
