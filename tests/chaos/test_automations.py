"""Kill -9 of planners and workers in the middle of journeys: nothing is lost, nothing is done twice.

A few kills by default; the long version runs by name: ``INNKEEPER_CHAOS_KILLS=200 INNKEEPER_CHAOS_GUESTS=10000
./test --timeout 0 tests/chaos/test_automations.py``.
"""

import datetime as dt
import os
import random
import signal
import time
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from accounts.tenancy import business_scope
from automations.models import OPEN, Journey, JourneyStep
from automations.planning.services import plan_business
from automations.running.services import run_batch, run_business
from customers.card.models import Customer, CustomerTag
from customers.history.models import Todo
from messaging.outbox.models import Message
from tests.automations.houses import automation_on, wait
from tests.cast import Cast
from tests.factories import CustomerTagFactory, TagFactory
from tests.messaging.campaigns.houses import letter, open_all_day
from tests.messaging.outbox.letters import guest

KILLS = int(os.environ.get("INNKEEPER_CHAOS_KILLS", "6"))
GUESTS = int(os.environ.get("INNKEEPER_CHAOS_GUESTS", "60"))
LONGEST = 0.3
WORKERS = 2
AFTER = dt.timedelta(hours=2)


def furnished() -> tuple[Any, Any]:
    """Guests with the tag that begins an automation, in the business in scope; the tag that it gives them."""
    open_all_day()
    asked, given = TagFactory(name="Asked"), TagFactory(name="Given")
    made = automation_on(
        {"do": "email", "template": letter().pk},
        {"do": "tag", "tag": given.pk},
        wait(hours=1),
        {"do": "task", "title": "Call"},
        trigger={"kind": "tag_added", "tag": asked.pk},
    )
    for _number in range(GUESTS):
        guest()
    return made, (asked, given)


def started(house: int) -> int:
    """A worker as a child of this process, which plans and takes on what is due, also what is due in two hours."""
    connections.close_all()
    child = os.fork()
    if child:
        return child
    try:
        while True:
            with suppress(OperationalError):
                plan_business(business_id=house)
                for now in (timezone.now(), timezone.now() + AFTER):
                    with business_scope(house):
                        run_batch(now=now, most=4)
    finally:
        os._exit(1)


def killed(worker: int) -> None:
    """Kill -9."""
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_no_step_is_lost_or_done_twice(transactional_cast: Cast) -> None:
    house, chance = transactional_cast.fjordstuen.pk, random.Random("automations")
    with business_scope(house):
        made, (asked, given) = furnished()
    with business_scope(house):
        for each in Customer.objects.order_by("pk"):
            CustomerTagFactory(customer=each, tag=asked)
    running: list[int] = []
    try:
        for _kill in range(KILLS):
            while len(running) < WORKERS:
                running.append(started(house))
            time.sleep(chance.uniform(0, LONGEST))
            killed(running.pop(chance.randrange(len(running))))
    finally:
        for each in running:
            killed(each)
    plan_business(business_id=house)
    run_business(business_id=house, batches=None)
    run_business(business_id=house, batches=None, now=timezone.now() + AFTER)
    with business_scope(house):
        guests = sorted(Customer.objects.values_list("pk", flat=True))
        assert len(guests) >= GUESTS
        assert not Journey.objects.filter(state__in=OPEN).exists()
        assert sorted(Journey.objects.filter(automation=made).values_list("customer_id", flat=True)) == guests
        assert set(Journey.objects.values_list("state", "number_done")) == {("done", 4)}
        assert JourneyStep.objects.count() == 4 * len(guests)
        for rows in (Message.objects.filter(origin="automation"), CustomerTag.objects.filter(tag=given), _calls()):
            assert sorted(rows.values_list("customer_id", flat=True)) == guests


def _calls() -> Any:
    return Todo.objects.filter(title="Call")
