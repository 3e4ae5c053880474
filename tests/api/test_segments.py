"""Segments and shared views by API."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import AuditEntry
from accounts.tenancy import business_scope
from customers.filters import Condition, Group
from customers.segments.models import SavedView, Segment, SegmentMember
from customers.segments.services import segment_create, segment_refresh, view_create
from customers.segments.tasks import segments_count
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import CustomerFactory, SegmentMemberFactory

pytestmark = pytest.mark.django_db

DUTCH = {
    "version": 1,
    "match": "all",
    "rules": [{"field": "language", "operator": "any_of", "value": ["nl"]}],
}
SPEAKS_DUTCH = Group(rules=(Condition("language", "any_of", ("nl",)),))


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Businesses whose segments a worker was asked to count."""
    found: list[int] = []
    monkeypatch.setattr(segments_count, "delay", found.append)
    yield found


def test_made_changed_and_removed(
    caller: Caller, cast: Cast, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        made = caller.post("segments/", {"name": "Dutch", "tree": DUTCH})
    assert made.status == 201, made.text
    assert sent == [cast.fjordstuen.pk]
    assert (made.body["name"], made.body["tree"], made.body["version"], made.body["code"]) == ("Dutch", DUTCH, 1, "")
    assert (made.body["members"], made.body["is_counted"]) == (None, False)
    path = f"segments/{made.body['id']}/"
    with business_scope(cast.fjordstuen.pk):
        CustomerFactory(language="nl")
        segment_refresh(segment_id=made.body["id"])
        assert AuditEntry.objects.filter(action="segment.added", actor="Booking system").count() == 1
    read = caller.get(path).body
    assert (read["members"], read["is_counted"]) == (1, True)
    changed = caller.patch(path, {"description": "Who reads Dutch", "version": 1}).body
    assert (changed["description"], changed["version"], changed["is_counted"]) == ("Who reads Dutch", 2, True)
    assert caller.patch(path, {"tree": {"version": 0, "language": ["de"]}}, if_match='"2"').body["tree"]["version"] == 1
    stale = caller.patch(path, {"name": "x"}, if_match='"2"')
    assert (stale.status, stale.code, stale.body["current"]["version"]) == (409, "changed_meanwhile", 3)
    assert caller.delete(path, if_match='"2"').code == "changed_meanwhile"
    assert caller.delete(path).status == 204
    assert caller.get(path).status == caller.patch(path, {"name": "x"}).status == caller.delete(path).status == 404


def test_listed_with_the_ready_ones(caller: Caller) -> None:
    caller.post("segments/", {"name": "Dutch", "tree": DUTCH})
    items = caller.get("segments/").body["items"]
    assert (items[0]["code"], items[0]["name"]) == ("newsletter_email", "Newsletter by e-mail ready")
    assert items[-1]["name"] == "Dutch"
    assert len(items) == 7


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "Best guests"}, "name"),
        ({"name": None}, "name"),
        ({"description": "x" * 401}, "description"),
        ({"shared": True}, "shared"),
        ({"tree": None}, "tree"),
        ({"tree": []}, "tree"),
        ({"tree": {"version": 99, "rules": []}}, "tree"),
        ({"tree": {"version": 1, "rules": [{"field": "shoe_size", "operator": "yes"}]}}, "tree.rules.0"),
        ({"tree": {"version": 1, "rules": [{"rules": [*DUTCH["rules"], {"field": "x"}]}]}}, "tree.rules.0.rules.1"),
        (
            {"tree": {"version": 1, "rules": [{"field": "segment", "operator": "any_of", "value": [999_999]}]}},
            "tree.rules.0",
        ),
        ({"tree": {"version": 1, "rules": [{"field": "\ud800", "operator": "yes"}]}}, "tree"),
    ],
)
def test_refusals_name_the_field(caller: Caller, cast: Cast, values: dict[str, Any], field: str) -> None:
    answer = caller.post("segments/", {"name": "Dutch", "tree": DUTCH, **values})
    assert (answer.status, answer.code) == (422, "invalid"), answer.text
    assert field in answer.errors
    with business_scope(cast.fjordstuen.pk):
        assert not Segment.objects.filter(code="").exists()


def test_one_that_others_rest_on_stays(caller: Caller) -> None:
    first = caller.post("segments/", {"name": "First", "tree": DUTCH}).body["id"]
    names_it = {"version": 1, "rules": [{"field": "segment", "operator": "any_of", "value": [first]}]}
    caller.post("segments/", {"name": "Second", "tree": names_it})
    refused = caller.delete(f"segments/{first}/")
    assert (refused.status, refused.code) == (409, "segment_in_use")
    assert "“Second”" in refused.body["detail"]
    circle = caller.patch(f"segments/{first}/", {"tree": names_it})
    assert (circle.status, list(circle.errors)) == (422, ["tree.rules.0"])


