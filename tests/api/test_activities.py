"""Notes, calls and visits by API."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.history.models import Activity
from customers.history.services import MAX_PINNED
from tests.api.calling import Caller
from tests.cast import Cast
from tests.factories import ActivityFactory, CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(cast: Cast) -> Customer:
    with business_scope(cast.fjordstuen.pk):
        return CustomerFactory()


def test_a_call_is_written_under_the_keys_name(caller: Caller, cast: Cast, guest: Customer) -> None:
    made = caller.post(
        "activities/",
        {"guest_id": guest.pk, "kind": "call", "text": "Asked for a cot 🛏", "at": "2026-01-12T09:30:00+01:00"},
    )
    assert made.status == 201, made.text
    assert (made.body["kind"], made.body["actor"], made.body["guest_id"]) == ("call", "Booking system", guest.pk)
    assert caller.get(f"activities/{made.body['id']}/").body == made.body
    with business_scope(cast.fjordstuen.pk):
        assert Activity.objects.get().at.isoformat() == "2026-01-12T08:30:00+00:00"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"kind": "dream"}, "kind"),
        ({"at": "yesterday"}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"guest_id": 999999999}, "guest_id"),
        ({"guest_id": True}, "guest_id"),
        ({"member_id": 1}, "member_id"),
    ],
)
def test_refusals_name_the_field(caller: Caller, guest: Customer, values: dict[str, object], field: str) -> None:
    answer = caller.post("activities/", {"guest_id": guest.pk, "text": "Hello", **values})
    assert answer.status == 422, answer.text
    assert field in answer.errors


def test_a_moment_still_to_come(caller: Caller, guest: Customer) -> None:
    answer = caller.post("activities/", {"guest_id": guest.pk, "text": "Hello", "at": "2999-01-01T00:00:00Z"})
    assert (answer.status, answer.code) == (422, "refused")
    assert "still to come" in answer.body["detail"]


def test_a_clock_that_is_a_little_fast_says_now(caller: Caller, guest: Customer) -> None:
    soon, later = (timezone.now() + timedelta(seconds=seconds) for seconds in (90, 180))
    made = caller.post("activities/", {"guest_id": guest.pk, "text": "Hello", "at": soon.isoformat()})
    assert made.status == 201, made.text
    assert datetime.fromisoformat(made.body["at"]) <= timezone.now()
    answer = caller.post("activities/", {"guest_id": guest.pk, "text": "Hello", "at": later.isoformat()})
    assert (answer.status, answer.code) == (422, "refused")


def test_pinned_and_taken_down(caller: Caller, cast: Cast, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        notes = [ActivityFactory(customer=guest) for _each in range(MAX_PINNED + 1)]
    answers = [caller.patch(f"activities/{note.pk}/", {"is_pinned": True}) for note in notes]
    assert [answer.status for answer in answers] == [200] * MAX_PINNED + [422]
    assert caller.patch(f"activities/{notes[0].pk}/", {"is_pinned": False}).body["is_pinned"] is False
    assert caller.patch("activities/999999999/", {"is_pinned": True}).status == 404


def test_listed_by_guest_and_kind(caller: Caller, cast: Cast, guest: Customer) -> None:
    with business_scope(cast.fjordstuen.pk):
        mine, visit = ActivityFactory(customer=guest), ActivityFactory(kind="visit")

    def found(query: str) -> list[int]:
        return [each["id"] for each in caller.get(f"activities/?{query}").body["items"]]

    assert found("") == [mine.pk, visit.pk]
    assert found(f"guest={guest.pk}") == [mine.pk]
    assert found("kind=visit") == [visit.pk]
