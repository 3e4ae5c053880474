"""Stays by API: booked, changed, moved, told again by the system they come from."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Property
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set_undo
from customers.facts.models import CustomerFacts
from customers.history.external import ways
from customers.history.models import Stay
from tests.api.calling import Caller, caller_make
from tests.cast import Cast
from tests.factories import CustomerFactory, CustomFieldFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db

JULY = {"arrival": "2026-07-10", "departure": "2026-07-13", "adults": 2, "amount": "4350.00", "unit": "204"}


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory()


@pytest.fixture
def house(cast: Cast) -> int:
    with business_scope(cast.fjordstuen.pk):
        return Property.objects.get().pk


@pytest.fixture
def body(guest: Customer, house: int) -> dict[str, Any]:
    return {"guest_id": guest.pk, "property_id": house, **JULY}


def test_a_stay_is_booked(caller: Caller, body: dict[str, Any], guest: Customer) -> None:
    made = caller.post("stays/", body)
    assert made.status == 201, made.text
    stay = made.body
    assert (stay["status"], stay["nights"], stay["amount"], stay["currency"]) == ("booked", 3, "4350.00", "NOK")
    assert stay["participants"] == [
        {"guest_id": guest.pk, "is_guest": True, "is_booker": True, "is_payer": True, "is_agent": False}
    ]
    assert caller.get(f"stays/{stay['id']}/").body == stay


@pytest.mark.parametrize(
    ("values", "field", "told"),
    [
        ({"departure": "2026-07-09"}, "departure", "The departure is before the arrival."),
        ({"departure": "2036-07-09"}, "departure", "longer than 1,000 nights"),
        ({"amount": "-1"}, "amount", "An amount cannot be negative."),
        ({"amount": "much"}, "amount", "Enter a number."),
        ({"adults": 0}, "adults", "Write a number from 1 to 500."),
        ({"currency": "QQQ"}, "currency", "Select a valid choice."),
        ({"guest_id": 2**62}, "guest_id", "This guest is not in the register."),
        ({"property_id": 2**62}, "property_id", "Select a valid choice."),
        ({"arrival": None}, "arrival", "This field may not be null."),
        ({"arrival": "10.07.2026"}, "arrival", "Enter a valid date."),
        ({"booked_on": "2999-01-01"}, "booked_on", "This date is in the future."),
        ({"status": "lost"}, "status", "Select a valid choice."),
        ({"external_id": "1"}, "external_system", "Send both"),
        ({"rooms": 1}, "rooms", "There is no field of this name here."),
        ({"fields": {"pets": "yes"}}, "fields.pets", "There is no field called"),
    ],
)
def test_refusals_name_the_field(
    caller: Caller, cast: Cast, body: dict[str, Any], values: dict[str, Any], field: str, told: str
) -> None:
    answer = caller.post("stays/", {**body, **values})
    assert answer.status == 422, answer.text
    assert told in answer.errors[field]
    with business_scope(cast.fjordstuen.pk):
        assert not Stay.objects.exists()


def test_it_is_changed_where_nobody_did_meanwhile(caller: Caller, body: dict[str, Any]) -> None:
    stay = caller.post("stays/", body).body
    path = f"stays/{stay['id']}/"
    moved = caller.patch(path, {"departure": "2026-07-14", "version": stay["version"]})
    assert (moved.status, moved.body["nights"], moved.body["unit"]) == (200, 4, "204")
    late = caller.patch(path, {"unit": "101"}, if_match='"1"')
    assert (late.status, late.code) == (409, "changed_meanwhile")
    assert late.body["current"]["departure"] == "2026-07-14"
    assert "departure" in caller.patch(path, {"departure": "2026-07-01"}).errors
    assert "status" in caller.patch(path, {"status": "cancelled"}).errors


def test_arrival_and_departure_are_a_pair(caller: Caller, body: dict[str, Any]) -> None:
    """Whichever is sent is told when it does not go with the other one that stands."""
    outside = "stays/by-external-id/bookings/B-1/"
    stay = caller.put(outside, body).body
    path = f"stays/{stay['id']}/"
    for change in (lambda sent: caller.patch(path, sent), lambda sent: caller.put(outside, sent)):
        for sent in ({"arrival": "2026-07-14"}, {"departure": "2026-07-09"}, {"arrival": "2020-07-14", "unit": "1"}):
            refused = change(sent)
            assert (refused.status, refused.code) == (422, "invalid"), refused.text
            assert list(refused.errors) == [next(iter(sent))]
    assert caller.get(path).body == stay


def test_a_key_that_may_not_read_gets_nothing_back(caller: Caller, cast: Cast, body: dict[str, Any]) -> None:
    path = f"stays/{caller.post('stays/', body).body['id']}/"
    writer = caller_make(cast.fjordstuen, ["write"])
    changed = writer.patch(path, {"unit": "101"})
    assert (changed.status, set(changed.body)) == (200, {"id", "version"})
    late = writer.patch(path, {"unit": "102", "version": 1})
    assert late.body["current"] == {**changed.body, "unit": "101"}


def test_it_moves_as_at_the_desk(caller: Caller, body: dict[str, Any]) -> None:
    path = f"stays/{caller.post('stays/', body).body['id']}/status/"
    assert caller.post(path, {"status": "checked_in"}).body["status"] == "checked_in"
    refused = caller.post(path, {"status": "cancelled"})
    assert (refused.status, refused.code) == (409, "move_refused")
    assert caller.post(path, {"status": "checked_in"}).status == 200
    assert caller.post(path, {"status": "checked_out"}).body["status"] == "checked_out"


@pytest.mark.parametrize("status", Stay.Status.values)
def test_another_system_tells_how_it_stands(
    caller: Caller, cast: Cast, body: dict[str, Any], guest: Customer, status: str
) -> None:
    """Whatever the status, it is one act, and undone as one."""
    path = "stays/by-external-id/bookings/B-1/"
    first = caller.put(path, {**body, "status": status, "booked_on": "2026-01-02"})
    assert (first.status, first.body["status"], first.body["external_id"]) == (201, status, "B-1"), first.text
    again = caller.put(path, {**body, "status": status, "booked_on": "2026-01-02"})
    assert (again.status, again.body) == (200, first.body)
    with business_scope(cast.fjordstuen.pk):
        act = ChangeSet.objects.get(actor="Booking system")
        outcome = change_set_undo(change_set_id=act.pk)[1]
        assert not Stay.objects.exists(), outcome
        assert CustomerFacts.objects.get(customer_id=guest.pk).stays == 0


@pytest.mark.parametrize("start", Stay.Status.values)
def test_every_status_leads_to_every_other(start: str) -> None:
    assert set(ways(start)) == set(Stay.Status.values)


def test_told_again_it_changes_what_is_different(caller: Caller, cast: Cast, body: dict[str, Any]) -> None:
    path = "stays/by-external-id/bookings/B-1/"
    assert "guest_id" in caller.put(path, JULY).errors
    assert "arrival" in caller.put(path, {"guest_id": body["guest_id"]}).errors
    caller.put(path, body)
    changed = caller.put(path, {"unit": "101", "status": "cancelled"})
    assert (changed.status, changed.body["unit"], changed.body["arrival"]) == (200, "101", "2026-07-10")
    assert changed.body["status"] == "cancelled"
    assert caller.get(path).body == changed.body
    with business_scope(cast.fjordstuen.pk):
        assert ChangeSet.objects.filter(actor="Booking system").count() == 2
        assert Change.objects.filter(record="stay").count() >= 2
    twice = caller.post("stays/", {**body, "external_system": "bookings", "external_id": "B-1"})
    assert (twice.status, twice.code) == (409, "external_id_taken")
    assert caller.get("stays/by-external-id/bookings/B-2/").status == 404


def test_own_fields(caller: Caller, cast: Cast, body: dict[str, Any]) -> None:
    with business_scope(cast.fjordstuen.pk):
        CustomFieldFactory(key="late", kind="yes_no", target="stay")
    stay = caller.post("stays/", {**body, "fields": {"late": True}}).body
    assert stay["fields"] == {"late": True}
    assert caller.patch(f"stays/{stay['id']}/", {"fields": {"late": None}}).body["fields"] == {}


def test_found_by_guest_property_status_reference_and_arrival(
    caller: Caller, cast: Cast, body: dict[str, Any], guest: Customer, house: int
) -> None:
    with business_scope(cast.fjordstuen.pk):
        old = StayFactory()
    stay = caller.post("stays/", {**body, "reference": "R-1"}).body

    def found(query: str) -> list[int]:
        return [each["id"] for each in caller.get(f"stays/?{query}").body["items"]]

    assert found("") == [old.pk, stay["id"]]
    assert found(f"guest={guest.pk}") == found("reference=R-1") == found("arrival_from=2026-01-01") == [stay["id"]]
    assert found("status=checked_out") == found("arrival_to=2026-01-01") == [old.pk]
    assert found(f"property={house}&status=booked") == [stay["id"]]
    assert found("guest=999999999") == []


def test_queries_do_not_grow_with_the_page(caller: Caller, cast: Cast, body: dict[str, Any]) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert caller.get("stays/?limit=200").status == 200
        return len(queries)

    caller.post("stays/", body)
    few = counted()
    with business_scope(cast.fjordstuen.pk):
        for _each in range(20):
            StayParticipantFactory()
    assert counted() == few <= 16


def test_properties(caller: Caller, house: int) -> None:
    assert [each["id"] for each in caller.get("properties/").body["items"]] == [house]
