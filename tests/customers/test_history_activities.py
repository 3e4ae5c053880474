"""Calls and visits with their own time, and notes pinned above the timeline."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Business
from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.selectors import act_view
from customers.changes.services import change_set_undo
from customers.history.models import Activity
from customers.history.services import MAX_PINNED, ActivityRefused, activity_add, activity_pin
from tests.cast import Cast, House
from tests.factories import ActivityFactory, CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.reception.user)
    return client


def test_a_call_is_logged_with_the_businesss_own_time(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        Business.objects.filter(pk=cast.fjordstuen.pk).update(time_zone="Pacific/Auckland")
    card = f"/b/fjordstuen/guests/{guest.pk}/"
    assert desk.get(f"{card}activities/new/").status_code == 200
    data = {"kind": "call", "at": "2026-03-01T09:30", "text": "Asked for a cot."}
    assert desk.post(f"{card}activities/new/", data).headers["Location"] == card
    with business_scope(cast.fjordstuen.pk):
        call = Activity.objects.get()
    assert (call.kind, call.actor) == ("call", str(cast.fjordstuen.reception))
    assert call.at == dt.datetime(2026, 2, 28, 20, 30, tzinfo=dt.UTC), "Auckland is 13 hours ahead in March"
    assert "Asked for a cot." in desk.get(card).text


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"at": "2999-01-01T10:00"}, "at", "still to come"),
        ({"at": "1066-10-14T10:00"}, "at", "Check the year"),
        ({"at": "yesterday"}, "at", "valid date"),
        ({"text": ""}, "text", "required"),
        ({"text": "x" * 5000}, "text", "4000"),
        ({"kind": "form"}, "kind", "valid choice"),
    ],
)
def test_bad_logs_are_told_beside_the_field(
    cast: Cast, desk: Client, wrong: dict[str, Any], field: str, words: str
) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    data = {"kind": "call", "at": "2026-03-01T09:30", "text": "Kept as typed", **wrong}
    answer = desk.post(f"/b/fjordstuen/guests/{guest.pk}/activities/new/", data)
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    with business_scope(cast.fjordstuen.pk):
        assert not Activity.objects.exists()


def test_a_moment_to_come_is_refused_by_the_service(fjordstuen: House) -> None:
    guest = CustomerFactory()
    soon = timezone.now() + dt.timedelta(minutes=5)
    with pytest.raises(ActivityRefused, match="still to come"):
        activity_add(customer_id=guest.pk, text="x", at=soon)
    with pytest.raises(Customer.DoesNotExist):
        activity_add(customer_id=2**40, text="x")
    assert not Activity.objects.exists()


def test_who_acts_is_named_even_without_a_member(fjordstuen: House) -> None:
    guest = CustomerFactory()
    with business_scope(fjordstuen.pk, actor="Booking system"):
        written, act = activity_add(customer_id=guest.pk, text="x")
    assert (written.actor, act.actor) == ("Booking system", "Booking system")


def test_at_most_three_notes_are_pinned(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory(given_name="Ada", family_name="Lind")
        notes = [ActivityFactory(customer=guest, text=f"Note {number}") for number in range(MAX_PINNED + 1)]
    card = f"/b/fjordstuen/guests/{guest.pk}/"
    for note in notes:
        answer = desk.post(f"{card}activities/{note.pk}/pin/", follow=True)
    assert "At most 3 notes can be pinned" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert Activity.objects.filter(is_pinned=True).count() == MAX_PINNED
    assert desk.get(card).text.count('class="pinned"') == MAX_PINNED
    desk.post(f"{card}activities/{notes[0].pk}/pin/", {"unpin": "1"})
    assert "The note is pinned." in desk.post(f"{card}activities/{notes[-1].pk}/pin/", follow=True).text
    with business_scope(cast.fjordstuen.pk):
        act = ChangeSet.objects.latest("id")
        assert act_view(change_set_id=act.pk).sentence == "Pinned a note on Ada Lind"
        change_set_undo(change_set_id=act.pk)
        assert Activity.objects.filter(is_pinned=True).count() == MAX_PINNED - 1
        assert activity_pin(activity_id=notes[0].pk, pinned=False) is None, "it is so already"


def test_another_guests_note_cannot_be_pinned_here(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest, note = CustomerFactory(), ActivityFactory()
    assert desk.post(f"/b/fjordstuen/guests/{guest.pk}/activities/{note.pk}/pin/").status_code == 404
    with business_scope(cast.fjordstuen.pk):
        note.refresh_from_db()
        assert not note.is_pinned
