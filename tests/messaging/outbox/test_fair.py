"""Businesses beside each other: one with much to send keeps nobody else waiting, and no rate is anybody else's."""

import datetime as dt
from collections import deque

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.tenancy import business_scope
from messaging import tasks
from messaging.campaigns import tasks as campaign_tasks
from messaging.campaigns.services import running
from messaging.outbox import claiming, pace, sending
from messaging.outbox.models import Message, OutboxPace
from messaging.outbox.services import plan, send_due
from messaging.transports import providers
from tests.cast import Cast, House
from tests.messaging.campaigns.houses import confirmed
from tests.messaging.outbox.letters import draft, guest, local, news
from tests.messaging.outbox.test_sending import open_all_day

pytestmark = pytest.mark.django_db(transaction=True)


class Queue:
    """The broker's queue as workers take from it: one task after the other, each put behind all the others."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waiting: deque[tuple[object, ...]] = deque()
        monkeypatch.setattr(tasks.outbox_send, "delay", lambda *given: self.waiting.append(given))

    def step(self) -> int:
        """Run the first task; the business that it was for."""
        given = self.waiting.popleft()
        tasks.outbox_send.run(*given)
        assert isinstance(given[0], int)
        return given[0]

    def count(self, house: House) -> int:
        return sum(1 for given in self.waiting if given[0] == house.pk)


def due() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id FROM messaging_due(10)")
        return [row[0] for row in cursor.fetchall()]


def test_a_word_of_one_business_goes_before_the_newsletter_of_another_has_gone(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = transactional_cast.fjordstuen, transactional_cast.duinzicht
    monkeypatch.setattr(sending.send_due, "__kwdefaults__", {**(sending.send_due.__kwdefaults__ or {}), "most": 2})
    queue = Queue(monkeypatch)
    with business_scope(large.pk):
        open_all_day()
        local(large.business)
        plan(drafts=[news(guest()) for _each in range(60)])
    for _nudge in range(10):
        tasks.outbox_sweep()
        queue.step()
    # Ten nudges while it goes out have begun no more tasks that come again than there are lanes.
    while queue.count(large) > claiming.LANES:
        queue.step()
    with business_scope(small.pk):
        local(small.business)
        plan(drafts=[draft(guest())])
    tasks.outbox_nudge(business_id=small.pk)
    steps = [queue.step() for _step in range(claiming.LANES + 1)]
    assert steps[-1] == small.pk
    with business_scope(small.pk):
        assert Message.objects.get().state == Message.State.SENT
    with business_scope(large.pk):
        assert Message.objects.filter(state="planned").exists(), "the newsletter was over before"
    while queue.waiting:
        queue.step()
    with business_scope(large.pk):
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_a_task_that_has_nothing_more_to_do_leaves_its_turn_to_the_next(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    monkeypatch.setattr(sending.send_due, "__kwdefaults__", {**(sending.send_due.__kwdefaults__ or {}), "most": 2})
    queue = Queue(monkeypatch)
    with business_scope(house.pk):
        local(house.business)
    for word in range(claiming.LANES + 1):
        with business_scope(house.pk):
            plan(drafts=[draft(guest(), f"word:{word}")])
        tasks.outbox_sweep()
        while queue.waiting:
            queue.step()
    with business_scope(house.pk):
        assert OutboxPace.objects.get().turns == []
        plan(drafts=[draft(guest()) for _each in range(6)])
    tasks.outbox_sweep()
    while queue.waiting:
        queue.step()
    with business_scope(house.pk):
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}


def test_no_more_lanes_than_four_are_anybodys(transactional_cast: Cast) -> None:
    """What is in hand elsewhere counts; another business's lanes are its own."""
    large, small = transactional_cast.fjordstuen, transactional_cast.duinzicht
    for house in (large, small):
        with business_scope(house.pk):
            local(house.business)
            plan(drafts=[draft(guest()) for _each in range(claiming.LANES + 1)])
    for _lane in range(claiming.LANES):
        with business_scope(large.pk):
            assert len(claiming.batch_claim(at=timezone.now(), most=1).messages) == 1
    with business_scope(large.pk):
        assert claiming.batch_claim(at=timezone.now(), most=1).is_busy
    assert send_due(business_id=small.pk, most=1).taken == 1


