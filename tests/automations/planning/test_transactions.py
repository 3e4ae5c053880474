"""Passes follow transactions: what commits late is noticed, nothing is taken twice, and an idle look is a short one."""

import threading
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from accounts.tenancy import business_scope
from automations.building.services import automation_pause, automation_resume
from automations.models import Automation, GuestEvent, Journey, PlannerState
from automations.planning.passing import LOOKAHEAD
from automations.planning.place import look
from automations.planning.services import plan_business, plan_pass
from customers.card.models import Customer
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.segments.models import SegmentMember
from dedup.merging.services import merge
from tests.automations.houses import automation_on, wait
from tests.automations.planning.houses import NOON, booking, seen
from tests.cast import Cast, House
from tests.factories import CustomerFactory, CustomerTagFactory, SegmentFactory, SegmentMemberFactory, TagFactory
from tests.held import held_open, transaction_number


def on(kind: str, **trigger: Any) -> Automation:
    return automation_on(
        wait(days=1), trigger={"kind": kind, **trigger}, name=f"On {kind} {Automation.objects.count()}"
    )


def unplanned() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id FROM automations_unplanned(10)")
        return [pk for (pk,) in cursor.fetchall()]


def _happens(segment_id: int) -> None:
    _stay, (guest,) = booking()
    GuestEvent.objects.create(kind="told", customer_id=guest.pk, name="spa")
    SegmentMemberFactory(segment_id=segment_id, customer=guest, entered_xid=transaction_number())


