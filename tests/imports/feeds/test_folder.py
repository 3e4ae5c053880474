"""The watched folder: which file is taken, when, and where it goes; and that nothing leads out of it."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Business
from imports.feeds import folder
from imports.feeds.folder import (
    DONE,
    FAILED,
    file_chunks,
    file_put,
    folder_name_fits,
    folder_next,
    folder_of,
    folders_sweep,
)
from imports.feeds.problems import FolderMissing, FolderRefused

BUSINESS = Business(name="Fjordstuen", slug="fjordstuen")


@pytest.fixture
def base(tmp_path: Path, settings: Any) -> Path:
    settings.INNKEEPER_FEED_FOLDER = str(tmp_path / "files")
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


@pytest.fixture
def laid(base: Path) -> Path:
    """The folder of a feed."""
    path = folder_of(BUSINESS, "bookings")
    path.mkdir(parents=True)
    return path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let so many seconds pass."""

    def pass_by(seconds: float) -> None:
        now = time.time() + seconds
        monkeypatch.setattr(folder.time, "time", lambda: now)

    return pass_by


@pytest.mark.parametrize("name", ["bookings", "Bookings from Mews", "a", "2026-night_1.v2", "a" * 80])
def test_plain_names_fit(name: str) -> None:
    assert folder_name_fits(name)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../other", "a/b", "a\\b", "/etc", ".hidden", "done", "Done", "failed", "a\0b", "a\n", "å", "a.",
     "a ", "a" * 81],
)  # fmt: skip
def test_names_that_lead_elsewhere_do_not(name: str) -> None:
    assert not folder_name_fits(name)


def test_a_folder_of_a_business_is_its_own(base: Path) -> None:
    assert folder_of(BUSINESS, "bookings") == base / str(BUSINESS.public_id) / "bookings"
    with pytest.raises(FolderMissing):
        folder_of(BUSINESS, "../other")


def test_without_a_folder_of_the_operator_there_is_none(settings: Any) -> None:
    settings.INNKEEPER_FEED_FOLDER = ""
    with pytest.raises(FolderMissing):
        folder_next(BUSINESS, "bookings")


def test_a_folder_that_is_not_there_is_told(base: Path) -> None:
    with pytest.raises(FolderMissing):
        folder_next(BUSINESS, "bookings")


def test_a_file_is_taken_when_it_has_been_quiet_for_a_minute(laid: Path, later: Any) -> None:
    assert folder_next(BUSINESS, "bookings") is None
    (laid / "guests.csv").write_bytes(b"a;b\n1;2\n")
    later(50)
    assert folder_next(BUSINESS, "bookings") is None
    later(70)
    found = folder_next(BUSINESS, "bookings")
    assert found is not None and (found.path, found.more) == (laid / "guests.csv", False)
    assert b"".join(file_chunks(found.path)) == b"a;b\n1;2\n"


def test_a_copy_that_brings_its_old_time_along_is_still_awaited(laid: Path, later: Any) -> None:
    path = laid / "guests.csv"
    path.write_bytes(b"half")
    os.utime(path, (1_000, 1_000))
    later(50)
    assert folder_next(BUSINESS, "bookings") is None


def test_the_file_that_has_lain_longest_comes_first(laid: Path, later: Any) -> None:
    (laid / "b.csv").write_bytes(b"x")
    time.sleep(0.05)
    (laid / "a.csv").write_bytes(b"x")
    later(70)
    found = folder_next(BUSINESS, "bookings")
    assert found is not None and (found.path.name, found.more) == ("b.csv", True)


def test_what_is_unfinished_hidden_empty_or_no_file_is_left(laid: Path, later: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"secret")
    for name in (".guests.csv", "guests.csv.part", "guests.FILEPART", "a.tmp"):
        (laid / name).write_bytes(b"x")
    (laid / "empty.csv").touch()
    (laid / "folder.csv").mkdir()
    (laid / "link.csv").symlink_to(secret)
    os.mkfifo(laid / "pipe.csv")
    later(70)
    assert folder_next(BUSINESS, "bookings") is None


def test_a_link_is_not_followed_even_when_it_comes_late(laid: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"secret")
    (laid / "guests.csv").symlink_to(secret)
    with pytest.raises(OSError, match="symbolic"):
        list(file_chunks(laid / "guests.csv"))


def test_a_folder_that_is_a_link_out_is_refused(base: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    own = base / str(BUSINESS.public_id)
    own.mkdir()
    (own / "bookings").symlink_to(outside)
    with pytest.raises(FolderRefused):
        folder_next(BUSINESS, "bookings")


def test_a_file_that_was_taken_moves_out_of_the_way(laid: Path) -> None:
    for turn in range(3):
        (laid / "guests.csv").write_bytes(b"%d" % turn)
        file_put(laid / "guests.csv", DONE)
    moved = sorted((laid / DONE).iterdir(), key=lambda path: path.read_bytes())
    assert [path.read_bytes() for path in moved] == [b"0", b"1", b"2"]
    assert moved[0].name == "guests.csv"
    assert all(path.suffix == ".csv" for path in moved)
    file_put(laid / "guests.csv", DONE)
    (laid / "broken.csv").write_bytes(b"x")
    file_put(laid / "broken.csv", FAILED)
    assert (laid / FAILED / "broken.csv").exists()


def test_a_link_out_is_not_moved_into(laid: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (laid / DONE).symlink_to(outside)
    (laid / "guests.csv").write_bytes(b"x")
    with pytest.raises(FolderRefused):
        file_put(laid / "guests.csv", DONE)
    assert list(outside.iterdir()) == []


def test_files_that_were_taken_are_kept_as_long_as_uploads(laid: Path, later: Any, settings: Any) -> None:
    settings.INNKEEPER_IMPORT_KEEP_DAYS = 30
    for name in ("guests.csv", "waiting.csv"):
        (laid / name).write_bytes(b"x")
    file_put(laid / "guests.csv", DONE)
    later(29 * 86_400)
    assert folders_sweep() == 0
    later(31 * 86_400)
    assert folders_sweep() == 1
    assert list((laid / DONE).iterdir()) == []
    assert (laid / "waiting.csv").exists()
