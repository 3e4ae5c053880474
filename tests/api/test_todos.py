"""Staff tasks by API."""

from typing import Any

import pytest

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.history.models import Todo
from tests.api.calling import Caller
from tests.cast import Cast
from tests.factories import CustomerFactory, TodoFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory()


def test_given_and_done(caller: Caller, cast: Cast, guest: Customer) -> None:
    house = cast.fjordstuen
    made = caller.post(
        "todos/",
        {
            "guest_id": guest.pk,
            "title": "Call about the cot",
            "due_on": "2026-07-09",
            "assignee_id": house.reception.pk,
        },
    )
    assert made.status == 201, made.text
    assert (made.body["origin"], made.body["actor"], made.body["is_done"]) == ("api", "Booking system", False)
    assert made.body["assignee_id"] == house.reception.pk
    path = f"todos/{made.body['id']}/"
    done = caller.patch(path, {"is_done": True, "note": "Reached her", "version": made.body["version"]}).body
    assert (done["is_done"], done["done_by"], done["note"]) == (True, "Booking system", "Reached her")
    assert caller.patch(path, {"note": "x"}, if_match='"1"').code == "changed_meanwhile"
    assert caller.patch(path, {"is_done": False, "guest_id": None}).body["guest_id"] is None
    assert caller.get(path).body["is_done"] is False


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"due_on": "tomorrow"}, "due_on"),
        ({"assignee_id": 999999}, "assignee_id"),
        ({"property_id": 999999}, "property_id"),
        ({"guest_id": 999999}, "guest_id"),
        ({"is_done": True}, "is_done"),
    ],
)
def test_refusals_name_the_field(caller: Caller, cast: Cast, values: dict[str, Any], field: str) -> None:
    answer = caller.post("todos/", {"title": "Call", **values})
    assert (answer.status, answer.code) == (422, "invalid"), answer.text
    assert field in answer.errors
    with business_scope(cast.fjordstuen.pk):
        assert not Todo.objects.exists()


def test_listed(caller: Caller, cast: Cast, guest: Customer) -> None:
    mine = caller.post("todos/", {"title": "Call", "guest_id": guest.pk}).body["id"]
    with business_scope(cast.fjordstuen.pk):
        other = TodoFactory().pk
    caller.patch(f"todos/{mine}/", {"is_done": True})

    def found(query: str) -> list[int]:
        return [each["id"] for each in caller.get(f"todos/?{query}").body["items"]]

    assert found("") == [mine, other]
    assert found(f"guest={guest.pk}") == found("is_done=true") == [mine]
    assert found("is_done=false") == [other]
