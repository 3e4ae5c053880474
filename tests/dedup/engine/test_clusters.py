"""Groups of cards: average link against chains, barred pairs, linked sources."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.engine.clusters import groups


def test_chain_of_weak_pairs_joins_no_strangers() -> None:
    left, right = np.arange(9), np.arange(1, 10)
    found = groups(10, left, right, np.full(9, 2.0, np.float32), 0.0)
    assert np.bincount(found.labels).max() < 4


def test_two_that_match_a_third_stand_together() -> None:
    found = groups(3, np.array([0, 1]), np.array([1, 2]), np.array([9.0, 9.0], np.float32), 0.0)
    assert found.labels.tolist() == [0, 0, 0]
    assert [0, 2] in found.pairs.tolist()


def test_pairs_of_one_source_say_nothing() -> None:
    left, right, weight = np.array([0, 0]), np.array([1, 2]), np.array([3.0, 3.0], np.float32)
    assert groups(3, left, right, weight, 0.0).labels.tolist() != [0, 0, 0]
    linked = groups(3, left, right, weight, 0.0, source=np.array([0, 1, 1]))
    assert linked.labels.tolist() == [0, 0, 0]


# How long drawing takes is the machine's affair.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.floats(-5, 12)), max_size=40))
def test_groups_have_the_means_they_need(drawn: list[tuple[int, int, float]]) -> None:
    pairs = {(min(a, b), max(a, b)): weight for a, b, weight in drawn if a != b}
    left, right = np.array([a for a, _ in pairs], np.int64), np.array([b for _, b in pairs], np.int64)
    weight = np.array(list(pairs.values()), np.float32)
    barred = np.array([next(iter(pairs))]) if pairs else None
    found = groups(12, left, right, weight, 0.0, apart=barred)
    for label in set(found.labels.tolist()):
        assert found.labels[label] == label
    if barred is not None:
        assert found.labels[barred[0, 0]] != found.labels[barred[0, 1]]
    assert (found.bits >= 0).all()
