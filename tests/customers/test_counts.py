"""Counts of filters: the exact ones, estimates with their interval, and whom the newsletter reaches."""

from random import Random

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from customers.conditions import counts
from customers.conditions.counts import Counted, estimate, tree_counted, tree_figures, tree_reach, tree_sampled
from customers.conditions.selectors import wanted
from customers.consent.models import Channel
from customers.facts.models import CustomerFacts, RegisterFacts
from customers.filters import EMPTY, Condition, Group, Period
from customers.filters.catalogue import code
from customers.permission.reasons import ContactPurpose
from customers.permission.selectors import may_contact
from tests.cast import House
from tests.customers.filter_register import fill_register

TOOK_PLACE = ("checked_in", "checked_out")
STAYED = Group(
    rules=(Condition("stays.count", "at_least", 1, period=Period("last", 2, "year"), where=(("status", TOOK_PLACE),)),)
)
DUTCH = Group(rules=(Condition("language", "any_of", ("nl",)),))


@pytest.fixture
def register(fjordstuen: House) -> int:
    today = timezone.localdate(timezone=fjordstuen.business.zone)
    fill_register(seed=4, guests=120, today=today, currency=fjordstuen.business.currency)
    return CustomerFacts.objects.count()


@pytest.mark.parametrize("tree", [DUTCH, STAYED, EMPTY])
def test_a_small_register_is_counted_exactly_at_once(register: int, tree: Group) -> None:
    figures = tree_figures(wanted(tree=tree))
    found = {row.customer_id for row in tree_sampled(wanted(tree=tree))}
    assert figures.is_final
    assert figures.counted == Counted(figures.counted.number)
    assert len(found) == min(10, figures.counted.number) > 0
    if tree == DUTCH:
        assert figures.counted.number == CustomerFacts.objects.filter(language=code("nl")).count() < register
    if tree == EMPTY:
        assert figures.counted.number == register


@pytest.mark.parametrize("tree", [DUTCH, STAYED, EMPTY])
def test_a_large_register_tells_the_same_in_the_end(
    register: int, tree: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tree_figures(wanted(tree=tree))
    monkeypatch.setattr(counts, "ALL_AT_ONCE", 10)
    monkeypatch.setattr(counts, "SAMPLED", 60)
    first = tree_figures(wanted(tree=tree))
    assert tree_counted(wanted(tree=tree), exact=True) == known.counted
    assert tree_reach(wanted(tree=tree), exact=True) == known.reach
    assert set(first.sample) <= set(CustomerFacts.objects.values_list("customer_id", flat=True))
    if tree == STAYED:
        assert not first.counted.is_exact
        assert not first.is_final
        # Which guests are drawn hangs on their ids: of many runs one in twenty lies outside the interval, none far off.
        half = (first.counted.high - first.counted.low) / 2
        assert abs(known.counted.number - first.counted.number) <= 3 * half
    else:
        assert (first.counted, first.reach) == (known.counted, known.reach)


def test_the_sample_is_the_same_each_time_and_not_the_first_of_the_list(register: int) -> None:
    chosen = [row.customer_id for row in tree_sampled(wanted(tree=EMPTY))]
    assert chosen == [row.customer_id for row in tree_sampled(wanted(tree=EMPTY))]
    assert chosen != sorted(CustomerFacts.objects.values_list("customer_id", flat=True))[:10]


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
def test_reach_is_what_contact_rules_say_of_each_guest(register: int, channel: Channel) -> None:
    everybody = list(CustomerFacts.objects.values_list("customer_id", flat=True))
    verdicts = may_contact(ids=everybody, purpose=ContactPurpose.NEWSLETTER, channel=channel).values()
    reach = tree_reach(wanted(tree=EMPTY))[channel]
    assert reach.reachable == sum(not verdict.reasons for verdict in verdicts) > 0
    told = {reason: sum(verdict.reasons[:1] == (reason,) for verdict in verdicts) for reason, _number in reach.why_not}
    assert dict(reach.why_not) == told
    assert reach.reachable + sum(told.values()) == register


def test_ninety_five_of_a_hundred_intervals_hold_the_truth() -> None:
    random = Random(11)
    held = 0
    for number in range(400):
        size = random.choice([60_000, 200_000])
        matching = int(size * random.choice([0.002, 0.03, 0.3, 0.9]))
        drawn = 2_000
        found = sum(random.random() < matching / size for _each in range(drawn))
        counted = estimate(found=found, looked_at=drawn, size=size)
        assert counted.low <= counted.number <= counted.high, number
        held += counted.low <= matching <= counted.high
    assert 365 <= held <= 396


@pytest.mark.parametrize(("counted", "size"), [(1_000, 1_000), (40_000, 1_024), (0, 1_024)])
def test_the_size_of_a_register_is_believed_when_the_samples_bear_it_out(
    fjordstuen: House, counted: int, size: int
) -> None:
    RegisterFacts.objects.all().delete()
    if counted:
        RegisterFacts.objects.create(guests=counted, counted_on=timezone.localdate())
    assert counts._size_by(128, 128) == size


@given(st.integers(0, 3_000), st.integers(0, 3_000), st.integers(0, 3_000))
def test_an_estimate_never_contradicts_what_was_seen(found: int, others: int, unseen: int) -> None:
    counted = estimate(found=found, looked_at=found + others, size=found + others + unseen)
    low, high = (counted.number, counted.number) if counted.is_exact else (counted.low, counted.high)
    assert found <= low <= counted.number <= high <= found + unseen
    assert counted.is_exact == (unseen == 0)
