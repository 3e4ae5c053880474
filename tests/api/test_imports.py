"""Imports by API: a file comes in, is told, decided, let in and taken back."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.tenancy import business_scope
from customers.card.models import Customer
from imports import store
from imports.models import ImportMapping, ImportRun
from imports.services import run_check, run_work
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import CustomerFactory, EmailFactory

pytestmark = pytest.mark.django_db

KNOWN = "given_name,family_name,email\r\nIngrid,Berg,ingrid@berg.no\r\nNils,Lie,nils@lie.no\r\n"
STRANGE = "Ref;Wer;Kontakt A\r\n1;Ingrid Berg;ingrid@berg.no\r\n2;Nils Lie;nils@lie.no\r\n"
LAYOUT: dict[str, Any] = {
    "version": 1,
    "kind": "guests",
    "readings": [
        {"meaning": "guest.full_name", "from": ["Wer"]},
        {"meaning": "guest.email", "from": ["Kontakt A"]},
    ],
}


@pytest.fixture(autouse=True)
def _clean(settings: Any, tmp_path: Path) -> None:
    """A folder of their own: what other tests keep is not theirs to count."""
    settings.INNKEEPER_UPLOADS = tmp_path


def kept() -> int:
    return len(list(Path(settings.INNKEEPER_UPLOADS).glob("*.upload")))


def send(caller: Caller, text: str | bytes, query: str = "", **headers: str) -> Any:
    return caller.call("POST", f"imports/{query}", text, content_type="text/csv", **headers)


def ready(caller: Caller, cast: Cast, text: str = KNOWN) -> str:
    """A file looked through; its address."""
    made = send(caller, text, "?name=guests.csv")
    assert (made.status, made.body["state"]) == (201, "checking"), made.text
    run_check(business_id=cast.fjordstuen.pk, run_id=made.body["id"])
    return f"imports/{made.body['id']}/"


def test_a_known_file_goes_in_and_out(caller: Caller, cast: Cast) -> None:
    address = ready(caller, cast)
    told = caller.get(address).body
    assert (told["state"], told["kind"], told["file_name"], told["rows"]["create"]) == (
        "ready",
        "guests",
        "guests.csv",
        2,
    )
    rows = caller.get(f"{address}rows/?outcome=create").body
    assert [(row["line"], row["label"], row["guest_id"]) for row in rows["items"]] == [
        (2, "Ingrid Berg", None),
        (3, "Nils Lie", None),
    ]
    started = caller.post(f"{address}start/")
    assert (started.status, started.body["state"]) == (200, "running")
    run_work(business_id=cast.fjordstuen.pk, run_id=told["id"])
    assert caller.get(address).body["counts"]["guests"]["created"] == 2
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() == 2
        assert ImportRun.objects.get().actor == "Booking system"
    assert caller.post(f"{address}start/").code == "refused"
    undone = caller.post(f"{address}undo/")
    assert (undone.status, undone.body["is_undone"]) == (200, True)
    with business_scope(cast.fjordstuen.pk):
        assert not Customer.objects.exists()
    assert caller.post(f"{address}undo/").code == "refused"


def test_columns_are_told(caller: Caller, cast: Cast) -> None:
    made = send(caller, STRANGE).body
    address = f"imports/{made['id']}/"
    assert made["state"] == "mapping"
    columns = caller.get(f"{address}columns/").body
    assert columns["columns"][2] == {"name": "Kontakt A", "samples": ["ingrid@berg.no", "nils@lie.no"]}
    assert (
        columns["questions"]
        and {"key": "guest.email", "label": "E-mail address", "is_required": False} in columns["meanings"]
    )
    gone = {**LAYOUT, "readings": [{"meaning": "guest.email", "from": ["Gone"]}]}
    for wrong in (gone, {**LAYOUT, "kind": "cars"}, {}):
        assert "layout" in caller.put(f"{address}columns/", {"layout": wrong}).errors
    told = caller.put(f"{address}columns/", {"layout": LAYOUT, "save_as": "Old"})
    assert (told.status, told.body["state"]) == (200, "checking")
    assert send(caller, STRANGE).body["state"] == "checking"
    mapping = caller.get("imports/mappings/").body["items"][0]
    assert (mapping["name"], mapping["kind"]) == ("Old", "guests")
    one = f"imports/mappings/{mapping['id']}/"
    assert caller.patch(one, {"name": "New"}).body["name"] == "New"
    with business_scope(cast.fjordstuen.pk):
        ImportMapping.objects.create(name="Taken", kind="guests", signature="x", layout=LAYOUT)
    assert "name" in caller.patch(one, {"name": "Taken"}).errors
    assert caller.delete(one).status == 204
    assert caller.get(one).status == 404


def test_rows_are_decided(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        kari = CustomerFactory(given_name="Kari", family_name="Nordmann")
        EmailFactory(customer=kari, value="ingrid@berg.no")
        other = CustomerFactory()
    address = ready(caller, cast)
    row = caller.get(f"{address}rows/?outcome=review").body["items"][0]
    assert (row["cause"], row["guest_id"], row["reason"]) == (
        "same_email",
        kari.pk,
        "The e-mail address is on the card of somebody with another name",
    )
    decisions = f"{address}decisions/"
    assert caller.post(decisions, {"lines": [2], "decision": "same"}).body["rows"]["update"] == 1
    assert caller.post(decisions, {"lines": [2], "decision": "same", "guest_id": other.pk}).status == 200
    assert caller.get(f"{address}rows/?outcome=review").body["items"][0]["guest_id"] == other.pk
    assert caller.post(decisions, {"outcome": "create", "decision": "skip"}).body["rows"]["skip"] == 1
    assert "decision" in caller.post(decisions, {"outcome": "create", "decision": "same"}).errors
    assert "decision" in caller.post(decisions, {"lines": [2], "decision": "erase"}).errors
    assert "lines" in caller.post(decisions, {"decision": "skip"}).errors
    text = caller.get(f"{address}rejected.csv").text
    assert "Nils" in text and "Left out on request" in text and "Ingrid" not in text


def test_how_it_goes_in(caller: Caller, cast: Cast) -> None:
    address = ready(caller, cast)
    told = caller.put(f"{address}policy/", {"update": "newest", "file_date": "2026-05-01"})
    assert (told.status, told.body["state"]) == (200, "checking")
    assert (told.body["policy"]["update"], told.body["policy"]["file_date"]) == ("newest", "2026-05-01")
    again = caller.put(f"{address}policy/", {"tag": "Old"}).body["policy"]
    assert (again["update"], again["tag"]) == ("newest", "Old")
    assert "update" in caller.put(f"{address}policy/", {"update": "always"}).errors


def test_problems_are_listed(caller: Caller, cast: Cast) -> None:
    address = ready(caller, cast, KNOWN.replace("nils@lie.no", "nils"))
    items = caller.get(f"{address}problems/").body["items"]
    assert [(item["line"], item["column"], item["value"]) for item in items] == [(3, "email", "nils")]
    assert items[0]["detail"].startswith("This is not an e-mail address")


@pytest.mark.parametrize(
    ("content", "query", "status", "said"),
    [
        (b"", "", 422, "file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "", 422, "file"),
        (b"name,email\n", "", 422, "file"),
        (KNOWN.encode(), "?kind=cars", 422, "kind"),
        (KNOWN.encode(), "?currency=xxq", 422, "currency"),
        (KNOWN.encode(), "?colour=red", 422, "colour"),
    ],
)
def test_what_is_refused_is_not_kept(caller: Caller, content: bytes, query: str, status: int, said: str) -> None:
    answer = send(caller, content, query)
    assert answer.status == status and said in answer.errors, answer.text
    assert kept() == 0


def test_a_file_too_large_is_refused(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.api.files.FILE_BYTES_MAX", 10)
    answer = send(caller, KNOWN)
    assert (answer.status, answer.code) == (413, "too_large")
    assert kept() == 0
    assert store.FILE_BYTES_MAX > 10


def test_nothing_is_kept_of_a_stranger_s_file(cast: Cast) -> None:
    assert send(Caller(cast.fjordstuen, "", None), KNOWN).status == 401
    assert send(caller_make(cast.fjordstuen, ["read"]), KNOWN).status == 403
    assert kept() == 0


def test_the_same_file_under_one_key_comes_in_once(caller: Caller) -> None:
    first = send(caller, KNOWN, idempotency_key="one")
    again = send(caller, KNOWN, idempotency_key="one")
    assert (first.status, again.status, again.body["id"]) == (201, 201, first.body["id"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert send(caller, STRANGE, idempotency_key="one").code == "idempotency_key_reused"
    assert kept() == 1


def test_one_table_of_several(caller: Caller, cast: Cast) -> None:
    address = ready(caller, cast)
    assert "table" in caller.put(f"{address}table/", {"table": "Sheet 2"}).errors
    assert caller.put(f"{address}table/", {"table": ""}).body["state"] == "checking"


def test_a_file_is_put_away_or_stopped(caller: Caller, cast: Cast) -> None:
    address = ready(caller, cast)
    assert caller.post(f"{address}stop/").code == "refused"
    assert caller.delete(address).status == 204
    assert caller.delete(address).code == "refused"
    assert caller.get("imports/").body["items"] == []
    other = ready(caller, cast)
    caller.post(f"{other}start/")
    assert caller.post(f"{other}stop/").body["state"] == "running"
    assert caller.get("imports/").body["items"][0]["file_name"] == "guests.csv"


def test_consents_need_their_scope(cast: Cast) -> None:
    caller = caller_make(cast.fjordstuen, ["read", "write"])
    address = ready(caller, cast, KNOWN.replace("email\r", "email,newsletter_email\r").replace(".no\r", ".no,yes\r"))
    answer = caller.post(f"{address}start/")
    assert (answer.status, answer.code, answer.body["scope"]) == (403, "scope_missing", "consents")
