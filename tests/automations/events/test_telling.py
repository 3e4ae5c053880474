"""Events told by other systems: each once, of guests there are, for ninety days."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from automations.events.services import (
    DATA_MAX,
    EVENTS_MAX,
    KEPT_FOR,
    EventsRefused,
    Happening,
    event_tell,
    events_expire,
    events_tell,
)
from automations.events.tasks import guest_events_expire
from automations.models import GuestEvent
from dedup.merging.services import merge
from tests.cast import Cast, House
from tests.factories import CustomerFactory, StayFactory, StayParticipantFactory

pytestmark = pytest.mark.django_db


def spa(guest: Any, key: str = "", **values: Any) -> Happening:
    return Happening("spa.booked", guest.pk, key, **values)


def test_the_same_told_twice_is_once(fjordstuen: House) -> None:
    guest, other = CustomerFactory(), CustomerFactory()
    first = event_tell(name=" spa.booked ", customer_id=guest.pk, key="118", data={"with": 2})
    assert first is not None
    assert (first.kind, first.name, first.data, first.customer_id) == ("told", "spa.booked", {"with": 2}, guest.pk)
    assert first.xid > 0
    again = event_tell(name="spa.booked", customer_id=other.pk, key="118", data={"with": 3})
    assert again is not None and (again.pk, again.customer_id, again.data) == (first.pk, guest.pk, {"with": 2})
    assert event_tell(name="spa.cancelled", customer_id=guest.pk, key="118") != first
    assert GuestEvent.objects.count() == 2


def test_a_batch_tells_what_was_new_of_each(fjordstuen: House) -> None:
    guests = CustomerFactory.create_batch(3)
    event_tell(name="spa.booked", customer_id=guests[0].pk, key="a")
    rows = [spa(guests[2]), spa(guests[0], "a"), spa(guests[1], "b"), spa(guests[2]), spa(guests[1], "b")]
    told = events_tell(happenings=rows)
    assert [each.is_new for each in told] == [True, False, True, True, False]
    assert [each.event.customer_id for each in told if each.event] == [guests[place].pk for place in (2, 0, 1, 2, 1)]
    assert told[2].event == told[4].event
    assert GuestEvent.objects.count() == 4


def test_a_thousand_cost_no_more_statements_than_one(fjordstuen: House) -> None:
    stay = StayFactory()
    guest = StayParticipantFactory(stay=stay).customer
    with CaptureQueriesContext(connection) as one:
        events_tell(happenings=[spa(guest, "first", stay_id=stay.pk)])
    with CaptureQueriesContext(connection) as many:
        told = events_tell(happenings=[spa(guest, f"k{n}", stay_id=stay.pk) for n in range(EVENTS_MAX)])
    assert len(many) == len(one)
    assert all(each.is_new for each in told)
    with pytest.raises(EventsRefused) as refused:
        events_tell(happenings=[spa(guest, str(n)) for n in range(EVENTS_MAX + 1)])
    assert list(refused.value.errors) == [""]


def test_an_old_id_leads_to_the_card_that_carries_on(fjordstuen: House) -> None:
    stays, goes = CustomerFactory(), CustomerFactory()
    merge(customer_ids=[stays.pk, goes.pk], survivor_id=stays.pk)
    event = event_tell(name="spa.booked", customer_id=goes.pk)
    assert event is not None and event.customer_id == stays.pk


def test_of_guests_whose_data_is_not_to_be_used_nothing_is_kept(fjordstuen: House) -> None:
    restricted, guest = CustomerFactory(is_restricted=True), CustomerFactory()
    told = events_tell(happenings=[spa(restricted), spa(guest)])
    assert [(bool(each.event), each.is_new, each.reason) for each in told] == [
        (False, False, "restricted"),
        (True, True, ""),
    ]
    assert event_tell(name="x", customer_id=restricted.pk) is None
    assert GuestEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"key": "k" * 121}, "key"),
        ({"data": {"text": "æ" * (DATA_MAX // 2)}}, "data"),
        ({"data": {"text": "\x00"}}, "data"),
        ({"data": {"number": float("inf")}}, "data"),
        ({"at": timezone.now() + dt.timedelta(hours=1)}, "at"),
        ({"at": timezone.now() - KEPT_FOR - dt.timedelta(hours=1)}, "at"),
        ({"customer_id": 2**40}, "customer_id"),
        ({"stay_id": 2**40}, "stay_id"),
    ],
)
def test_what_cannot_be_names_its_field(fjordstuen: House, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        event_tell(**{"name": "spa.booked", "customer_id": CustomerFactory().pk, **values})
    assert refused.value.field == field


def test_one_that_cannot_be_keeps_all_of_them_out(fjordstuen: House) -> None:
    guest, strangers = CustomerFactory(), StayFactory()
    with pytest.raises(EventsRefused) as refused:
        events_tell(happenings=[spa(guest), spa(guest, stay_id=strangers.pk), Happening("", 2**40)])
    assert sorted(refused.value.errors) == ["1.stay_id", "2.customer_id", "2.name"]
    assert not GuestEvent.objects.exists()


def test_a_neighbours_guest_is_nobody(cast: Cast) -> None:
    with business_scope(cast.duinzicht.pk):
        theirs = CustomerFactory()
    with business_scope(cast.fjordstuen.pk), pytest.raises(Refused) as refused:
        event_tell(name="x", customer_id=theirs.pk)
    assert refused.value.field == "customer_id"


def test_a_clock_that_is_fast_is_put_right(fjordstuen: House) -> None:
    now = timezone.now()
    told = events_tell(happenings=[spa(CustomerFactory(), at=now + dt.timedelta(minutes=2))], now=now)
    assert told[0].event is not None and told[0].event.at == now


def test_after_ninety_days_they_are_gone(cast: Cast) -> None:
    now = timezone.now()
    for house in (cast.fjordstuen, cast.duinzicht):
        with business_scope(house.pk):
            guest = CustomerFactory()
            for days in (1, 89, 91):
                GuestEvent.objects.create(kind="told", customer_id=guest.pk, at=now - dt.timedelta(days=days))
    with business_scope(cast.fjordstuen.pk):
        assert events_expire(now=now - dt.timedelta(days=2)) == 0
    guest_events_expire()
    for house in (cast.fjordstuen, cast.duinzicht):
        with business_scope(house.pk):
            assert GuestEvent.objects.count() == 2
