"""Messages that are due leave once, through the gate, whatever else happens meanwhile."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tenancy import business_scope
from messaging.gate.services import settings_save
from messaging.outbox.models import Message, OutboxPace
from messaging.outbox.services import cancel, hold, plan, release, send_due
from messaging.transports.models import Caught
from tests.cast import Cast
from tests.messaging.outbox.letters import draft, guest, local, news, withdraw

pytestmark = pytest.mark.django_db(transaction=True)


def open_all_day() -> None:
    """No quiet hours: tests run at night, too."""
    settings_save(open_from=dt.time(0), open_until=dt.time(0), cap_day=1, cap_week=3)


def test_a_message_leaves_once_filled_in_for_its_guest(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        local(house.business)
        kari = guest(given_name="Kari", family_name="Nordmann")
        found = plan(drafts=[draft(kari)])
        assert found.count == 1 and not found.refused
    first, second = send_due(business_id=house.pk), send_due(business_id=house.pk)
    assert (first.taken, first.more, second.taken, second.more) == (1, True, 0, False)
    with business_scope(house.pk):
        caught = Caught.objects.get()
        message = Message.objects.get()
        assert caught.ref == message.ref
        assert caught.address == message.address == kari.contact_points.get().normalised
        assert "Hello Kari, it is ready." in caught.text
        assert (message.state, message.attempts, message.claim) == (Message.State.SENT, 1, None)
        assert message.attempted_at <= message.sent_at
        assert message.values["guest.given_name"] == "Kari"
        assert message.provider_id


def test_planned_twice_it_is_one_message(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        kari = guest()
        first = plan(drafts=[draft(kari), draft(kari)])
        second = plan(drafts=[draft(kari)])
        assert Message.objects.count() == 1
        assert first.ids == second.ids
        assert (first.count, second.count, second.already) == (1, 0, {f"card:{kari.pk}"})


def test_an_opt_out_between_plan_and_claim_keeps_it_back(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        kari, ola = guest(), guest()
        plan(drafts=[news(kari), news(ola)])
        withdraw(kari)
    sent = send_due(business_id=house.pk)
    assert (sent.taken, sent.skipped) == (1, 1)
    with business_scope(house.pk):
        kept = Message.objects.get(customer=kari)
        assert (kept.state, kept.reason, kept.attempted_at) == (Message.State.SKIPPED, "withdrawn", None)
        assert Caught.objects.get().address == ola.contact_points.get().normalised


def test_an_opt_out_while_a_batch_is_in_hand_keeps_it_back(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim has been committed; what is filled in after it is asked of once more."""
    from messaging.outbox import sending

    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        kari = guest()
        plan(drafts=[news(kari)])
    write = sending.batch_write

    def withdrawn_first(**given: object) -> object:
        withdraw(kari)
        return write(**given)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "batch_write", withdrawn_first)
    assert send_due(business_id=house.pk).skipped == 1
    with business_scope(house.pk):
        assert not Caught.objects.exists()
        assert Message.objects.get().state == Message.State.SKIPPED


def test_what_is_cancelled_while_it_is_in_hand_is_left_out_and_the_rest_goes(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging.outbox import sending

    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        local(house.business)
        guests = [guest() for _each in range(3)]
        ids = plan(drafts=[draft(each) for each in guests]).ids
    send = sending.send

    def cancelled_first(*given: object) -> object:
        with business_scope(house.pk):
            cancel(ids=[ids[f"card:{guests[1].pk}"]])
        return send(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(sending, "send", cancelled_first)
    assert send_due(business_id=house.pk).taken == 2
    with business_scope(house.pk):
        assert [each.state for each in Message.objects.order_by("id")] == ["sent", "skipped", "sent"]
        assert Message.objects.get(state="skipped").reason == "cancelled"
        assert Caught.objects.count() == 2


def test_what_is_paused_waits_and_goes_on(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        plan(drafts=[news(guest(), 7), news(guest(), 8)])
        assert hold(origin="campaign", origin_id=7) == 1
    assert send_due(business_id=house.pk).taken == 1
    assert send_due(business_id=house.pk).taken == 0
    with business_scope(house.pk):
        assert release(origin="campaign", origin_id=7) == 1
    assert send_due(business_id=house.pk).taken == 1


def test_nothing_leaves_by_a_rate_more_in_any_minute(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        local(house.business, per_minute=5)
        plan(drafts=[draft(guest()) for _each in range(8)])
    assert [send_due(business_id=house.pk, most=3).taken for _turn in range(4)] == [3, 2, 0, 0]
    with business_scope(house.pk):
        paced = OutboxPace.objects.get()
        paced.taken = [[slot - 13, count] for slot, count in paced.taken]
        paced.save()
    assert send_due(business_id=house.pk, most=10).taken == 3


def test_the_urgent_goes_before_a_newsletter_that_was_due_long_ago(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        early = timezone.now() - dt.timedelta(hours=1)
        plan(drafts=[news(guest(), due_at=early) for _each in range(3)])
        kari = guest()
        plan(drafts=[draft(kari)])
    assert send_due(business_id=house.pk, most=1).taken == 1
    with business_scope(house.pk):
        assert Message.objects.get(state="sent").customer_id == kari.pk


def test_without_a_way_of_sending_it_stays_planned(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        plan(drafts=[draft(guest())])
    sent = send_due(business_id=house.pk)
    assert (sent.taken, sent.more) == (0, False)
    with business_scope(house.pk):
        assert Message.objects.get().state == Message.State.PLANNED


def test_businesses_with_something_due_are_named_and_no_others(transactional_cast: Cast) -> None:
    def due() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT business_id FROM messaging_due(10)")
            return [row[0] for row in cursor.fetchall()]

    fjordstuen, duinzicht = transactional_cast.fjordstuen, transactional_cast.duinzicht
    for house in (fjordstuen, duinzicht):
        with business_scope(house.pk):
            local(house.business)
    assert due() == []
    with business_scope(fjordstuen.pk):
        plan(drafts=[draft(guest(), due_at=timezone.now() + dt.timedelta(days=1))])
    assert due() == []
    with business_scope(duinzicht.pk):
        plan(drafts=[draft(guest(), due_at=timezone.now() - dt.timedelta(hours=1))])
    with business_scope(fjordstuen.pk):
        plan(drafts=[draft(guest())])
    assert due() == [duinzicht.pk, fjordstuen.pk]
    with business_scope(duinzicht.pk):
        hold_all = Message.objects.update(is_held=True)
        assert hold_all == 1
    assert due() == [fjordstuen.pk]
