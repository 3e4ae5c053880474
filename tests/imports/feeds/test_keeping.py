"""What is kept of a nightly import: its key, sealed, and nothing that cannot be."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from imports.feeds import services
from imports.feeds.keys import feed_keys_missing, key_open
from imports.feeds.problems import KeyLost
from imports.feeds.services import FeedValues, feed_create, feed_update
from imports.models import ImportFeed
from imports.store import store_add, store_opener
from tests.accounts.web import Web
from tests.cast import Cast, House
from tests.imports.feeds.nights import KEY, come, make, mapping, now_of, todos


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
    name = store_add([b"guests"], business=house.business)
    settings.INNKEEPER_SENSITIVE_KEYS = (new,)
    assert feed_keys_missing(business=house.business) == {"old"}
    with pytest.raises(CommandError, match="fjordstuen: old"):
        call_command("rotate_sensitive_keys")
    assert come(house, feed).state == "failed"
    assert "Type it in again" in todos(house)[0].note
    settings.INNKEEPER_SENSITIVE_KEYS = (new, old)
    for told in ("fjordstuen: 0 sealed under new, 1 files, 1 other secrets", "fjordstuen: 0 sealed under new"):
        out = io.StringIO()
        call_command("rotate_sensitive_keys", business="fjordstuen", stdout=out)
        assert out.getvalue().strip() == told
    settings.INNKEEPER_SENSITIVE_KEYS = (new,)
    assert key_open(now_of(house, feed), house.business) == KEY
    with store_opener(name, house.business)() as stream:
        assert stream.read() == b"guests"


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
