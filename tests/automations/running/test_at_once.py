"""Planners and workers at the same time, on connections of their own: nothing is done twice, nothing is left."""

import datetime as dt
import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts.tenancy import business_scope
from accounts.tenancy.runs import tried_again
from automations.models import OPEN, Journey, JourneyStep
from automations.planning.services import plan_business
from automations.running.services import run_batch
from customers.card.models import CustomerTag
from customers.history.models import Todo
from dedup.merging.services import merge
from messaging.outbox.models import Message
from tests.automations.houses import automation_on, wait
from tests.cast import Cast
from tests.factories import CustomerTagFactory, TagFactory
from tests.messaging.campaigns.houses import letter, open_all_day
from tests.messaging.outbox.letters import guest

pytestmark = pytest.mark.django_db(transaction=True)

BEATS, WORKERS, GUESTS = 3, 4, 40


def together(*acts: Callable[[], None]) -> None:
    """Every act in a thread of its own, all at once; the first fault of any is raised here."""
    faults: list[BaseException] = []
    ready = threading.Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        try:
            ready.wait(60)
            act()
        except BaseException as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if faults:
        raise faults[0]


def works(house: int, now: dt.datetime) -> None:
    """A worker with small batches, until it has found nothing three times."""
    idle = 0
    while idle < 3:
        if tried_again(partial(_batch, house, now)):
            idle = 0
        else:
            idle += 1


def _batch(house: int, now: dt.datetime) -> int:
    with business_scope(house):
        return run_batch(now=now, most=5).taken


def test_three_beats_and_four_workers_double_nothing(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        open_all_day()
        asked, given = TagFactory(name="Asked"), TagFactory(name="Given")
        made = automation_on(
            {"do": "email", "template": letter().pk},
            {"do": "tag", "tag": given.pk},
            {"do": "task", "title": "Call"},
            wait(hours=1),
            {"do": "task", "title": "Write"},
            trigger={"kind": "tag_added", "tag": asked.pk},
        )
        guests = [guest() for _number in range(GUESTS)]
    with business_scope(house):
        for each in guests:
            CustomerTagFactory(customer=each, tag=asked)
    later = timezone.now() + dt.timedelta(hours=2)

    def beat(now: dt.datetime) -> None:
        for _turn in range(3):
            plan_business(business_id=house, now=now)

    now = timezone.now() + dt.timedelta(seconds=1)
    together(*[partial(beat, now)] * BEATS, *[partial(works, house, now)] * WORKERS)
    together(*[partial(beat, later)] * BEATS, *[partial(works, house, later)] * WORKERS)
    works(house, later)
    with business_scope(house):
        journeys = Journey.objects.filter(automation=made)
        assert sorted(journeys.values_list("customer_id", flat=True)) == sorted(each.pk for each in guests)
        assert set(journeys.values_list("state", "number_done")) == {("done", 5)}
        assert JourneyStep.objects.count() == GUESTS * 5
        assert Message.objects.filter(origin="automation").count() == GUESTS
        assert CustomerTag.objects.filter(tag=given).count() == GUESTS
        assert Todo.objects.filter(title="Call").count() == Todo.objects.filter(title="Write").count() == GUESTS


def test_cards_that_are_merged_meanwhile_go_on_as_one(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        tag = TagFactory(name="Given")
        made = automation_on({"do": "tag", "tag": tag.pk}, {"do": "task", "title": "Call"}, trigger={"kind": "by_hand"})
        now = timezone.now()
        pairs = [(guest(), guest()) for _number in range(8)]
        for pair in pairs:
            for each in pair:
                Journey.objects.create(
                    automation=made,
                    version_id=made.current_id,
                    customer=each,
                    occurrence="hand:1",
                    state="running",
                    due_at=now,
                )

    def merges_in_scope() -> None:
        for pair in pairs:
            tried_again(partial(_merged, house.pk, pair[0].pk, pair[1].pk))

    together(merges_in_scope, partial(works, house.pk, now), partial(works, house.pk, now))
    works(house.pk, now)
    with business_scope(house.pk):
        assert not Journey.objects.filter(state__in=OPEN).exists()
        assert set(Journey.objects.values_list("customer_id", flat=True)) <= {pair[0].pk for pair in pairs}
        assert set(Journey.objects.values_list("state", flat=True)) == {"done"}
        held = CustomerTag.objects.filter(tag=tag).values_list("customer_id", flat=True)
        assert sorted(held) == sorted(pair[0].pk for pair in pairs)


def _merged(house: int, survivor: int, absorbed: int) -> None:
    with business_scope(house), transaction.atomic():
        merge(customer_ids=[survivor, absorbed], survivor_id=survivor)
