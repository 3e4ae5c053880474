"""Nightly imports from end to end: a real https server, a worker's steps, workers that die and workers at once."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.card.selectors import tags_of
from customers.history.models import Invoice, Stay
from imports.feeds import fetching, tasks
from imports.feeds.fetching import feed_fetch, fetch_advance
from imports.feeds.selectors import feeds_due, fetches_due
from imports.feeds.services import FeedValues, feed_ask, feed_create, feed_remove, feed_switch
from imports.models import ImportFeed, ImportFetch, ImportMapping, ImportRun
from imports.store import store_path
from tests.accounts.web import Web
from tests.cast import House
from tests.imports.feeds.nights import GUESTS, KEY, MORE, come, history, make, mapping, names, now_of, todos
from tests.imports.files import booking


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


def test_bookings_come_in_with_their_guests(house: House, web: Web) -> None:
    rows = [booking(n, arrival_date_day_of_month=str(n)) for n in (1, 2)]
    text = "".join(f"{','.join(line)}\n" for line in (rows[0], *(row.values() for row in rows)))
    known = mapping(house, text, kind="bookings")
    web.serve(text.encode())
    told = FeedValues(name="Mews", source="https", address=web.url("/guests.csv"), mapping=known)
    with business_scope(house.pk):
        feed = feed_create(business=house.business, values=told)
    assert come(house, feed).state == "imported"
    with business_scope(house.pk):
        assert (Stay.objects.count(), Customer.objects.count()) == (2, 2)
        assert ImportRun.objects.get().kind == "bookings"


def test_the_sheet_that_fits_the_mapping_is_read(house: House, web: Web) -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as workbook:
        for name, text in (("Shop", "sku,price\n1,2\n"), ("Guests", GUESTS)):
            sheet = workbook.add_worksheet(name)
            for at, line in enumerate(text.strip().split("\n")):
                sheet.write_row(at, 0, line.split(","))
    web.serve(book.getvalue())
    feed = come(house, make(house, web.url()))
    assert (feed.state, names(house)) == ("imported", ["Berg", "Sørensen"])
    with business_scope(house.pk):
        assert ImportRun.objects.get().table == "Guests"


def test_invoices_come_in_and_are_paid_the_night_after(house: House, web: Web) -> None:
    header = "Invoice number,E-mail,Invoice date,Due on,Paid on,Amount,Currency\n"
    open_still, paid = (
        f"{header}F-1,ase@fjord.no,2026-01-02,2026-01-16,{day},1200.50,NOK\n" for day in ("", "2026-01-10")
    )
    told = FeedValues(name="Till", source="https", address=web.url(), mapping=mapping(house, paid, kind="invoices"))
    web.serve(open_still.encode())
    with business_scope(house.pk):
        feed = feed_create(business=house.business, values=told)
    assert come(house, feed).state == "imported"
    with business_scope(house.pk):
        assert Invoice.objects.get().paid_on is None
        ImportMapping.objects.update(policy={"update": "file"})
    web.serve(paid.encode())
    assert come(house, feed).state == "imported"
    with business_scope(house.pk):
        assert (Invoice.objects.get().number, Invoice.objects.get().paid_on) == ("F-1", dt.date(2026, 1, 10))
