"""Nightly imports from end to end: a real https server, a watched folder, real workers' steps, one staff task."""

import datetime as dt
import ipaddress
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts import outgoing
from accounts.models import AuditEntry
from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.card.selectors import tags_of
from customers.history.models import Todo
from customers.history.services import todo_done
from imports.feeds import fetching, folder, services, tasks
from imports.feeds.fetching import feed_fetch, fetch_advance
from imports.feeds.keys import key_open, keys_missing, keys_reseal
from imports.feeds.problems import KeyLost
from imports.feeds.selectors import feeds_due, fetches_due
from imports.feeds.services import FeedValues, feed_ask, feed_create, feed_remove, feed_switch, feed_update
from imports.feeds.settling import ATTEMPTS
from imports.mapping import signature, suggest
from imports.models import ImportFeed, ImportFetch, ImportMapping, ImportRun
from imports.services import run_discard
from imports.store import store_path
from tests.accounts.web import Web, a_web
from tests.cast import Cast, House

HEADER = "given_name,family_name,email,phone\n"
GUESTS = HEADER + "Åse,Sørensen,ase@fjord.no,\nJan,Berg,jan@berg.no,\n"
MORE = GUESTS + "Kari,Lie,kari@lie.no,\n"
OTHER_COLUMNS = "vorname,nachname,kontakt\nA,B,c@d.no\n"
KEY = "Bearer zebrafinchcanary"


@pytest.fixture
def house(transactional_cast: Cast) -> House:
    """Fjordstuen, whose staff is told of things in English."""
    business = transactional_cast.fjordstuen.business
    business.language = "en"
    business.save()
    return transactional_cast.fjordstuen


@pytest.fixture(scope="module")
def running(tmp_path_factory: Any) -> Iterator[Web]:
    with a_web(tmp_path_factory.mktemp("web")) as web:
        yield web


@pytest.fixture
def web(running: Web, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Web:
    running.answers.clear()
    running.asked.clear()
    settings.INNKEEPER_OUTGOING_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    settings.INNKEEPER_OUTGOING_PORTS = (443, running.port)
    settings.INNKEEPER_OUTGOING_AUTHORITIES = str(running.authority)
    monkeypatch.setattr(outgoing, "_resolve", lambda host, port: [ipaddress.ip_address("127.0.0.1")])
    return running


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, settings: Any) -> Path:
    settings.INNKEEPER_UPLOADS = tmp_path / "uploads"
    return tmp_path / "uploads"


