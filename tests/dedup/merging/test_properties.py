"""Laws of merging: undone, a register is what it was, to the byte; sums never change."""

import os
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from customers.card.models import Customer, Tag
from customers.changes.models import Change, ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.lineage.models import CarriedRows, MergedCard
from dedup.merging.services import MergeRefused, Order, merge, merge_many
from tests.cast import House
from tests.customers.acts import Step, example
from tests.dedup.merging.registers import columns_of, contents, differences, edit, perform, rows_of, steps, sums
from tests.factories import CustomerFactory, CustomFieldFactory, SegmentFactory

pytestmark = pytest.mark.django_db

HUNTED = int(os.environ.get("INNKEEPER_MERGE_EXAMPLES", "0"))
"""Examples of each law, others each time; by hand 300, after a change of merging. Otherwise always the same thirty:
what fails then is what was changed."""
EXAMPLES = settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    max_examples=HUNTED or 30,
    derandomize=not HUNTED,
    print_blob=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
chosen = st.lists(st.integers(0, 9), min_size=2, max_size=4)
"""Cards to merge, by their place in the register."""


@pytest.fixture
def house(fjordstuen: House) -> House:
    """A house with six guests, fields of its own and segments."""
    with change_set(kind=ChangeSet.Kind.EDIT):
        CustomerFactory.create_batch(6)
    CustomFieldFactory.create_batch(2)
    SegmentFactory.create_batch(2)
    return fjordstuen


def fill(act: list[Step]) -> None:
    with change_set(kind=ChangeSet.Kind.EDIT):
        perform(act)


def merged(places: list[int], choices: dict[str, int] | None = None) -> ChangeSet | None:
    """Merge some cards; where there are too many tags, with the first nine."""
    ids = list(Customer.objects.order_by("id").values_list("id", flat=True))
    wanted = list(dict.fromkeys(ids[place % len(ids)] for place in places))
    if len(wanted) < 2:
        return None
    tags = list(
        Tag.objects.filter(customertag__customer_id__in=wanted).order_by("id").distinct().values_list("id", flat=True)
    )
    try:
        return merge(customer_ids=wanted, choices=choices or {}, tags=tags[:9] if len(tags) > 9 else None)
    except MergeRefused as refused:
        assert refused.code == "restricted"
        return None


def orders(groups: list[list[int]]) -> list[Order]:
    """The same for many groups at once."""
    ids = list(Customer.objects.order_by("id").values_list("id", flat=True))
    return [Order(tuple(dict.fromkeys(ids[place % len(ids)] for place in places))) for places in groups]


def undone(act: ChangeSet) -> None:
    with transaction.atomic():
        change_set_undo(change_set_id=act.pk)


