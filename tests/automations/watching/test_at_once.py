"""A worker and a member at the same journey: one after the other, never both."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from accounts.services.refusals import Refused
from accounts.tenancy import business_scope
from automations.models import Journey, JourneyStep
from automations.running.services import run_business
from automations.watching.services import journey_stop, journeys_stop_of, step_skip
from tests.automations.houses import automation_on, journey
from tests.cast import Cast
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db(transaction=True)
TASK = {"do": "task", "title": "Call"}


def at_once(*works: Callable[[], object]) -> list[BaseException]:
    """These at the same time, each on a connection of its own; what went wrong."""
    together, errors = threading.Barrier(len(works)), list[BaseException]()

    def one(work: Callable[[], object]) -> None:
        try:
            together.wait(timeout=30)
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return errors


def test_it_is_stopped_or_done(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        made = automation_on(TASK)
        journeys = [journey(made, CustomerFactory()).pk for _ in range(6)]

    def stop() -> None:
        for pk in journeys:
            with business_scope(house.pk):
                try:
                    journey_stop(journey_id=pk)
                except Refused:
                    continue

    assert at_once(stop, lambda: run_business(business_id=house.pk)) == []
    with business_scope(house.pk):
        states = dict(Journey.objects.values_list("pk", "state"))
        done = set(JourneyStep.objects.filter(outcome="done").values_list("journey_id", flat=True))
        assert set(states.values()) <= {"stopped", "done"}
        assert done == {pk for pk, state in states.items() if state == "done"}


def test_a_step_is_skipped_or_done(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        journeys = [journey(automation_on(TASK), CustomerFactory(), step="s1").pk]

    def skip() -> None:
        with business_scope(house.pk):
            try:
                step_skip(journey_id=journeys[0], step="s1")
            except Refused:
                return

    assert at_once(skip, skip, lambda: run_business(business_id=house.pk, now=timezone.now())) == []
    with business_scope(house.pk):
        assert JourneyStep.objects.filter(journey_id=journeys[0]).count() == 1
        assert Journey.objects.get(pk=journeys[0]).state == "done"


def test_two_who_stop_many_stop_each_once(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen
    with business_scope(house.pk):
        made = automation_on(TASK)
        guests = [CustomerFactory() for _ in range(10)]
        for guest in guests:
            journey(made, guest)
    stopped: list[int] = []

    def stop(ids: list[int]) -> None:
        with business_scope(house.pk):
            stopped.append(journeys_stop_of(automation_id=made.pk, customer_ids=ids))

    ids = [guest.pk for guest in guests]
    assert at_once(lambda: stop(ids), lambda: stop(ids[::-1])) == []
    assert sum(stopped) == 10