@pytest.fixture
def laid(house: House, tmp_path: Path, settings: Any) -> Path:
    """The folder that the feed of a folder watches."""
    settings.INNKEEPER_FEED_FOLDER = str(tmp_path / "files")
    path = tmp_path / "files" / str(house.business.public_id) / "mews"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour has passed since the files were laid down."""
    now = time.time() + 3_600
    monkeypatch.setattr(folder.time, "time", lambda: now)


def mapping(house: House, text: str = GUESTS, **values: Any) -> ImportMapping:
    """A saved mapping for files with these columns."""
    header, *rows = [line.split(",") for line in text.strip().split("\n")]
    with business_scope(house.pk):
        found = suggest(header, rows, fields=(), language="en", kind="guests")
        return ImportMapping.objects.create(
            name="Guests of Mews", kind="guests", signature=signature(header), layout=found.layout, **values
        )


def make(house: House, address: str, *, source: str = "https", **values: Any) -> ImportFeed:
    told = FeedValues(name="Mews", source=source, address=address, mapping=mapping(house), **values)
    with business_scope(house.pk, house.admin.pk):
        return feed_create(business=house.business, values=told, member=house.admin)


def come(house: House, feed: ImportFeed) -> ImportFeed:
    """Its hour has come, and a worker takes it up."""
    with business_scope(house.pk):
        ImportFeed.objects.filter(pk=feed.pk).update(next_at=timezone.now() - dt.timedelta(seconds=1))
    assert (house.pk, feed.pk) in feeds_due()
    tasks.import_feed_fetch(house.pk, feed.pk)
    return now_of(house, feed)


def now_of(house: House, feed: ImportFeed) -> ImportFeed:
    with business_scope(house.pk):
        return ImportFeed.objects.get(pk=feed.pk)


def names(house: House) -> list[str]:
    with business_scope(house.pk):
        return sorted(Customer.objects.values_list("family_name", flat=True))


def todos(house: House) -> list[Todo]:
    with business_scope(house.pk):
        return list(Todo.objects.order_by("id"))


def history(house: House) -> list[str]:
    with business_scope(house.pk):
        return list(ImportFetch.objects.order_by("id").values_list("state", flat=True))


def test_a_file_comes_in_at_night_without_a_question(house: House, web: Web) -> None:
    web.serve(GUESTS.encode(), ETag='"one"')
    feed = make(house, web.url(), key=KEY)
    before = timezone.now()
    feed = come(house, feed)
    assert (feed.state, feed.error, feed.etag) == ("imported", {}, '"one"')
    assert names(house) == ["Berg", "Sørensen"]
    assert feed.next_at is not None and before < feed.next_at <= before + dt.timedelta(hours=25)
    assert feed.next_at.astimezone(house.business.zone).strftime("%H:%M") == "03:00"
    with business_scope(house.pk):
        (fetch,) = ImportFetch.objects.all()
        run = ImportRun.objects.get()
        assert AuditEntry.objects.filter(action="import.started", actor="Mews").exists()
    assert (fetch.state, fetch.run_id, fetch.size) == ("imported", run.pk, len(GUESTS.encode()))
    assert (run.state, run.feed_id, run.file_name, run.actor) == ("done", feed.pk, "guests.csv", "Mews")
    assert run.change_set_id is not None
    assert store_path(run.upload).exists() and run.kept_until is not None
    assert b"ase@fjord.no" not in store_path(run.upload).read_bytes()
    assert web.asked[0][1]["authorization"] == KEY
    assert todos(house) == []
    assert feeds_due() == fetches_due() == []


def test_what_has_not_changed_is_not_imported_again(house: House, web: Web, uploads: Path) -> None:
    web.serve(GUESTS.encode(), ETag='"one"')
    feed = come(house, make(house, web.url()))
    web.serve(b"", status=304)
    feed = come(house, feed)
    assert web.asked[1][1]["if-none-match"] == '"one"'
    assert feed.state == "unchanged"
    web.serve(GUESTS.encode())
    feed = come(house, feed)
    assert feed.state == "unchanged"
    assert history(house) == ["imported", "unchanged", "unchanged"]
    assert len(list(uploads.iterdir())) == 1
    web.serve(MORE.encode())
    feed = come(house, feed)
    assert (feed.state, names(house)) == ("imported", ["Berg", "Lie", "Sørensen"])


def test_the_policy_of_the_mapping_holds(house: House, web: Web) -> None:
    web.serve(GUESTS.encode())
    feed = make(house, web.url())
    with business_scope(house.pk):
        ImportMapping.objects.update(policy={"tag": "Mews"})
    come(house, feed)
    with business_scope(house.pk):
        assert [tag.name for guest in Customer.objects.all() for tag in tags_of(customer_id=guest.pk)] == ["Mews"] * 2


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


def test_a_worker_that_dies_while_fetching_is_replaced(house: House, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    web.serve(GUESTS.encode())
    feed = make(house, web.url())
    with monkeypatch.context() as patch:
        patch.setattr(fetching, "_fetched", killed)
        with pytest.raises(KeyboardInterrupt):
            come(house, feed)
    assert now_of(house, feed).state == "fetching"
    assert feeds_due() == []
    assert feed_fetch(business_id=house.pk, feed_id=feed.pk) is None
    with business_scope(house.pk):
        ImportFeed.objects.update(last_at=timezone.now() - dt.timedelta(minutes=16))
    assert feeds_due() == [(house.pk, feed.pk)]
    tasks.import_feed_fetch(house.pk, feed.pk)
    assert now_of(house, feed).state == "imported"
    assert history(house) == ["imported"]


@pytest.mark.parametrize("step", ["run_check", "run_start", "run_work"])
def test_a_worker_that_dies_on_the_way_is_replaced(
    house: House, web: Web, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def killed(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    web.serve(GUESTS.encode())
    feed = make(house, web.url())
    with monkeypatch.context() as patch:
        patch.setattr(fetching, step, killed)
        with pytest.raises(KeyboardInterrupt):
            come(house, feed)
    with business_scope(house.pk):
        ImportFetch.objects.update(begun_at=timezone.now() - dt.timedelta(minutes=1))
        fetch = ImportFetch.objects.get()
    assert feeds_due() == []
    # Runs that are checking or running are taken up by the sweep of imports.
    assert fetches_due() == ([(house.pk, fetch.pk)] if step == "run_start" else [])
    fetch_advance(business_id=house.pk, fetch_id=fetch.pk)
    assert now_of(house, feed).state == "imported"
    assert names(house) == ["Berg", "Sørensen"]


def test_the_sweep_nudges_what_is_due(house: House, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int]] = []
    for task in (tasks.import_feed_fetch, tasks.import_fetch_advance):
        monkeypatch.setattr(task, "delay", lambda *ids, name=task.__name__: told.append((name, *ids)))
    feed = make(house, web.url())
    tasks.feeds_sweep()
    assert told == []
    with business_scope(house.pk):
        ImportFeed.objects.update(next_at=timezone.now())
        run = ImportRun.objects.create(state="ready", file_name="a.csv")
        fetch = ImportFetch.objects.create(feed=feed, run=run)
        ImportFetch.objects.update(begun_at=timezone.now() - dt.timedelta(minutes=1))
    tasks.feeds_sweep()
    assert told == [("import_feed_fetch", house.pk, feed.pk), ("import_fetch_advance", house.pk, fetch.pk)]


def test_two_workers_at_once_fetch_once(house: House, web: Web) -> None:
    """The second comes while the first is downloading."""
    web.serve(GUESTS.encode())
    feed = make(house, web.url())
    second: list[int | None] = []
    real = fetching._fetched

    def fetched(claim: Any) -> Any:
        second.append(feed_fetch(business_id=house.pk, feed_id=feed.pk))
        return real(claim)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetching, "_fetched", fetched)
        feed = come(house, feed)
    assert second == [None]
    assert (feed.state, len(web.asked), names(house)) == ("imported", 1, ["Berg", "Sørensen"])


def test_a_paused_feed_rests_and_can_still_be_asked_for(house: House, web: Web) -> None:
    web.serve(GUESTS.encode())
    feed = make(house, web.url(), is_on=False)
    assert feed.next_at is None
    with business_scope(house.pk, house.admin.pk):
        feed_ask(feed_id=feed.pk, member=house.admin)
        feed_ask(feed_id=feed.pk, member=house.admin)
    assert feeds_due() == [(house.pk, feed.pk)]
    tasks.import_feed_fetch(house.pk, feed.pk)
    feed = now_of(house, feed)
    assert (feed.state, feed.next_at, feeds_due()) == ("imported", None, [])
    with business_scope(house.pk):
        assert ImportFetch.objects.get().actor == str(house.admin)
        feed = feed_switch(feed_id=feed.pk, business=house.business, is_on=True, member=house.admin)
        assert feed.next_at is not None
        assert feed_switch(feed_id=feed.pk, business=house.business, is_on=False, member=house.admin).next_at is None


def test_an_import_that_is_put_away_on_its_way_is_told(house: House, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.serve(GUESTS.encode())
    feed = make(house, web.url())

    def put_away(*, run_id: int, member: Any) -> None:
        run_discard(run_id=run_id)

    monkeypatch.setattr(fetching, "run_start", put_away)
    feed = come(house, feed)
    assert feed.state == "failed" and "put away" in todos(house)[0].note
    assert names(house) == []


def test_removing_a_feed_leaves_what_it_imported(house: House, web: Web) -> None:
    web.serve(GUESTS.encode())
    feed = come(house, make(house, web.url()))
    with business_scope(house.pk):
        feed_remove(feed_id=feed.pk, member=house.admin)
        assert not ImportFeed.objects.exists() and not ImportFetch.objects.exists()
        assert ImportRun.objects.get().feed_id is None
        assert Customer.objects.count() == 2
        assert AuditEntry.objects.filter(action="feed.removed").exists()


def test_a_feed_that_is_removed_while_it_is_fetched_imports_nothing(house: House, web: Web, uploads: Path) -> None:
    feed = make(house, web.url())
    real = fetching._from_address

    def fetched(claim: Any) -> Any:
        got = real(claim)
        with business_scope(house.pk):
            feed_remove(feed_id=feed.pk)
        return got

    web.serve(GUESTS.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetching, "_from_address", fetched)
        with business_scope(house.pk):
            ImportFeed.objects.update(next_at=timezone.now())
        tasks.import_feed_fetch(house.pk, feed.pk)
    assert names(house) == [] and list(uploads.iterdir()) == []
    with business_scope(house.pk):
        assert not ImportRun.objects.exists()


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


def test_the_key_is_sealed_and_leaves_with_the_address(house: House, web: Web) -> None:
    feed = make(house, web.url(), key=KEY)
    told = FeedValues(name="Mews", source="https", address=web.url("/other.csv"), mapping=feed.mapping)
    with business_scope(house.pk):
        assert KEY.encode() not in bytes(ImportFeed.objects.get().secret)
        feed = feed_update(feed_id=feed.pk, business=house.business, values=told)
        assert key_open(feed, house.business) == KEY
        elsewhere = FeedValues(name="Mews", source="https", address="https://evil.example.net/", mapping=feed.mapping)
        feed = feed_update(feed_id=feed.pk, business=house.business, values=elsewhere)
        assert key_open(feed, house.business) == ""


def test_a_key_opens_for_its_business_alone(transactional_cast: Cast, house: House, web: Web) -> None:
    feed = make(house, web.url(), key=KEY)
    with pytest.raises(KeyLost):
        key_open(feed, transactional_cast.duinzicht.business)


def test_keys_are_sealed_anew_under_a_newer_key(house: House, web: Web, settings: Any) -> None:
    old, new = ("old", b"o" * 32), ("new", b"n" * 32)
    settings.INNKEEPER_SENSITIVE_KEYS = (old,)
    feed = make(house, web.url(), key=KEY)
    settings.INNKEEPER_SENSITIVE_KEYS = (new,)
    assert keys_missing(business=house.business) == {"old"}
    assert come(house, feed).state == "failed"
    assert "Type it in again" in todos(house)[0].note
    settings.INNKEEPER_SENSITIVE_KEYS = (new, old)
    assert keys_missing(business=house.business) == set()
    assert (keys_reseal(business=house.business), keys_reseal(business=house.business)) == (1, 0)
    settings.INNKEEPER_SENSITIVE_KEYS = (new,)
    assert key_open(now_of(house, feed), house.business) == KEY


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": "  "}),
        ("address", {"address": "http://example.org/"}),
        ("address", {"address": "https://10.0.0.1/"}),
        ("address", {"source": "folder", "address": "../up"}),
    ],
)
def test_what_cannot_be_is_refused(house: House, field: str, values: dict[str, Any]) -> None:
    told = {"name": "Mews", "source": "https", "address": "https://example.org/", "mapping": mapping(house)} | values
    with business_scope(house.pk), pytest.raises(Refused) as refused:
        feed_create(business=house.business, values=FeedValues(**told))
    assert refused.value.field == field


def test_names_and_folders_are_taken_once_and_feeds_are_few(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = make(house, "mews", source="folder")
    with business_scope(house.pk):
        for field, name, address in (("name", "Mews", "other"), ("address", "Other", "mews")):
            told = FeedValues(name=name, source="folder", address=address, mapping=feed.mapping)
            with pytest.raises(Refused) as refused:
                feed_create(business=house.business, values=told)
            assert refused.value.field == field
        monkeypatch.setattr(services, "FEEDS_MAX", 1)
        with pytest.raises(Refused):
            feed_create(business=house.business, values=told)
