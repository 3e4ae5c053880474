"""Segments counted, changed and removed by several at once."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, connections

from accounts.tenancy import business_scope
from customers.filters import Condition, Group, TreeError
from customers.segments.members_sql import members_lock
from customers.segments.models import Segment, SegmentMember
from customers.segments.selectors import segment_get
from customers.segments.services import (
    Refreshed,
    segment_create,
    segment_refresh,
    segment_remove,
    segment_update,
)
from customers.segments.tasks import segments_count
from tests.cast import Cast, House
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db

DUTCH = Group(rules=(Condition("language", "any_of", ("nl",)),))
GERMAN = Group(rules=(Condition("language", "any_of", ("de",)),))


@pytest.fixture
def alone(transactional_cast: Cast) -> Iterator[House]:
    """Fjordstuen in a database that is committed to."""
    yield transactional_cast.fjordstuen


def at_once(*works: Any) -> list[BaseException]:
    """Run in threads with connections of their own; what went wrong."""
    wrong: list[BaseException] = []
    together = threading.Barrier(len(works))

    def run(work: Any) -> None:
        try:
            together.wait(10)
            work()
        except BaseException as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong


def somebody_waits() -> bool:
    """Whether a transaction of this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def test_two_counts_at_once_do_it_once(alone: House) -> None:
    with business_scope(alone.pk):
        for _each in range(20):
            CustomerFactory(language="nl")
        segment = segment_create(name="Dutch", tree=DUTCH)
    counted = threading.Event()
    results: list[Refreshed] = []

    def first() -> None:
        with business_scope(alone.pk):
            results.append(segment_refresh(segment_id=segment.pk))
            counted.set()
            end = time.monotonic() + 30
            while not somebody_waits() and time.monotonic() < end:
                time.sleep(0.01)

    def second() -> None:
        counted.wait(30)
        with business_scope(alone.pk):
            results.append(segment_refresh(segment_id=segment.pk))

    assert at_once(first, second) == []
    assert results == [Refreshed(20, 0), Refreshed(0, 0)]
    assert at_once(*[lambda: segments_count(alone.pk)] * 3) == []
    with business_scope(alone.pk):
        assert SegmentMember.objects.filter(segment=segment).count() == 20
        assert segment_get(segment.pk).members == 20


def test_a_count_of_what_is_being_removed(alone: House) -> None:
    with business_scope(alone.pk):
        CustomerFactory(language="nl")
        segment = segment_create(name="Dutch", tree=DUTCH)

    def remove() -> None:
        with business_scope(alone.pk):
            segment_remove(segment_id=segment.pk)

    assert at_once(remove, lambda: segments_count(alone.pk)) == []
    with business_scope(alone.pk):
        assert not SegmentMember.objects.filter(segment_id=segment.pk).exists()


def test_a_circle_is_not_closed_from_two_sides_at_once(alone: House) -> None:
    with business_scope(alone.pk):
        first, second = (segment_create(name=name, tree=DUTCH) for name in ("First", "Second"))

    def name_each_other(segment: Segment, other: Segment) -> None:
        with business_scope(alone.pk):
            segment_update(segment_id=segment.pk, tree=Group(rules=(Condition("segment", "any_of", (other.pk,)),)))

    wrong = at_once(lambda: name_each_other(first, second), lambda: name_each_other(second, first))
    assert [type(error) for error in wrong] == [TreeError]


def test_a_segment_can_be_changed_but_not_removed_while_it_is_counted(alone: House) -> None:
    with business_scope(alone.pk):
        segment = segment_create(name="Dutch", tree=DUTCH)
    counting, done = threading.Event(), threading.Event()

    def count() -> None:
        with business_scope(alone.pk):
            assert members_lock(segment.pk)
            counting.set()
            done.wait(30)

    def change() -> None:
        counting.wait(30)
        try:
            with business_scope(alone.pk), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '3s'")
                segment_update(segment_id=segment.pk, name="Nederlands", tree=GERMAN)
            with business_scope(alone.pk), connection.cursor() as cursor, pytest.raises(OperationalError):
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
                segment_remove(segment_id=segment.pk)
        finally:
            done.set()

    assert at_once(count, change) == []
    with business_scope(alone.pk):
        assert segment_get(segment.pk).title == "Nederlands"
