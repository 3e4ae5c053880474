"""Exports in the background: doubled, fallen silent, overtaken, cancelled, broken."""

import io
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.export import services, store
from customers.export.building import Built, export_build
from customers.export.look import Look
from customers.export.models import ExportRun
from customers.export.selection import Chosen
from customers.export.selectors import runs_silent
from customers.export.services import export_cancel, export_work
from tests.cast import Cast, cast_assemble
from tests.customers.exporting import ExportRunFactory, asked, read, run_page
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def marketing(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.marketing.user)
    return client


def test_whoever_comes_second_leaves(cast: Cast, marketing: Client) -> None:
    run = asked(marketing, cast.fjordstuen)
    export_work(business_id=cast.fjordstuen.pk, run_id=run.pk)
    with business_scope(cast.fjordstuen.pk):
        assert ExportRun.objects.get(pk=run.pk).attempt == 1


def test_one_that_is_at_work_is_left_alone_and_one_that_fell_silent_is_taken_up(cast: Cast) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        CustomerFactory()
        run = ExportRunFactory(state=ExportRun.State.RUNNING, attempt=1)
    assert (house.pk, run.pk) not in runs_silent()
    export_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        assert ExportRun.objects.get(pk=run.pk).attempt == 1
        ExportRun.objects.filter(pk=run.pk).update(seen_at=timezone.now() - timedelta(minutes=5))
    assert (house.pk, run.pk) in runs_silent()
    export_work(business_id=house.pk, run_id=run.pk)
    with business_scope(house.pk):
        run.refresh_from_db()
    assert (run.state, run.attempt, run.rows) == (ExportRun.State.DONE, 2, 1)


def test_one_that_was_overtaken_leaves_no_file(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        run = ExportRunFactory()
    build = services.export_build

    def overtaken(**given: Any) -> Built:
        built = build(**given)
        with business_scope(house.pk):
            ExportRun.objects.filter(pk=run.pk).update(attempt=7)
        return built

    monkeypatch.setattr(services, "export_build", overtaken)
    before = set(folder())
    export_work(business_id=house.pk, run_id=run.pk)
    assert set(folder()) == before
    with business_scope(house.pk):
        run.refresh_from_db()
    assert (run.state, run.stored) == (ExportRun.State.RUNNING, "")


def test_cancelled_while_it_is_written_it_stops(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        CustomerFactory.create_batch(3)
        run = ExportRunFactory()
    monkeypatch.setattr(services, "TOLD_EVERY", timedelta(0))
    fetched: list[int] = []
    build = services.export_build

    def slowly(**given: Any) -> Built:
        tell = given["tell"]

        def told(done: int, total: int) -> None:
            fetched.append(done)
            if done == 1:
                with business_scope(house.pk):
                    export_cancel(run_id=run.pk)
            tell(done, total)

        return build(**{**given, "tell": told, "batch": 1})

    monkeypatch.setattr(services, "export_build", slowly)
    before = set(folder())
    export_work(business_id=house.pk, run_id=run.pk)
    assert fetched == [0, 1]
    assert set(folder()) == before
    with business_scope(house.pk):
        run.refresh_from_db()
        assert run.state == ExportRun.State.CANCELLED
        assert not AuditEntry.objects.filter(action="guest.exported").exists()


def test_a_fault_is_told_and_leaves_no_file(cast: Cast, marketing: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with business_scope(cast.fjordstuen.pk):
        run = ExportRunFactory()

    def broken(**given: Any) -> Built:
        given["target"].write(b"half of it")
        raise RuntimeError("broken")

    monkeypatch.setattr(services, "export_build", broken)
    before = set(folder())
    with pytest.raises(RuntimeError, match="broken"):
        export_work(business_id=cast.fjordstuen.pk, run_id=run.pk)
    assert set(folder()) == before
    with business_scope(cast.fjordstuen.pk):
        run.refresh_from_db()
    assert run.state == ExportRun.State.FAILED
    assert "A fault in Innkeeper stopped it." in run_page(marketing, run)


def test_the_page_tells_how_far_it_is_and_stops_asking(cast: Cast, marketing: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        run = ExportRunFactory(state=ExportRun.State.RUNNING, total=40, done=10)
    shown = run_page(marketing, run)
    assert 'max="40"' in shown and 'value="10"' in shown and "every 1s" in shown
    state = f"/b/fjordstuen/exports/{run.pk}/state/"
    assert marketing.get(state).status_code == 302
    assert "every 1s" in marketing.get(state, headers={"HX-Request": "true"}).content.decode()
    marketing.post(f"/b/fjordstuen/exports/{run.pk}/cancel/")
    done = marketing.get(state, headers={"HX-Request": "true"}).content.decode()
    assert "Cancelled." in done and "every 1s" not in done


def folder() -> list[str]:
    """The files that lie there."""
    return sorted(path.name for path in store._folder().glob("*"))


@pytest.mark.django_db(transaction=True)
def test_batches_are_fetched_ahead_and_none_is_lost_or_doubled() -> None:
    """Outside a transaction a thread of its own fetches; its connection ends with it."""
    house = cast_assemble().fjordstuen
    with business_scope(house.pk):
        guests = sorted(CustomerFactory(family_name=f"Berg {number:02}").pk for number in range(11))
    before = sessions()
    target = io.BytesIO()
    told: list[tuple[int, int]] = []
    built = export_build(
        business=house.business,
        kind="guests",
        chosen=Chosen(),
        columns=["id"],
        look=Look(),
        target=target,
        tell=lambda done, total: told.append((done, total)),
        batch=3,
    )
    assert [int(row["id"]) for row in read(target.getvalue())] == guests
    assert built.rows == 11
    assert told == [(0, 11), (3, 11), (6, 11), (9, 11), (11, 11)]
    # A server takes a moment to see that somebody has gone.
    for _again in range(200):
        if sessions() == before:
            break
        time.sleep(0.05)
    assert sessions() == before


def sessions() -> int:
    """How many are connected to the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
