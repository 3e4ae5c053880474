"""Nightly imports from a watched folder, from end to end."""

from pathlib import Path

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from imports.feeds import fetching, services, tasks
from imports.feeds.fetching import fetch_advance
from imports.feeds.selectors import feeds_due
from imports.feeds.services import feed_ask
from imports.models import ImportFetch, ImportRun
from tests.cast import House
from tests.imports.feeds.nights import GUESTS, MORE, come, history, make, names, todos


def test_a_file_in_the_folder_is_taken_and_put_aside(house: House, laid: Path, later: None) -> None:
    feed = make(house, "mews", source="folder")
    (laid / "night.csv").write_text(GUESTS, encoding="utf-8")
    feed = come(house, feed)
    assert (feed.state, names(house)) == ("imported", ["Berg", "Sørensen"])
    assert [path.name for path in laid.iterdir()] == ["done"]
    assert (laid / "done" / "night.csv").read_text(encoding="utf-8") == GUESTS
    assert feed.next_at is not None and feed.next_at <= timezone.now() + services.WATCH_EVERY
    (laid / "again.csv").write_text(GUESTS, encoding="utf-8")
    feed = come(house, feed)
    assert history(house) == ["imported"]
    assert (feed.state, sorted(path.name for path in (laid / "done").iterdir())) == (
        "imported",
        ["again.csv", "night.csv"],
    )


def test_files_that_wait_are_taken_one_after_the_other(house: House, laid: Path, later: None) -> None:
    feed = make(house, "mews", source="folder")
    (laid / "a.csv").write_text(GUESTS, encoding="utf-8")
    (laid / "b.csv").write_text(MORE, encoding="utf-8")
    feed = come(house, feed)
    assert names(house) == ["Berg", "Sørensen"]
    assert feeds_due() == [(house.pk, feed.pk)]
    tasks.import_feed_fetch(house.pk, feed.pk)
    assert names(house) == ["Berg", "Lie", "Sørensen"]
    assert [path.name for path in laid.iterdir()] == ["done"]


def test_an_empty_folder_is_nothing_to_tell(house: House, laid: Path) -> None:
    feed = come(house, make(house, "mews", source="folder"))
    assert (feed.state, history(house), todos(house)) == ("unchanged", [], [])
    with business_scope(house.pk):
        feed_ask(feed_id=feed.pk, member=house.admin)
    come(house, feed)
    assert history(house) == ["unchanged"]


def test_a_folder_that_is_away_is_told_once_and_works_again(house: House, laid: Path, later: None) -> None:
    feed = make(house, "mews", source="folder")
    laid.rmdir()
    for _ in range(4):
        feed = come(house, feed)
    assert (feed.state, history(house), len(todos(house))) == ("failed", ["failed"], 1)
    laid.mkdir()
    feed = come(house, feed)
    assert (feed.state, feed.error, feed.todo_id) == ("unchanged", {}, None)
    assert todos(house)[0].done_at is not None


def test_a_file_that_cannot_be_read_is_put_aside(house: House, laid: Path, later: None) -> None:
    feed = make(house, "mews", source="folder")
    (laid / "night.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    feed = come(house, feed)
    assert feed.state == "failed" and len(todos(house)) == 1
    assert (laid / "failed" / "night.csv").exists()


def test_a_crash_before_the_file_is_put_aside_does_not_import_it_twice(
    house: House, laid: Path, later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path, into: str) -> None:
        raise KeyboardInterrupt

    feed = make(house, "mews", source="folder")
    (laid / "night.csv").write_text(GUESTS, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(fetching, "file_put", killed)
        with pytest.raises(KeyboardInterrupt):
            come(house, feed)
    with business_scope(house.pk):
        fetch = ImportFetch.objects.get()
    fetch_advance(business_id=house.pk, fetch_id=fetch.pk)
    come(house, feed)
    with business_scope(house.pk):
        assert ImportRun.objects.count() == 1
    assert [path.name for path in laid.iterdir()] == ["done"]
