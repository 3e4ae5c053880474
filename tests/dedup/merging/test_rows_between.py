"""Rows between two cards when many merges are undone at once, and done again: each belongs to one merge alone."""

import pytest

from customers.card.models import Customer
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set, change_set_undo
from dedup.merging.services import Merged, Order, merge_many
from tests.cast import House
from tests.dedup.merging.registers import contents, differences
from tests.factories import CustomerFactory, RelationFactory


@pytest.fixture
def cards(fjordstuen: House) -> list[Customer]:
    """An agent for the next two, who are one; two more who are one; and one beside."""
    with change_set(kind=ChangeSet.Kind.EDIT):
        cards = CustomerFactory.create_batch(6)
        for guest in cards[1:3]:
            RelationFactory(customer=cards[0], other=guest, kind="agent_for")
        RelationFactory(customer=cards[5], other=cards[3], kind="referred_by")
    return cards


def merged(*groups: list[Customer]) -> Merged:
    return merge_many(orders=[Order([card.pk for card in group], survivor_id=group[0].pk) for group in groups])


def undone(change_set_id: int) -> ChangeSet:
    """The undo, which left nothing; what it did to many is told of the merge that it concerns, and nothing beside."""
    act, outcome = change_set_undo(change_set_id=change_set_id)
    assert outcome.kept == outcome.blocked == 0
    if ChangeSet.objects.filter(part_of_id=act.pk).exists():
        assert not Change.objects.filter(change_set_id=act.pk).exists()
    return act


def undo_of(change_set_id: int) -> int:
    undo = ChangeSet.objects.get(pk=change_set_id).undone_by_id
    assert undo is not None
    return undo


def test_what_somebody_else_had_with_both_goes_and_returns(cards: list[Customer]) -> None:
    """The agent is not merged: a relation that is one too many is told of by neither of its cards alone."""
    before = contents()
    many = merged(cards[1:3], cards[3:5])
    assert many.act is not None
    after = contents()
    undo = undone(many.act.pk)
    assert differences(before, contents()) == {}
    redo = undone(undo.pk)
    assert differences(after, contents()) == {}
    undone(redo.pk)
    assert differences(before, contents()) == {}


def test_a_row_is_that_merge_s_which_removed_it(cards: list[Customer]) -> None:
    """The agent is merged as well: not by the same statements, but undone by the same."""
    before = contents()
    many = merged(cards[1:3], [cards[0], cards[5]])
    assert many.act is not None
    after = contents()
    undone(many.act.pk)
    assert differences(before, contents()) == {}
    first, second = (undo_of(many.merges[place]) for place in (0, 1))
    undone(first)
    alone = contents()
    undone(second)
    assert differences(after, contents()) == {}
    undone(many.merges[1])
    assert differences(alone, contents()) == {}
    undone(many.merges[0])
    assert differences(before, contents()) == {}
