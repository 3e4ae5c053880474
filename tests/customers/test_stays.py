"""Stays on the card: booked, changed, moved through their states, cancelled; facts follow; the timeline pages."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Property
from accounts.tenancy import business_scope
from customers.changes.models import ChangeSet
from customers.facts.models import CustomerFacts
from customers.history.models import Activity, Stay
from customers.history.services import MOVES
from customers.history.timeline import timeline_page
from tests.cast import Cast
from tests.factories import ActivityFactory, CustomerFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast: Cast, client: Client) -> Client:
    client.force_login(cast.fjordstuen.reception.user)
    return client


def stay_form(cast: Cast, **changes: Any) -> dict[str, Any]:
    with business_scope(cast.fjordstuen.pk):
        house = Property.objects.get()
    today = timezone.localdate()
    return {
        "property": house.pk,
        "arrival": today.isoformat(),
        "departure": (today + dt.timedelta(days=2)).isoformat(),
        "unit": "214",
        "unit_type": "Double",
        "adults": "2",
        "children": "0",
        "reference": "ABC123",
        "channel": "",
        "amount": "2400.50",
        "currency": "NOK",
        "note": "",
        **changes,
    }


def test_a_stay_is_booked_checked_in_out_and_counted(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    card = f"/b/fjordstuen/guests/{guest.pk}/"
    assert desk.post(f"{card}stays/new/", stay_form(cast)).status_code == 302
    with business_scope(cast.fjordstuen.pk):
        stay = Stay.objects.get()
        assert CustomerFacts.objects.get(customer_id=guest.pk).next_arrival == stay.arrival
    assert "214" in desk.get(card).text
    desk.post(f"{card}stays/{stay.pk}/status/", {"status": "checked_in"})
    assert "In house · 214" in desk.get(card).text
    desk.post(f"{card}stays/{stay.pk}/status/", {"status": "checked_out"})
    with business_scope(cast.fjordstuen.pk):
        facts = CustomerFacts.objects.get(customer_id=guest.pk)
    assert (facts.stays, facts.nights, str(facts.value), facts.currency) == (1, 2, "2400.50", "NOK")


def test_a_stay_is_moved_cancelled_and_the_cancelling_undone(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    card = f"/b/fjordstuen/guests/{guest.pk}/"
    desk.post(f"{card}stays/new/", stay_form(cast))
    with business_scope(cast.fjordstuen.pk):
        stay = Stay.objects.get()
    later = (stay.departure + dt.timedelta(days=1)).isoformat()
    desk.post(f"{card}stays/{stay.pk}/", stay_form(cast, departure=later, unit="310"))
    with business_scope(cast.fjordstuen.pk):
        stay.refresh_from_db()
        assert (stay.nights, stay.unit) == (3, "310")
    desk.post(f"{card}stays/{stay.pk}/status/", {"status": "cancelled"})
    with business_scope(cast.fjordstuen.pk):
        assert CustomerFacts.objects.get(customer_id=guest.pk).cancelled == 1
        act = ChangeSet.objects.latest("id")
    desk.post(f"/b/fjordstuen/changes/{act.pk}/undo/")
    with business_scope(cast.fjordstuen.pk):
        stay.refresh_from_db()
        facts = CustomerFacts.objects.get(customer_id=guest.pk)
    assert stay.status == Stay.Status.BOOKED
    assert (facts.cancelled, facts.next_arrival) == (0, stay.arrival)
    assert "Cancelled the stay of" in desk.get(card).text


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"departure": "2020-01-01"}, "departure", "before the arrival"),
        ({"arrival": "2026-02-30"}, "arrival", "valid date"),
        ({"arrival": "2000-01-01"}, "departure", "1,000 nights"),
        ({"adults": "0"}, "adults", "from 1 to 500"),
        ({"amount": "-1"}, "amount", "negative"),
        ({"amount": "lots"}, "amount", "number"),
        ({"property": "0"}, "property", "valid choice"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_stays_are_refused_with_words(
    cast: Cast, desk: Client, wrong: dict[str, str], field: str, words: str
) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
    answer = desk.post(f"/b/fjordstuen/guests/{guest.pk}/stays/new/", stay_form(cast, **wrong))
    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert "ABC123" in answer.text
    with business_scope(cast.fjordstuen.pk):
        assert not Stay.objects.exists()


@pytest.mark.parametrize("start", Stay.Status.values)
def test_only_ways_that_exist_are_gone(cast: Cast, desk: Client, start: str) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        for wanted in Stay.Status.values:
            stay = StayFactory(status=start)
            StayParticipantFactory(stay=stay, customer=guest)
            desk.post(f"/b/fjordstuen/guests/{guest.pk}/stays/{stay.pk}/status/", {"status": wanted})
            stay.refresh_from_db()
            assert stay.status == (wanted if wanted in MOVES[start] else start)


def test_a_stay_of_another_guest_is_not_found(cast: Cast, desk: Client) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest, other = CustomerFactory(), CustomerFactory()
        stay = StayFactory()
        StayParticipantFactory(stay=stay, customer=other)
    assert desk.get(f"/b/fjordstuen/guests/{guest.pk}/stays/{stay.pk}/").status_code == 404


def test_the_timeline_pages_through_everything_once(cast: Cast) -> None:
    today = timezone.localdate()
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        moment = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        for day in range(1, 8):
            arrival = today - dt.timedelta(days=day)
            stay = StayFactory(arrival=arrival, departure=arrival, status=Stay.Status.CHECKED_OUT)
            StayParticipantFactory(stay=stay, customer=guest)
            # Two at the very same moment, and as the stay: the cursor must tell them apart.
            for _twin in range(2):
                ActivityFactory(customer=guest, at=moment - dt.timedelta(days=day), text="x")
        seen: list[tuple[Any, str, int]] = []
        after, pages = "", 0
        while True:
            page = timeline_page(customer_id=guest.pk, today=today, after=after, limit=4)
            seen += [(entry.at, entry.kind, entry.item.pk) for entry in page.entries]
            pages += 1
            if page.after is None:
                break
            after = page.after
        assert pages == 6
        assert len(seen) == len(set(seen)) == 21
        assert seen == sorted(seen, reverse=True)
        assert Activity.objects.count() == 14


@pytest.mark.parametrize("cursor", ["", "x", "~~", "2026-01-01~stay~1", "2026-13-01T00:00:00+00:00~stay~1", "a~b~c~d"])
def test_a_cursor_edited_by_hand_starts_from_the_newest(cast: Cast, desk: Client, cursor: str) -> None:
    with business_scope(cast.fjordstuen.pk):
        guest = CustomerFactory()
        ActivityFactory(customer=guest, text="The newest")
    assert "The newest" in desk.get(f"/b/fjordstuen/guests/{guest.pk}/timeline/", {"after": cursor}).text
