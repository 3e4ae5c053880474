"""Bulk actions by API."""

from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.bulk.models import BulkRun
from customers.bulk.services import bulk_work
from customers.bulk.tasks import bulk_run_work
from customers.card.models import Customer, CustomerTag, Tag
from customers.segments.models import Segment
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import CustomerFactory, TagFactory

pytestmark = pytest.mark.django_db
DUTCH = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}]}


@pytest.fixture
def guests(cast: Cast) -> list[int]:
    with business_scope(cast.fjordstuen.pk):
        return [CustomerFactory(language=language).pk for language in ("nl", "nl", "nb")]


@pytest.fixture
def tag(cast: Cast) -> Tag:
    with business_scope(cast.fjordstuen.pk):
        return TagFactory(name="Winter")


def tagged(cast: Cast) -> list[int]:
    with business_scope(cast.fjordstuen.pk):
        return sorted(CustomerTag.objects.values_list("customer_id", flat=True))


def test_a_few_at_once_and_back(caller: Caller, cast: Cast, guests: list[int], tag: Tag) -> None:
    sent = {"action": "tag_add", "values": {"tag_id": tag.pk}, "guest_ids": [*guests, 2**40]}
    made = caller.post("bulk/", sent)
    assert made.status == 201, made.text
    assert {name: made.body[name] for name in ("action", "title", "state", "total", "done", "changed")} == {
        "action": "tag_add",
        "title": "Tagged in bulk: Winter",
        "state": "done",
        "total": 4,
        "done": 4,
        "changed": 3,
    }
    assert made.body["skipped"] == [
        {"reason": "gone", "detail": "Their card is gone", "number": 1, "guest_ids": [2**40]}
    ]
    assert tagged(cast) == guests
    assert caller.get(f"bulk/{made.body['id']}/").body == made.body
    undone = caller.post(f"bulk/{made.body['id']}/undo/", {})
    assert (undone.status, undone.body["action"], undone.body["changed"]) == (201, "undo", 3)
    assert tagged(cast) == []
    again = caller.post(f"bulk/{made.body['id']}/undo/", {})
    assert (again.status, again.code) == (409, "refused")


@pytest.mark.parametrize("whom", ["filter", "segment_id"])
def test_all_that_match_in_the_background(
    caller: Caller, cast: Cast, guests: list[int], tag: Tag, whom: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.bulk.services.SMALL", 1)
    monkeypatch.setattr(bulk_run_work, "delay", lambda *ids: None)
    with business_scope(cast.fjordstuen.pk):
        segment = Segment.objects.create(name="Dutch", tree=DUTCH)
    whoever: Any = DUTCH if whom == "filter" else segment.pk
    made = caller.post("bulk/", {"action": "tag_add", "values": {"tag_id": tag.pk}, whom: whoever})
    assert (made.status, made.body["state"], made.body["total"]) == (201, "waiting", 2), made.text
    assert tagged(cast) == []
    bulk_work(business_id=cast.fjordstuen.pk, run_id=made.body["id"])
    assert caller.get(f"bulk/{made.body['id']}/").body["state"] == "done"
    assert tagged(cast) == guests[:2]
    late = caller.post(f"bulk/{made.body['id']}/cancel/", {})
    assert (late.status, late.code) == (409, "refused")


def test_a_run_is_cancelled(
    caller: Caller, cast: Cast, guests: list[int], tag: Tag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.bulk.services.SMALL", 1)
    monkeypatch.setattr(bulk_run_work, "delay", lambda *ids: None)
    made = caller.post("bulk/", {"action": "tag_add", "values": {"tag_id": tag.pk}, "guest_ids": guests})
    answer = caller.post(f"bulk/{made.body['id']}/cancel/", {})
    assert (answer.status, answer.body["state"]) == (200, "cancelled")
    bulk_work(business_id=cast.fjordstuen.pk, run_id=made.body["id"])
    assert tagged(cast) == []
    assert caller.post(f"bulk/{made.body['id']}/undo/", {}).status == 409


def test_a_field(caller: Caller, cast: Cast, guests: list[int]) -> None:
    sent = {"action": "field_set", "values": {"field": "language", "value": "de"}, "guest_ids": guests}
    assert caller.post("bulk/", sent).body["changed"] == 3
    with business_scope(cast.fjordstuen.pk):
        assert set(Customer.objects.values_list("language", flat=True)) == {"de"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"action": "erase"}, "action"),
        ({"values": {}}, "values.tag_id"),
        ({"values": {"tag_id": 999999}}, "values.tag_id"),
        ({"values": {"colour": "red"}}, "values.colour"),
        ({"action": "field_set", "values": {"field": "note", "value": "x"}}, "values.field"),
        ({"action": "field_set", "values": {"field": "language", "value": "klingon"}}, "values.value"),
        ({"action": "field_set", "values": {"field": "language"}}, "values.value"),
        ({"guest_ids": []}, "guest_ids"),
        ({"guest_ids": None}, "guest_ids"),
        ({"filter": DUTCH}, "filter"),
        ({"guest_ids": "drop", "filter": {**DUTCH, "rules": [{"field": "height", "operator": "yes"}]}}, "filter"),
        ({"guest_ids": "drop", "segment_id": 999999}, "segment_id"),
        ({"guest_ids": "drop"}, "guest_ids"),
    ],
)
def test_refusals_name_the_field(
    caller: Caller, cast: Cast, guests: list[int], tag: Tag, changed: dict[str, Any], field: str
) -> None:
    sent = {"action": "tag_add", "values": {"tag_id": tag.pk}, "guest_ids": guests, **changed}
    sent = {name: value for name, value in sent.items() if value != "drop"}
    answer = caller.post("bulk/", sent)
    assert (answer.status, answer.code) == (422, "invalid"), answer.text
    assert any(name.startswith(field) for name in answer.errors), answer.errors
    with business_scope(cast.fjordstuen.pk):
        assert not BulkRun.objects.exists()


def test_a_key_that_may_not_read_gets_the_number_alone(cast: Cast, guests: list[int], tag: Tag) -> None:
    caller = caller_make(cast.fjordstuen, ["write"])
    answer = caller.post("bulk/", {"action": "tag_add", "values": {"tag_id": tag.pk}, "guest_ids": guests})
    assert answer.status == 201
    assert set(answer.body) == {"id"}
