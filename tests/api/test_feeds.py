"""Nightly imports by API."""

from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from imports.feeds.keys import key_open
from imports.feeds.tasks import import_feed_fetch
from imports.models import ImportFeed, ImportFetch, ImportMapping, ImportRun
from tests.api.calling import Caller
from tests.cast import Cast

pytestmark = pytest.mark.django_db

ADDRESS = "https://export.example.org/guests.csv?token=zebrafinchcanary"
KEY = "Bearer zebrafinchcanary"


@pytest.fixture
def mapping(cast: Cast) -> int:
    """A saved mapping of Fjordstuen."""
    with business_scope(cast.fjordstuen.pk):
        return ImportMapping.objects.create(name="Mews", kind="guests", signature="x", layout={}).pk


@pytest.fixture
def values(mapping: int) -> dict[str, Any]:
    return {"name": "Mews", "address": ADDRESS, "mapping_id": mapping}


def test_set_up_changed_paused_and_removed(caller: Caller, cast: Cast, values: dict[str, Any]) -> None:
    made = caller.post("imports/feeds/", values | {"key": KEY, "at": "04:30"})
    assert made.status == 201, made.text
    assert (made.body["source"], made.body["at"], made.body["is_on"], made.body["state"]) == (
        "https", "04:30", True, "never",
    )  # fmt: skip
    assert made.body["has_key"] and "zebrafinch" not in made.text and made.body["next_at"]
    assert made.body["address"] == "https://export.example.org/guests.csv"
    with business_scope(cast.fjordstuen.pk):
        feed = ImportFeed.objects.get()
        assert key_open(feed, cast.fjordstuen.business) == KEY
        assert AuditEntry.objects.filter(action="feed.added", actor="Booking system").exists()
    path = f"imports/feeds/{made.body['id']}/"
    assert caller.get(path).body == made.body
    assert caller.get("imports/feeds/").body == {"items": [made.body]}
    paused = caller.patch(path, {"is_on": False}).body
    assert (paused["is_on"], paused["next_at"], paused["at"], paused["has_key"]) == (False, None, "04:30", True)
    elsewhere = caller.patch(path, {"address": "https://other.example.org/"}).body
    assert (elsewhere["address"], elsewhere["has_key"]) == ("https://other.example.org/", False)
    assert caller.patch(path, {"key": KEY}).body["has_key"]
    assert not caller.patch(path, {"key": ""}).body["has_key"]
    assert caller.delete(path).status == 204
    assert caller.get(path).status == caller.patch(path, {}).status == caller.delete(path).status == 404


def test_a_folder(caller: Caller, values: dict[str, Any]) -> None:
    made = caller.post("imports/feeds/", values | {"source": "folder", "address": "mews"})
    assert (made.status, made.body["source"], made.body["address"]) == (201, "folder", "mews")
    again = caller.post("imports/feeds/", values | {"name": "b", "source": "folder", "address": "mews"})
    assert (again.status, list(again.errors)) == (422, ["address"])


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", " "),
        ("name", None),
        ("address", "http://example.org/"),
        ("address", "https://169.254.169.254/latest/"),
        ("address", "https://user:pass@example.org/"),
        ("mapping_id", 999_999),
        ("mapping_id", "one"),
        ("mapping_id", None),
        ("at", "4:30"),
        ("at", "25:00"),
        ("at", 430),
        ("is_on", "yes"),
        ("source", "ftp"),
        ("state", "imported"),
    ],
)
def test_what_is_wrong_is_named(caller: Caller, values: dict[str, Any], field: str, wrong: Any) -> None:
    answer = caller.post("imports/feeds/", values | {field: wrong})
    assert (answer.status, answer.code, list(answer.errors)) == (422, "invalid", [field])


def test_fetched_now_and_how_it_went(
    caller: Caller,
    cast: Cast,
    values: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr(import_feed_fetch, "delay", lambda *ids: asked.append(ids))
    feed = caller.post("imports/feeds/", values).body["id"]
    with django_capture_on_commit_callbacks(execute=True):
        answer = caller.post(f"imports/feeds/{feed}/fetches/", None)
    assert answer.status == 200, answer.text
    assert asked == [(cast.fjordstuen.pk, feed)]
    with business_scope(cast.fjordstuen.pk):
        run = ImportRun.objects.create(state="done", file_name="a.csv", rows_done=7)
        ImportFetch.objects.update(state="imported", run=run, size=99)
        error = {"template": "%(host)s was not found. Check how it is written.", "params": {"host": "a.no"}}
        ImportFetch.objects.create(feed_id=feed, state="failed", error=error)
    failed, came = caller.get(f"imports/feeds/{feed}/fetches/").body["items"]
    assert (failed["state"], failed["run_id"], failed["rows"]) == ("failed", None, None)
    assert failed["error"] == "a.no was not found. Check how it is written."
    assert (came["state"], came["run_id"], came["rows"], came["size"], came["error"]) == ("imported", run.pk, 7, 99, "")
