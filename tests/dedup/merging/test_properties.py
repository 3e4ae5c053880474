"""Laws of merging: undone, a register is what it was, to the byte; sums never change."""


import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.card.models import Customer, Tag
from customers.changes.models import ChangeSet
from customers.changes.services import change_set, change_set_undo
from customers.lineage.models import CarriedRows, MergedCard
from dedup.merging.services import MergeRefused, merge
from tests.cast import House
from tests.customers.acts import Step, example
from tests.dedup.merging.registers import contents, differences, perform, steps, sums
from tests.factories import CustomerFactory, CustomFieldFactory, SegmentFactory

pytestmark = pytest.mark.django_db

EXAMPLES = settings(
    max_examples=25,
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
