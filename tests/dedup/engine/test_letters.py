"""What is told of pairs without measuring or sorting them: never less than is true."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA, JaroWinkler

from dedup.engine import Field, Kind
from dedup.engine.arrays import alike, speakers
from dedup.engine.letters import in_common, maybe_similar
from dedup.engine.sides import Values
from dedup.engine.table import Column

_TEXT = st.text(st.sampled_from("aabcdeinr éøķ漢17"), min_size=1, max_size=12)
_NONE = np.zeros(0, np.int32)


@given(st.lists(st.tuples(_TEXT, _TEXT), min_size=1, max_size=30), st.sampled_from([0.75, 0.82, 0.9]))
def test_no_pair_that_is_similar_is_left_out(pairs: list[tuple[str, str]], least: float) -> None:
    texts = [text for pair in pairs for text in pair]
    column = Column(Field("name", Kind.FAMILY), np.arange(len(texts), dtype=np.int32), texts, _NONE, _NONE)
    a, b = Values(column, np.arange(0, len(texts), 2)), Values(column, np.arange(1, len(texts), 2))
    common = in_common(a, b)
    maybe = maybe_similar(a, b, common, least)
    for (one, other), shared, may in zip(pairs, common.tolist(), maybe.tolist(), strict=True):
        assert max(len(one), len(other)) - shared <= OSA.distance(one, other)
        assert may or JaroWinkler.similarity(one, other) < least


@given(st.lists(st.integers(0, 40), max_size=200))
def test_each_number_has_a_speaker_like_it(numbers: list[int]) -> None:
    keys = np.array(numbers, np.uint64)
    asked = speakers(keys)
    assert (keys[asked] == keys).all()
    assert (asked[asked] == asked).all()


def test_alike_in_all_columns() -> None:
    random = np.random.default_rng(1)
    columns = [random.integers(-1, 4, 5_000).astype(np.int8) for _ in range(4)]
    first, number = alike(columns)
    for column in columns:
        assert (column[first][number] == column).all()
    assert len(first) < 5**4 * 1.5