def test_its_guests_page_by_page(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        segment = segment_create(name="Dutch", tree=SPEAKS_DUTCH)
        guests = [CustomerFactory(language="nl").pk for _each in range(5)]
        CustomerFactory()
        segment_refresh(segment_id=segment.pk)
        gone = SegmentMember.objects.get(customer_id=guests[1])
        SegmentMember.objects.filter(pk=gone.pk).update(left_at=gone.entered_at)
    found, path = [], f"segments/{segment.pk}/guests/?limit=3"
    while path:
        page = caller.get(path).body
        found.append([each["id"] for each in page["items"]])
        path = page["next"] and page["next"].replace("http://testserver", "")
    assert found == [[guests[0], guests[2], guests[3]], [guests[4]]]
    with business_scope(cast.fjordstuen.pk):
        seen = AuditEntry.objects.filter(action="guest.viewed").values_list("object_id", flat=True)
        assert sorted(seen) == sorted(guests[:1] + guests[2:])
    assert caller.get(f"segments/{segment.pk}/guests/?cursor=x").status == 422


def test_its_history(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        segment = segment_create(name="Dutch", tree=SPEAKS_DUTCH)
        SegmentMemberFactory(segment=segment)
        SegmentMemberFactory(segment=segment, by_definition=True)
    (day,) = caller.get(f"segments/{segment.pk}/history/?days=7").body["items"]
    assert (day["members"], day["entered"], day["left"]) == (2, 1, 0)
    assert caller.get(f"segments/{segment.pk}/history/?days=0").status == 422
    assert caller.get("segments/999999/history/").status == 404


def test_shared_views(caller: Caller, cast: Cast) -> None:
    made = caller.post("views/", {"name": "Dutch", "tree": DUTCH, "sort": "-value", "columns": ["name", "value"]})
    assert made.status == 201, made.text
    assert (made.body["sort"], made.body["columns"], made.body["density"]) == ("-value", ["name", "value"], "")
    path = f"views/{made.body['id']}/"
    changed = caller.patch(path, {"density": "compact", "version": 1}).body
    assert (changed["density"], changed["version"], changed["name"]) == ("compact", 2, "Dutch")
    assert caller.patch(path, {"name": "x"}, if_match='"1"').code == "changed_meanwhile"
    assert "name" in caller.post("views/", {"name": "dutch", "tree": DUTCH}).errors
    assert "sort" in caller.patch(path, {"sort": "a b"}).errors
    assert "columns.1" in caller.patch(path, {"columns": ["name", 3]}).errors
    assert [each["id"] for each in caller.get("views/").body["items"]] == [made.body["id"]]
    assert caller.delete(path, if_match='"1"').status == 409
    assert caller.delete(path).status == 204
    assert caller.get(path).status == 404


def test_a_members_own_views_are_theirs(caller: Caller, cast: Cast) -> None:
    house = cast.fjordstuen
    with business_scope(house.pk):
        own = view_create(name="Mine", tree=SPEAKS_DUTCH, member=house.reception).pk
    assert caller.get("views/").body["items"] == []
    for answer in (caller.get(f"views/{own}/"), caller.patch(f"views/{own}/", {}), caller.delete(f"views/{own}/")):
        assert answer.status == 404
    with business_scope(house.pk):
        assert SavedView.objects.filter(pk=own).exists()


def test_scopes_and_neighbours(cast: Cast) -> None:
    reader = caller_make(cast.fjordstuen, ["read"])
    writer = caller_make(cast.fjordstuen, ["write"])
    made = writer.post("segments/", {"name": "Dutch", "tree": DUTCH})
    assert (made.status, set(made.body)) == (201, {"id", "version"})
    path = f"segments/{made.body['id']}/"
    assert reader.get(path).status == 200
    for answer in (
        reader.post("segments/", {"name": "x", "tree": DUTCH}),
        reader.patch(path, {"name": "x"}),
        reader.delete(path),
        writer.get(path),
        writer.get(f"{path}guests/"),
        writer.get("views/"),
    ):
        assert (answer.status, answer.code) == (403, "scope_missing")
    stale = writer.patch(path, {"name": "Other", "version": 9})
    assert set(stale.body["current"]) == {"id", "version", "name"}
    neighbour = caller_make(cast.duinzicht)
    for answer in (neighbour.get(path), neighbour.patch(path, {"name": "x"}), neighbour.delete(path)):
        assert answer.status == 404
    assert neighbour.get(f"{path}guests/").status == neighbour.get(f"{path}history/").status == 404