class TestMergeAndUndo:
    @EXAMPLES
    @given(act=steps, places=chosen, choice=st.integers(0, 1))
    def test_a_merge_undone_leaves_no_trace(
        self, house: House, act: list[Step], places: list[int], choice: int
    ) -> None:
        with example():
            fill(act)
            before, was = contents(), sums()
            done = merged(places, dict.fromkeys(("name", "address", "email", "phone", "note"), choice))
            if done is not None:
                assert sums() == was
                assert contents() != before
                undone(done)
                assert differences(before, contents()) == {}
                assert not MergedCard.objects.exists()
                assert not CarriedRows.objects.exists()

    @EXAMPLES
    @given(act=steps, groups=st.lists(chosen, min_size=2, max_size=4))
    def test_a_chain_undone_backwards_leaves_no_trace(
        self, house: House, act: list[Step], groups: list[list[int]]
    ) -> None:
        with example():
            fill(act)
            before, was = contents(), sums()
            stages = []
            for places in groups:
                stages.append((contents(), merged(places)))
            assert sums() == was
            for stage, done in reversed(stages):
                if done is not None:
                    undone(done)
                    assert differences(stage, contents()) == {}
            assert differences(before, contents()) == {}

    @EXAMPLES
    @given(act=steps, groups=st.lists(chosen, min_size=2, max_size=4), data=st.data())
    def test_a_chain_undone_in_any_order_leaves_no_trace(
        self, house: House, act: list[Step], groups: list[list[int]], data: st.DataObject
    ) -> None:
        with example():
            fill(act)
            before, was = contents(), sums()
            done = [one for one in map(merged, groups) if one is not None]
            for one in data.draw(st.permutations(done)):
                undone(one)
                assert sums() == was
            assert differences(before, contents()) == {}

    @EXAMPLES
    @given(act=steps, places=chosen)
    def test_an_undo_can_be_undone_and_redone(self, house: House, act: list[Step], places: list[int]) -> None:
        with example():
            fill(act)
            before = contents()
            done = merged(places)
            if done is not None:
                after = contents()
                first, _outcome = change_set_undo(change_set_id=done.pk)
                assert differences(before, contents()) == {}
                change_set_undo(change_set_id=first.pk)
                assert differences(after, contents()) == {}
                undone(done)
                assert differences(before, contents()) == {}

    @EXAMPLES
    @given(act=steps, groups=st.lists(chosen, min_size=2, max_size=5), data=st.data())
    def test_many_at_once_undone_one_by_one_or_as_a_whole(
        self, house: House, act: list[Step], groups: list[list[int]], data: st.DataObject
    ) -> None:
        with example():
            fill(act)
            before, was = contents(), sums()
            many = merge_many(orders=orders(groups))
            assert sums() == was
            if many.act is None:
                return
            after = contents()
            first = change_set_undo(change_set_id=many.act.pk)[0]
            assert differences(before, contents()) == {}
            # Each change is a part's: undoing the parts would not find one of the whole.
            assert not Change.objects.filter(change_set_id__in=[many.act.pk, first.pk]).exists()
            change_set_undo(change_set_id=first.pk)
            assert differences(after, contents()) == {}
            for part in data.draw(st.permutations(list(many.merges.values()))):
                change_set_undo(change_set_id=part)
            assert differences(before, contents()) == {}


def derived(row: dict[str, Any]) -> set[str]:
    """Columns that follow from others."""
    return {"sort_key", "identity_key", "search_tokens", "birthday", "number_scaled"} & set(row)


def plain(rows: dict[tuple[str, int], dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    """Without what an undo sets on both cards when somebody set it on the merged one."""
    stricter = {"do_not_contact", "is_deceased"}
    return {key: {name: value for name, value in row.items() if name not in stricter} for key, row in rows.items()}


class TestEditsBetween:
    @EXAMPLES
    @given(act=steps, places=chosen, since=steps)
    def test_nothing_that_came_since_is_lost(
        self, house: House, act: list[Step], places: list[int], since: list[Step]
    ) -> None:
        """Every row stays, and every column that the merge had not changed."""
        with example():
            fill(act)
            done = merged(places)
            if done is None:
                return
            with change_set(kind=ChangeSet.Kind.EDIT):
                edit(since)
            before, was, touched = rows_of(), sums(), columns_of(done)
            undone(done)
            after = rows_of()
            assert sums() == was
            for key, row in before.items():
                if key[0] == "mergedcard":
                    continue
                assert key in after
                different = {name for name, value in row.items() if after[key][name] != value} - derived(row)
                allowed = touched.get(key, set()) | {"is_primary", "slot"}
                if key[0] in ("purchase", "invoice"):
                    allowed = allowed | {"customer_id"}
                assert different <= allowed, (key, row, after[key])

    @EXAMPLES
    @given(act=steps, places=chosen, since=st.lists(steps, min_size=1, max_size=3))
    def test_merge_and_edits_undone_in_that_order_leave_no_trace(
        self, house: House, act: list[Step], places: list[int], since: list[list[Step]]
    ) -> None:
        with example():
            fill(act)
            before = rows_of()
            done = merged(places)
            edits = []
            for steps_taken in since:
                with change_set(kind=ChangeSet.Kind.EDIT) as one:
                    edit(steps_taken)
                edits.append(one)
            left = 0
            for one in [done, *reversed(edits)]:
                if one is not None:
                    outcome = change_set_undo(change_set_id=one.pk)[1]
                    left += outcome.kept + outcome.blocked
            if not left:
                assert plain(rows_of()) == plain(before)
