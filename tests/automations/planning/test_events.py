"""Events: what happens lets guests in, once, from the moment an automation is on."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from automations.models import Automation, GuestEvent, Journey
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from messaging.models import Message
from tests.automations.houses import automation_on, wait
from tests.automations.planning.houses import DAY, NOON, TODAY, booking, changed, one, passed, seen
from tests.cast import House
from tests.factories import (
    ConsentEventFactory,
    CustomerFactory,
    CustomerTagFactory,
    ProductFactory,
    PropertyFactory,
    PurchaseFactory,
    SegmentFactory,
    SegmentMemberFactory,
    StayParticipantFactory,
    TagFactory,
)
from tests.held import transaction_number
from tests.messaging.campaigns.houses import letter

Happening = Callable[[], tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]]


def on(**trigger: Any) -> Automation:
    return automation_on(wait(days=1), trigger=trigger, name=f"On {trigger['kind']} {Automation.objects.count()}")


def _stay(kind: str, word: str, *, was: str = "booked", arrives: int = 5, **values: Any) -> Happening:
    def given() -> tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]:
        stay, (guest,) = booking(arrives=arrives, status=was)

        def happens() -> tuple[Customer, str]:
            changed(stay, **values)
            return guest, f"{word}:{stay.pk}"

        return {"kind": kind}, happens

    return given


def _booked() -> tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]:
    def happens() -> tuple[Customer, str]:
        stay, (guest,) = booking()
        return guest, f"booked:{stay.pk}"

    return {"kind": "stay_booked"}, happens


def _moved() -> tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]:
    stay, (guest,) = booking()

    def happens() -> tuple[Customer, str]:
        changed(stay, arrival=stay.arrival - DAY)
        return guest, f"changed:{stay.pk}:{ChangeSet.objects.latest('pk').pk}"

    return {"kind": "stay_changed"}, happens


def _bought() -> tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]:
    product = ProductFactory()

    def happens() -> tuple[Customer, str]:
        PurchaseFactory()
        found = PurchaseFactory(product=product)
        return found.customer, f"bought:{found.pk}"

    return {"kind": "purchase", "product": product.pk}, happens


def _tagged() -> tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]:
    tag = TagFactory()

    def happens() -> tuple[Customer, str]:
        CustomerTagFactory()
        found = CustomerTagFactory(tag=tag)
        return found.customer, f"tag:{found.pk}"

    return {"kind": "tag_added", "tag": tag.pk}, happens


def _consented() -> tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]:
    def happens() -> tuple[Customer, str]:
        guest = CustomerFactory()
        ConsentEventFactory(customer=guest, channel="sms")
        found = ConsentEventFactory(customer=guest)
        return guest, f"consent:{found.pk}"

    return {"kind": "consent_given", "purpose": "newsletter", "channel": "email"}, happens


def _segment() -> tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]:
    segment = SegmentFactory()

    def happens() -> tuple[Customer, str]:
        SegmentMemberFactory(entered_xid=transaction_number())
        SegmentMemberFactory(segment=segment, entered_xid=transaction_number(), by_definition=True)
        found = SegmentMemberFactory(segment=segment, entered_xid=transaction_number())
        return found.customer, f"segment:{found.pk}"

    return {"kind": "segment_entered", "segment": segment.pk}, happens


def _told() -> tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]:
    def happens() -> tuple[Customer, str]:
        guest = CustomerFactory()
        GuestEvent.objects.create(kind="told", customer_id=guest.pk, name="spa.left")
        found = GuestEvent.objects.create(kind="told", customer_id=guest.pk, name="spa")
        return guest, f"event:{found.pk}"

    return {"kind": "event", "name": "spa"}, happens


def _message(kind: str, column: str) -> Happening:
    def given() -> tuple[dict[str, Any], Callable[[], tuple[Customer, str]]]:
        wanted, other = letter("Wanted"), letter("Other")

        def happens() -> tuple[Customer, str]:
            sent = [_sent(template) for template in (wanted, other)]
            for each in sent:
                setattr(each, column, NOON)
                each.save(update_fields=[column])
            return sent[0].customer, f"{kind.removeprefix('message_')}:{sent[0].pk}"

        return {"kind": kind, "template": wanted.pk}, happens

    return given


def _sent(template: Any) -> Message:
    return Message.objects.create(
        customer=CustomerFactory(), channel="email", purpose="newsletter", key=f"t{template.pk}", origin="manual",
        template_text=template.texts.get(), state="sent", due_at=NOON, zone="Europe/Oslo", sent_at=NOON,
    )  # fmt: skip


KINDS: dict[str, Happening] = {
    "booked": _booked,
    "changed": _moved,
    "cancelled": _stay("stay_cancelled", "cancelled", status="cancelled"),
    "checked in": _stay("checked_in", "in", arrives=0, status="checked_in"),
    "checked out": _stay("checked_out", "out", was="checked_in", arrives=-2, status="checked_out"),
    "no show": _stay("no_show", "noshow", arrives=-1, status="no_show"),
    "purchase": _bought,
    "tag": _tagged,
    "consent": _consented,
    "segment": _segment,
    "event": _told,
    "opened": _message("message_opened", "opened_at"),
    "clicked": _message("message_clicked", "clicked_at"),
}


@pytest.mark.parametrize("given", KINDS.values(), ids=KINDS.keys())
def test_what_happens_lets_a_guest_in_once(fjordstuen: House, given: Happening) -> None:
    trigger, happens = given()
    made = on(**trigger)
    guest, key = happens()
    assert (passed().entered, passed().entered) == (1, 0)
    assert seen(made) == {(guest.pk, key)}
    entered = one(made)
    assert (entered.state, entered.step, entered.due_at, entered.began_at) == ("running", "", NOON, None)
    assert (entered.due_local, entered.zone, entered.version_id) == ("2026-06-16T12:00", "Europe/Oslo", made.current_id)


@pytest.mark.parametrize("kind", ["import", "merge", "undo", "sample"])
def test_what_is_no_event_lets_nobody_in(fjordstuen: House, kind: str) -> None:
    tag = TagFactory()
    made = [on(kind="stay_booked"), on(kind="tag_added", tag=tag.pk), on(kind="purchase"), on(kind="stay_cancelled")]
    stay, _guests = booking()
    passed()
    Journey.objects.all().delete()
    Automation.objects.update(since_xid=transaction_number())
    with change_set(kind=ChangeSet.Kind(kind), title="Silent"):
        booking()
        CustomerTagFactory(tag=tag)
        PurchaseFactory()
        changed(stay, status="cancelled")
    passed()
    assert [found for each in made[1:] for found in seen(each)] == []
    assert all(key == f"booked:{stay.pk}" for _guest, key in seen(made[0]))


def test_an_undone_cancellation_is_silent(fjordstuen: House) -> None:
    booked, cancelled = on(kind="stay_booked"), on(kind="stay_cancelled")
    stay, (guest,) = booking()
    changed(stay, status="cancelled")
    change_set_undo(change_set_id=ChangeSet.objects.latest("pk").pk)
    passed()
    assert seen(booked) == {(guest.pk, f"booked:{stay.pk}")}
    assert seen(cancelled) == set()


def test_history_that_is_written_down_is_no_booking(fjordstuen: House) -> None:
    made = [on(kind="stay_booked"), on(kind="checked_in"), on(kind="checked_out")]
    booking(arrives=-400, status="checked_out")
    passed(dt.datetime.now(dt.UTC))
    assert [found for each in made for found in seen(each)] == []


def test_a_booking_is_its_bookers_or_its_guests(fjordstuen: House) -> None:
    booker, guests = on(kind="stay_booked"), on(kind="stay_booked", who="guests")
    stay, who = booking(CustomerFactory(), CustomerFactory())
    passed()
    assert seen(booker) == {(who[0].pk, f"booked:{stay.pk}")}
    assert seen(guests) == {(each.pk, f"booked:{stay.pk}") for each in who}


def test_who_booked_may_be_written_down_later(fjordstuen: House) -> None:
    made = on(kind="stay_booked")
    stay, (guest,) = booking()
    passed()
    changed(stay.participants.get(), is_booker=False, is_payer=False)
    StayParticipantFactory(stay=stay, is_booker=True)
    passed()
    assert seen(made) == {(guest.pk, f"booked:{stay.pk}")}


@pytest.mark.parametrize(("roles", "wanted"), [(("is_payer", "is_booker"), 1), (("is_guest", "is_payer"), 1)])
def test_without_a_booker_it_is_who_pays(fjordstuen: House, roles: tuple[str, str], wanted: int) -> None:
    made = on(kind="stay_booked")
    stay, who = booking(CustomerFactory(), CustomerFactory())
    for part, role in zip(stay.participants.order_by("pk"), roles, strict=True):
        flags = dict.fromkeys(("is_guest", "is_booker", "is_payer"), False)
        changed(part, **{**flags, role: True})
    passed()
    assert seen(made) == {(who[wanted].pk, f"booked:{stay.pk}")}


def test_a_room_number_is_no_change_of_a_booking(fjordstuen: House) -> None:
    made = on(kind="stay_changed")
    stay, _guests = booking()
    changed(stay, unit="204", note="Late")
    passed()
    assert seen(made) == set()


def test_properties_narrow_and_their_clock_counts(fjordstuen: House) -> None:
    there = PropertyFactory(time_zone="Atlantic/Reykjavik")
    made = on(kind="stay_booked", properties=[there.pk])
    booking()
    stay, (guest,) = booking(property=there)
    passed()
    assert seen(made) == {(guest.pk, f"booked:{stay.pk}")}
    assert (one(made).zone, one(made).due_local) == ("Atlantic/Reykjavik", "2026-06-16T10:00")


@pytest.mark.parametrize("flag", ["is_restricted", "is_deceased"])
def test_guests_whose_data_is_not_to_be_used_stay_out(fjordstuen: House, flag: str) -> None:
    made = [on(kind="stay_booked"), on(kind="before_arrival", days=1), on(kind="birthday")]
    booking(CustomerFactory(birth_date=dt.date(1980, 6, 20), **{flag: True}))
    passed()
    assert [found for each in made for found in seen(each)] == []


def test_the_filter_is_asked_when_an_event_comes(fjordstuen: House) -> None:
    only = {"version": 1, "match": "all", "rules": [{"field": "language", "operator": "any_of", "value": ["da"]}]}
    made = automation_on(wait(days=1), trigger={"kind": "stay_booked"}, only=only)
    booking(CustomerFactory(language="nb"))
    stay, (guest,) = booking(CustomerFactory(language="da"))
    passed()
    assert seen(made) == {(guest.pk, f"booked:{stay.pk}")}


def test_a_paused_automation_lets_nobody_in(fjordstuen: House) -> None:
    made = automation_on(wait(days=1), trigger={"kind": "stay_booked"}, state="paused")
    booking()
    passed()
    assert seen(made) == set()
    assert TODAY