@pytest.mark.django_db(transaction=True)
def test_what_a_long_transaction_commits_is_never_missed(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        segment = SegmentFactory().pk
        made = [on("stay_booked"), on("event", name="spa"), on("segment_entered", segment=segment)]
    plan_business(business_id=house, now=NOON)
    with held_open(house, lambda: _happens(segment)):
        # Younger transactions commit and are looked at while the older one is open, more than once.
        for number in (1, 2):
            with business_scope(house):
                _happens(segment)
            assert plan_business(business_id=house, now=NOON).entered == 3
            with business_scope(house):
                assert [len(seen(each)) for each in made] == [number] * 3
        assert plan_business(business_id=house, now=NOON).entered == 0
    assert plan_business(business_id=house, now=NOON).entered == 3
    with business_scope(house):
        assert [len(seen(each)) for each in made] == [3, 3, 3]


@pytest.mark.django_db(transaction=True)
def test_a_change_that_was_numbered_first_and_committed_last_is_found(transactional_cast: Cast) -> None:
    """No mark is set beyond a transaction that runs, also where none with a higher number has ended."""
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        segment = SegmentFactory().pk
        made = on("stay_booked")
    plan_business(business_id=house, now=NOON)
    with ExitStack() as stack:
        with business_scope(house), change_set(kind=ChangeSet.Kind.EDIT, title="First"):
            _stay, (guest,) = booking()
            # This transaction is older than the one that is held, numbers a change after it, and ends before it.
            held = stack.enter_context(held_open(house, lambda: _happens(segment)))
            Customer.objects.filter(pk=guest.pk).update(city="Bergen")
        assert plan_business(business_id=house, now=NOON).entered == 1
        with business_scope(house):
            assert PlannerState.objects.get().marks[-1][0] > held.xid
    assert plan_business(business_id=house, now=NOON).entered == 1
    with business_scope(house):
        assert len(seen(made)) == 2


@pytest.mark.django_db(transaction=True)
def test_two_passes_at_once_double_nothing(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        made = [on("stay_booked"), on("before_arrival", days=2)]
        for _each in range(30):
            booking()
    ready, done = threading.Barrier(2), []

    def work() -> None:
        try:
            ready.wait(60)
            done.append(plan_business(business_id=house, now=NOON))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _each in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(each.entered for each in done) == [0, 60]
    with business_scope(house):
        assert [len(seen(each)) for each in made] == [30, 30]


@pytest.mark.django_db(transaction=True)
def test_what_happened_before_an_automation_was_turned_on_does_not_count(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        segment, tag = SegmentFactory().pk, TagFactory()
        _happens(segment)
        CustomerTagFactory(tag=tag)
    with business_scope(house):
        on("stay_booked"), on("event", name="spa"), on("segment_entered", segment=segment), on("tag_added", tag=tag.pk)
    assert plan_business(business_id=house, now=NOON).entered == 0


@pytest.mark.django_db(transaction=True)
def test_businesses_with_something_to_look_at_are_found(transactional_cast: Cast) -> None:
    house, other = transactional_cast.fjordstuen.pk, transactional_cast.duinzicht.pk
    with business_scope(other):
        booking()
    with business_scope(house):
        made = on("before_arrival")
        segment = SegmentFactory().pk
    assert unplanned() == [house]
    plan_business(business_id=house)
    assert unplanned() == []
    with business_scope(house):
        guest = CustomerFactory()
    assert unplanned() == [house]
    plan_business(business_id=house)
    with business_scope(house):
        GuestEvent.objects.create(kind="told", customer_id=guest.pk, name="spa")
    assert unplanned() == [house]
    plan_business(business_id=house)
    with business_scope(house):
        member = SegmentMemberFactory(
            segment_id=segment, customer=guest, entered_xid=transaction_number(), by_definition=True
        )
    assert unplanned() == []
    with business_scope(house):
        SegmentMember.objects.filter(pk=member.pk).update(by_definition=False, entered_xid=transaction_number())
    assert unplanned() == [house]
    plan_business(business_id=house)
    with business_scope(house):
        made.refresh_from_db()
        assert made.planned_through is not None
        Automation.objects.update(planned_through=made.planned_through.replace(year=2025))
    assert unplanned() == [house]
    with business_scope(house):
        Automation.objects.update(state="paused")
    assert unplanned() == []
    assert LOOKAHEAD == 14


@pytest.mark.django_db(transaction=True)
def test_a_copy_of_a_database_counts_anew(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        made = on("stay_booked")
        Automation.objects.update(since_xid=10**12)
        PlannerState.objects.create(seen_xid=10**12, snapshot=f"{10**12}:{10**12}:", marks=[[10**12, 5]])
    plan_business(business_id=house, now=NOON)
    with business_scope(house):
        booking()
    assert plan_business(business_id=house, now=NOON).entered == 1
    with business_scope(house):
        assert len(seen(made)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_merge_and_its_undo_are_silent(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        tag = TagFactory()
        made = [on("stay_booked"), on("tag_added", tag=tag.pk), on("before_arrival", days=2)]
        one, other = (CustomerFactory(given_name="Kari", birth_date=None) for _each in range(2))
        booking(other)
        CustomerTagFactory(customer=other, tag=tag)
    plan_business(business_id=house, now=NOON)
    with business_scope(house):
        act = merge(customer_ids=[one.pk, other.pk], survivor_id=one.pk)
    assert plan_business(business_id=house, now=NOON).entered == 0
    with business_scope(house):
        assert [{guest for guest, _key in seen(each)} for each in made] == [{one.pk}] * 3
        change_set_undo(change_set_id=act.pk)
    plan_business(business_id=house, now=NOON)
    with business_scope(house):
        assert [{guest for guest, _key in seen(each)} for each in made] == [{other.pk}] * 3
        assert Journey.objects.filter(state="planned").count() == 1


def test_an_idle_pass_is_short(fjordstuen: House) -> None:
    tag, segment = TagFactory(), SegmentFactory()
    for _each in range(5):
        on("stay_booked"), on("before_arrival"), on("tag_added", tag=tag.pk), on("segment_entered", segment=segment.pk)
    plan_pass(now=NOON)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        plan_pass(now=NOON)
    assert len(queries) <= 12, [each["sql"][:80] for each in queries]


@pytest.mark.parametrize("guests", [3, 30])
def test_statements_do_not_grow_with_guests(fjordstuen: House, guests: int) -> None:
    on("stay_booked"), on("before_arrival", days=2)
    plan_pass(now=NOON)
    for _each in range(guests):
        booking()
    with CaptureQueriesContext(connection) as queries:
        assert plan_pass(now=NOON).entered == 2 * guests
    assert len(queries) <= 16
    assert look().newest


@pytest.mark.django_db(transaction=True)
def test_what_happens_while_it_is_paused_begins_nothing(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        made = on("stay_booked")
    plan_business(business_id=house, now=NOON)
    with business_scope(house):
        automation_pause(automation_id=made.pk)
    with business_scope(house):
        booking()
    with business_scope(house):
        automation_resume(automation_id=made.pk)
    assert plan_business(business_id=house, now=NOON).entered == 0
    with business_scope(house):
        booking()
    assert plan_business(business_id=house, now=NOON).entered == 1
