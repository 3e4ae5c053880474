"""Thousands of merges are undone by a worker, some at a time."""

import pytest

from accounts.tenancy import business_scope
from customers.bulk import undoing
from customers.bulk.models import BulkRun
from customers.bulk.services import bulk_work
from customers.card.models import Customer
from customers.changes import parts
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from dedup.merging.services import Merged, Order, merge, merge_many
from tests.cast import Cast
from tests.dedup.merging.registers import contents, differences
from tests.factories import CustomerFactory, StayParticipantFactory


@pytest.fixture
def merged(transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> tuple[Cast, Merged, dict[str, object]]:
    """Five pairs merged, of which a worker takes two at a time."""
    monkeypatch.setattr(undoing, "BIG_PARTS", 2)
    monkeypatch.setattr(undoing, "AT_ONCE", 2)
    with business_scope(transactional_cast.fjordstuen.pk):
        with change_set(kind=ChangeSet.Kind.EDIT):
            cards = CustomerFactory.create_batch(10)
            for card in cards[::2]:
                StayParticipantFactory(customer=card)
        before = contents()
        done = merge_many(orders=[Order([one.pk, two.pk]) for one, two in zip(cards[::2], cards[1::2], strict=True)])
    return transactional_cast, done, before


def run_of(cast: Cast, change_set_id: int) -> BulkRun:
    with business_scope(cast.fjordstuen.pk):
        return undoing.bulk_undo(change_set_id=change_set_id)


def ended(cast: Cast, run: BulkRun) -> BulkRun:
    bulk_work(business_id=cast.fjordstuen.pk, run_id=run.pk)
    with business_scope(cast.fjordstuen.pk):
        run.refresh_from_db()
        assert run.state == BulkRun.State.DONE
        assert run.change_set is not None
    return run


def test_step_by_step_and_back(merged: tuple[Cast, Merged, dict[str, object]]) -> None:
    cast, done, before = merged
    assert done.act is not None
    run = run_of(cast, done.act.pk)
    assert (run.state, run.total) == (BulkRun.State.WAITING, 5)
    run = ended(cast, run)
    with business_scope(cast.fjordstuen.pk):
        assert differences(before, contents()) == {}  # type: ignore[arg-type]
        done.act.refresh_from_db()
        assert (done.act.state, done.act.undone_by_id) == ("undone", run.change_set_id)
        assert run.skipped == {}
    ended(cast, run_of(cast, run.change_set_id or 0))
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() == 5
        done.act.refresh_from_db()
        assert done.act.state == "done"


@pytest.mark.parametrize("is_carried_on", [True, False])
def test_survivors_merged_again_since(merged: tuple[Cast, Merged, dict[str, object]], is_carried_on: bool) -> None:
    """Each is a part of somebody else by now, or has taken in a third card: the first merge comes apart beneath."""
    cast, done, _before = merged
    assert done.act is not None
    with business_scope(cast.fjordstuen.pk):
        survivors = [ChangeSet.objects.get(pk=act).params["guests"][0] for act in done.merges.values()]
        with change_set(kind=ChangeSet.Kind.EDIT):
            thirds = [StayParticipantFactory(customer=third).customer_id for third in CustomerFactory.create_batch(5)]
        between = contents()
        later = [
            merge(customer_ids=pair, survivor_id=pair[1] if is_carried_on else pair[0])
            for pair in zip(survivors, thirds, strict=True)
        ]
        assert Customer.objects.count() == 5
    run = ended(cast, run_of(cast, done.act.pk))
    assert run.skipped == {}
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() == 10
        assert Customer.objects.filter(pk__in=thirds if is_carried_on else survivors).count() == 5
        for act in later:
            change_set_undo(change_set_id=act.pk)
        assert Customer.objects.count() == 15
        run = run_of(cast, run.change_set_id or 0)
    ended(cast, run)
    with business_scope(cast.fjordstuen.pk):
        assert differences(between, contents()) == {}  # type: ignore[arg-type]


def test_a_restricted_guest_stays_merged(merged: tuple[Cast, Merged, dict[str, object]]) -> None:
    cast, done, _before = merged
    assert done.act is not None
    with business_scope(cast.fjordstuen.pk), change_set(kind=ChangeSet.Kind.EDIT):
        kept = ChangeSet.objects.get(pk=done.merges[1]).params["guests"][0]
        Customer.objects.filter(pk=kept).update(is_restricted=True)
    run = ended(cast, run_of(cast, done.act.pk))
    with business_scope(cast.fjordstuen.pk):
        assert Customer.objects.count() == 9
        assert run.skipped == {"kept": 1}
        assert ChangeSet.objects.get(pk=done.merges[1]).state == ChangeSet.State.DONE
    assert parts.AT_ONCE > 2
