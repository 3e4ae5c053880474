"""Changes are followed by transaction: what commits late is not passed by."""

from contextlib import ExitStack

import pytest
from django.db import connection

from accounts.tenancy import business_scope
from customers.card.models import Customer
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set
from dedup.register.changes import (
    _CHANGED,
    MARKS_MAX,
    RECORDS,
    Horizon,
    cards_changed,
    floor_of,
    horizon_read,
    marks_kept,
)
from dedup.register.models import MatchSettings
from tests.cast import Cast
from tests.dedup.register.cards import card, crowd, followed, found, pair, twins, walked
from tests.factories import CustomerFactory
from tests.held import held_open, transaction_number


def test_a_mark_holds_once_all_before_it_have_ended() -> None:
    marks = [[10, 100], [20, 200], [30, 300]]
    assert [floor_of(seen, marks) for seen in (5, 10, 19, 20, 99)] == [0, 100, 100, 200, 300]


def test_marks_that_tell_nothing_more_are_forgotten() -> None:
    marks = marks_kept([[10, 100], [20, 200]], Horizon(25, (30, 300)))
    assert marks == [[20, 200], [30, 300]]
    assert marks_kept(marks, Horizon(31, (31, 350))) == [[31, 350]]


def test_marks_stay_few_however_long_a_transaction_is_open() -> None:
    marks: list[list[int]] = [[0, 0]]
    for at in range(1, 1_000):
        marks = marks_kept(marks, Horizon(5, (10 + at, 100 + at)))
    assert len(marks) <= MARKS_MAX + 1
    assert marks[0] == [0, 0]
    assert marks[-1] == [1009, 1099]


def late_guest() -> int:
    """Somebody whom the :func:`twins` are like."""
    return card("Sigrid", "Åsen", emails=["sigrid.aasen@example.no"], phones=["+4791234567"]).pk


@pytest.mark.django_db(transaction=True)
def test_what_a_long_transaction_commits_is_found(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        crowd(20)
    walked(house)
    with held_open(house, late_guest) as held:
        # What is committed while an older transaction is open is seen at once, and the older one is not forgotten.
        with business_scope(house):
            one, other = twins()
        followed(house)
        with business_scope(house):
            assert pair(one, other) in found()
            settings = MatchSettings.objects.get()
            assert settings.seen_xid <= held.xid
            assert settings.seen_change < Change.objects.filter(guest_id=one.pk).earliest("pk").pk
            assert held.made not in cards_changed(seen=settings.seen_xid, marks=settings.marks)
        followed(house)
    followed(house)
    with business_scope(house):
        assert {(held.made, one.pk), (held.made, other.pk)} <= found()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_was_numbered_first_and_committed_last_is_found(transactional_cast: Cast) -> None:
    """No mark is set beyond a transaction that runs, also where none with a higher number has ended."""
    house = transactional_cast.fjordstuen.pk
    with ExitStack() as stack:
        with business_scope(house), change_set(kind=ChangeSet.Kind.EDIT):
            guest = CustomerFactory()
            # This transaction is older than the one that is held, numbers a change after it, and ends before it.
            held = stack.enter_context(held_open(house, late_guest))
            Customer.objects.filter(pk=guest.pk).update(city="Bergen")
            assert transaction_number() < held.xid
        with business_scope(house):
            horizon = horizon_read()
            marks = marks_kept([[0, 0]], horizon)
            assert horizon.seen <= held.xid
            assert guest.pk in cards_changed(seen=0, marks=marks)
            assert held.made not in cards_changed(seen=horizon.seen, marks=marks)
    with business_scope(house):
        assert held.made in cards_changed(seen=horizon.seen, marks=marks)


@pytest.mark.django_db(transaction=True)
def test_who_has_written_before_leaves_no_mark(transactional_cast: Cast) -> None:
    """Its number tells nothing of those that began since."""
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        read = horizon_read()
        assert read.mark is not None and read.mark[0] == transaction_number()
        again = horizon_read()
        assert again.mark is None and again.seen <= transaction_number()
        assert marks_kept([[0, 0]], again) == [[0, 0]]


@pytest.mark.django_db(transaction=True)
def test_only_what_a_transaction_or_a_later_one_has_written_is_read(transactional_cast: Cast) -> None:
    house = transactional_cast.fjordstuen.pk
    with business_scope(house):
        crowd(3)
    with business_scope(house):
        mark = list(horizon_read().mark or ())
    with business_scope(house):
        late = card("Late", "Comer")
        xid = Change.objects.latest("pk").xid
    with business_scope(house):
        assert mark[0] <= xid
        assert cards_changed(seen=xid, marks=[mark]) == [late.pk]
        assert cards_changed(seen=xid + 1, marks=[mark]) == []
        newest = Change.objects.latest("pk").pk
        assert cards_changed(seen=xid, marks=[[xid, newest]]) == []


@pytest.mark.django_db(transaction=True)
def test_the_changes_are_found_by_their_key(transactional_cast: Cast) -> None:
    """An index by transaction would cost every write."""
    house = transactional_cast.fjordstuen.pk
    with business_scope(house), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + _CHANGED, [house, 1, 1, list(RECORDS)])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "business_id" in condition and "(id > " in condition, plan
