"""Events of guests by API."""

from typing import Any

import pytest

from accounts.tenancy import business_scope
from automations.models import GuestEvent
from dedup.merging.services import merge
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import CustomerFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


def test_told_and_listed(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        stay = StayParticipantFactory(customer=guest).stay
    event = {
        "name": "spa.booked",
        "guest_id": guest.pk,
        "key": "118",
        "stay_id": stay.pk,
        "data": {"treatment": "Hot stone", "price": 890.5, "for": ["Kari", None]},
        "at": None,
    }
    made = caller.post("events/", {"events": [event, {"name": "spa.seen", "guest_id": guest.pk}]})
    assert made.status == 201, made.text
    assert [(each["is_new"], each["reason"]) for each in made.body["items"]] == [(True, ""), (True, "")]
    again = caller.post("events/", {"events": [event]}).body["items"]
    assert again == [{**made.body["items"][0], "is_new": False}]
    listed = caller.get(f"events/?guest_id={guest.pk}&name=spa.booked").body["items"]
    assert [each["id"] for each in listed] == [again[0]["id"]]
    assert {name: listed[0][name] for name in event if name != "at"} == {
        name: value for name, value in event.items() if name != "at"
    }
    assert (listed[0]["kind"], len(caller.get("events/?kind=told").body["items"])) == ("told", 2)
    assert caller.get("events/?kind=opened").body["items"] == []


def test_a_request_sent_twice_is_done_once(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    body = {"events": [{"name": "spa.booked", "guest_id": guest.pk}]}
    first = caller.post("events/", body, idempotency_key="once")
    second = caller.post("events/", body, idempotency_key="once")
    assert (second.body, second.headers["Idempotent-Replayed"]) == (first.body, "true")
    assert caller.post("events/", body).body["items"][0]["is_new"]
    with business_scope(cast.fjordstuen.pk):
        assert GuestEvent.objects.count() == 2


def test_by_the_id_of_a_merged_card(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk, cast.fjordstuen.owner.pk):
        stays, goes = CustomerFactory(), CustomerFactory()
        caller.post("events/", {"events": [{"name": "before", "guest_id": goes.pk}]})
        merge(customer_ids=[stays.pk, goes.pk], survivor_id=stays.pk)
    assert caller.post("events/", {"events": [{"name": "after", "guest_id": goes.pk}]}).status == 201
    for asked in (stays.pk, goes.pk):
        listed = caller.get(f"events/?guest_id={asked}").body["items"]
        assert [(each["name"], each["guest_id"]) for each in listed] == [("before", goes.pk), ("after", stays.pk)]


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"name": ""}, "name"),
        ({"guest_id": 2**40}, "guest_id"),
        ({"stay_id": 2**40}, "stay_id"),
        ({"data": []}, "data"),
        ({"data": {"text": "\x00"}}, "data"),
        ({"data": {"text": "\ud800"}}, "data"),
        ({"data": {"text": "x" * 5000}}, "data"),
        ({"at": "2019-01-01T00:00:00Z"}, "at"),
        ({"at": "tomorrow"}, "at"),
        ({"kind": "opened"}, "kind"),
    ],
)
def test_what_cannot_be_names_its_place(caller: Caller, cast: Cast, event: dict[str, Any], field: str) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    right = {"name": "spa.booked", "guest_id": guest.pk}
    answer = caller.post("events/", {"events": [right, {**right, **event}]})
    assert (answer.status, list(answer.errors)) == (422, [f"events.1.{field}"]), answer.text
    with business_scope(cast.fjordstuen.pk):
        assert not GuestEvent.objects.exists()


@pytest.mark.parametrize("body", [{}, {"events": []}, {"events": [{}] * 1001}, {"events": {}}])
def test_one_to_a_thousand(caller: Caller, body: dict[str, Any]) -> None:
    answer = caller.post("events/", body)
    assert answer.status == 422 and next(iter(answer.errors)).startswith("events")


def test_a_number_too_large_for_json_is_refused(caller: Caller, cast: Cast) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    sent = f'{{"events": [{{"name": "x", "guest_id": {guest.pk}, "data": {{"n": 1e999}}}}]}}'
    assert list(caller.post("events/", sent).errors) == ["events.0.data"]


def test_reading_needs_the_scope(cast: Cast) -> None:
    writer = caller_make(cast.fjordstuen, ["write"])
    assert writer.get("events/").code == "scope_missing"
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    assert writer.post("events/", {"events": [{"name": "x", "guest_id": guest.pk}]}).status == 201