def test_a_rate_is_of_one_way_of_one_business(transactional_cast: Cast) -> None:
    slow, quick = transactional_cast.fjordstuen, transactional_cast.duinzicht
    with business_scope(slow.pk):
        local(slow.business, per_minute=3)
        local(slow.business, "sms", per_minute=1)
        plan(drafts=[draft(guest()) for _each in range(5)])
        plan(drafts=[draft(guest(phone=True), channel="sms", key=f"sms:{each}") for each in range(2)])
    with business_scope(quick.pk):
        local(quick.business, per_minute=600)
        plan(drafts=[draft(guest()) for _each in range(5)])
    assert sum(send_due(business_id=slow.pk).taken for _turn in range(4)) == 3 + 1
    assert send_due(business_id=quick.pk).taken == 5
    with business_scope(slow.pk):
        assert dict(Message.objects.filter(state="sent").values_list("channel", "transport__per_minute")) == {
            "email": 3,
            "sms": 1,
        }


def test_who_cannot_send_keeps_nobody_out_of_the_sweep(transactional_cast: Cast) -> None:
    stuck, fine = transactional_cast.fjordstuen, transactional_cast.duinzicht
    long_ago = timezone.now() - dt.timedelta(days=2)
    with business_scope(stuck.pk):
        plan(drafts=[draft(guest(), due_at=long_ago)])
    with business_scope(fine.pk):
        local(fine.business)
        plan(drafts=[draft(guest())])
    assert due() == [fine.pk]
    with business_scope(stuck.pk):
        way = local(stuck.business)
    assert due() == [stuck.pk, fine.pk]
    with business_scope(stuck.pk):
        resting = OutboxPace.objects.create(transport=way, rests_until=timezone.now() + dt.timedelta(minutes=1))
    assert due() == [fine.pk]
    with business_scope(stuck.pk):
        resting.rests_until = timezone.now() - dt.timedelta(seconds=1)
        resting.save()
    assert due() == [stuck.pk, fine.pk]


def test_a_turn_that_was_lost_is_over_within_a_minute() -> None:
    now = dt.datetime(2026, 6, 16, 10, 0, tzinfo=dt.UTC)
    one = pace.turns_with([], "one", 2, now)
    assert one is not None
    two = pace.turns_with(one, "two", 2, now)
    assert two is not None and [each[0] for each in two] == ["one", "two"]
    assert pace.turns_with(two, "three", 2, now) is None
    again = pace.turns_with(two, "two", 2, now + dt.timedelta(seconds=pace.TURN_SECONDS - 1))
    assert again is not None and [each[0] for each in again] == ["one", "two"]
    later = pace.turns_with(again, "three", 2, now + dt.timedelta(seconds=pace.TURN_SECONDS + 1))
    assert later is not None and [each[0] for each in later] == ["two", "three"]


def test_what_a_killed_worker_left_goes_within_a_minute() -> None:
    swept = dt.timedelta(seconds=settings.CELERY_BEAT_SCHEDULE["outbox-sweep"]["schedule"])
    turn = dt.timedelta(seconds=pace.TURN_SECONDS)
    assert max(claiming.LEASE, turn) + swept < dt.timedelta(minutes=1)
    # A service that is asked may take as long to answer as its time limits let it.
    assert dt.timedelta(seconds=providers.CONNECT_SECONDS + providers.REPLY_SECONDS) < claiming.LEASE


def test_a_campaign_is_decided_in_turns_too(transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task looks at some of its guests and queues up again: another business's task comes in between."""
    house = transactional_cast.fjordstuen
    sent = Queue(monkeypatch)
    again: deque[tuple[int, ...]] = deque()
    monkeypatch.setattr(campaign_tasks.campaign_run, "delay", lambda *given: again.append(given))
    monkeypatch.setattr(running, "BATCH", 2)
    monkeypatch.setattr(campaign_tasks, "STEPS", 2)
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        guests = [guest().pk for _each in range(9)]
        made = confirmed()
    again.append((house.pk, made.pk))
    turns = 0
    while again:
        campaign_tasks.campaign_run.run(*again.popleft())
        turns += 1
    # The audience and a batch, two batches, two batches, and a last look: 2 + 4 + 3 guests.
    assert turns == 4
    assert sent.count(house) == turns
    with business_scope(house.pk):
        assert sorted(Message.objects.values_list("customer_id", flat=True)) == guests


def test_a_campaign_has_ended_once_its_last_message_has_left(
    transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = transactional_cast.fjordstuen
    queue = Queue(monkeypatch)
    with business_scope(house.pk):
        open_all_day()
        local(house.business)
        for _each in range(3):
            guest()
        made = confirmed()
        later = confirmed(name="Decided later", segment_id=made.segment_id, template_id=made.template_id)
        running.campaign_step(campaign_id=later.pk, now=timezone.now())
    running.campaign_work(business_id=house.pk, campaign_id=made.pk)
    tasks.outbox_sweep()
    while queue.waiting:
        queue.step()
    with business_scope(house.pk):
        made.refresh_from_db()
        later.refresh_from_db()
        assert (made.state, later.state) == ("done", "running")
        assert Message.objects.filter(origin_id=made.pk, state="sent").count() == 3
