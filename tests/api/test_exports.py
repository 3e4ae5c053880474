"""Exports by API."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.export import links
from customers.export.models import ExportRun
from customers.export.services import export_work
from customers.segments.models import Segment
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.customers.exporting import ExportRunFactory, read
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
DUTCH = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]}


@pytest.fixture
def guests(cast: Cast) -> list[int]:
    with business_scope(cast.fjordstuen.pk):
        return [CustomerFactory(language=language).pk for language in ("nl", "nl", "nb")]


def written(cast: Cast, caller: Caller, sent: dict[str, Any]) -> Any:
    """Ask for a file and have it written; the export as it is then."""
    made = caller.post("exports/", sent)
    assert made.status == 201, made.text
    assert (made.body["state"], made.body["file_url"]) == ("waiting", None)
    export_work(business_id=cast.fjordstuen.pk, run_id=made.body["id"])
    return caller.get(f"exports/{made.body['id']}/").body


def fetched(caller: Caller, url: str) -> Any:
    """The raw answer of an address with the caller's key."""
    return Client().get(url.partition("testserver")[2], headers={"Authorization": f"Bearer {caller.secret}"})


def numbers(caller: Caller, export: Any) -> list[int]:
    answer = fetched(caller, export["file_url"])
    assert answer.status_code == 200
    return sorted(int(row["id"]) for row in read(b"".join(answer.streaming_content), ",", "utf-8"))


def test_a_file_is_asked_for_written_and_fetched(caller: Caller, cast: Cast, guests: list[int]) -> None:
    export = written(cast, caller, {"kind": "guests"})
    assert {name: export[name] for name in ("kind", "state", "format", "total", "rows", "left_out", "downloads")} == {
        "kind": "guests", "state": "done", "format": "csv", "total": 3, "rows": 3, "left_out": 0, "downloads": 0,
    }  # fmt: skip
    assert numbers(caller, export) == guests
    with business_scope(cast.fjordstuen.pk):
        actors = set(AuditEntry.objects.filter(action__in=("guest.exported", "export.downloaded")).values_list("actor"))
    assert len(actors) == 1 and "Booking system" in actors.pop()[0]
    assert caller.get(f"exports/{export['id']}/").body["downloads"] == 1
    (listed,) = caller.get("exports/").body["items"]
    assert listed["id"] == export["id"]


def test_of_whom_it_is_told(caller: Caller, cast: Cast, guests: list[int]) -> None:
    with business_scope(cast.fjordstuen.pk):
        segment = Segment.objects.create(name="Dutch", tree=DUTCH)
    assert numbers(caller, written(cast, caller, {"filter": DUTCH})) == guests[:2]
    assert numbers(caller, written(cast, caller, {"segment_id": segment.pk})) == guests[:2]
    assert numbers(caller, written(cast, caller, {"guest_ids": [guests[2], 2**40]})) == guests[2:]
    export = written(cast, caller, {"columns": ["email", "id"], "delimiter": "\t", "header": "en", "format": "csv"})
    data = b"".join(fetched(caller, export["file_url"]).streaming_content)
    assert data.startswith(b"Guest number\tE-mail\r\n")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "rooms"}, "kind"),
        ({"columns": ["secret"]}, "columns"),
        ({"guest_ids": [1], "segment_id": 1}, "segment_id"),
        ({"segment_id": 2**40}, "segment_id"),
        ({"filter": {"version": 1}}, "filter"),
        ({"delimiter": "x"}, "delimiter"),
        ({"strange": 1}, "strange"),
    ],
)
def test_what_is_wrong_is_named(caller: Caller, cast: Cast, sent: dict[str, Any], field: str) -> None:
    answer = caller.post("exports/", sent)
    assert answer.status == 422
    assert field in answer.errors
    with business_scope(cast.fjordstuen.pk):
        assert not ExportRun.objects.exists()


def test_an_address_is_good_for_its_key_for_a_while(
    caller: Caller, cast: Cast, guests: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = written(cast, caller, {})["file_url"]
    other = caller_make(cast.fjordstuen, name="Another")
    assert fetched(other, url).status_code == 409
    assert fetched(caller_make(cast.duinzicht), url).status_code in (403, 404)
    assert Client().get(url.partition("testserver")[2]).status_code == 401
    monkeypatch.setattr(links, "GOOD_FOR", -1)
    assert fetched(caller, url).json()["code"] == "refused"


def test_it_can_be_stopped_and_thrown_away(
    caller: Caller, cast: Cast, guests: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with business_scope(cast.fjordstuen.pk):
        run = ExportRunFactory()
    assert caller.post(f"exports/{run.pk}/cancel/").body["state"] == "cancelled"
    assert caller.post(f"exports/{run.pk}/cancel/").status == 409
    export = written(cast, caller, {})
    with django_capture_on_commit_callbacks(execute=True):
        assert caller.delete(f"exports/{export['id']}/").status == 204
    assert caller.get(f"exports/{export['id']}/").body["file_url"] is None
    assert fetched(caller, export["file_url"]).status_code == 409
    assert caller.get(f"exports/{2**40}/").status == 404


def test_a_key_that_may_only_write_gets_no_guests(caller: Caller, cast: Cast) -> None:
    writer = caller_make(cast.fjordstuen, ["write"])
    made = writer.post("exports/", {})
    assert (made.status, list(made.body)) == (201, ["id"])
    export_work(business_id=cast.fjordstuen.pk, run_id=made.body["id"])
    url = caller.get(f"exports/{made.body['id']}/").body["file_url"]
    assert fetched(writer, url).status_code == 403
    assert caller_make(cast.fjordstuen, ["read"]).post("exports/", {}).status == 403
