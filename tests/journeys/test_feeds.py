"""Nightly imports as an admin sets one up: from an address to guests in the register, and open to everybody."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts import outgoing
from accounts.tenancy import business_scope
from customers.card.models import Customer
from imports.feeds.tasks import import_feed_fetch
from imports.models import ImportFeed, ImportFetch
from tests.accounts.web import Web, a_web
from tests.cast import House, cast_assemble
from tests.imports.feeds.nights import GUESTS, mapping
from tests.journeys.conftest import OpenBrowser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> House:
    return cast_assemble().fjordstuen


@pytest.fixture
def web(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A server that offers a list of guests."""
    monkeypatch.setattr(outgoing, "_resolve", lambda host, port: [ipaddress.ip_address("127.0.0.1")])
    settings.INNKEEPER_OUTGOING_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    with a_web(tmp_path) as web:
        settings.INNKEEPER_OUTGOING_PORTS = (web.port,)
        settings.INNKEEPER_OUTGOING_AUTHORITIES = str(web.authority)
        web.serve(GUESTS.encode())
        yield web


def test_from_an_address_to_the_register(visit: OpenBrowser, house: House, web: Web) -> None:
    mapping(house)
    watch = visit(f"/b/{house.slug}/import/", user=house.admin.user)
    page = watch.page
    page.get_by_role("link", name="Nightly imports").click()
    page.get_by_role("link", name="New nightly import").first.click()
    page.get_by_label("Name", exact=True).fill("Mews")
    page.get_by_label("Address of the file").fill("http://files.example.org/guests.csv")
    with watch.expecting("422"):
        page.get_by_role("button", name="Set it up").click()
        expect(page.get_by_text("Only addresses that begin with https://")).to_be_visible()
    page.get_by_label("Address of the file").fill(web.url())
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading", name="Mews", exact=True)).to_be_visible()
    page.get_by_role("button", name="Fetch now").click()
    expect(page.get_by_text("It is being fetched and imported.")).to_be_visible()
    with business_scope(house.pk):
        feed = ImportFeed.objects.get()
    import_feed_fetch(house.pk, feed.pk)
    expect(page.locator("#feed-state").get_by_text("Imported", exact=True)).to_be_visible()
    expect(page.get_by_text("It is being fetched and imported.")).to_be_hidden()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Let it go on")).to_be_visible()
    with business_scope(house.pk):
        assert Customer.objects.count() == 2
    watch.assert_calm()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False), (390, True)])
def test_open_to_everybody(visit: OpenBrowser, house: House, width: int, dark: bool) -> None:
    error = {"template": "%(host)s was not found. Check how it is written.", "params": {"host": "files.example.org"}}
    watch = visit(f"/b/{house.slug}/import/feeds/", user=house.admin.user, width=width, dark=dark)
    watch.assert_accessible()
    watch.assert_fits()
    known = mapping(house)
    with business_scope(house.pk):
        feed = ImportFeed.objects.create(
            name="Mews", source="https", address=f"https://files.example.org/{'guests' * 20}.csv", mapping=known,
            at="03:00", state="failed", error=error, is_on=False,
        )  # fmt: skip
        ImportFetch.objects.create(feed=feed, state="failed", error=error, actor="Ingrid Solheim")
    for path in ("", "new/", "new/?source=folder", f"{feed.pk}/", f"{feed.pk}/edit/", f"{feed.pk}/remove/"):
        watch.page.goto(f"/b/{house.slug}/import/feeds/{path}")
        watch.assert_accessible()
        watch.assert_fits()
        assert watch.html_gz() <= 25_000
