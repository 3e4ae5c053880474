"""What goes wrong in a nightly import, and that one staff task tells of it, never two."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.history.services import todo_done
from imports.feeds import fetching, tasks
from imports.feeds.selectors import fetches_due
from imports.feeds.settling import ATTEMPTS
from imports.models import ImportFetch, ImportRun
from imports.services import run_discard
from tests.accounts.web import Web
from tests.cast import House
from tests.imports.feeds.nights import (
    GUESTS,
    HEADER,
    MORE,
    OTHER_COLUMNS,
    come,
    history,
    make,
    names,
    now_of,
    todos,
)


def test_rows_left_out_become_one_staff_task(house: House, web: Web) -> None:
    web.serve((GUESTS + "too,few\n,,,\nToo,many,a@b.no,,,,x\n").encode())
    feed = come(house, make(house, web.url()))
    assert feed.state == "imported" and names(house)[0] == "Berg"
    (todo,) = todos(house)
    assert (todo.pk, todo.origin, todo.done_at) == (feed.todo_id, "import", None)
    assert "Mews" in todo.title and "left out" in todo.note
    assert todo.due_on == timezone.localdate(timezone=house.business.zone)


def test_the_same_problems_every_night_are_told_once(house: House, web: Web) -> None:
    bad = "Too,many,a@b.no,,,,x\n"
    web.serve((GUESTS + bad).encode())
    feed = come(house, make(house, web.url()))
    (todo,) = todos(house)
    with business_scope(house.pk):
        todo_done(todo_id=todo.pk, done=True, member=house.reception)
    web.serve((MORE + bad).encode())
    feed = come(house, feed)
    assert feed.state == "imported" and len(todos(house)) == 1
    web.serve((MORE + bad + bad).encode())
    come(house, feed)
    assert len(todos(house)) == 2


def test_a_task_that_is_open_is_brought_up_to_date(house: House, web: Web) -> None:
    bad = "Too,many,a@b.no,,,,x\n"
    feed = make(house, web.url())
    for count in (1, 2, 3):
        web.serve((GUESTS + count * bad).encode())
        feed = come(house, feed)
    (todo,) = todos(house)
    assert "3 rows were left out" in todo.note


def test_a_fetch_that_fails_is_tried_again_before_anybody_is_told(house: House, web: Web) -> None:
    web.serve(b"", status=503)
    feed = make(house, web.url())
    for attempt in range(1, ATTEMPTS):
        asked = timezone.now()
        feed = come(house, feed)
        assert (feed.state, feed.attempts, todos(house)) == ("failed", attempt, [])
        assert feed.next_at is not None and feed.next_at < asked + dt.timedelta(minutes=20)
    feed = come(house, feed)
    assert feed.next_at is not None and feed.next_at.astimezone(house.business.zone).strftime("%H:%M") == "03:00"
    (todo,) = todos(house)
    assert "did not come in" in todo.title and "503" in todo.note
    for _ in range(ATTEMPTS):
        feed = come(house, feed)
    assert len(todos(house)) == 1
    web.serve(GUESTS.encode())
    feed = come(house, feed)
    assert (feed.state, feed.error, feed.todo_id) == ("imported", {}, None)
    assert todos(house)[0].done_at is not None


@pytest.mark.parametrize(
    ("description", "status", "body", "said"),
    [
        ("the key is refused", 401, b"", "Check the key"),
        ("nothing is there", 404, b"", "no file at this address"),
        ("sent elsewhere", 302, b"", "sends on to another address"),
        ("a picture", 200, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ""),
        ("an empty file", 200, b"", "empty"),
        ("no rows", 200, HEADER.encode(), "rows"),
    ],
)
def test_what_will_not_go_better_later_is_told_at_once(
    house: House, web: Web, uploads: Path, description: str, status: int, body: bytes, said: str
) -> None:
    web.serve(body, status=status)
    feed = come(house, make(house, web.url()))
    assert (feed.state, feed.attempts, feed.etag, feed.last_sha256) == ("failed", 0, "", "")
    (todo,) = todos(house)
    assert said in todo.note
    assert history(house) == ["failed"]
    assert not uploads.exists() or list(uploads.iterdir()) == []


def test_an_address_inside_is_never_asked(house: House, web: Web, settings: Any) -> None:
    web.serve(GUESTS.encode())
    feed = make(house, web.url())
    settings.INNKEEPER_OUTGOING_NETWORKS = ()
    feed = come(house, feed)
    assert feed.state == "failed" and web.asked == []
    assert "not on the open internet" in todos(house)[0].note


def test_other_columns_wait_for_somebody_to_say_what_they_mean(house: House, web: Web) -> None:
    web.serve(OTHER_COLUMNS.encode())
    feed = come(house, make(house, web.url()))
    assert feed.state == "failed" and names(house) == []
    with business_scope(house.pk):
        run = ImportRun.objects.get()
        assert (run.state, run.feed_id) == ("mapping", feed.pk)
    assert "columns" in todos(house)[0].note
    # The next night the file is looked at again, though it is the same.
    web.serve(OTHER_COLUMNS.encode())
    come(house, feed)
    assert history(house) == ["failed", "failed"]


def test_a_fault_of_ours_is_noted_and_raised(house: House, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise LookupError

    web.serve(GUESTS.encode())
    feed = make(house, web.url())
    monkeypatch.setattr(fetching, "run_receive", broken)
    with pytest.raises(LookupError):
        come(house, feed)
    assert now_of(house, feed).state == "failed"
    monkeypatch.undo()


def test_an_import_that_is_put_away_on_its_way_is_told(house: House, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.serve(GUESTS.encode())
    feed = make(house, web.url())

    def put_away(*, run_id: int, member: Any) -> None:
        run_discard(run_id=run_id)

    monkeypatch.setattr(fetching, "run_start", put_away)
    feed = come(house, feed)
    assert feed.state == "failed" and "put away" in todos(house)[0].note
    assert names(house) == []


def test_a_fault_while_looking_through_ends_it_and_is_told(
    house: House, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**ids: int) -> None:
        raise LookupError

    web.serve(GUESTS.encode())
    feed = make(house, web.url())
    monkeypatch.setattr(fetching, "run_check", broken)
    with pytest.raises(LookupError):
        come(house, feed)
    with business_scope(house.pk):
        ImportFetch.objects.update(begun_at=timezone.now() - dt.timedelta(minutes=1))
    ((_house, fetch),) = fetches_due()
    tasks.import_fetch_advance(house.pk, fetch)
    assert now_of(house, feed).state == "failed"
    assert "fault in Innkeeper" in todos(house)[0].note
